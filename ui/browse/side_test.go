package browse

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

func TestFactsOf(t *testing.T) {
	n := tree.NewNode("x", 0o640, nil)
	n.Size = 12
	a := &volume.Attributes{
		UID: 7, GID: 8, ACL: "user::rw-,other::r--", Streams: []string{"icon"},
		Xattr: map[string][]byte{"user.b": []byte("2\x00"), "user.a": []byte(strings.Repeat("long", 50))},
	}
	var got []string
	for _, f := range factsOf(n, a) {
		if f.Value != "" {
			got = append(got, f.Name+": "+f.Value)
		}
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{
		"Size: 12 B\n", "Owner: 7, group 8", "ACL: user::rw- other::r--", "Stream: icon",
		fmt.Sprintf("Attribute: user.a = %q … (200 bytes)\nAttribute: user.b = %q", strings.Repeat("long", 20), "2\x00"),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// TestTextFacts checks that the CD-TEXT of every language is shown, without characters that
// a terminal or the window would obey.
func TestTextFacts(t *testing.T) {
	s := disc.Session{
		Number: 1,
		Text: []disc.CDText{
			{Language: 9, Album: disc.Text{Title: "Album", Performer: "Band"}, Tracks: map[int]disc.Text{2: {Title: "One\x1b[1m", Performer: "Singer"}}},
			{Language: 8, Album: disc.Text{Title: "Titel"}, Tracks: map[int]disc.Text{2: {Title: "Eins"}}},
		},
	}
	text := func(facts []widgets.Fact) string {
		got := ""
		for _, f := range facts {
			if f.Value != "" {
				got += f.Name + ": " + f.Value + "\n"
			}
		}
		return got
	}
	if got, want := text(textFacts(s)), "Album: Album\nPerformer: Band\nAlbum (German): Titel\n"; got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	track := disc.Track{
		Number: 2, Mode: disc.Audio, Start: 1150, Length: 75*205 + 37, Pregap: 150, Indexes: []disc.LBA{2000},
		Control: disc.PreEmphasis | disc.FourChannels, ISRC: "DEABC2400001",
	}
	want := "Kind: Audio\nStart: 00:17:25, LBA 1 150\nEnd: 03:42:62, LBA 16 562\nLength: 03:25:37, 15 412 sectors\n" +
		"Pre-gap: 00:02:00, 150 sectors\nIndex 2: 00:28:50, LBA 2 000\nFlags: pre-emphasis, four channels\nISRC: DEABC2400001\n" +
		"Title: One" + filename.Printable("\x1b") + "[1m\nPerformer: Singer\nTitle (German): Eins\n"
	if got := text(factsOfTrack(model.TrackRow{Session: s, Track: track})); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

// linked is a file system with a link, for which Stat returns the target.
type linked struct{ volume.FS }

func (linked) Stat(string) (fs.FileInfo, error)  { return about{&volume.Attributes{UID: 1}}, nil }
func (linked) Lstat(string) (fs.FileInfo, error) { return about{&volume.Attributes{UID: 2}}, nil }

type about struct{ *volume.Attributes }

func (about) Name() string       { return "link" }
func (about) Size() int64        { return 0 }
func (about) Mode() fs.FileMode  { return fs.ModeSymlink }
func (about) ModTime() time.Time { return time.Time{} }
func (about) IsDir() bool        { return false }
func (a about) Sys() any         { return a.Attributes }

// TestAttributesOf checks that the attributes of a link are its own.
func TestAttributesOf(t *testing.T) {
	if a := attributesOf(linked{}, tree.NewNode("link", fs.ModeSymlink, tree.Symlink("x"))); a == nil || a.UID != 2 {
		t.Errorf("got %+v", a)
	}
}
