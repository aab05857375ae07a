package command

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// TestInfoOfTracks checks that info shows what a CD records about its audio tracks.
func TestInfoOfTracks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audio.gmdisc")
	packs, _ := sector.EncodeCDText(disc.Session{Tracks: []disc.Track{{Number: 1}, {Number: 2}}, Text: []disc.CDText{{
		Language: 9, Album: disc.Text{Title: "Album", Performer: "Band"}, Tracks: map[int]disc.Text{1: {Title: "One"}, 2: {Title: "Two", Performer: "Singer"}},
	}}})
	st := &discfile.State{
		Sectors: 2000, Final: true, MCN: "4006381333931",
		CDText: packs,
		Sessions: []discfile.Session{{Closed: true, LeadOut: 900, Tracks: []discfile.Track{
			{Size: 400, Next: 400, Closed: true, Pregap: 150, Control: 3, ISRC: "DEABC2400001"},
			{Start: 500, Size: 400, Next: 900, Closed: true, Pregap: 100, Control: 8},
		}}},
	}
	if err := discfile.Create(path, true, st, true); err != nil {
		t.Fatal(err)
	}
	out := must(t, OK, "info", path).out
	for _, want := range []string{
		"Catalogue number", "4006381333931", "CD title", "Album", "CD performer", "Band",
		"audio, 400 sectors (00:05:25) from 0 (00:02:00), pre-gap of 150 sectors (00:02:00), pre-emphasis, copy permitted, ISRC DEABC2400001\n",
		"audio, 400 sectors (00:05:25) from 500 (00:08:50), pre-gap of 100 sectors (00:01:25), four channels\n",
		"Track 1 title", "One", "Track 2 performer", "Singer",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if strings.Contains(out, "Track 1 performer") {
		t.Errorf("a performer that is not recorded:\n%s", out)
	}

	data := outcomeOf(t, must(t, OK, "info", "--json", path).out)["data"].(map[string]any)
	session := data["sessions"].([]any)[0].(map[string]any)
	want := []any{
		map[string]any{
			"number": 1.0, "mode": "audio", "lba": 0.0, "msf": "00:02:00", "sectors": 400.0, "length_msf": "00:05:25", "pregap_sectors": 150.0,
			"control": []any{"pre-emphasis", "copy permitted"}, "isrc": "DEABC2400001", "title": "One",
		},
		map[string]any{
			"number": 2.0, "mode": "audio", "lba": 500.0, "msf": "00:08:50", "sectors": 400.0, "length_msf": "00:05:25", "pregap_sectors": 100.0,
			"control": []any{"four channels"}, "title": "Two", "performer": "Singer",
		},
	}
	if !reflect.DeepEqual(session["tracks"], want) {
		t.Errorf("tracks %v, want %v", session["tracks"], want)
	}
	if data["catalogue_number"] != "4006381333931" || session["title"] != "Album" || session["performer"] != "Band" {
		t.Errorf("data %v", data)
	}
}

// TestInfoOfUnclosedDisc checks that info reports that a burn to the disc of a virtual
// recorder was not completed.
func TestInfoOfUnclosedDisc(t *testing.T) {
	open := discfile.Session{Tracks: []discfile.Track{{Start: 400, Next: 500, Control: 4}}}
	for _, c := range []struct {
		name     string
		sessions []discfile.Session
		exit     Code
		want     string
	}{
		{"blank", nil, NoMedium, "the virtual disc is blank"},
		{"nothing complete", []discfile.Session{open}, NoMedium, "no track of the virtual disc is complete"},
		{"second session open", []discfile.Session{
			{Closed: true, LeadOut: 320, Tracks: []discfile.Track{{Size: 320, Next: 320, Closed: true, Control: 4}}}, open,
		}, OK, "Session 2 of the disc is not closed"},
	} {
		path := filepath.Join(t.TempDir(), "disc")
		if err := discfile.Create(path, false, &discfile.State{Sectors: 1000, Sessions: c.sessions}, true); err != nil {
			t.Fatal(err)
		}
		if r := must(t, c.exit, "info", path); !strings.Contains(r.out+r.log, c.want) {
			t.Errorf("%s: %q is missing in\n%s%s", c.name, c.want, r.out, r.log)
		}
	}
}
