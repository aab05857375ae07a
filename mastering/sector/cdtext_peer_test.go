package sector_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

// cd-info reads packs that a CUE sheet names. Version 2.1 gives the text of track 1 to the
// album if that has none, so the album has all that track 1 has.
func TestCDTextForCDInfo(t *testing.T) {
	peertest.Need(t, "cd-info")
	english := disc.CDText{
		Language: 9, Genre: "Feline classic music", GenreCode: 5, DiscID: "1234567890", Closed: "Not shown",
		Album: disc.Text{Title: "An album with a title that needs several packs", Performer: "A", Songwriter: "Various", Composer: "V", Arranger: "T", Message: "For all", Code: "1234567890123"},
		Tracks: map[int]disc.Text{
			1: {Title: "One", Performer: "A", Songwriter: "B", Composer: "C", Arranger: "D", Message: "E", Code: "XYBLG1101234"},
			2: {Title: "Two, exactly"}, 3: {Performer: "Mia Kitten"},
		},
	}
	german := disc.CDText{Language: 8, Album: disc.Text{Title: "Für Übermut"}, Tracks: map[int]disc.Text{1: {Title: "Eins"}, 2: {Title: "Größe"}, 3: {Title: "ß"}}}
	want := []disc.CDText{english, german}
	packs, notices := sector.EncodeCDText(session(1, 3, want...))
	if len(notices) > 0 {
		t.Errorf("%q", disc.Texts(notices))
	}
	dir := t.TempDir()
	for name, p := range map[string][]byte{
		"x.cdt": packs, "x.bin": make([]byte, 1000*sector.Size),
		"x.cue": []byte("CDTEXTFILE \"x.cdt\"\nFILE \"x.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n  TRACK 02 AUDIO\n    INDEX 01 00:04:00\n  TRACK 03 AUDIO\n    INDEX 01 00:08:00\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, out, ok := strings.Cut(peertest.Run(t, dir, "cd-info", "--no-header", "x.cue"), "CD Analysis Report\n")
	if got := lines(out); !ok || !reflect.DeepEqual(got, lines(show(want))) {
		t.Errorf("cd-info shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(lines(show(want)), "\n"))
	}
}
