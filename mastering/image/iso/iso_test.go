package iso_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/iso"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

// write makes a file whose sector 16 or later holds the identifier.
func write(t *testing.T, sectors, at int, id string) string {
	t.Helper()
	p := make([]byte, sectors*disc.SectorSize)
	for i := range p {
		p[i] = byte(i / disc.SectorSize)
	}
	copy(p[at*disc.SectorSize+1:], id)
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, p, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRecognise(t *testing.T) {
	for _, c := range []struct {
		at    int
		id    string
		known bool
	}{
		{16, "CD001", true},
		{17, "NSR02", true},
		{20, "NSR03", true},
		{15, "CD001", false},
		{16, "CD002", false},
		{16, "BEA01", false}, // a sequence without NSR is no volume
	} {
		d, f, err := image.Open(t.Context(), write(t, 40, c.at, c.id))
		if (err == nil) != c.known {
			t.Errorf("%s at %d: %v", c.id, c.at, err)
		}
		if err != nil {
			if !errors.Is(err, image.ErrUnknown) {
				t.Errorf("%s at %d: error %v is not ErrUnknown", c.id, c.at, err)
			}
			continue
		}
		if f.Name != "ISO" || disc.Sectors(d) != 40 {
			t.Errorf("opened as %s with %d sectors", f.Name, disc.Sectors(d))
		}
		d.Close()
	}
}

func TestWrite(t *testing.T) {
	path := write(t, 200, 16, "CD001")
	d, _, err := image.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	want, _ := os.ReadFile(path)
	var b bytes.Buffer
	var m progress.Meter
	if err := iso.Format.Create(t.Context(), newfile.NewStream(&b), d, format.Options{}, &m); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Error("the copy differs")
	}
	if s := m.Snapshot(); s.Done != int64(len(want)) || s.Total != s.Done {
		t.Errorf("progress %d of %d", s.Done, s.Total)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := iso.Format.Create(ctx, newfile.NewStream(io.Discard), d, format.Options{}, progress.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// mixed is a disc whose tracks are given and whose sectors hold their address.
type mixed []disc.Session

func (m mixed) TOC() disc.TOC { return disc.TOC{Sessions: m} }
func (m mixed) Close() error  { return nil }

func (m mixed) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, _ disc.Form) (int, error) {
	for i := range p {
		p[i] = byte(int(lba) + i/disc.SectorSize)
	}
	return len(p) / disc.SectorSize, nil
}

func TestWriteMixed(t *testing.T) {
	var m progress.Meter
	var b bytes.Buffer
	d := mixed{
		{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Audio, Length: 3}, {Number: 2, Mode: disc.Mode1, Start: 3, Length: 2}}},
		{Number: 2, Tracks: []disc.Track{{Number: 3, Mode: disc.XA, Start: 8, Length: 1}, {Number: 4, Mode: disc.Audio, Start: 9, Length: 5}}},
	}
	if err := iso.Format.Create(t.Context(), newfile.NewStream(&b), d, format.Options{}, &m); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for i := 0; i < b.Len(); i += disc.SectorSize {
		got = append(got, b.Bytes()[i])
	}
	if want := []byte{0, 0, 0, 3, 4, 0, 0, 0, 8}; !bytes.Equal(got, want) {
		t.Errorf("sectors %v, want %v", got, want)
	}
	if lost := iso.Format.Loss(d); len(lost) != 3 {
		t.Errorf("%v: want a notice for audio, one for sessions and one for mode 2", lost)
	}
	if err := iso.Format.Create(t.Context(), newfile.NewStream(&b), mixed{}, format.Options{}, &m); err == nil {
		t.Error("a disc without data became an image")
	}
}

// An image that was split, as "split" of coreutils and ImgBurn number the parts, is opened
// by its first part; a part that is missing makes it incomplete.
func TestSplit(t *testing.T) {
	for _, c := range []struct {
		suffixes []string
		first    string
	}{
		{[]string{"--numeric-suffixes=1", "-a3"}, "x.iso.001"},
		{[]string{"--numeric-suffixes=0", "-a3"}, "x.iso.000"},
		{[]string{"--numeric-suffixes=0", "-a2", "--additional-suffix="}, "x.iso.I00"},
	} {
		path := write(t, 100, 16, "CD001")
		dir := filepath.Dir(path)
		prefix := "x.iso."
		if strings.HasSuffix(c.first, "I00") {
			prefix += "I"
		}
		peertest.Run(t, dir, "split", append(c.suffixes, "-b", "50001", "x", prefix)...)
		d, f, err := image.Open(t.Context(), filepath.Join(dir, c.first))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := os.ReadFile(path)
		if f.Name != "ISO" || disc.Sectors(d) != 100 {
			t.Errorf("%s: opened as %s with %d sectors", c.first, f.Name, disc.Sectors(d))
		}
		got := make([]byte, len(want))
		if n, err := d.ReadSectors(t.Context(), got, 0, disc.User); n != 100 || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: read %d sectors, %v", c.first, n, err)
		}
		var b bytes.Buffer
		if err := iso.Format.Create(t.Context(), newfile.NewStream(&b), d, format.Options{}, progress.Discard); err != nil || !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s: joined into %d bytes, %v", c.first, b.Len(), err)
		}
		d.Close()
	}
}
