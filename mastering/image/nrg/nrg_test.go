package nrg_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/nrg"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
)

// Discs of every kind are the same after they were written and opened.
func TestWriteAndOpen(t *testing.T) {
	for name, sample := range map[string]func(testing.TB) disc.Disc{
		"audio": imagetest.Audio, "mixed": imagetest.Mixed, "sessions": imagetest.Sessions,
		"sub-channels": imagetest.SubChannels, "XA": imagetest.XA, "mode 1": imagetest.Mode1,
	} {
		t.Run(name, func(t *testing.T) {
			d := sample(t)
			got := imagetest.Open(t, nrg.Format, imagetest.Create(t, nrg.Format, d, format.Options{}, "x.nrg"))
			imagetest.Same(t, d, got, nrg.Format.Holds)
			for _, n := range disc.Notices(got) {
				t.Errorf("notice: %v", n)
			}
			if disc.HasSubChannels(got) != disc.HasSubChannels(d) {
				t.Errorf("sub-channels: %v", disc.HasSubChannels(got))
			}
		})
	}
}

// tail keeps the end of what is written.
type tail struct {
	size int64
	last []byte
}

func (w *tail) Write(p []byte) (int, error) {
	w.size += int64(len(p))
	w.last = append(w.last[:min(len(w.last), 4096)], p[max(0, len(p)-4096):]...)
	w.last = append([]byte(nil), w.last[max(0, len(w.last)-4096):]...)
	return len(p), nil
}

// empty is a file of zeros.
type empty struct{}

func (empty) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// A disc that no CD can have is stored as a DVD, after 150 sectors.
func TestDVD(t *testing.T) {
	const sectors = format.MaxCDSectors + 1
	var out tail
	d := disc.FromReaderAt(empty{}, sectors*disc.SectorSize, nil)
	if err := nrg.Format.Create(t.Context(), newfile.NewStream(&out), d, format.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.nrg")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(out.last, out.size-int64(len(out.last))); err != nil { // the rest is a hole
		t.Fatal(err)
	}
	got := imagetest.Open(t, nrg.Format, path)
	if !reflect.DeepEqual(got.TOC(), d.TOC()) || len(disc.Notices(got)) > 0 {
		t.Errorf("%+v, %v", got.TOC(), disc.Notices(got))
	}
	p := make([]byte, disc.RawSectorSize)
	if _, err := got.ReadSectors(t.Context(), p, 0, disc.Raw); !errors.Is(err, disc.ErrForm) {
		t.Errorf("whole sectors of a DVD: %v", err)
	}
	if n, err := got.ReadSectors(t.Context(), p[:disc.SectorSize], sectors-1, disc.User); n != 1 || err != nil {
		t.Errorf("the last sector: %d, %v", n, err)
	}
}

// Images of others, where a collection of them is beside the repository.
func TestOthers(t *testing.T) {
	const folder = "../../../../shared/corpus/libcdio+libcdio/test/data/"
	for _, c := range []struct {
		name string
		want []disc.Track
	}{
		{"p1.nrg", []disc.Track{
			{Number: 1, Start: 150, Length: 75, Pregap: 300, Control: disc.CopyPermitted},
			{Number: 2, Start: 300, Length: 2, Pregap: 75, Control: disc.CopyPermitted},
		}},
		{"videocd.nrg", []disc.Track{
			{Number: 1, Mode: disc.XA, Start: 0, Length: 676},
			{Number: 2, Mode: disc.XA, Start: 826, Length: 75, Pregap: 150},
			{Number: 3, Mode: disc.XA, Start: 1051, Length: 75, Pregap: 150},
			{Number: 4, Mode: disc.XA, Start: 1276, Length: 75, Pregap: 150},
			{Number: 5, Mode: disc.XA, Start: 1501, Length: 225, Pregap: 150},
		}},
	} {
		files, err := format.OpenFiles(folder + c.name)
		if err != nil {
			t.Skip("no collection of images is here")
		}
		d, err := nrg.Format.Open(context.Background(), files)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		got := d.TOC().Sessions[0].Tracks
		if len(got) != len(c.want) {
			t.Fatalf("%s: %+v", c.name, got)
		}
		for i := range got {
			if got[i].Number != c.want[i].Number || got[i].Mode != c.want[i].Mode || got[i].Start != c.want[i].Start || got[i].Length != c.want[i].Length || got[i].Pregap != c.want[i].Pregap || got[i].Control != c.want[i].Control {
				t.Errorf("%s: %+v, want %+v", c.name, got[i], c.want[i])
			}
		}
		if n := disc.Texts(disc.Notices(d)); len(n) > 0 {
			t.Errorf("%s: notices %q", c.name, n)
		}
		imagetest.Same(t, d, d, format.Raw)
		if c.name == "p1.nrg" { // of which the collection has the same sectors as a BIN
			want, err := os.ReadFile(folder + "p1.bin")
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(want))
			if _, err := d.ReadSectors(t.Context(), got, 0, disc.Raw); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: the sectors are not those of p1.bin, %v", c.name, err)
			}
		}
	}
}
