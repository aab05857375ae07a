package update_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// links returns the number of links of a file.
func links(t testing.TB, v *iso9660.FS, name string) uint32 {
	t.Helper()
	info, err := fs.Stat(v, name)
	must(t, err)
	return info.Sys().(*volume.Attributes).Links
}

// TestLinks removes names of hard-linked files, in folders of which some are not read.
func TestLinks(t *testing.T) {
	top := t.TempDir()
	for _, d := range []string{"a", "b/below", "c", "d"} {
		must(t, os.MkdirAll(filepath.Join(top, d), 0o755))
	}
	must(t, os.WriteFile(filepath.Join(top, "a/1"), []byte("contents"), 0o644))
	for _, name := range []string{"b/below/2", "c/3", "c/4", "d/5"} {
		must(t, os.Link(filepath.Join(top, "a/1"), filepath.Join(top, name)))
	}
	for name, file := range map[string]string{
		"xorriso":     isotest.Xorriso(t, top, "-R", "-J"),
		"genisoimage": isotest.Genisoimage(t, top, "-R", "-J", "-cache-inodes"),
	} {
		for _, c := range []struct {
			edit func(m *image)
			want map[string]uint32
		}{
			{func(m *image) { m.root.Lookup("a/1").Detach() }, map[string]uint32{"b/below/2": 4, "c/3": 4, "d/5": 4}},
			{func(m *image) { m.root.Child("c").Detach() }, map[string]uint32{"a/1": 3, "b/below/2": 3}},
			{func(m *image) { m.root.Child("b").Detach(); m.root.Lookup("c/4").Detach() }, map[string]uint32{"a/1": 3, "c/3": 3}},
			{func(m *image) {
				n := m.root.Lookup("c/3")
				n.Detach()
				m.root.Append(n)
				m.root.Child("c").Detach()
			}, map[string]uint32{"a/1": 4, "3": 4, "b/below/2": 4}},
			{func(m *image) {
				n := m.root.Lookup("c/3")
				n.Detach()
				m.root.Child("c").Append(m.file("3", "other contents"))
			}, map[string]uint32{"c/3": 1, "c/4": 4, "a/1": 4}},
			{func(m *image) { m.root.Append(tree.NewFolder("e", when)) }, map[string]uint32{"a/1": 5, ".": 7, "e": 2}},
			{func(m *image) { m.root.Child("a").Detach() }, map[string]uint32{".": 5, "c/3": 4}},
		} {
			m := openFile(t, file, "")
			if links(t, m.v, "a/1") != 5 {
				t.Fatalf("%s: %d links", name, links(t, m.v, "a/1"))
			}
			had := links(t, m.v, ".")
			c.edit(m)
			_, err := m.update()
			must(t, err)
			m.verify()
			for path, want := range c.want {
				if path == "." {
					if want += had - 6; had == 1 { // xorriso does not count
						want = 1
					}
				}
				if got := links(t, m.open(""), path); got != want {
					t.Errorf("%s: %s has %d links, not %d", name, path, got, want)
				}
			}
		}
	}
}
