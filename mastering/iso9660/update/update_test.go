package update_test

import (
	"os"
	"slices"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/tree"
)

// openFile opens an image in a file for editing.
func openFile(t testing.TB, name, view string) *image {
	t.Helper()
	f, err := os.Open(name)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	must(t, err)
	return edit(t, f, info.Size(), view)
}

// TestSimple makes one change of each kind.
func TestSimple(t *testing.T) {
	top := isotest.SampleTree(t)
	for name, image := range map[string]string{
		"xorriso":     isotest.Xorriso(t, top, "-R", "-J", "-joliet-long", "-iso-level", "3"),
		"genisoimage": isotest.Genisoimage(t, top, "-R", "-J", "-joliet-long"),
	} {
		t.Run(name, func(t *testing.T) {
			m := openFile(t, image, "")
			m.root.Append(m.file("added.txt", "new contents"))
			m.root.Child("readme.txt").Detach()
			many := m.root.Child("many")
			for i, c := range slices.Clone(many.Children()) {
				if i%3 == 0 {
					c.Detach()
				}
			}
			d := tree.NewFolder("a new folder", when)
			d.Append(m.file("inside", "x"))
			m.root.Child("deep").Append(d)
			m.root.Child("set").Name = "renamed"
			moved := m.root.Lookup("deep/2/3")
			moved.Detach()
			m.root.Append(moved)
			m.contents(m.root.Lookup("big.bin"), "replaced")
			notices, err := m.update()
			must(t, err)
			if len(notices) > 0 {
				t.Log(notices)
			}
			m.verify()
			t.Log(m.set.Sectors() - m.set.BaseSectors())
			m.open(iso9660.ViewJoliet)
		})
	}
}
