package cue_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
)

// changed is a disc with another table of contents.
type changed struct {
	disc.Disc
	toc disc.TOC
}

func (c changed) TOC() disc.TOC { return c.toc }

// Texts of every kind are read again unchanged. Those that commands hold are not
// written to a further file.
func TestTextRoundTrip(t *testing.T) {
	title := func(s string) map[int]disc.Text { return map[int]disc.Text{2: {Title: s}} }
	for _, c := range []struct {
		name string
		text []disc.CDText
		file bool
	}{
		{"titles", []disc.CDText{{Language: 9, Album: disc.Text{Title: "A", Performer: "P", Songwriter: "S"}, Tracks: title("One")}}, false},
		{"a text without an album", []disc.CDText{{Language: 9, Tracks: title("One")}}, false},
		{"Cyrillic letters", []disc.CDText{{Language: 9, Tracks: title("Песня")}}, false},
		{"Hebrew letters, which packs cannot hold", []disc.CDText{{Language: 9, Album: disc.Text{Title: "שיר", Composer: "א", Code: "4006381333931"}, Tracks: title("\"שיר\"")}}, false},
		{"another language", []disc.CDText{{Language: 8, Album: disc.Text{Title: "A"}, Tracks: title("Süß")}}, true},
		{"a composer", []disc.CDText{{Language: 9, Album: disc.Text{Composer: "C"}, Tracks: title("One")}}, true},
		{"quotation marks", []disc.CDText{{Language: 9, Tracks: title("12\" \"Mix\"")}}, true},
		{"a code of a track", []disc.CDText{{Language: 9, Tracks: map[int]disc.Text{2: {Code: "USRC17607839"}}}}, true},
		{"a genre and a number", []disc.CDText{{Language: 9, Tracks: title("One"), GenreCode: 5, Genre: "Classical", DiscID: "XY 1"}}, true},
		{"Japanese", []disc.CDText{{Language: 9, Tracks: title("One")}, {Language: 0x69, Tracks: title("さくら")}}, true},
	} {
		for session := range 2 {
			d := imagetest.Sessions(t)
			toc := d.TOC()
			toc.Sessions[0].Text = nil
			if session == 1 {
				if !c.file { // commands have one album only
					c.text[0].Album = disc.Text{}
				}
				for i := range c.text { // its track
					c.text[i].Tracks = map[int]disc.Text{5: c.text[i].Tracks[2]}
				}
			}
			toc.Sessions[session].Text = c.text
			d = changed{d, toc}
			path := imagetest.Create(t, cue.Format, d, format.Options{}, "disc.cue")
			imagetest.Same(t, d, imagetest.Open(t, cue.Format, path), cue.Format.Holds)
			list, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*.cdt"))
			if err != nil || session == 0 && (len(list) > 0) != c.file {
				t.Errorf("%s: the files %v, %v", c.name, list, err)
			}
			if t.Failed() {
				text, _ := os.ReadFile(path)
				t.Fatalf("%s, session %d:\n%s", c.name, session+1, text)
			}
		}
	}
}

// Addresses that are not usual: a track after sectors that the disc does not have, a second
// session after a gap of another length, with a pre-gap, and CD-i.
func TestAddresses(t *testing.T) {
	d := imagetest.Sessions(t)
	toc := d.TOC()
	toc.Sessions[0].Tracks[1].Pregap = 0    // 150 sectors before it are not part of a track
	toc.Sessions[1].Tracks[0].Start += 100  // the first ones are its pre-gap
	toc.Sessions[1].Tracks[0].Length -= 100 //
	toc.Sessions[1].Tracks[0].Pregap = 100
	toc.Sessions[1].CDI = true
	d = changed{d, toc}
	for _, split := range []bool{false, true} {
		path := imagetest.Create(t, cue.Format, d, format.Options{FilePerTrack: split}, "disc.cue")
		again := imagetest.Open(t, cue.Format, path)
		got := again.TOC()
		got.Sessions[0].Tracks[1].Pregap = 0 // the sheet says PREGAP
		imagetest.Same(t, d, changed{again, got}, cue.Format.Holds)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"PREGAP 00:02:00", "REM LEAD-OUT 01:31:25\r\nREM SESSION 02\r\nREM LEAD-IN 01:00:00\r\nREM PREGAP 00:02:00", "TRACK 05 CDI/2352"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%q is missing in\n%s", want, text)
			}
		}
	}
}

// Files of more than nine tracks have numbers of two digits, so that they are in order.
func TestNames(t *testing.T) {
	var many, few disc.Session
	for i := range 12 {
		k := disc.Track{Number: i + 1, Start: disc.LBA(i * 300), Length: 300}
		many.Tracks = append(many.Tracks, k)
		if i < 2 {
			few.Tracks = append(few.Tracks, k)
		}
	}
	for _, c := range []struct {
		session disc.Session
		split   bool
		want    string
	}{
		{few, false, "a.b.bin"},
		{few, true, "a.b (Track 1).bin a.b (Track 2).bin"},
		{many, true, "a.b (Track 01).bin"},
	} {
		names := strings.Join(cue.Format.Beside("a.b.cue", disc.TOC{Sessions: []disc.Session{c.session}}, format.Options{FilePerTrack: c.split}), " ")
		if !strings.HasPrefix(names, c.want) {
			t.Errorf("%s, want %s", names, c.want)
		}
	}
}
