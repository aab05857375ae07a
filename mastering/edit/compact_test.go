package edit_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
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

// TestCompactSessions compacts an image of several sessions: the newest one is planned anew,
// and the plan says how many are lost.
func TestCompactSessions(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := isotest.SampleTree(t)
	image := filepath.Join(t.TempDir(), "sessions.iso")
	more := filepath.Join(t.TempDir(), "more.bin")
	isotest.Must(t, os.WriteFile(more, make([]byte, 100000), 0o644))
	peertest.Run(t, "", "xorriso", "-outdev", image, "-map", top, "/", "-commit", "-map", more, "/more.bin", "-commit")
	m, before := open(t, image)
	p, err := m.Compact(t.Context(), nil)
	isotest.Must(t, err)
	if p.Sessions != 1 || p.Unsafe == nil {
		t.Errorf("%d sessions are lost, unsafe: %v", p.Sessions, p.Unsafe)
	}
	said := false
	for _, n := range p.Notices {
		said = said || strings.Contains(n.Text, "1 earlier session can no longer be read")
	}
	if !said {
		t.Errorf("no notice says that a session is lost: %v", p.Notices)
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	compareViews(t, before, p.Disc(), false)
}

// TestCompactKeepsTables refuses to plan an image anew that has partition tables, since they
// would be lost.
func TestCompactKeepsTables(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(top, "a.bin"), make([]byte, 5000), 0o644))
	isotest.Must(t, os.WriteFile(filepath.Join(top, "boot.img"), make([]byte, 5000), 0o644))
	image := isotest.Xorriso(t, top, "-R", "-hfsplus", "-b", "boot.img", "-no-emul-boot", "-isohybrid-mbr", peertest.ISOLINUXDisk)
	m, _ := open(t, image)
	if _, err := m.Compact(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "partition tables for disks") {
		t.Errorf("the error is %v", err)
	}
}

// TestCompactVideo keeps the distances between the files of a DVD-Video.
func TestCompactVideo(t *testing.T) {
	top := t.TempDir()
	isotest.Must(t, os.MkdirAll(filepath.Join(top, "VIDEO_TS"), 0o755))
	for i, name := range []string{"a.bin", "VIDEO_TS/VIDEO_TS.IFO", "VIDEO_TS/VTS_01_0.IFO", "VIDEO_TS/VTS_01_1.VOB", "z.bin"} {
		isotest.Must(t, os.WriteFile(filepath.Join(top, name), bytes.Repeat([]byte{byte(i + 1)}, 30000), 0o644))
	}
	image := isotest.Genisoimage(t, top, "-R", "-sort", sortFile(t, top))
	b, err := os.ReadFile(image)
	isotest.Must(t, err)
	m, _ := open(t, image)
	m.Compilation().Root().Lookup("/a.bin").Detach()
	p, err := m.Plan(t.Context(), nil)
	isotest.Must(t, err)
	changed := filepath.Join(t.TempDir(), "changed.iso")
	writeDisc(t, p.Disc(), changed)
	m, before := open(t, changed)
	p, err = m.Compact(t.Context(), nil)
	isotest.Must(t, err)
	if p.Unsafe != nil || p.After >= int64(len(b)) {
		t.Fatalf("%d bytes became %d: %v", len(b), p.After, p.Unsafe)
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	compareViews(t, before, p.Disc(), true)
	for _, other := range []string{"VTS_01_0.IFO", "VTS_01_1.VOB"} {
		distance := func(d disc.Disc) disc.LBA {
			return extentOf(t, d, "VIDEO_TS/"+other) - extentOf(t, d, "VIDEO_TS/VIDEO_TS.IFO")
		}
		if was, is := distance(before), distance(p.Disc()); was != is {
			t.Errorf("%s is %d sectors after VIDEO_TS.IFO, and was %d", other, is, was)
		}
	}
	if extentOf(t, p.Disc(), "VIDEO_TS/VIDEO_TS.IFO") >= extentOf(t, before, "VIDEO_TS/VIDEO_TS.IFO") {
		t.Error("the files of the DVD-Video have not moved")
	}
}

// sortFile makes a list of weights for genisoimage, with which z.bin is between the files of
// the DVD-Video.
func sortFile(t *testing.T, top string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sort")
	var b strings.Builder
	for i, name := range []string{"a.bin", "VIDEO_TS/VIDEO_TS.IFO", "VIDEO_TS/VTS_01_0.IFO", "z.bin", "VIDEO_TS/VTS_01_1.VOB"} {
		fmt.Fprintf(&b, "%s %d\n", filepath.Join(top, name), 100-i)
	}
	isotest.Must(t, os.WriteFile(path, []byte(b.String()), 0o644))
	return path
}

// extentOf returns where a file begins.
func extentOf(t *testing.T, d disc.Disc, path string) disc.LBA {
	t.Helper()
	v, err := volume.OpenDisc(t.Context(), d, volume.Options{})
	isotest.Must(t, err)
	info, err := fs.Stat(v, path)
	isotest.Must(t, err)
	return info.Sys().(*volume.Attributes).Extents[0].Start
}
