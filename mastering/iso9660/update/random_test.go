package update_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// editor makes random edits.
type editor struct {
	*rand.Rand
	m     *image
	n     int
	edits []string
	plain bool // no devices, which only root can make; no continuation areas, no deep folders
}

// names are names that are difficult for one of the views.
var names = []string{
	"a", "A", "readme.txt", "README.TXT", "Readme.Text.txt", "long name with spaces and more than thirty-one characters.extension",
	strings.Repeat("x", 70), strings.Repeat("x", 70) + "2", strings.Repeat("y", 64) + ".txt", strings.Repeat("z", 200), strings.Repeat("ü", 120),
	"élan", "写真.jpg", "\U0001F4BF", "a;1", "a:b*c?", ".hidden", "trailing.", "no extension", "x.tar.gz", "semi;colon", "back\\slash", "A.B.C", "_", "-", "~",
}

func (e *editor) name(in *tree.Node) string {
	for {
		name := names[e.IntN(len(names))]
		if e.IntN(2) == 0 {
			e.n++
			name = fmt.Sprintf("%s%d", name[:min(len(name), 30)], e.n)
		}
		if strings.ToValidUTF8(name, "") == name && (!e.plain || len(name) < 100 && !strings.Contains(name, ":")) && in.Child(name) == nil {
			return name
		}
	}
}

// pick returns a random node of a kind, nil if there is none.
func (e *editor) pick(ok func(*tree.Node) bool) *tree.Node {
	var list []*tree.Node
	_ = e.m.root.Walk(func(n *tree.Node) error {
		if n != e.m.root && ok(n) {
			list = append(list, n)
		}
		return nil
	})
	if list == nil {
		return nil
	}
	return list[e.IntN(len(list))]
}

func any1(*tree.Node) bool { return true }

func (e *editor) folder() *tree.Node {
	if e.IntN(3) > 0 {
		if n := e.pick((*tree.Node).IsDir); n != nil && (!e.plain || strings.Count(n.Path(), "/") < 6) {
			return n
		}
	}
	return e.m.root
}

// log records an edit for a test that fails.
func (e *editor) log(format string, args ...any) {
	e.edits = append(e.edits, fmt.Sprintf(format, args...))
}

// step makes one edit.
func (e *editor) step() {
	n := e.pick(any1)
	what := e.IntN(11)
	if n != nil {
		e.log("%d %.60s", what, n.Path())
		defer func() { e.log("   -> %.60s", n.Path()) }()
	}
	switch what {
	case 0, 1:
		f := e.folder()
		f.Append(e.m.file(e.name(f), strings.Repeat("data ", e.IntN(1000))))
	case 2:
		if e.m.view != iso9660.ViewRockRidge {
			return
		}
		f := e.folder()
		f.Append(e.special(e.name(f)))
	case 3:
		f := e.folder()
		d := tree.NewFolder(e.name(f), when)
		for range e.IntN(40) {
			d.Append(e.m.file(e.name(d), "inside"))
		}
		f.Append(d)
	case 4, 5:
		if n != nil {
			n.Detach()
		}
	case 6:
		if n != nil {
			n.Name = e.name(n.Parent())
		}
	case 7:
		if to := e.folder(); n != nil && !n.Contains(to) {
			n.Detach()
			if to.Child(n.Name) != nil {
				n.Name = e.name(to)
			}
			to.Append(n)
		}
	case 8:
		if n := e.pick(func(n *tree.Node) bool { return n.Mode.IsRegular() && n.Shared() == nil }); n != nil {
			e.log("contents of %s", n.Path())
			e.m.contents(n, strings.Repeat("other ", e.IntN(500)))
		}
	case 9:
		if n != nil && n.Mode.Type() != fs.ModeSymlink {
			n.Mode = n.Mode.Type() | fs.FileMode(e.IntN(0o1000))
			n.UID = uint32(e.IntN(5000))
			n.Modified = when.Unix()*1e9 + e.Int64N(1000)*1e9
		}
	case 10:
		if to := e.folder(); n != nil && !n.Contains(to) && n.Shared() == nil {
			c := n.Clone()
			c.Name = e.name(to)
			to.Append(c)
		}
	}
}

func (e *editor) special(name string) *tree.Node {
	var n *tree.Node
	kind := e.IntN(4)
	if e.plain {
		kind = 0
	}
	switch kind {
	case 0:
		n = tree.NewNode(name, fs.ModeSymlink|0o777, tree.Symlink("../some/where"))
	case 1:
		n = tree.NewNode(name, fs.ModeSymlink|0o777, tree.Symlink(strings.Repeat("long/", 100)+"end"))
	case 2:
		n = tree.NewNode(name, fs.ModeDevice|fs.ModeCharDevice|0o600, tree.Device(5<<32|1))
	default:
		n = tree.NewNode(name, fs.ModeNamedPipe|0o644, nil)
	}
	n.Modified = when.UnixNano()
	return n
}

// own makes images with our planner.
func own(t testing.TB, o plan.Features) []byte {
	t.Helper()
	root := tree.NewFolder("", when)
	for i := range 5 {
		d := tree.NewFolder(fmt.Sprintf("folder %d", i), when)
		root.Append(d)
		for j := range 30 * i {
			b := layout.Bytes(fmt.Sprintf("contents of %d %d", i, j))
			d.Append(tree.NewFile(fmt.Sprintf("file with a long name %d", j), int64(len(b)), when, b))
		}
	}
	d := root
	for i := range 12 {
		k := tree.NewFolder(fmt.Sprintf("level %d", i), when)
		d.Append(k)
		d = k
	}
	if !o.NoRockRidge {
		root.Append(tree.NewNode("link", fs.ModeSymlink|0o777, tree.Symlink("folder 1")))
	}
	l, _, err := master.Plan(root, master.Options{Label: "TEST", Time: when, Features: o})
	must(t, err)
	var b bytes.Buffer
	must(t, l.WriteTo(context.Background(), &b, layout.WriteOptions{}))
	return b.Bytes()
}

// images returns images of all kinds. short leaves out names that do not fit into a record.
func images(t testing.TB, short bool) map[string][]byte {
	t.Helper()
	top := isotest.SampleTree(t)
	if short {
		for _, name := range []string{strings.Repeat("n", 200) + ".bin", strings.Repeat("y", 255), "links/long"} {
			must(t, os.Remove(filepath.Join(top, name)))
		}
	}
	read := func(name string) []byte {
		b, err := os.ReadFile(name)
		must(t, err)
		return b
	}
	bsdtar := t.TempDir() + "/b.iso"
	peertest.Run(t, top, "bsdtar", "--format", "iso9660", "-cf", bsdtar, ".")
	m := map[string][]byte{
		"xorriso":             read(isotest.Xorriso(t, top, "-R", "-J", "-joliet-long", "-iso-level", "3")),
		"xorriso level 1":     read(isotest.Xorriso(t, top, "-R", "-iso-level", "1")),
		"xorriso offset":      read(isotest.Xorriso(t, top, "-R", "-J", "-joliet-long", "-partition_offset", "16")),
		"genisoimage":         read(isotest.Genisoimage(t, top, "-R", "-J", "-joliet-long")),
		"genisoimage deep":    read(isotest.Genisoimage(t, top, "-R", "-D")),
		"genisoimage 4":       read(isotest.Genisoimage(t, top, "-R", "-iso-level", "4")),
		"genisoimage hidden":  read(isotest.Genisoimage(t, top, "-R", "-J", "-joliet-long", "-hide", "big.bin", "-hide-joliet", "readme.txt", "-hide-joliet", "links")),
		"bsdtar":              read(bsdtar),
		"own":                 own(t, plan.Features{}),
		"own level 1":         own(t, plan.Features{Level: 1, RockRidge112: true}),
		"own level 4":         own(t, plan.Features{Level: 4, Stamps: true, Attributes: true}),
		"own deep":            own(t, plan.Features{Deep: true, Joliet: plan.JolietLong}),
		"own plain":           own(t, plan.Features{NoRockRidge: true}),
		"own plain 1":         own(t, plan.Features{NoRockRidge: true, Level: 1, Joliet: plan.JolietOff}),
		"own plain 4":         own(t, plan.Features{NoRockRidge: true, Level: 4}),
		"xorriso plain":       read(isotest.Xorriso(t, top, "-iso-level", "3")),
		"genisoimage plain":   read(isotest.Genisoimage(t, top, "-J")),
		"genisoimage relaxed": read(isotest.Genisoimage(t, top, "-allow-lowercase", "-allow-multidot", "-l", "-N", "-d", "-R")),
		"own without Joliet":  own(t, plan.Features{Joliet: plan.JolietOff}),
	}
	return m
}

// seeds is the number of sequences of edits of each image.
const seeds = 2

// TestRandom makes random edits of images of all kinds, in all of their views.
func TestRandom(t *testing.T) {
	for name, b := range images(t, false) {
		v, err := iso9660.Open(bytes.NewReader(b), int64(len(b)), volume.Options{})
		must(t, err)
		for _, view := range v.Volume().Views {
			for seed := range uint64(seeds) {
				t.Run(fmt.Sprintf("%s/%s/%d", name, view, seed), func(t *testing.T) { random(t, b, view, seed, strings.Contains(name, "hidden")) })
			}
		}
	}
}

func random(t *testing.T, b []byte, view string, seed uint64, hides bool) {
	var r io.ReaderAt = bytes.NewReader(b)
	size := int64(len(b))
	e := &editor{Rand: rand.New(rand.NewPCG(seed, 7))}
	for range 3 {
		m := edit(t, r, size, view)
		m.hides = hides
		e.m = m
		for range 1 + e.IntN(12) {
			e.step()
		}
		_, err := m.update()
		var unsafe *patch.UnsafeError
		if view == iso9660.ViewPlain && errors.As(err, &unsafe) && strings.Contains(err.Error(), "relocated") {
			return
		}
		must(t, err)
		m.verify()
		if t.Failed() {
			t.Log(strings.Join(e.edits, "\n"))
			return
		}
		e.edits = nil
		r, size = m.set, m.set.Size()
	}
}
