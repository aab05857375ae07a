package cue_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// folder writes files into a new folder.
func folder(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, p := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// open opens a sheet.
func open(t testing.TB, path string) (disc.Disc, error) {
	t.Helper()
	files, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := cue.Format.Open(t.Context(), files)
	if err != nil {
		files.Close()
		return nil, err
	}
	t.Cleanup(func() { d.Close() })
	return d, nil
}

// numbered returns n sectors of size bytes, each of which contains its number.
func numbered(n, size, first int) []byte {
	var p []byte
	for i := range n {
		s := bytes.Repeat([]byte{byte(first + i), byte((first + i) >> 8), 0x55, 0xAA}, size/4)
		p = append(p, s...)
	}
	return p
}

// wav returns a WAV file.
func wav(p []byte) []byte {
	n := len(p)
	h := "RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x44\xAC\x00\x00\x10\xB1\x02\x00\x04\x00\x10\x00data"
	return append([]byte(h+string([]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})), p...)
}

// number returns the number in an audio sector; silence is -1.
func number(t testing.TB, d disc.Disc, lba disc.LBA) int {
	t.Helper()
	p := make([]byte, sector.Size)
	if _, err := d.ReadSectors(t.Context(), p, lba, disc.Raw); err != nil {
		t.Fatalf("read sector %d: %v", lba, err)
	}
	switch {
	case bytes.Equal(p, make([]byte, sector.Size)):
		return -1
	case p[2] == 0x55:
		return int(p[0]) | int(p[1])<<8
	}
	return int(p[1]) | int(p[0])<<8 // exchanged bytes
}

// tracks describes the tracks of a disc: number, mode, pre-gap, start, length, indexes.
func tracks(d disc.Disc) string {
	var b strings.Builder
	for i, s := range d.TOC().Sessions {
		if i > 0 {
			fmt.Fprintf(&b, "| %d: ", s.Number)
		}
		for _, k := range s.Tracks {
			fmt.Fprintf(&b, "%d %v -%d %d +%d %v; ", k.Number, k.Mode, k.Pregap, k.Start, k.Length, k.Indexes)
		}
	}
	return strings.TrimSuffix(b.String(), "; ")
}

// The gaps between tracks, as programs describe them. The numbers are those of sectors at
// addresses from 0 on; -1 is silence.
func TestGaps(t *testing.T) {
	one, two := wav(numbered(20, 2352, 0)), wav(numbered(12, 2352, 100))
	for _, c := range []struct {
		name, sheet, want string
		sectors           map[disc.LBA]int
		notice            string
	}{
		{
			"one file (CDRWIN)", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 00 00:00:08
    INDEX 01 00:00:10
    INDEX 02 00:00:15
`, "1 audio -0 0 +8 []; 2 audio -2 10 +10 [15]", map[disc.LBA]int{0: 0, 9: 9, 19: 19}, "",
		},
		{
			"gaps appended to the track before (EAC, noncompliant)", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 00 00:00:17
FILE "b.wav" WAVE
    INDEX 01 00:00:00
`, "1 audio -0 0 +17 []; 2 audio -3 20 +12 []", map[disc.LBA]int{19: 19, 20: 100, 31: 111}, "",
		},
		{
			"gaps before the track (EAC, Redump)", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
FILE "b.wav" WAVE
  TRACK 02 AUDIO
    INDEX 00 00:00:00
    INDEX 01 00:00:04
`, "1 audio -0 0 +20 []; 2 audio -4 24 +8 []", map[disc.LBA]int{19: 19, 20: 100, 24: 104}, "",
		},
		{
			"gaps left out (EAC)", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
FILE "b.wav" WAVE
  TRACK 02 AUDIO
    PREGAP 00:00:05
    INDEX 01 00:00:00
`, "1 audio -0 0 +20 []; 2 audio -5 25 +12 []", map[disc.LBA]int{19: 19, 20: -1, 24: -1, 25: 100}, "",
		},
		{
			"hidden audio, a silence after a track", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 00 00:00:00
    INDEX 01 00:00:06
    POSTGAP 00:00:03
FILE "b.wav" WAVE
  TRACK 02 AUDIO
    INDEX 01 00:00:00
`, "1 audio -6 6 +17 []; 2 audio -0 23 +12 []", map[disc.LBA]int{0: 0, 6: 6, 20: -1, 23: 100}, "",
		},
		{
			"hidden audio without an index", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:06
`, "1 audio -6 6 +14 []", map[disc.LBA]int{0: 0, 6: 6}, "",
		},
		{
			"hidden audio that is silent (whipper)", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    PREGAP 00:00:33
    INDEX 01 00:00:00
`, "1 audio -33 33 +20 []", map[disc.LBA]int{0: -1, 33: 0}, "",
		},
		{
			"the pre-gap of every disc", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    PREGAP 00:02:00
    INDEX 01 00:00:00
`, "1 audio -0 0 +20 []", map[disc.LBA]int{0: 0}, "gap before address 0",
		},
		{
			"a second file that begins before its first index", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
FILE "b.wav" WAVE
  TRACK 02 AUDIO
    INDEX 01 00:00:03
`, "1 audio -0 0 +20 []; 2 audio -3 23 +9 []", map[disc.LBA]int{20: 100, 23: 103}, "Line 6: the first 3 sectors",
		},
		{
			"the same file for each track", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
FILE "a.wav" WAVE
  TRACK 02 AUDIO
    INDEX 01 00:00:10
`, "1 audio -0 0 +10 []; 2 audio -0 10 +10 []", map[disc.LBA]int{10: 10}, "",
		},
		{
			"an index in the gap after its track (EAC)", `FILE "a.wav" WAVE
  TRACK 01 AUDIO
    INDEX 01 00:00:00
    INDEX 02 00:00:09
  TRACK 02 AUDIO
    INDEX 00 00:00:08
    INDEX 01 00:00:10
`, "1 audio -0 0 +8 []; 2 audio -2 10 +10 []", map[disc.LBA]int{9: 9}, "Line 4: INDEX 02 of track 1 is not before track 2",
		},
		{
			"lower case, tabs, no quotation marks, several commands", "file a.wav wave\r\ttrack 1 audio\r\tflags dcp index 01 00:00:00\r",
			"1 audio -0 0 +20 []",
			map[disc.LBA]int{19: 19},
			"several commands",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := open(t, filepath.Join(folder(t, map[string][]byte{"x.cue": []byte(c.sheet), "a.wav": one, "b.wav": two}), "x.cue"))
			if err != nil {
				t.Fatal(err)
			}
			if got := tracks(d); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
			for lba, want := range c.sectors {
				if got := number(t, d, lba); got != want {
					t.Errorf("sector %d of the disc is sector %d, want %d", lba, got, want)
				}
			}
			notices := strings.Join(disc.Texts(disc.Notices(d)), "\n")
			if (notices == "") != (c.notice == "") || !strings.Contains(notices, c.notice) {
				t.Errorf("notices: %q, want %q", notices, c.notice)
			}
		})
	}
}

// Every mode, in files of every type of BINARY.
func TestModes(t *testing.T) {
	form1 := make([]byte, sector.Size)
	copy(form1[sector.SubheadAt:], "\x00\x00\x08\x00\x00\x00\x08\x00hello")
	sector.Generate(form1, 0, sector.Form1)
	formless := make([]byte, sector.Size)
	copy(formless[sector.DataAt:], "hello, no sub-header")
	sector.Generate(formless, 0, sector.Mode2)
	mode1 := make([]byte, sector.Size)
	copy(mode1[sector.DataAt:], "hello")
	sector.Generate(mode1, 0, sector.Mode1)
	sub := bytes.Repeat([]byte{0x21}, 96)
	for _, c := range []struct {
		mode, kind string
		file       []byte
		want       []byte // the whole sector
		is         disc.Mode
		cdi        bool
	}{
		{"AUDIO", "BINARY", numbered(1, 2352, 7), numbered(1, 2352, 7), disc.Audio, false},
		{"CDG", "BINARY", append(numbered(1, 2352, 7), sub...), numbered(1, 2352, 7), disc.Audio, false},
		{"MODE1/2048", "BINARY", mode1[16:2064], mode1, disc.Mode1, false},
		{"MODE1/2352", "BINARY", mode1, mode1, disc.Mode1, false},
		{"MODE1/2352", "MOTOROLA", mode1, mode1, disc.Mode1, false},
		{"MODE1/2448", "BINARY", append(bytes.Clone(mode1), sub...), mode1, disc.Mode1, false},
		{"MODE2/2048", "BINARY", form1[24:2072], form1, disc.XA, false},
		{"MODE2/2336", "BINARY", form1[16:], form1, disc.XA, false},
		{"MODE2/2336", "BINARY", formless[16:], formless, disc.Mode2, false},
		{"MODE2/2352", "BINARY", form1, form1, disc.XA, false},
		{"MODE2/2352", "BINARY", formless, formless, disc.Mode2, false},
		{"CDI/2336", "BINARY", form1[16:], form1, disc.XA, true},
		{"CDI/2352", "BINARY", form1, form1, disc.XA, true},
		{"MODE2/2448", "BINARY", append(bytes.Clone(form1), sub...), form1, disc.XA, false},
	} {
		text := fmt.Sprintf("FILE \"a.bin\" %s\n TRACK 01 %s\n  INDEX 01 00:00:00\n", c.kind, c.mode)
		d, err := open(t, filepath.Join(folder(t, map[string][]byte{"x.cue": []byte(text), "a.bin": c.file}), "x.cue"))
		if err != nil {
			t.Errorf("%s: %v", c.mode, err)
			continue
		}
		s := d.TOC().Sessions[0]
		if k := s.Tracks[0]; k.Mode != c.is || s.CDI != c.cdi || k.Length != 1 {
			t.Errorf("%s: %v, CD-i %v, %d sectors", c.mode, k.Mode, s.CDI, k.Length)
		}
		p := make([]byte, sector.Size)
		if _, err := d.ReadSectors(t.Context(), p, 0, disc.Raw); err != nil || !bytes.Equal(p, c.want) {
			t.Errorf("%s: another sector, %v", c.mode, err)
		}
		if len(c.file) == 2448 {
			q := make([]byte, 2448)
			if _, err := d.ReadSectors(t.Context(), q, 0, disc.RawSub); err != nil || !bytes.Equal(q[2352:], sub) || !disc.HasSubChannels(d) {
				t.Errorf("%s: other sub-channels, %v", c.mode, err)
			}
		}
	}
}

// Sectors of several sizes in one file, form 2 of 2324 bytes, and big-endian samples.
func TestMixedSizes(t *testing.T) {
	file := append(numbered(3, 2048, 0), numbered(4, 2352, 10)...)
	file = append(file, numbered(2, 2324, 20)...)
	text := `FILE "a.bin" MOTOROLA
  TRACK 01 MODE1/2048
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    INDEX 00 00:00:03
    INDEX 01 00:00:04
  TRACK 03 MODE2/2324
    INDEX 01 00:00:07
`
	d, err := open(t, filepath.Join(folder(t, map[string][]byte{"x.cue": []byte(text), "a.bin": file}), "x.cue"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tracks(d), "1 mode 1 -0 0 +3 []; 2 audio -1 4 +3 []; 3 mode 2 XA -0 7 +2 []"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	user := make([]byte, 2048)
	if _, err := d.ReadSectors(t.Context(), user, 2, disc.User); err != nil || user[0] != 2 {
		t.Errorf("sector 2: %d, %v", user[0], err)
	}
	whole := make([]byte, 2352)
	if _, err := d.ReadSectors(t.Context(), whole, 5, disc.Raw); err != nil || whole[0] != 0 || whole[1] != 12 {
		t.Errorf("sector 5: % x, %v", whole[:4], err)
	}
	if _, err := d.ReadSectors(t.Context(), whole, 8, disc.Raw); err != nil || whole[24] != 21 || whole[18]&0x20 == 0 {
		t.Errorf("sector 8: % x, %v", whole[16:28], err)
	}
	if _, err := d.ReadSectors(t.Context(), user, 8, disc.User); !errors.Is(err, disc.ErrForm) {
		t.Errorf("user data of form 2: %v", err)
	}
}

// Invalid sheets are refused, with the line.
func TestBad(t *testing.T) {
	const track = "\nFILE \"a.bin\" BINARY\nTRACK 01 AUDIO\n"
	const index = "INDEX 01 00:00:00\n"
	for _, c := range []struct{ sheet, want string }{
		{"CATALOG" + track + index, "line 1: CATALOG has no number"},
		{"CATALOG 123456789" + track + index, "line 1: the media catalogue number \"123456789\" has 9 digits"},
		{"CATALOG 12345678901234" + track + index, "has 14 digits"},
		{"CATALOG 123456789b123" + track + index, "not digits"},
		{track + "INDEX 01 00:00:75\n", "line 4: the time 00:00:75 has 75 frames"},
		{track + "INDEX 01 00:00:100\n", "has 100 frames"},
		{track + "INDEX 01 00:60:00\n", "has 60 seconds"},
		{track + "INDEX 01 xx:yy:0\n", "not in the form MM:SS:FF"},
		{track + "INDEX 01 00:00\n", "not in the form MM:SS:FF"},
		{track + "INDEX 01\n", "not in the form MM:SS:FF"},
		{track + "INDEX 01 -1:00:00\n", "not in the form MM:SS:FF"},
		{track + "INDEX 100 00:00:00\n", "index numbers are 0 to 99"},
		{track + "INDEX 02 00:00:00\n", "must be 00 or 01"},
		{track + "INDEX 01 00:00:01\nINDEX 01 00:00:02\n", "line 5: INDEX 01 of track 1 comes after INDEX 01"},
		{track + "INDEX 01 00:00:03\nINDEX 02 00:00:02\n", "line 5: the index is before the one in line 4"},
		{track + index + "TRACK 02 AUDIO\n INDEX 00 00:00:02\n", "track 2 has no INDEX 01"},
		{track + index + "TRACK 01 AUDIO\n" + index, "line 5: two tracks have the number 1; the first one is in line 3"},
		{track + index + "TRACK 03 AUDIO\nINDEX 01 00:00:02\nTRACK 02 AUDIO\nINDEX 01 00:00:03\n", "line 7: track 2 comes after track 3"},
		{track + index + "TRACK 02 AUDIO\nINDEX 01 00:00:00\n", "track 1 has no sectors"},
		{track + index + "TRACK 02 AUDIO\nINDEX 01 00:00:11\n", "it is truncated, or not the file of this sheet"},
		{track + index + "PREGAP 00:00:10\n", "PREGAP of track 1 comes after its INDEX 01"},
		{"FILE \"a.bin\" BINARY\nTRACK 100 AUDIO\n" + index, "line 2: invalid track number \"100\""},
		{"FILE \"a.bin\" BINARY\nTRACK 00 AUDIO\n" + index, "invalid track number \"00\""},
		{"FILE \"a.bin\" BINARY\nTRACK 01 MODE3/2352\n" + index, "line 2: track 1: unknown track mode \"MODE3/2352\""},
		{"FILE \"a.bin\" BINARY\nTRACK 01\n" + index, "unknown track mode \"\""},
		{"FILE \"a.bin\" BINARY\n" + index + "TRACK 01 AUDIO\n", "line 2: INDEX comes before the first TRACK"},
		{"TRACK 01 AUDIO\n" + index, "line 2: INDEX comes before the first FILE"},
		{"FILE \"a.bin\" BINARY\n", "the sheet describes no tracks"},
		{"FILE BINARY\nTRACK 01 AUDIO\n" + index, "\"BINARY\", which the sheet names, is missing"},
		{"FILE \"\" BINARY\nTRACK 01 AUDIO\n" + index, "line 1: FILE names no file"},
		{"FILE \"b.bin\" BINARY\nTRACK 01 AUDIO\n" + index + "FILE \"c.bin\" BINARY\nTRACK 02 AUDIO\n" + index, "line 1: the file \"b.bin\", which the sheet names, is missing: file does not exist; put it beside x.cue; 2 files of the sheet are missing"},
		{"FILE \"../a.bin\" BINARY\nTRACK 01 AUDIO\n" + index, "line 1: the image names the file \"../a.bin\", which is outside its folder"},
		{"FILE \"/etc/passwd\" BINARY\nTRACK 01 AUDIO\n" + index, "files elsewhere are not opened"},
		{"FILE \"C:\\Music\\b.bin\" BINARY\nTRACK 01 AUDIO\n" + index, "files elsewhere are not opened"},
		{"FILE \"a.dat\" WAVE\nTRACK 01 AUDIO\n" + index, "not a supported sound file"},
		{"FILE \"s.wav\" WAVE\nTRACK 01 MODE1/2352\n" + index, "not a supported sound file"},
		{"CDTEXTFILE \"a.cdt\"\nCDTEXTFILE \"b.cdt\"\n" + track + index, "line 2: CDTEXTFILE names a second file; line 1 names \"a.cdt\""},
		{track + index + "POSTGAP 99:57:74\nTRACK 02 AUDIO\nINDEX 01 00:00:05\nPOSTGAP 00:00:10\n", "line 6: the gaps that no file contains have 449859 sectors up to track 2"},
		{manyFiles(9000), "line 1: the file \"0.bin\", which the sheet names, is missing: file does not exist; put it beside x.cue; 100 and more files of the sheet are missing"},
		{track + index + "REM SESSION 03\nTRACK 02 AUDIO\nINDEX 01 00:00:04\n", "line 5: session 3 follows session 1"},
	} {
		dir := folder(t, map[string][]byte{"x.cue": []byte(c.sheet), "a.bin": numbered(10, 2352, 0), "a.dat": numbered(10, 2352, 0), "s.wav": wav(numbered(10, 2352, 0))})
		d, err := open(t, filepath.Join(dir, "x.cue"))
		if err == nil {
			t.Errorf("%q was opened: %s", c.sheet, tracks(d))
			continue
		}
		if !strings.Contains(err.Error(), c.want) || errors.Is(err, format.ErrUnknown) {
			t.Errorf("%q: %v\nwant %s", c.sheet, err, c.want)
		}
	}
}

// Other files are not recognized as sheets.
func TestNotSheets(t *testing.T) {
	for _, text := range []string{
		"", "\x00", "The track of a fox, in the file of tracks.\n", "TRACK AUDIO\nFILE \"x\" 0\n", "CD_DA\nTRACK AUDIO\nAUDIOFILE \"a.wav\" 0\n",
		"FILE \"a.bin\" BINARY\x00", strings.Repeat("\x00\xff", 4000),
	} {
		if _, err := open(t, filepath.Join(folder(t, map[string][]byte{"x.cue": []byte(text)}), "x.cue")); !errors.Is(err, format.ErrUnknown) {
			t.Errorf("%.30q: %v", text, err)
		}
	}
}

// manyFiles is a sheet with a file for each index, up to 99 of each track.
func manyFiles(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "FILE \"%d.bin\" BINARY\n", i)
		if i%99 == 0 {
			fmt.Fprintf(&b, "TRACK %02d AUDIO\n", i/99+1)
		}
		fmt.Fprintf(&b, "INDEX %02d 00:00:00\n", i%99+1)
	}
	return b.String()
}
