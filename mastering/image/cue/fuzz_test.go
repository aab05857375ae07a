package cue_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/image/format"
)

// A sheet of any contents is opened or refused. What is opened has tracks in the order of
// their addresses, and whole sectors.
func FuzzOpen(f *testing.F) {
	for _, s := range []string{
		"FILE \"a.bin\" BINARY\n TRACK 01 MODE1/2352\n  INDEX 01 00:00:00\n TRACK 02 AUDIO\n  PREGAP 00:00:03\n  INDEX 00 00:00:02\n  INDEX 01 00:00:03\n",
		"CATALOG 4006381333931\nTITLE \"x\"\nFILE \"s.wav\" WAVE\n TRACK 01 AUDIO\n  FLAGS DCP PRE\n  ISRC USRC17607839\n  INDEX 01 00:00:00\n  POSTGAP 00:01:00\nREM LEAD-OUT 00:00:03\nREM SESSION 02\nFILE a.bin MOTOROLA\n TRACK 02 MODE2/2336\n INDEX 01 00:00:00\n",
		"REM SESSION 01\nFILE \"a.bin\" BINARY\n TRACK 01 CDG\n  INDEX 01 00:00:01\nREM SESSION 02\nREM HIGH-DENSITY AREA\n TRACK 05 CDI/2352\n  REM MSF: 10:00:00\n  INDEX 01 00:00:04\nCDTEXTFILE \"a.bin\"\n",
		"\xff\xfeT\x00R\x00A\x00C\x00K\x00 \x001\x00", "FILE \x82\xb3 WAVE\nTRACK 1 AUDIO\rINDEX 1 0:0:0",
	} {
		f.Add([]byte(s))
	}
	dir := folder(f, map[string][]byte{"a.bin": append(data(5, 0), numbered(5, 2352, 0)...), "s.wav": wav(numbered(10, 2352, 0)[:20000])})
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "x.cue")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := format.OpenFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		d, err := cue.Format.Open(t.Context(), files)
		if err != nil {
			files.Close()
			return
		}
		defer d.Close()
		end := disc.LBA(0)
		p := make([]byte, disc.RawSub.Size())
		for _, s := range d.TOC().Sessions {
			for _, k := range s.Tracks {
				if k.Start-disc.LBA(k.Pregap) < end || k.Length <= 0 || k.Pregap < 0 {
					t.Fatalf("track %d has the sectors %d to %d, with a pre-gap of %d, after %d", k.Number, k.Start, k.End(), k.Pregap, end)
				}
				end = k.End()
				for _, at := range []disc.LBA{k.Start - disc.LBA(k.Pregap), k.Start, end - 1} {
					for _, form := range []disc.Form{disc.User, disc.Raw, disc.RawSub} {
						n, err := d.ReadSectors(t.Context(), p[:form.Size()], at, form)
						if form == disc.Raw && (n != 1 || err != nil) {
							t.Fatalf("read sector %d: %v", at, err)
						}
					}
				}
			}
		}
	})
}

// A sheet that was parsed is written in a form that gives the same sheet.
func FuzzSheet(f *testing.F) {
	f.Add([]byte("CATALOG 4006381333931\nPERFORMER \"a\"\nFILE \"a.bin\" BINARY\n TRACK 01 AUDIO\n  TITLE \"x\"\n  FLAGS DCP PRE\n  ISRC USRC17607839\n  PREGAP 00:00:02\n  INDEX 01 00:00:00\n  POSTGAP 00:01:00\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := sheet.Parse(text)
		if err != nil {
			return
		}
		once := s.String()
		again, err := sheet.Parse([]byte(once))
		for _, x := range s.Files {
			if strings.Contains(x.Name+x.Type, `"`) || x.Type == "" {
				return // marks in names and types cannot be told from those around them
			}
		}
		if err != nil {
			t.Fatalf("%q: %v", once, err)
		}
		if twice := again.String(); twice != once {
			t.Errorf("%q\nthen %q", once, twice)
		}
	})
}
