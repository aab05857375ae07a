package edit_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// open opens an image file for editing.
func open(t *testing.T, image string) (*edit.Image, disc.Disc) {
	t.Helper()
	f, err := os.Open(image)
	isotest.Must(t, err)
	info, err := f.Stat()
	isotest.Must(t, err)
	d := disc.FromReaderAt(f, info.Size(), f.Close)
	t.Cleanup(func() { d.Close() })
	m, err := edit.Open(t.Context(), d, edit.Options{Time: time.Unix(1_700_000_000, 0)})
	isotest.Must(t, err)
	return m, d
}

// TestCompact removes and replaces files of images in place, and drops what is no longer in
// use: all views show the same before and after, and the image is smaller.
func TestCompact(t *testing.T) {
	for kind, image := range images(t) {
		t.Run(kind, func(t *testing.T) {
			changed := filepath.Join(t.TempDir(), "changed.iso")
			m, _ := open(t, image)
			root := m.Compilation().Root()
			for _, n := range append([]*tree.Node(nil), root.Children()...) {
				if n.IsDir() && len(n.Children()) > 0 {
					n.Children()[0].Detach()
				} else if n.Mode.IsRegular() && n.Size > 4096 {
					n.Detach()
				}
			}
			root.Append(tree.NewFile("NEW.TXT", 70000, time.Unix(1, 0), layout.Bytes(make([]byte, 70000))))
			p, err := m.Plan(t.Context(), nil)
			isotest.Must(t, err)
			writeDisc(t, p.Disc(), changed)
			m, before := open(t, changed)
			p, err = m.Compact(t.Context(), nil)
			isotest.Must(t, err)
			if p.After >= p.Before && p.Unsafe == nil {
				t.Errorf("%d bytes became %d", p.Before, p.After)
			}
			isotest.Must(t, p.Prepare(t.Context(), nil))
			compareViews(t, before, p.Disc(), p.Unsafe == nil)
			checkVolumes(t, kind, before, p.Disc())
		})
	}
}

// compareViews compares the files of two discs in all views.
func compareViews(t *testing.T, a, b disc.Disc, attributes bool) {
	t.Helper()
	for _, view := range volume.Views(t.Context(), a, volume.Options{}) {
		va, err := volume.OpenDisc(t.Context(), a, volume.Options{View: view})
		isotest.Must(t, err)
		vb, err := volume.OpenDisc(t.Context(), b, volume.Options{View: view})
		if err != nil {
			t.Errorf("view %s: %v", view, err)
			continue
		}
		rich := attributes && (view == "Rock Ridge" || view == "UDF")
		isotest.Compare(t, view, modelOf(t, vb).describe(rich), modelOf(t, va).describe(rich))
	}
}
