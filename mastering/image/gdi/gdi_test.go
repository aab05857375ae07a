package gdi_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/gdi"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/sector"
)

// sectors returns whole sectors of mode 1 from an address on.
func sectors(lba disc.LBA, n int) []byte {
	user := make([]byte, n*2048)
	for i := range user {
		user[i] = byte(i>>3) ^ byte(lba)
	}
	p := make([]byte, n*2352)
	sector.EncodeMode1(p, user, lba)
	return p
}

func write(t testing.TB, sheet string, files map[string][]byte) string {
	dir := t.TempDir()
	path := filepath.Join(dir, "disc.gdi")
	if err := os.WriteFile(path, []byte(sheet), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, p := range files {
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// sheet is as the Dreamcast wiki shows one, of a game with music.
const sheet = "5\r\n" +
	" 1     0 4 2352 track01.bin 0\r\n" +
	" 2   600 0 2352 \"Track 02.raw\" 0\r\n" +
	" 3 45000 4 2352 track03.bin 0\r\n" +
	"\t4\t45500\t0\t2352\ttrack04.raw\t100\r\n" +
	" 5 46000 4 2048 track05.iso 0\r\n"

func tracks() map[string][]byte {
	return map[string][]byte{
		"track01.bin":  sectors(0, 450),
		"track 02.raw": bytes.Repeat([]byte("audio"), 2352*60),
		"track03.bin":  sectors(45000, 350),
		"track04.raw":  append(make([]byte, 100), bytes.Repeat([]byte("Audio"), 2352*60+1)...),
		"track05.iso":  bytes.Repeat([]byte("user"), 512*320),
	}
}

func TestSheet(t *testing.T) {
	d := imagetest.Open(t, gdi.Format, write(t, sheet, tracks()))
	if n := disc.Texts(disc.Notices(d)); len(n) != 2 || !strings.Contains(n[0], `"track 02.raw" is used instead`) || !strings.Contains(n[1], "its last 5 bytes") {
		t.Errorf("notices %q", n)
	}
	s := d.TOC().Sessions
	if len(s) != 2 || len(s[0].Tracks) != 2 || len(s[1].Tracks) != 3 || s[1].Number != 2 {
		t.Fatalf("sessions %+v", s)
	}
	for _, c := range []struct {
		got  disc.Track
		want disc.Track
	}{
		{s[0].Tracks[0], disc.Track{Number: 1, Mode: disc.Mode1, Length: 450}},
		{s[0].Tracks[1], disc.Track{Number: 2, Mode: disc.Audio, Start: 600, Length: 300, Pregap: 150}},
		{s[1].Tracks[0], disc.Track{Number: 3, Mode: disc.Mode1, Start: 45000, Length: 350}},
		{s[1].Tracks[1], disc.Track{Number: 4, Mode: disc.Audio, Start: 45500, Length: 300, Pregap: 150}},
		{s[1].Tracks[2], disc.Track{Number: 5, Mode: disc.Mode1, Start: 46000, Length: 320, Pregap: 200}},
	} {
		if c.got.Number != c.want.Number || c.got.Mode != c.want.Mode || c.got.Start != c.want.Start || c.got.Length != c.want.Length || c.got.Pregap != c.want.Pregap {
			t.Errorf("track %+v instead of %+v", c.got, c.want)
		}
	}
	p := make([]byte, 2352)
	for _, c := range []struct {
		at   disc.LBA
		want []byte
	}{
		{449, sectors(0, 450)[449*2352:]},
		{500, make([]byte, 2352)},
		{600, bytes.Repeat([]byte("audio"), 471)[:2352]},
		{45349, sectors(45000, 350)[349*2352:]},
		{45500, bytes.Repeat([]byte("Audio"), 471)[:2352]},
	} {
		if n, err := d.ReadSectors(t.Context(), p, c.at, disc.Raw); n != 1 || err != nil || !bytes.Equal(p, c.want) {
			t.Errorf("sector %d: %d, %v", c.at, n, err)
		}
	}
	if n, err := d.ReadSectors(t.Context(), p[:2048], 46319, disc.User); n != 1 || err != nil || !bytes.Equal(p[:4], []byte("user")) {
		t.Errorf("the last sector: %d, %v", n, err)
	}
	if n, err := d.ReadSectors(t.Context(), p, 44999, disc.Raw); n != 0 || err == nil {
		t.Error("a sector between the areas was read")
	}
}

// Invalid sheets are refused, with the line. Other files are left to other formats.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"5\r\n", "", format.ErrUnknown.Error()},
		{"5\r\n", "100\r\n", format.ErrUnknown.Error()},
		{" 1     0 4", " 2     0 4", format.ErrUnknown.Error()},
		{"5\r\n", "6\r\n", "has 5 tracks, but its first line says 6"},
		{" 2   600 0", " 4   600 0", "line 3: track 2 was expected instead of track 4"},
		{" 2   600 0", " 2 x 0", `instead of "x"`},
		{" 2   600 0", " 2   400 0", "line 3: track 2 begins at address 400, but the track before it ends at 450"},
		{" 2   600 0 2352", " 2   600 0 2048", "line 3: sectors of 2048 bytes"},
		{"\"Track 02.raw\" 0", "\"Track 02.raw\" x", `line 3: the offset "x"`},
		{"\"Track 02.raw\" 0", "\"Track 02.raw\" 9999999", "line 3: the file \"track 02.raw\" has no whole sector"},
		{"\"Track 02.raw\" 0", "track.raw", "line 3"},
		{"track03.bin", "missing.bin", "line 4: the file \"missing.bin\""},
		{" 2   600 0", " 2 44900 0", "line 3: track 2 is in both areas"},
		{" 5 46000 4", " 5 549000 4", "line 6: track 5 ends at address 549319"},
	} {
		f, err := format.OpenFiles(write(t, strings.Replace(sheet, c.old, c.new, 1), tracks()))
		if err != nil {
			t.Fatal(err)
		}
		_, err = gdi.Format.Open(t.Context(), f)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.new, err, c.want)
		}
		f.Close()
	}
}

// Any sheet is refused or makes a disc.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(sheet))
	f.Add([]byte("1\n1 0 4 2048 \"a b\" 0\n"))
	dir := f.TempDir()
	for name, p := range tracks() {
		if err := os.WriteFile(filepath.Join(dir, name), p[:10*2352], 0o600); err != nil {
			f.Fatal(err)
		}
	}
	path := filepath.Join(dir, "x.gdi")
	imagetest.FuzzOpen(f, gdi.Format, path)
}
