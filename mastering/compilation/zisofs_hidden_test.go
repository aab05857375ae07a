package compilation

import (
	"bytes"
	"io/fs"
	"path/filepath"
	"testing"

	"glassmaster/mastering/iso9660"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/zisofs"
)

// TestZisofsNeedsRockRidge checks that files hidden from Rock Ridge are not compressed,
// since no other tree marks compressed files.
func TestZisofsNeedsRockRidge(t *testing.T) {
	src := t.TempDir()
	text := bytes.Repeat([]byte("compressible "), 5000)
	for _, name := range []string{"shown", "windows/hidden", "hidden"} {
		put(t, filepath.Join(src, name), text)
	}
	c := compile(t, src, master.Options{Features: isoplan.Features{NoRockRidge: true}})
	c.Contents.Zisofs = &zisofs.Options{}
	if _, err := c.Plan(t.Context()); err == nil {
		t.Error("files were compressed without Rock Ridge")
	}
	img, _ := masterWith(t, src, master.Options{Hide: []string{"windows", "/hidden"}}, Contents{Zisofs: &zisofs.Options{}})
	v := view(t, img, iso9660.ViewJoliet)
	for _, name := range []string{"windows/hidden", "hidden"} {
		if got, err := fs.ReadFile(v, name); err != nil || !bytes.Equal(got, text) {
			t.Errorf("%s holds %d bytes that begin with %.10q (%v)", name, len(got), got, err)
		}
		if got := peertest.Run(t, "", "isoinfo", "-J", "-i", img, "-x", "/"+name); got != string(text) {
			t.Errorf("isoinfo: %s holds %d bytes that begin with %.10q", name, len(got), got)
		}
	}
	if _, a := attributes(t, view(t, img, iso9660.ViewRockRidge), "shown"); len(a.Extents) != 1 || a.Extents[0].Length >= int64(len(text)) {
		t.Errorf("the visible file has the extents %v", a.Extents)
	}
}
