package update_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/udf/update"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats" // sessions are found by their volumes
)

// embedded are the contents of a file that are in its file entry.
type embedded struct {
	v    fs.FS
	path string
}

func (e embedded) String() string { return e.path }

func (e embedded) Open() (layout.Reader, error) {
	b, err := fs.ReadFile(e.v, e.path)
	if err != nil {
		return nil, err
	}
	return struct {
		io.ReaderAt
		io.Closer
	}{bytes.NewReader(b), io.NopCloser(nil)}, nil
}

// reader makes the tree of a volume. Folders are read when they are needed.
type reader struct {
	t      testing.TB
	image  io.ReaderAt
	v      volume.FS
	shared map[uint64]*tree.Shared
	broken bool // the volume may be damaged
}

// treeOf returns the tree of the volume in an image.
func treeOf(t testing.TB, image io.ReaderAt, size int64) *tree.Node {
	t.Helper()
	return treeOfView(t, image, size, "UDF")
}

// treeOfView returns the tree of a view of the volume in an image.
func treeOfView(t testing.TB, image io.ReaderAt, size int64, view string) *tree.Node {
	t.Helper()
	v, err := volume.Open(image, size, volume.Options{View: view})
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{t, image, v, map[uint64]*tree.Shared{}, false}
	return r.root()
}

// root returns the root of the tree.
func (r *reader) root() *tree.Node {
	root := tree.NewUnread("", func() []*tree.Node { return r.list(".") })
	info, err := r.v.Stat(".")
	switch {
	case err == nil:
		setInfo(root, info)
	case !r.broken:
		r.t.Fatal(err)
	}
	o := *root
	root.SetOrigin(&o)
	return root
}

func setInfo(n *tree.Node, i fs.FileInfo) {
	a := i.Sys().(*volume.Attributes)
	n.Mode, n.UID, n.GID, n.Modified = i.Mode(), a.UID, a.GID, i.ModTime().UnixNano()
	if n.Mode.IsRegular() {
		n.Size = i.Size()
	}
}

func (r *reader) list(dir string) []*tree.Node {
	entries, err := r.v.ReadDir(dir)
	if err != nil && !r.broken {
		r.t.Fatal(err)
	}
	var list []*tree.Node
	for _, e := range entries {
		i, err := e.Info()
		if err != nil && r.broken {
			continue
		}
		if err != nil {
			r.t.Fatal(err)
		}
		n := r.node(path.Join(dir, e.Name()), i)
		setInfo(n, i)
		list = append(list, n)
	}
	return list
}

func (r *reader) node(p string, i fs.FileInfo) *tree.Node {
	a := i.Sys().(*volume.Attributes)
	switch {
	case i.IsDir():
		return tree.NewUnread(i.Name(), func() []*tree.Node { return r.list(p) })
	case i.Mode()&fs.ModeSymlink != 0:
		target, err := r.v.ReadLink(p)
		if err != nil && !r.broken {
			r.t.Fatal(err)
		}
		return tree.NewNode(i.Name(), i.Mode(), tree.Symlink(target))
	case i.Mode()&fs.ModeDevice != 0:
		return tree.NewNode(i.Name(), i.Mode(), tree.Device(a.Device))
	case !i.Mode().IsRegular():
		return tree.NewNode(i.Name(), i.Mode(), nil)
	}
	var src layout.Source
	switch {
	case i.Size() == 0:
	case a.Extents == nil:
		src = embedded{r.v, p}
	default:
		src = &layout.Recorded{Extents: a.Extents, Disc: r.image}
	}
	if a.Links < 2 {
		return tree.NewNode(i.Name(), i.Mode(), src)
	}
	s := r.shared[a.Inode]
	if s == nil {
		s = &tree.Shared{Source: src}
		r.shared[a.Inode] = s
	}
	return tree.NewNode(i.Name(), i.Mode(), s)
}

// change makes the volume of an image agree with the tree. It returns the image afterwards.
func change(t testing.TB, image io.ReaderAt, size int64, root *tree.Node) (*patch.Set, []disc.Notice) {
	t.Helper()
	set, notices, err := tryChange(t, image, size, patch.Edit{Root: root, View: "UDF"})
	if err != nil {
		t.Fatal(err)
	}
	return set, notices
}

// tryChange makes the volume of an image agree with the tree. It returns the image
// afterwards.
func tryChange(t testing.TB, image io.ReaderAt, size int64, e patch.Edit) (*patch.Set, []disc.Notice, error) {
	t.Helper()
	set := patch.New(image, size, nil)
	where := map[any][]volume.Extent{}
	e.Time, e.Extents = udftest.When, func(n *tree.Node) []volume.Extent {
		if r := n.Recorded(); r != nil {
			return r.Extents
		}
		return where[key(n)]
	}
	root := e.Root
	u, err := update.New(set, e, volume.Options{})
	if err != nil || u == nil {
		return set, nil, err
	}
	space := u.Allocator()
	eachRead(root, func(n *tree.Node) {
		b, ok := n.Source().(layout.Bytes)
		if !n.Mode.IsRegular() || !ok || len(b) == 0 || where[key(n)] != nil {
			return
		}
		if space == nil {
			where[key(n)] = []volume.Extent{{Start: disc.LBA(set.Add(b, n.Size)), Length: n.Size}}
			return
		}
		x, fail := space.Allocate(n.Size)
		if fail != nil {
			err = fail
			return
		}
		where[key(n)] = x
		for _, x := range x {
			if _, err := set.WriteAt(b[:x.Length], int64(x.Start)*2048); err != nil {
				t.Fatal(err)
			}
			b = b[x.Length:]
		}
	})
	if err != nil {
		return set, nil, err
	}
	notices, err := u.Update(context.Background())
	if err == nil {
		_, err = u.Finish(set.Sectors())
	}
	return set, notices, err
}

func key(n *tree.Node) any {
	if s := n.Shared(); s != nil {
		return s
	}
	return n
}

// eachRead visits the nodes of folders that were read.
func eachRead(n *tree.Node, f func(*tree.Node)) {
	f(n)
	if n.IsDir() && !n.Unread() {
		for _, c := range n.Children() {
			eachRead(c, f)
		}
	}
}

// recount counts the names of hard-linked files.
func recount(root *tree.Node) {
	links := map[*tree.Shared]uint32{}
	_ = root.Walk(func(n *tree.Node) error {
		if s := n.Shared(); s != nil {
			links[s]++
		}
		return nil
	})
	for s, n := range links {
		s.Links = n
	}
}

// save returns the bytes of an image.
func save(t testing.TB, r io.ReaderAt, size int64) []byte {
	t.Helper()
	b, err := io.ReadAll(io.NewSectionReader(r, 0, size))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// compare checks that the volume of an image is the tree, and has no defects.
func compare(t testing.TB, image []byte, root *tree.Node) {
	t.Helper()
	v, err := udf.Open(bytes.NewReader(image), int64(len(image)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	recount(root)
	udftest.Diff(t, udftest.TreeManifest(t, root), udftest.SortLines(udftest.Manifest(t, v)))
	notices, err := v.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range notices {
		t.Error(n)
	}
	if t.Failed() {
		t.FailNow()
	}
}

// editor makes random changes.
type editor struct {
	*rand.Rand
	root   *tree.Node
	number int
}

func (e *editor) name() string {
	e.number++
	return fmt.Sprintf("%s %d", []string{"new", "neu ü", "新しい", "a long name that needs more room than others do"}[e.IntN(4)], e.number)
}

// folder goes down from the root. Folders on the way are read.
func (e *editor) folder() *tree.Node {
	n := e.root
	for range e.IntN(5) {
		var sub []*tree.Node
		for _, c := range n.Children() {
			if c.IsDir() {
				sub = append(sub, c)
			}
		}
		if len(sub) == 0 {
			break
		}
		n = sub[e.IntN(len(sub))]
	}
	return n
}

// any returns a node other than the root, or nil.
func (e *editor) any(ok func(*tree.Node) bool) *tree.Node {
	var list []*tree.Node
	for _, c := range e.folder().Children() {
		if ok(c) {
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list[e.IntN(len(list))]
}

func (e *editor) bytes() layout.Bytes {
	b := make([]byte, []int{0, 1, 100, 2047, 2048, 5000, 100_000}[e.IntN(7)])
	for i := range b {
		b[i] = byte(e.Uint32())
	}
	return b
}

func (e *editor) when() time.Time {
	return udftest.When.Add(time.Duration(e.IntN(1e9)) * time.Microsecond)
}

func (e *editor) add(in *tree.Node) *tree.Node {
	b := e.bytes()
	n := tree.NewFile(e.name(), int64(len(b)), e.when(), b)
	in.Append(n)
	return n
}

func regular(n *tree.Node) bool { return n.Mode.IsRegular() }

func (e *editor) step() {
	switch e.IntN(12) {
	case 0, 1:
		e.add(e.folder())
	case 2:
		sub := tree.NewFolder(e.name(), e.when())
		e.folder().Append(sub)
		for range e.IntN(60) {
			e.add(sub)
		}
	case 3:
		if n := e.any(func(*tree.Node) bool { return true }); n != nil {
			n.Detach()
		}
	case 4:
		if n := e.any(func(*tree.Node) bool { return true }); n != nil {
			n.Name = e.name()
		}
	case 5:
		n, to := e.any(func(*tree.Node) bool { return true }), e.folder()
		if n != nil && !n.Contains(to) {
			n.Detach()
			n.Name = e.name()
			to.Append(n)
		}
	case 6:
		if n := e.any(func(n *tree.Node) bool { return regular(n) && n.Shared() == nil }); n != nil {
			n.Mode ^= 0o200
			n.UID, n.Modified = 1234, e.when().UnixNano()
		}
	case 7:
		if n := e.any(func(n *tree.Node) bool { return regular(n) && n.Shared() == nil }); n != nil {
			b := e.bytes()
			n.SetSource(b)
			n.Size = int64(len(b))
		}
	case 8:
		n := tree.NewNode(e.name(), fs.ModeSymlink|0o777, tree.Symlink("../some/"+strings.Repeat("name/", e.IntN(200))+"end"))
		n.Modified = e.when().UnixNano()
		e.folder().Append(n)
	case 9:
		b := layout.Bytes("several names")
		s := &tree.Shared{Source: b}
		for range 2 + e.IntN(3) {
			n := tree.NewNode(e.name(), 0o640, s)
			n.Size, n.Modified = int64(len(b)), udftest.When.UnixNano()
			e.folder().Append(n)
		}
	case 10:
		n, to := e.any(func(n *tree.Node) bool { return n.Shared() == nil }), e.folder()
		if n != nil && !n.IsDir() {
			c := n.Clone()
			c.Name = e.name()
			to.Append(c)
		}
	case 11:
		if n := e.any(func(n *tree.Node) bool { return n.Shared() != nil }); n != nil { // another name
			c := tree.NewNode(e.name(), n.Mode, n.Shared())
			c.Size, c.Modified, c.UID, c.GID = n.Size, n.Modified, n.UID, n.GID
			e.folder().Append(c)
		}
	}
}

// TestPlanned edits volumes of every revision again and again.
func TestPlanned(t *testing.T) {
	for _, r := range plan.Revisions {
		t.Run(r.String(), func(t *testing.T) {
			for seed := range uint64(12) {
				l := udftest.Volume(t, udftest.Sample(), plan.Options{Revision: r, Label: "BEFORE"})
				random(t, save(t, l, l.Size()), seed)
			}
		})
	}
}

// random makes random changes in several rounds.
func random(t *testing.T, image []byte, seed uint64) []byte {
	t.Helper()
	e := &editor{Rand: rand.New(rand.NewPCG(seed, 7)), number: int(seed) * 1000}
	for round := range 3 {
		e.root = treeOf(t, bytes.NewReader(image), int64(len(image)))
		for range 1 + e.IntN(8) {
			e.step()
		}
		set, _ := change(t, bytes.NewReader(image), int64(len(image)), e.root)
		next := save(t, set, set.Size())
		t.Logf("seed %d, round %d: %d to %d sectors", seed, round, len(image)/2048, len(next)/2048)
		compare(t, next, e.root)
		unchanged(t, image, next)
		image = slices.Clone(next)
	}
	return image
}

// unchanged checks that the contents of the files of an image are still where they were,
// removed files included. A volume on write-once media is not overwritten at all.
func unchanged(t *testing.T, before, after []byte) {
	t.Helper()
	v, err := udf.Open(bytes.NewReader(before), int64(len(before)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range v.Volume().Properties {
		if strings.Contains(p.Value, "virtual") && !bytes.HasPrefix(after, before) {
			t.Fatal("the volume was overwritten")
		}
	}
	if err := v.Walk(".", func(e *volume.Entry) error {
		for _, x := range e.Extents {
			from := int64(x.Start) * 2048
			if !bytes.Equal(before[from:from+x.Length], after[from:from+x.Length]) {
				t.Errorf("the contents of %s were overwritten", e.Path)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
