package cue_test

import (
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// data returns n data sectors from an address on.
func data(n int, lba disc.LBA) []byte {
	p := make([]byte, n*sector.Size)
	sector.EncodeMode1(p, make([]byte, n*disc.SectorSize), lba)
	return p
}

// Sessions as programs describe them. Track 1 has 10 sectors.
func TestSessions(t *testing.T) {
	const first = "REM SESSION 01\nFILE \"a.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n"
	whole := append(numbered(10, 2352, 0), numbered(11250, 2352, 0)...) // with the gap
	whole = append(append(whole, data(150, 11260)...), data(5, 11410)...)
	files := map[string][]byte{
		"a.bin": numbered(10, 2352, 0), "b.bin": numbered(5, 2352, 0), "standard.bin": data(5, 11410), "far.bin": data(5, 20000),
		"whole.bin": whole, "joined.bin": append(numbered(10, 2352, 0), data(5, 11410)...), "pregap.bin": data(155, 11260),
	}
	for _, c := range []struct{ name, sheet, want, notice string }{
		{"a session without an address", first + "REM SESSION 02\nFILE \"b.bin\" BINARY\n  TRACK 02 AUDIO\n    INDEX 01 00:00:00\n", "1 audio -0 0 +10 []; | 2: 2 audio -0 11410 +5 []", ""},
		{"Redump", first + "REM LEAD-OUT 01:30:00\nREM SESSION 02\nREM LEAD-IN 01:00:00\nREM PREGAP 00:02:00\nFILE \"standard.bin\" BINARY\n  TRACK 02 MODE1/2352\n    INDEX 01 00:00:00\n", "1 audio -0 0 +10 []; | 2: 2 mode 1 -0 11410 +5 []", ""},
		{"Redump, with the pre-gap", first + "REM SESSION 02\nFILE \"pregap.bin\" BINARY\n  TRACK 02 MODE1/2352\n    INDEX 00 00:00:00\n    INDEX 01 00:02:00\n", "1 audio -0 0 +10 []; | 2: 2 mode 1 -150 11410 +5 []", ""},
		{"the sectors say the address", first + "REM SESSION 02\nFILE \"far.bin\" BINARY\n  TRACK 02 MODE1/2352\n    INDEX 01 00:00:00\n", "1 audio -0 0 +10 []; | 2: 2 mode 1 -0 20000 +5 []", ""},
		{"IsoBuster", first + "REM SESSION 02\nFILE \"far.bin\" BINARY\n  TRACK 02 MODE1/2352\n    REM MSF: 04:28:50 = LBA: 20000\n    INDEX 01 00:00:00\n", "1 audio -0 0 +10 []; | 2: 2 mode 1 -0 20000 +5 []", ""},
		{"the gap is in the file, and the lead-out in the sheet", "FILE \"whole.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\nREM LEAD-OUT 00:00:10\nREM SESSION 02\n  TRACK 02 MODE1/2352\n    INDEX 00 02:30:10\n    INDEX 01 02:32:10\n", "1 audio -0 0 +10 []; | 2: 2 mode 1 -150 11410 +5 []", ""},
		{"the gap is in the file", "FILE \"whole.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\nREM SESSION 02\n  TRACK 02 MODE1/2352\n    INDEX 01 02:32:10\n", "1 audio -0 0 +10 []; | 2: 2 mode 1 -0 11410 +5 []", "contains the gap before session 2"},
		{"the gap is not in the file", "FILE \"joined.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\nREM SESSION 02\n  TRACK 02 MODE1/2352\n    INDEX 01 00:00:10\n", "1 audio -0 0 +10 []; | 2: 2 mode 1 -0 11410 +5 []", ""},
		{"a lead-out at an impossible place", "FILE \"joined.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\nREM LEAD-OUT 01:30:00\nREM SESSION 02\n  TRACK 02 MODE1/2352\n    INDEX 01 00:00:10\n", "1 audio -0 0 +10 []; | 2: 2 mode 1 -0 11410 +5 []", "Line 4: the lead-out is not between track 1 and track 2"},
		{"a GD-ROM", "REM SINGLE-DENSITY AREA\n" + strings.TrimPrefix(first, "REM SESSION 01\n") + "REM HIGH-DENSITY AREA\nFILE \"b.bin\" BINARY\n  TRACK 02 AUDIO\n    INDEX 01 00:00:00\n", "1 audio -0 0 +10 []; | 2: 2 audio -0 45000 +5 []", ""},
		{"other addresses than those of the sheet", "FILE \"far.bin\" BINARY\n  TRACK 01 MODE1/2352\n    INDEX 01 00:00:00\n", "1 mode 1 -0 0 +5 []", "begins at address 20000 according to its sectors, but at 0 according to the sheet"},
	} {
		files["x.cue"] = []byte(c.sheet)
		d, err := open(t, filepath.Join(folder(t, files), "x.cue"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := tracks(d); got != c.want {
			t.Errorf("%s: %s\nwant %s", c.name, got, c.want)
		}
		notices := strings.Join(disc.Texts(disc.Notices(d)), "\n")
		if (notices == "") != (c.notice == "") || !strings.Contains(notices, c.notice) {
			t.Errorf("%s: notices %q, want %q", c.name, notices, c.notice)
		}
	}
}
