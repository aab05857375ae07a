package mds_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/mds"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
)

// A written image is read again.
func TestWritten(t *testing.T) {
	for _, c := range []struct {
		name string
		d    disc.Disc
	}{
		{"audio", imagetest.Audio(t)},
		{"mixed", imagetest.Mixed(t)},
		{"sessions", imagetest.Sessions(t)},
		{"sub-channels", imagetest.SubChannels(t)},
		{"XA", imagetest.XA(t)},
		{"mode 1", imagetest.Mode1(t)},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := imagetest.Create(t, mds.Format, c.d, format.Options{}, "x.mds")
			d := imagetest.Open(t, mds.Format, path)
			for _, n := range disc.Notices(d) {
				t.Errorf("notice: %v", n)
			}
			holds := mds.Format.Holds
			if !disc.HasSubChannels(c.d) {
				holds &^= format.Sub
			}
			imagetest.Same(t, c.d, d, holds)
		})
	}
}

// Pre-gaps between tracks of one mode, and audio hidden before track 1, are counted into
// tracks, since readers of other programs do not read pre-gaps from the data file.
func TestPregapsWritten(t *testing.T) {
	for _, c := range []struct {
		name string
		d    disc.Disc
		want [][4]uint32 // start, sectors before it in the data file, pre-gap, length
	}{
		{"audio", imagetest.Audio(t), [][4]uint32{{0, 0, 150, 333}, {333, 333, 0, 351}, {684, 684, 0, 300}}},
		{"mixed", imagetest.Mixed(t), [][4]uint32{{0, 0, 150, 307}, {457, 457, 150, 300}, {757, 757, 0, 351}, {1108, 1108, 0, 300}}},
	} {
		p, err := os.ReadFile(imagetest.Create(t, mds.Format, c.d, format.Options{}, "x.mds"))
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range c.want {
			b := p[88+24+80*(3+i):]
			extra := p[le.Uint32(b[12:]):]
			got := [4]uint32{le.Uint32(b[36:]), uint32(le.Uint64(b[40:]) / 2448), le.Uint32(extra), le.Uint32(extra[4:])}
			if got != want {
				t.Errorf("%s, track %d: %v instead of %v", c.name, i+1, got, want)
			}
		}
	}
}

// A disc that is too large for a CD is written as a DVD: user data only. Writing is stopped
// before the data, since the descriptor is written first.
func TestWrittenDVD(t *testing.T) {
	const sectors = format.MaxCDSectors + 10
	d := disc.FromReaderAt(zeros{}, sectors*disc.SectorSize, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	set := newfile.NewSet(filepath.Join(dir, "x.mds"))
	defer set.Discard()
	if err := mds.Format.Create(ctx, set, d, format.Options{}, progress.Discard); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	image := t.TempDir()
	for _, name := range list {
		p, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(p) > 0 {
			if err := os.WriteFile(filepath.Join(image, "x.mds"), p, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	data, err := os.Create(filepath.Join(image, "x.mdf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(data.Truncate(sectors*disc.SectorSize), data.Close()); err != nil {
		t.Fatal(err)
	}
	got := imagetest.Open(t, mds.Format, filepath.Join(image, "x.mds"))
	noNotices(t, got)
	if n := disc.Sectors(got); n != sectors {
		t.Errorf("%d sectors", n)
	}
	p := make([]byte, disc.SectorSize)
	if n, err := got.ReadSectors(t.Context(), p, sectors-1, disc.User); n != 1 || err != nil {
		t.Errorf("the last sector: %d, %v", n, err)
	}
}

// zeros is a file of zeros.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) { clear(p); return len(p), nil }
