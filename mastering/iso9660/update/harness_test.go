package update_test

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/iso9660/plan"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/update"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

var when = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

var options volume.Options

// image is an image that a test edits.
type image struct {
	t    testing.TB
	r    io.ReaderAt
	size int64
	view string
	v    *iso9660.FS
	root *tree.Node
	set  *patch.Set
	put  map[*tree.Node][]volume.Extent
	// some views do not show everything
	hides bool
	label *string
}

// edit opens an image for editing.
func edit(t testing.TB, r io.ReaderAt, size int64, view string) *image {
	t.Helper()
	v, err := iso9660.Open(r, size, volume.Options{View: view})
	must(t, err)
	m := &image{t: t, r: r, size: size, view: v.Volume().View, v: v, put: map[*tree.Node][]volume.Extent{}}
	m.root = session.Import(v, r).Root()
	m.set = patch.New(r, size, nil)
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// file returns a new file.
func (m *image) file(name string, data string) *tree.Node {
	n := tree.NewFile(name, int64(len(data)), when, layout.Bytes(data))
	m.contents(n, data)
	return n
}

func (m *image) contents(n *tree.Node, data string) {
	n.Size = int64(len(data))
	n.SetSource(layout.Bytes(data))
}

// update applies the edit, and returns the result, opened in a view.
func (m *image) update() ([]disc.Notice, error) {
	m.t.Helper()
	u, err := update.New(m.set, patch.Edit{Root: m.root, View: m.view, Time: when, Label: m.label, Extents: func(n *tree.Node) []volume.Extent {
		if n.Size == 0 {
			return nil
		}
		if x, ok := m.put[n]; ok {
			return x
		}
		if r := n.Recorded(); r != nil {
			return r.Extents
		}
		m.t.Errorf("no extents of %s", n.Path())
		return nil
	}}, volume.Options{})
	if err != nil {
		return nil, err
	}
	add(m, m.root)
	notices, err := u.Update(m.t.Context())
	if err != nil {
		return nil, err
	}
	return notices, u.Finish(m.set.Sectors())
}

// add adds the contents of new files to the set.
func add(m *image, n *tree.Node) {
	if n.Unread() {
		return
	}
	for _, k := range n.Children() {
		if b, ok := k.Source().(layout.Bytes); ok && k.Size > 0 && k.Mode.IsRegular() {
			m.put[k] = []volume.Extent{{Start: disc.LBA(m.set.Add(b, k.Size)), Length: k.Size}}
		}
		if k.IsDir() {
			add(m, k)
		}
	}
}

// open opens a view of the result.
func (m *image) open(view string) *iso9660.FS {
	m.t.Helper()
	v, err := iso9660.Open(m.set, m.set.Size(), volume.Options{View: view})
	must(m.t, err)
	return v
}

// treeLines lists a tree.
func (m *image) treeLines(full bool) string {
	var lines []string
	_ = m.root.Walk(func(n *tree.Node) error {
		if n == m.root && !full {
			return nil
		}
		s := strings.TrimPrefix(n.Path(), "/")
		if n == m.root {
			s = "."
		}
		lines = append(lines, line(s, n.Mode, n.Target(), n.ModTime(), n.UID, n.GID, n.Hidden(), n.Device(), full)+m.bytes(n))
		return nil
	})
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

func line(name string, mode fs.FileMode, target string, at time.Time, uid, gid uint32, hidden bool, device uint64, full bool) string {
	if !full {
		return fmt.Sprintf("%s %v", name, mode.Type())
	}
	return fmt.Sprintf("%s %v %s %s %d %d %v %x", name, mode, target, at.UTC().Format(time.DateTime), uid, gid, hidden, device)
}

func (m *image) bytes(n *tree.Node) string {
	if !n.Mode.IsRegular() {
		return ""
	}
	return digest(m.read(n))
}

func (m *image) md5(n *tree.Node) [md5.Size]byte { return md5.Sum(m.read(n)) }

func (m *image) read(n *tree.Node) []byte {
	if n.Size == 0 {
		return nil
	}
	r, err := layout.OpenSource(n.Source(), n.Size)
	must(m.t, err)
	defer r.Close()
	b := make([]byte, n.Size)
	if k, err := r.ReadAt(b, 0); k < len(b) {
		m.t.Fatal(n.Path(), err)
	}
	return b
}

func digest(b []byte) string { return fmt.Sprintf(" %d %08x", len(b), sum(b)) }

func sum(b []byte) uint32 {
	s := uint32(1)
	for _, c := range b {
		s = s*31 + uint32(c)
	}
	return s
}

// lines lists a view of the result.
func lines(t testing.TB, v *iso9660.FS, full bool) string {
	t.Helper()
	var list []string
	must(t, fs.WalkDir(v, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		info, err := d.Info()
		if err != nil || name == "." && !full {
			return err
		}
		a := info.Sys().(*volume.Attributes)
		target := ""
		if d.Type() == fs.ModeSymlink {
			target, _ = v.ReadLink(name)
		}
		s := line(name, info.Mode(), target, info.ModTime(), a.UID, a.GID, a.Hidden, a.Device, full)
		if d.Type() == 0 {
			b, err := fs.ReadFile(v, name)
			if err != nil {
				return err
			}
			s += digest(b)
		}
		list = append(list, s)
		return nil
	}))
	sort.Strings(list)
	return strings.Join(list, "\n")
}

// defects returns the defects that the check finds.
func defects(t testing.TB, r io.ReaderAt, size int64) []string {
	t.Helper()
	v, err := iso9660.Open(r, size, volume.Options{})
	must(t, err)
	list, err := v.Check(t.Context())
	must(t, err)
	var s []string
	for _, d := range list {
		text := d.Text
		if strings.HasPrefix(text, "the same in ") {
			_, text, _ = strings.Cut(text, ": ")
		}
		s = append(s, strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, text))
	}
	return s
}

// verify checks that the view shows the tree, and that the image has no new defects.
func (m *image) verify() {
	m.t.Helper()
	rock := m.view == iso9660.ViewRockRidge
	if rock {
		compare(m.t, m.view, lines(m.t, m.open(m.view), true), m.treeLines(true))
	}
	for _, view := range m.v.Volume().Views {
		if m.hides || view == iso9660.ViewPlain && m.v.Volume().Views[0] == iso9660.ViewRockRidge {
			continue
		}
		special := rock && view == iso9660.ViewRockRidge
		if got, want := shape(m.t, m.open(view), ".", special), m.shape(m.root, special); got != want {
			m.t.Errorf("%s has another structure:\n%s\nwant\n%s", view, lines(m.t, m.open(view), false), m.treeLines(false))
		}
	}
	before := defects(m.t, m.r, m.size)
	for _, s := range defects(m.t, m.set, m.set.Size()) {
		if !slices.Contains(before, s) {
			m.t.Errorf("new defect: %s", s)
		}
	}
}

func compare(t testing.TB, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var b bytes.Buffer
	for _, s := range g {
		if !slices.Contains(w, s) {
			fmt.Fprintf(&b, "  got  %s\n", s)
		}
	}
	for _, s := range w {
		if !slices.Contains(g, s) {
			fmt.Fprintf(&b, "  want %s\n", s)
		}
	}
	t.Errorf("%s differs:\n%s", what, b.String())
}

// shape describes the contents of a folder of a view, without names.
func shape(t testing.TB, v *iso9660.FS, name string, special bool) string {
	t.Helper()
	list, err := v.ReadDir(name)
	must(t, err)
	var all []string
	for _, e := range list {
		p := path.Join(name, e.Name())
		switch {
		case e.IsDir():
			all = append(all, shape(t, v, p, special))
		case e.Type() == 0:
			b, err := fs.ReadFile(v, p)
			must(t, err)
			if len(b) > 0 || special {
				all = append(all, digest(b))
			}
		case special:
			all = append(all, e.Type().String())
		}
	}
	sort.Strings(all)
	return "[" + strings.Join(all, ",") + "]"
}

// shape describes the contents of a folder of the tree.
func (m *image) shape(n *tree.Node, special bool) string {
	var all []string
	for _, k := range n.Children() {
		switch {
		case k.IsDir():
			all = append(all, m.shape(k, special))
		case k.Mode.IsRegular():
			if k.Size > 0 || special {
				all = append(all, m.bytes(k))
			}
		case special:
			all = append(all, k.Mode.Type().String())
		}
	}
	sort.Strings(all)
	return "[" + strings.Join(all, ",") + "]"
}

var plan0 plan.Features

func uint32At(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }

// put32 writes a number in both byte orders.
func put32(b []byte, v uint32) {
	binary.LittleEndian.PutUint32(b, v)
	binary.BigEndian.PutUint32(b[4:], v)
}
