package ccd_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/ccd"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

func TestRoundTrip(t *testing.T) {
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "sessions": imagetest.Sessions,
		"sub-channels": imagetest.SubChannels, "XA": imagetest.XA, "mode 1": imagetest.Mode1,
	} {
		t.Run(name, func(t *testing.T) {
			want := sample(t)
			path := imagetest.Create(t, ccd.Format, want, format.Options{}, "x.ccd")
			got := imagetest.Open(t, ccd.Format, path)
			imagetest.Same(t, want, got, ccd.Format.Holds)
			if n := disc.Notices(got); len(n) > 0 {
				t.Errorf("notices: %q", disc.Texts(n))
			}
			if !disc.HasSubChannels(got) {
				t.Error("no sub-channels")
			}
		})
	}
}

// The data tracks are scrambled as on the disc, if the sheet says so.
func TestScrambled(t *testing.T) {
	want := imagetest.Mixed(t)
	path := imagetest.Create(t, ccd.Format, want, format.Options{}, "x.ccd")
	edit(t, path, func(text []byte) {
		copy(text[bytes.Index(text, []byte("Scrambled=0")):], "Scrambled=1")
	})
	edit(t, strings.TrimSuffix(path, ".ccd")+".img", func(img []byte) {
		for p := img; len(p) > 0; p = p[sector.Size:] {
			sector.Scramble(p[:sector.Size])
		}
	})
	imagetest.Same(t, want, imagetest.Open(t, ccd.Format, path), ccd.Format.Holds)
}

// edit changes the bytes of a file.
func edit(t *testing.T, path string, change func([]byte)) {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	change(p)
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// cdi is a disc that is a CD-i.
type cdi struct{ disc.Disc }

func (c cdi) TOC() disc.TOC {
	toc := c.Disc.TOC()
	toc.Sessions = append([]disc.Session(nil), toc.Sessions...)
	toc.Sessions[0].CDI = true
	return toc
}

func TestCDI(t *testing.T) {
	want := cdi{imagetest.XA(t)}
	imagetest.Same(t, want, imagetest.Open(t, ccd.Format, imagetest.Create(t, ccd.Format, want, format.Options{}, "x.ccd")), ccd.Format.Holds)
}

// ccd2iso makes the user data of a file of sectors.
func TestCCD2ISO(t *testing.T) {
	peertest.Need(t, "ccd2iso")
	want := imagetest.Mode1(t)
	path := imagetest.Create(t, ccd.Format, want, format.Options{}, "x.ccd")
	peertest.Run(t, filepath.Dir(path), "ccd2iso", "x.img", "out.iso")
	got, err := os.ReadFile(filepath.Join(filepath.Dir(path), "out.iso"))
	if err != nil {
		t.Fatal(err)
	}
	user := make([]byte, disc.Sectors(want)*disc.SectorSize)
	if _, err := sector.AllForms(want).ReadSectors(t.Context(), user, 0, disc.User); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, user) {
		t.Errorf("ccd2iso made %d bytes that are not the user data", len(got))
	}
}

// entry is a section [Entry n] as CloneCD writes it. Control is in hexadecimal.
func entry(n, session, point int, control string, m, s, f int) string {
	return fmt.Sprintf("[Entry %d]\r\nSession=%d\r\nPoint=0x%02x\r\nADR=0x01\r\nControl=%s\r\nTrackNo=0\r\nAMin=0\r\nASec=0\r\nAFrame=0\r\nALBA=-150\r\nZero=0\r\nPMin=%d\r\nPSec=%d\r\nPFrame=%d\r\nPLBA=%d\r\n",
		n, session, point, control, m, s, f, (m*60+s)*75+f-150)
}

// The sheet of a PlayStation disc as CloneCD 4 wrote it, as far as published examples show
// it, with an audio track of 300 sectors after 600 of data.
var game = "[CloneCD]\r\nVersion=3\r\n[Disc]\r\nTocEntries=5\r\nSessions=1\r\nDataTracksScrambled=0\r\nCDTextLength=0\r\n" +
	"[Session 1]\r\nPreGapMode=2\r\nPreGapSubC=1\r\n" +
	entry(0, 1, 0xA0, "0x04", 1, 32, 0) + entry(1, 1, 0xA1, "0x00", 2, 0, 0) + entry(2, 1, 0xA2, "0x00", 0, 14, 0) +
	entry(3, 1, 1, "0x04", 0, 2, 0) + entry(4, 1, 2, "0x00", 0, 10, 0) +
	"[TRACK 1]\r\nMODE=2\r\nINDEX 1=0\r\n[TRACK 2]\r\nMODE=0\r\nINDEX 0=450\r\nINDEX 1=600\r\n"

// A sheet of two sessions in which the numbers of the indexes begin with each session.
var sessions = "[CloneCD]\nVersion=3\n[Disc]\nTocEntries=10\nSessions=2\nDataTracksScrambled=0\nCDTextLength=36\nCATALOG=4006381333931\n" +
	"[CDText]\nEntries=2\nEntry 0=80 00 00 00 41 20 74 69 74 6c 65 00 4f 6e 65 00\nEntry 1=8e 01 01 00 55 53 52 43 31 37 36 30 37 38 33 39\n" +
	"[Session 1]\nPreGapMode=0\nPreGapSubC=0\n[Session 2]\nPreGapMode=1\nPreGapSubC=0\n" +
	entry(0, 1, 0xA0, "0x00", 1, 0, 0) + entry(1, 1, 0xA1, "0x00", 1, 0, 0) + entry(2, 1, 0xA2, "0x00", 0, 6, 0) + entry(3, 1, 1, "0x03", 0, 2, 0) +
	"[Entry 4]\nSession=1\nPoint=0xb0\nADR=0x05\nControl=0x00\nTrackNo=0\nAMin=2\nASec=36\nAFrame=0\nALBA=11550\nZero=2\nPMin=79\nPSec=59\nPFrame=74\nPLBA=359849\n" +
	"[Entry 5]\nSession=1\nPoint=0xc0\nADR=0x05\nControl=0x00\nTrackNo=0\nAMin=162\nASec=200\nAFrame=224\nALBA=743874\nZero=0\nPMin=97\nPSec=27\nPFrame=21\nPLBA=438396\n" +
	entry(6, 2, 0xA0, "0x04", 2, 0, 0) + entry(7, 2, 0xA1, "0x04", 2, 0, 0) + entry(8, 2, 0xA2, "0x04", 2, 42, 0) + entry(9, 2, 2, "0x04", 2, 38, 0) +
	"[TRACK 1]\nMODE=0\nISRC=USRC17607839\nFLAGS= DCP PRE\nINDEX 1=0\nINDEX 2=100\n[TRACK 2]\nMODE=1\nINDEX 1=0\n"

// image writes a sheet and a file of sectors: audio and data from the addresses on.
func image(t testing.TB, text string, sectors int, data map[int][2]int64) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "Disc 1.ccd")
	img := make([]byte, sectors*sector.Size)
	for i := range img {
		img[i] = byte(i/sector.Size + i)
	}
	for at, d := range data { // at: sector of the file; address, number
		for i := range d[1] {
			p := img[(int64(at)+i)*sector.Size:][:sector.Size]
			k := sector.Mode1
			if strings.Contains(text, "MODE=2") {
				k = sector.Form1
				copy(p[sector.SubheadAt:], "\x00\x00\x08\x00\x00\x00\x08\x00")
			}
			sector.Generate(p, disc.LBA(d[0]+i), k)
		}
	}
	for name, p := range map[string][]byte{path: []byte(text), strings.TrimSuffix(path, ".ccd") + ".img": img} {
		if err := os.WriteFile(name, p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestOthers(t *testing.T) {
	two := func(pregap int64) disc.TOC {
		return disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{
			{
				Number: 1, Tracks: []disc.Track{{Number: 1, Length: 300, Control: disc.PreEmphasis | disc.CopyPermitted, ISRC: "USRC17607839", Indexes: []disc.LBA{100}}},
				Text: []disc.CDText{{Album: disc.Text{Title: "A title"}, Tracks: map[int]disc.Text{1: {Title: "One", Code: "USRC17607839"}}}},
			},
			{Number: 2, Tracks: []disc.Track{{Number: 2, Mode: disc.Mode1, Start: 11700, Length: 300, Pregap: pregap}}},
		}}
	}
	game1 := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
		{Number: 1, Mode: disc.XA, Length: 450}, {Number: 2, Start: 600, Length: 300, Pregap: 150},
	}}}}
	old := strings.Split(strings.Replace(game, "Version=3", "Version=2", 1), "[TRACK 1]")[0]
	for _, c := range []struct {
		name, text string
		sectors    int
		data       map[int][2]int64
		want       disc.TOC
		said       string
	}{
		{"a game", game, 900, map[int][2]int64{0: {0, 450}}, game1, "no sub-channels"},
		{"more sectors than described", game, 910, map[int][2]int64{0: {0, 450}}, game1, "its last 10 sectors are ignored"},
		{"a wrong mode", strings.Replace(game, "MODE=2", "MODE=1", 1), 900, map[int][2]int64{0: {0, 450}}, disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Mode1, Length: 450}, {Number: 2, Start: 600, Length: 300, Pregap: 150},
		}}}}, "no sub-channels"},
		{"audio that the sheet calls data", strings.Replace(game, "MODE=0", "MODE=1", 1), 900, map[int][2]int64{0: {0, 450}}, game1, "Track 2 has sectors of audio, but the sheet states mode 1"},
		{"a wrong number of entries", strings.Replace(game, "TocEntries=5", "TocEntries=6", 1), 900, map[int][2]int64{0: {0, 450}}, game1, "6 entries"},
		{"version 2", old, 900, map[int][2]int64{0: {0, 600}}, disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Mode1, Length: 600}, {Number: 2, Start: 600, Length: 300},
		}}}}, "no sub-channels"},
		{"sessions one after the other", sessions, 600, map[int][2]int64{300: {11700, 300}}, two(0), "no sub-channels"},
		{"sessions with the pre-gap", sessions, 750, map[int][2]int64{300: {11550, 450}}, two(150), "no sub-channels"},
		{"sessions with the pre-gap, described", strings.Replace(sessions, "MODE=1\nINDEX 1=0", "MODE=1\nINDEX 1=150", 1), 750, map[int][2]int64{300: {11550, 450}}, two(150), "no sub-channels"},
		{"all sectors of the disc", sessions, 12000, map[int][2]int64{11700: {11700, 300}}, two(0), "no sub-channels"},
		{"indexes that are addresses", strings.Replace(sessions, "MODE=1\nINDEX 1=0", "MODE=1\nINDEX 1=11700", 1), 600, map[int][2]int64{300: {11700, 300}}, two(0), "no sub-channels"},
	} {
		d := imagetest.Open(t, ccd.Format, image(t, c.text, c.sectors, c.data))
		if got := d.TOC(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n%+v, want\n%+v", c.name, got, c.want)
		}
		said := strings.Join(disc.Texts(disc.Notices(d)), "\n")
		if !strings.Contains(said, c.said) {
			t.Errorf("%s: said %q, want %q", c.name, said, c.said)
		}
		for _, s := range d.TOC().Sessions {
			for _, k := range s.Tracks {
				var p [sector.Size]byte
				if n, err := d.ReadSectors(t.Context(), p[:], k.Start, disc.Raw); n != 1 || k.Mode != disc.Audio && sector.Check(p[:], k.Start) != 0 {
					t.Errorf("%s: track %d: %d, %v, faults %x", c.name, k.Number, n, err, sector.Check(p[:], k.Start))
				}
			}
		}
	}
}

// Sheets without INDEX 0 are common. The sub-channels say where it is.
func TestIndexOfSubChannels(t *testing.T) {
	want := imagetest.Mixed(t)
	path := imagetest.Create(t, ccd.Format, want, format.Options{}, "x.ccd")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, l := range strings.Split(string(text), "\r\n") {
		if !strings.HasPrefix(l, "INDEX 0=") && !strings.HasPrefix(l, "INDEX 2=") && !strings.HasPrefix(l, "INDEX 3=") && !strings.HasPrefix(l, "ISRC") && !strings.HasPrefix(l, "CATALOG") {
			lines = append(lines, l)
		}
	}
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\r\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	imagetest.Same(t, want, imagetest.Open(t, ccd.Format, path), ccd.Format.Holds)
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"a catalogue number of 12 digits", strings.Replace(sessions, "4006381333931", "400638133393", 1), "line 8: the media catalogue number"},
		{"seconds", strings.Replace(game, "PSec=10", "PSec=60", 1), "track 2: the time 00:60:00 is out of range"},
		{"address", strings.Replace(game, "PLBA=600", "PLBA=601", 1), "the address 601 and the time 00:10:00 differ"},
		{"mode", strings.Replace(game, "MODE=2", "MODE=3", 1), "unknown track mode 3"},
		{"not a number", strings.Replace(game, "PMin=0", "PMin=x", 1), "PMIN=x is not a number"},
		{"two entries of a track", strings.Replace(game, "Point=0x02", "Point=0x01", 1), "two entries describe track 1"},
		{"two sections", strings.Replace(game, "[TRACK 2]", "[TRACK 1]", 1), "two sections [TRACK 1]"},
		{"a section without entry", strings.Replace(game, "[TRACK 2]", "[TRACK 3]", 1), "track 3 has no entry"},
		{"no lead-out", strings.Replace(game, "Point=0xa2", "Point=0xa5", 1), "the lead-out of session 1 is missing"},
		{"no tracks", "[CloneCD]\nVersion=3\n", "describes no tracks"},
		{"index after the next", strings.Replace(game, "INDEX 0=450\r\nINDEX 1=600", "INDEX 0=700\r\nINDEX 1=600", 1), "INDEX 1 begins before"},
		{"a pre-gap before the disc", strings.Replace(game, "INDEX 0=450\r\nINDEX 1=600", "INDEX 0=0\r\nINDEX 1=800", 1), "track 2 begins before"},
		{"an index in the next track", strings.Replace(game, "INDEX 1=0", "INDEX 1=0\r\nINDEX 2=460", 1), "an index of track 1 is after the end"},
		{"an index after the end", game + "INDEX 2=1000\r\n", "an index of track 2 is after the end"},
		{"CD-TEXT", strings.Replace(sessions, "80 00 00", "80 00", 1), "not a CD-TEXT pack"},
		{"session", strings.Replace(game, "Session=1\r\nPoint=0x01", "Session=0\r\nPoint=0x01", 1), "session number 0"},
		{"order", strings.Replace(sessions, "Point=0x01", "Point=0x03", 1), ""},
		{"sessions that do not fit", sessions, "do not match"},
	} {
		sectors := 900
		if c.name == "sessions that do not fit" {
			sectors = 700
		}
		files, err := format.OpenFiles(image(t, c.text, sectors, nil))
		if err != nil {
			t.Fatal(err)
		}
		if d, err := ccd.Format.Open(t.Context(), files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v, want %q", c.name, d, err, c.want)
		}
		files.Close()
	}
	path := image(t, game, 900, nil)
	if err := os.Remove(strings.TrimSuffix(path, ".ccd") + ".img"); err != nil {
		t.Fatal(err)
	}
	files, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	if _, err := ccd.Format.Open(t.Context(), files); err == nil || !strings.Contains(err.Error(), `"Disc 1.img"`) {
		t.Errorf("without sectors: %v", err)
	}
}

// A file of sectors that ends early makes an incomplete disc.
func TestIncomplete(t *testing.T) {
	d := imagetest.Open(t, ccd.Format, image(t, game, 800, map[int][2]int64{0: {0, 450}}))
	if n := disc.Sectors(d); n != 800 {
		t.Errorf("%d sectors", n)
	}
	for _, n := range disc.Notices(d) {
		if n.Incomplete && n.Severity == disc.Error {
			return
		}
	}
	t.Errorf("said %q", disc.Texts(disc.Notices(d)))
}

// Any sheet is refused or makes a disc whose sectors can be read as far as they exist.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(game))
	f.Add([]byte(sessions))
	path := image(f, game, 900, map[int][2]int64{0: {0, 450}})
	if err := os.WriteFile(strings.TrimSuffix(path, ".ccd")+".sub", make([]byte, 900*sector.SubSize), 0o600); err != nil {
		f.Fatal(err)
	}
	imagetest.FuzzOpen(f, ccd.Format, path)
}
