package update_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
)

// edited makes random edits of an image and returns the image of the result in a file.
func edited(t testing.TB, b []byte, seed uint64, steps int) (*image, string) {
	t.Helper()
	m := edit(t, bytes.NewReader(b), int64(len(b)), "")
	e := &editor{Rand: rand.New(rand.NewPCG(seed, 3)), m: m, plain: true}
	for range steps {
		e.step()
	}
	_, err := m.update()
	must(t, err)
	out := make([]byte, m.set.Size())
	if n, err := m.set.ReadAt(out, 0); n < len(out) {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "edited.iso")
	must(t, os.WriteFile(name, out, 0o600))
	return m, name
}

// onDisk lists a folder of the host as treeLines does, without owners.
func onDisk(t testing.TB, top string) string {
	t.Helper()
	var list []string
	must(t, filepath.WalkDir(top, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == top {
			return err
		}
		rel, _ := filepath.Rel(top, name)
		s := fmt.Sprintf("%s %v", rel, d.Type())
		switch d.Type() {
		case 0:
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			s += digest(b)
		case fs.ModeSymlink:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			s += " -> " + target
		}
		list = append(list, s)
		return nil
	}))
	sort.Strings(list)
	return strings.Join(list, "\n")
}

// asOnDisk lists the tree as onDisk does, without devices and pipes.
func (m *image) asOnDisk() string {
	var list []string
	_ = m.root.Walk(func(n *tree.Node) error {
		if n == m.root {
			return nil
		}
		s := fmt.Sprintf("%s %v", strings.TrimPrefix(n.Path(), "/"), n.Mode.Type())
		switch {
		case n.Mode.IsRegular():
			s += m.bytes(n)
		case n.Mode.Type() == fs.ModeSymlink:
			s += " -> " + n.Target()
		case !n.IsDir():
			return nil
		}
		list = append(list, s)
		return nil
	})
	sort.Strings(list)
	return strings.Join(list, "\n")
}

// withoutSpecial removes devices, pipes and the folder of relocated directories, which some
// programs show, from a listing.
func withoutSpecial(s string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool {
		return strings.Contains(l, " D---") || strings.Contains(l, " Dc---") || strings.Contains(l, " p---") || l == "rr_moved d---------"
	}), "\n")
}

// TestPeers lets other programs read images after random edits. The names are not so long
// that records have continuation areas, and no new directory is relocated: libarchive wants
// both before the contents of files, which a directory at the end of the image cannot have.
func TestPeers(t *testing.T) {
	peertest.Need(t, "xorriso", "bsdtar", "7z", "isoinfo")
	for name, b := range images(t, true) {
		v, err := iso9660.Open(bytes.NewReader(b), int64(len(b)), options)
		must(t, err)
		if v.Volume().View != iso9660.ViewRockRidge {
			continue
		}
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("%s/%d", name, seed), func(t *testing.T) {
				m, file := edited(t, b, seed, 25)
				want := m.asOnDisk()
				top := t.TempDir()
				peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-osirrox", "on:auto_chmod_on", "-indev", file, "-extract", "/", top)
				peertest.Run(t, "", "chmod", "-R", "u+rwX", top)
				compare(t, "xorriso", withoutSpecial(onDisk(t, top)), want)
				out := t.TempDir()
				peertest.Run(t, out, "bsdtar", "--no-same-permissions", "-xf", file)
				peertest.Run(t, "", "chmod", "-R", "u+rwX", out)
				compare(t, "bsdtar", withoutSpecial(onDisk(t, out)), want)
				peertest.Run(t, "", "7z", "t", file)
				peertest.Run(t, "", "isoinfo", "-l", "-R", "-i", file)
				if slices.Contains(m.v.Volume().Views, iso9660.ViewJoliet) {
					peertest.Run(t, "", "isoinfo", "-l", "-J", "-i", file)
				}
			})
		}
	}
}

// TestContinued lets libarchive read an image with new files with long names. It refuses an
// image whose continuation areas are after the contents of their files. It shows the
// identifiers of these files, since the areas are not beside the directory.
func TestContinued(t *testing.T) {
	b := own(t, plan0)
	m := edit(t, bytes.NewReader(b), int64(len(b)), "")
	folder := m.root.Child("folder 1")
	for i := range 10 {
		folder.Append(m.file(fmt.Sprintf("%d%s", i, strings.Repeat("long", 50)), fmt.Sprintf("contents %d", i)))
	}
	_, err := m.update()
	must(t, err)
	m.verify()
	out := t.TempDir()
	peertest.Run(t, out, "bsdtar", "-xf", m.store())
	long := regexp.MustCompile(`(?i)longlong[a-z]*`)
	shorten := func(s string) string { return long.ReplaceAllString(s, "long") }
	compare(t, "bsdtar", shorten(withoutSpecial(onDisk(t, out))), shorten(m.asOnDisk()))
}
