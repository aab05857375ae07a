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

// TestTrackFacts checks that a mixed CD has facts about its tracks, and a disc with one
// data track has none.
func TestTrackFacts(t *testing.T) {
	data := disc.Track{Number: 1, Mode: disc.Mode1, Length: 1000, Control: disc.CopyPermitted}
	mixed := disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{{
		Number: 1,
		Tracks: []disc.Track{data, {
			Number: 2, Mode: disc.Audio, Start: 1150, Length: 75*205 + 37, Pregap: 150,
			Control: disc.PreEmphasis | disc.FourChannels, ISRC: "DEABC2400001",
		}, {Number: 3, Mode: disc.Audio, Start: 17000, Length: 300}},
		Text: []disc.CDText{
			{Language: 9, Album: disc.Text{Title: "Album", Performer: "Band"}, Tracks: map[int]disc.Text{2: {Title: "One\x1b[1m", Performer: "Singer"}}},
			{Language: 8, Album: disc.Text{Title: "Titel"}},
		},
	}}}
	for _, c := range []struct {
		toc  disc.TOC
		want string
	}{
		{disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{data}}}}, ""},
		{mixed, "Catalogue number: 4006381333931\nCD title: Album\nCD performer: Band\n" +
			"Track 2: One" + filename.Printable("\x1b") + "[1m, Singer, 3:25, pre-emphasis, four channels, pre-gap of 150 sectors, ISRC DEABC2400001\n" +
			"Track 3: 0:04\n"},
	} {
		got := ""
		for _, f := range trackFacts(c.toc) {
			if f.Value != "" {
				got += f.Name + ": " + f.Value + "\n"
			}
		}
		if got != c.want {
			t.Errorf("got\n%s, want\n%s", got, c.want)
		}
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
