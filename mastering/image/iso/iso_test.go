package iso

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
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
		d, f, err := image.Open(write(t, 40, c.at, c.id))
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
	d, _, err := image.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	want, _ := os.ReadFile(path)
	var b bytes.Buffer
	var m progress.Meter
	if err := Write(t.Context(), &b, d, &m); err != nil {
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
	if err := Write(ctx, io.Discard, d, progress.Discard); !errors.Is(err, context.Canceled) {
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
	if err := Write(t.Context(), &b, d, &m); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for i := 0; i < b.Len(); i += disc.SectorSize {
		got = append(got, b.Bytes()[i])
	}
	if want := []byte{0, 0, 0, 3, 4, 0, 0, 0, 8}; !bytes.Equal(got, want) {
		t.Errorf("sectors %v, want %v", got, want)
	}
	if n := len(m.Messages(0)); n != 2 {
		t.Errorf("%d messages, want one for audio and one for sessions", n)
	}
	if err := Write(t.Context(), &b, mixed{}, &m); err == nil {
		t.Error("a disc without data became an image")
	}
}
