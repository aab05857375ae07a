package imagetest

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// Create writes a disc as an image of the format with this name, in a new folder, and
// returns its path.
func Create(t testing.TB, f format.Format, d disc.Disc, o format.Options, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	set := newfile.NewSet(path)
	defer set.Discard()
	if err := f.Create(t.Context(), set, d, o, progress.Discard); err != nil {
		t.Fatalf("create %s: %v", name, err)
	}
	if err := set.Commit(); err != nil {
		t.Fatal(err)
	}
	wanted := map[string]bool{name: true}
	if f.Beside != nil {
		for _, n := range f.Beside(name, d.TOC(), o) {
			wanted[n] = true
		}
	}
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if !wanted[e.Name()] {
			t.Errorf("the file %q was written, which Beside does not list", e.Name())
		}
		delete(wanted, e.Name())
	}
	for n := range wanted {
		t.Errorf("the file %q was not written", n)
	}
	return path
}

// Open opens an image with one format.
func Open(t testing.TB, f format.Format, path string) disc.Disc {
	t.Helper()
	files, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.Open(t.Context(), files)
	if err != nil {
		files.Close()
		t.Fatalf("open %s: %v", path, err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// Same reports differences between two discs as errors: the tables of contents, as far as
// the format holds it, and all sectors of all tracks and pre-gaps from address 0 on, in the
// largest form that it holds.
func Same(t testing.TB, want, got disc.Disc, holds format.Holds) {
	t.Helper()
	w, g := holds.Keeps(want.TOC()), holds.Keeps(got.TOC())
	if !reflect.DeepEqual(w, g) {
		t.Errorf("the table of contents is\n%+v\ninstead of\n%+v", g, w)
	}
	for _, s := range w.Sessions {
		for _, k := range s.Tracks {
			form := disc.Raw
			switch {
			case holds&format.Sub != 0 && disc.HasSubChannels(want): // otherwise they follow from what else is kept
				form = disc.RawSub
			case holds&format.Raw == 0 && k.Mode != disc.Audio:
				form = disc.User
			}
			sectors(t, want, got, k, form)
		}
	}
}

// sectors compares the sectors of a track and its pre-gap.
func sectors(t testing.TB, want, got disc.Disc, k disc.Track, f disc.Form) {
	t.Helper()
	size := f.Size()
	w, g := make([]byte, size), make([]byte, size)
	a, b := sector.AllForms(want), sector.AllForms(got)
	for lba := k.Start - disc.LBA(k.Pregap); lba < k.End(); lba++ {
		if _, err := a.ReadSectors(t.Context(), w, lba, f); err != nil {
			t.Errorf("track %d: read sector %d of the source: %v", k.Number, lba, err)
			return
		}
		if _, err := b.ReadSectors(t.Context(), g, lba, f); err != nil {
			t.Errorf("track %d: read sector %d: %v", k.Number, lba, err)
			return
		}
		if !bytes.Equal(w, g) {
			at := 0
			for w[at] == g[at] {
				at++
			}
			t.Errorf("track %d (%v): sector %d differs from byte %d on: %x instead of %x", k.Number, k.Mode, lba, at, g[at:min(at+16, size)], w[at:min(at+16, size)])
			return
		}
	}
}
