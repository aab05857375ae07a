package update_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
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

// TestLabel changes the label of all views.
func TestLabel(t *testing.T) {
	for name, b := range images(t, false) {
		m := edit(t, bytes.NewReader(b), int64(len(b)), "")
		label := "A new label"
		m.label = &label
		modified := m.v.Volume().Modified
		_, err := m.update()
		must(t, err)
		for _, view := range m.v.Volume().Views {
			info := m.open(view).Volume()
			if info.Label != label {
				t.Errorf("%s: %s has the label %q", name, view, info.Label)
			}
			if view == m.view && !info.Modified.Equal(modified) {
				t.Errorf("%s: %s was modified %v, not %v", name, view, info.Modified, modified)
			}
		}
		if n := m.set.Sectors(); n != m.set.BaseSectors() {
			t.Errorf("%s: it grows from %d to %d sectors", name, m.set.BaseSectors(), n)
		}
	}
	m := edit(t, bytes.NewReader(own(t, plan0)), int64(len(own(t, plan0))), "")
	label := strings.Repeat("x", 33)
	m.label = &label
	if _, err := m.update(); err == nil {
		t.Error("a label of 33 characters is accepted")
	}
}

// TestPartition checks that the volume of a partition shows the same.
func TestPartition(t *testing.T) {
	top := isotest.SampleTree(t)
	m := openFile(t, isotest.Xorriso(t, top, "-R", "-J", "-joliet-long", "-partition_offset", "16"), "")
	for i := range 40 {
		m.root.Append(m.file(fmt.Sprintf("file %d in the root", i), fmt.Sprint(i)))
	}
	m.root.Child("many").Detach()
	_, err := m.update()
	must(t, err)
	m.verify()
	size := m.set.Size() - 16*2048
	part := io.NewSectionReader(m.set, 16*2048, size)
	for _, view := range []string{iso9660.ViewRockRidge, iso9660.ViewJoliet} {
		v, err := iso9660.Open(part, size, volume.Options{View: view})
		must(t, err)
		compare(t, view, lines(t, v, true), lines(t, m.open(view), true))
	}
	if list := defects(t, part, size); len(list) > 0 {
		for _, s := range list {
			if !strings.Contains(s, `record ".."`) && !strings.Contains(s, "partition") && !strings.Contains(s, "GPT") {
				t.Error(s)
			}
		}
	}
}

// TestLarge adds a file of several sections.
func TestLarge(t *testing.T) {
	b := own(t, plan0)
	m := edit(t, bytes.NewReader(b), int64(len(b)), "")
	const size = 9<<30 + 5
	n := tree.NewFile("large", size, when, nil)
	m.put[n] = []volume.Extent{{Start: disc.LBA(m.set.Allocate(size/2048+1, 1)), Length: size}}
	m.root.Append(n)
	m.root.Append(m.file("zz", "after it"))
	_, err := m.update()
	must(t, err)
	for _, view := range m.v.Volume().Views {
		v := m.open(view)
		info, err := fs.Stat(v, map[bool]string{true: "LARGE", false: "large"}[view == iso9660.ViewPlain])
		must(t, err)
		if info.Size() != size || len(info.Sys().(*volume.Attributes).Extents) != 3 {
			t.Errorf("%s: %d bytes in %v", view, info.Size(), info.Sys().(*volume.Attributes).Extents)
		}
	}
	if list := defects(t, m.set, m.set.Size()); len(list) > 0 {
		t.Error(list)
	}
}

// TestHidden changes the existence bit.
func TestHidden(t *testing.T) {
	b := own(t, plan0)
	m := edit(t, bytes.NewReader(b), int64(len(b)), "")
	for _, name := range []string{"folder 1", "folder 2/file with a long name 7"} {
		m.root.Lookup(name).SetExtra(&tree.Extra{Hidden: true})
	}
	n := m.file("new and hidden", "x")
	n.SetExtra(&tree.Extra{Hidden: true})
	m.root.Append(n)
	_, err := m.update()
	must(t, err)
	m.verify()
	for _, view := range []string{iso9660.ViewRockRidge, iso9660.ViewJoliet} {
		for _, name := range []string{"folder 1", "folder 2/file with a long name 7", "new and hidden"} {
			info, err := fs.Stat(m.open(view), name)
			must(t, err)
			if !info.Sys().(*volume.Attributes).Hidden {
				t.Errorf("%s: %s is not hidden", view, name)
			}
		}
	}
}

// TestKernel lets Linux mount images after random edits. It cuts names of more than 253 bytes.
func TestKernel(t *testing.T) {
	all := images(t, true)
	dir := t.TempDir()
	var script, want strings.Builder
	for i, name := range []string{"xorriso", "genisoimage", "own", "own deep", "own level 1"} {
		m, file := edited(t, all[name], uint64(i), 30)
		must(t, os.Rename(file, filepath.Join(dir, fmt.Sprint(i))))
		fmt.Fprintf(&script, "mkdir -p /run/mnt/%d\nmount -o loop,ro %d /run/mnt/%d\n(cd /run/mnt/%d && find . -type f -print0 | sort -z | xargs -0 md5sum)\numount /run/mnt/%d\n", i, i, i, i, i)
		var list []string
		_ = m.root.Walk(func(n *tree.Node) error {
			if n.Mode.IsRegular() {
				list = append(list, fmt.Sprintf("%x  .%s", m.md5(n), n.Path()))
			}
			return nil
		})
		sort.Slice(list, func(i, j int) bool { return list[i][34:] < list[j][34:] })
		want.WriteString(strings.Join(list, "\n") + "\n")
	}
	got := peertest.Kernel(t, dir, script.String())
	compare(t, "Linux", strings.ReplaceAll(strings.ReplaceAll(got, "\\\\", "\\"), "\n\\", "\n"), want.String())
}
