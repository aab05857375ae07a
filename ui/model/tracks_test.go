package model

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// TestTrackRows lists the tracks of a disc of two sessions.
func TestTrackRows(t *testing.T) {
	var got []string
	for _, r := range TrackRows(imagetest.Sessions(t).TOC()) {
		if r.Heading {
			got = append(got, fmt.Sprintf("session %d", r.Session.Number))
			continue
		}
		got = append(got, strings.TrimSpace(fmt.Sprint(r.Track.Number, " ", r.Title())))
	}
	want := "session 1, 1, 2 First song, 3 Second song, with a title that is long enough for several packs – Others, 4 Café \"quoted\", session 2, 5"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got %s", s)
	}
}

// storing is a disc whose sectors are stored with everything.
type storing struct{ disc.Disc }

func (storing) StoresRaw(disc.LBA) bool { return true }
func (storing) HasSubChannels() bool    { return true }

// TestReadSector names the parts of sectors, and finds what is wrong with them.
func TestReadSector(t *testing.T) {
	d := storing{imagetest.SubChannels(t)}
	tracks := d.TOC().Sessions
	audio, xa := tracks[0].Tracks[1], tracks[1].Tracks[0]
	for _, c := range []struct {
		name  string
		lba   disc.LBA
		parts string
		facts []string
	}{
		{"mode 1", 20, "Sync Header Data EDC Unused P parity Q parity Sub-channels", []string{"Kind: Mode 1", "EDC: correct", "Address in header: 00:02:20", "Q sub-channel: track 1, index 1, relative 00:00:20, absolute 00:02:20"}},
		{"audio", audio.Start, "Data Sub-channels", []string{"Track: 2, audio", "Q sub-channel: track 2, index 1"}},
		{"pre-gap", audio.Start - 1, "Data Sub-channels", []string{"Track: 2, audio, pre-gap"}},
		{"form", xa.Start, "", []string{"Sub-header: file", "EDC: correct"}},
	} {
		s, err := ReadSector(t.Context(), d, c.lba)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var parts []string
		end := 0
		for _, f := range s.Fields {
			if f.From != end || f.Bad {
				t.Errorf("%s: %v from %d to %d, bad: %v", c.name, f.Part, f.From, f.To, f.Bad)
			}
			end = f.To
			parts = append(parts, f.Part.String())
		}
		if got := strings.Join(parts, " "); end != len(s.Bytes) || c.parts != "" && got != c.parts {
			t.Errorf("%s: the parts are %s, to %d", c.name, got, end)
		}
		text := ""
		for _, f := range s.Facts {
			text += f.Name + ": " + f.Value + "\n"
		}
		for _, want := range c.facts {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing in\n%s", c.name, want, text)
			}
		}
	}

	// A wrong byte in the data is a wrong EDC and wrong parities.
	good, err := ReadSector(t.Context(), d, 20)
	if err != nil {
		t.Fatal(err)
	}
	p := append([]byte(nil), good.Bytes[:sector.Size]...)
	p[100] ^= 1
	bad := 0
	for _, f := range describeSector(d.TOC(), 20, p, true).Facts {
		if f.Bad {
			bad++
		}
	}
	if bad != 3 {
		t.Errorf("%d faults are shown", bad)
	}
}

// TestGeneratedCodes: the codes of a sector that were generated because only the user data is
// stored are not called correct.
func TestGeneratedCodes(t *testing.T) {
	dir := t.TempDir()
	sheet := "FILE \"data.bin\" BINARY\n  TRACK 01 MODE1/2048\n    INDEX 01 00:00:00\n"
	for name, data := range map[string][]byte{"x.cue": []byte(sheet), "data.bin": make([]byte, 300*2048)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	src, err := source.Open(t.Context(), filepath.Join(dir, "x.cue"), source.Options{Report: progress.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	s, err := ReadSector(t.Context(), src, 20)
	if err != nil || len(s.Bytes) != disc.SectorSize {
		t.Fatalf("%d bytes, %v", len(s.Bytes), err)
	}
	whole := make([]byte, sector.Size)
	if _, err := src.ReadSectors(t.Context(), whole, 20, disc.Raw); err != nil {
		t.Fatal(err)
	}
	s = describeSector(src.TOC(), 20, whole, false) // as of a drive
	told := false
	for _, f := range s.Facts {
		if f.Value == "correct" {
			t.Errorf("%s is called correct", f.Name)
		}
		told = told || strings.Contains(f.Value, "generated")
	}
	if !told {
		t.Errorf("it is not said that the codes are generated: %v", s.Facts)
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]disc.LBA{"16": 16, " 0x10 ": 16, "00:02:16": 16, "-150": -150, "00:00:00": -150, "1,000": 1000, "1\u202f000": 1000} {
		if got, err := ParseAddress(text); got != want || err != nil {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "x", "00:60:00", "00:00:75", "1:2", "100:00:00", "0:0:0x"} {
		if got, err := ParseAddress(text); err == nil {
			t.Errorf("%q: %d", text, got)
		}
	}
}
