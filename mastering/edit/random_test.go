package edit_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// entry is what a folder that is changed beside an image has under a path.
type entry struct {
	mode     fs.FileMode
	modified int64 // seconds
	contents []byte
	target   string
}

// model is a folder with everything below it, by paths as io/fs has them.
type model map[string]entry

// modelOf reads a volume.
func modelOf(t *testing.T, v volume.FS) model {
	t.Helper()
	m := model{}
	isotest.Must(t, fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{mode: info.Mode(), modified: info.ModTime().Unix()}
		switch info.Mode().Type() {
		case 0:
			e.contents, err = fs.ReadFile(v, p)
		case fs.ModeSymlink:
			e.target, err = v.ReadLink(p)
		}
		m[p] = e
		return err
	}))
	return m
}

// below returns the paths of a folder and of everything in it.
func (m model) below(dir string) (list []string) {
	for p := range m {
		if p == dir || strings.HasPrefix(p, dir+"/") {
			list = append(list, p)
		}
	}
	return list
}

// choose returns a random path for which ok is true, "" if there is none.
func (m model) choose(r *rand.Rand, ok func(entry) bool) string {
	var list []string
	for _, p := range slices.Sorted(maps.Keys(m)) {
		if ok(m[p]) {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return list[r.IntN(len(list))]
}

func anything(entry) bool       { return true }
func isFolder(e entry) bool     { return e.mode.IsDir() }
func isRegular(e entry) bool    { return e.mode.IsRegular() }
func within(p, d string) bool   { return p == d || strings.HasPrefix(p, d+"/") }
func join(dir, n string) string { return path.Join(dir, n) }

// editor makes the same random changes to a compilation and to a model.
type editor struct {
	t    *testing.T
	r    *rand.Rand
	c    *compilation.Compilation
	m    model
	rich bool // the volume records modes, times and links
	// short: new names and links are so short that their records have no continuation areas,
	// and links stay within the volume.
	short bool
	at    int64
}

func (e *editor) folder() string {
	if e.r.IntN(4) == 0 {
		return "."
	}
	if d := e.m.choose(e.r, isFolder); d != "" {
		return d
	}
	return "."
}

func (e *editor) node(p string) *tree.Node {
	n := e.c.Root().Lookup(p)
	if n == nil {
		e.t.Fatalf("%s is not in the tree", p)
	}
	return n
}

// names are difficult in one way or another.
var names = []string{
	"a", "README.TXT", "readme.txt", "Read Me.txt", "file name with spaces and a very long tail that Joliet must shorten because it has more than 64 characters.txt",
	"name.with.many.dots", ".hidden", "trailing.", "ünï", "資料", "\U0001F4BF disc", strings.Repeat("x", 200), "UPPER", "upper", "UPPERCASE.LONGEXTENSION", "semi;colon", "star*", "no extension",
}

// name returns a name that is free in a folder.
func (e *editor) name(dir string) string {
	for {
		n := names[e.r.IntN(len(names))]
		if !e.rich {
			n = fmt.Sprintf("NAME%d.TXT", e.r.IntN(1000)) // that every view can record
		}
		if e.rich && e.r.IntN(3) == 0 {
			n = fmt.Sprintf("%d %s", e.r.IntN(1000), n)
			n = strings.ToValidUTF8(n[:min(len(n), 240)], "")
		}
		if e.short && len(n) > 60 {
			continue
		}
		if _, taken := e.m[join(dir, n)]; !taken {
			return n
		}
	}
}

func (e *editor) contents() []byte {
	sizes := []int{0, 1, 100, 2047, 2048, 2049, 5000, 70000}
	b := make([]byte, sizes[e.r.IntN(len(sizes))])
	for i := range b {
		b[i] = byte(e.r.Uint32())
	}
	return b
}

func (e *editor) time() time.Time {
	e.at += 3600
	return time.Unix(1_500_000_000+e.at, 0)
}

// step makes one change.
func (e *editor) step() {
	switch e.r.IntN(9) {
	case 0, 1:
		dir := e.folder()
		n := tree.NewFile(e.name(dir), 0, e.time(), nil)
		b := e.contents()
		n.Size = int64(len(b))
		n.SetSource(layout.Bytes(b))
		isotest.Must(e.t, e.node(dir).Insert(n))
		e.m[join(dir, n.Name)] = entry{mode: 0o644, modified: n.ModTime().Unix(), contents: b}
	case 2:
		if p := e.m.choose(e.r, isRegular); p != "" {
			n, b, at := e.node(p), e.contents(), e.time()
			n.Init(n.Name, n.Mode, layout.Bytes(b))
			n.Size, n.Modified = int64(len(b)), at.UnixNano()
			was := e.m[p]
			e.m[p] = entry{mode: was.mode, modified: at.Unix(), contents: b}
		}
	case 3:
		if p := e.m.choose(e.r, anything); p != "" {
			e.node(p).Detach()
			for _, q := range e.m.below(p) {
				delete(e.m, q)
			}
		}
	case 4, 5:
		e.move()
	case 6:
		dir := e.folder()
		if strings.Count(dir, "/") > 5 {
			return
		}
		n := tree.NewFolder(strings.TrimSuffix(e.name(dir), ".TXT"), e.time())
		if _, taken := e.m[join(dir, n.Name)]; taken {
			return
		}
		isotest.Must(e.t, e.node(dir).Insert(n))
		e.m[join(dir, n.Name)] = entry{mode: n.Mode, modified: n.ModTime().Unix()}
	case 7:
		if p := e.m.choose(e.r, func(x entry) bool { return x.mode.Type()&^fs.ModeDir == 0 }); p != "" && e.rich {
			n, at := e.node(p), e.time()
			if n.Shared() != nil {
				return // in UDF, its other names would change too
			}
			n.Mode = n.Mode.Type() | fs.FileMode(e.r.IntN(0o1000)) | 0o400
			n.Modified = at.UnixNano()
			was := e.m[p]
			was.mode, was.modified = n.Mode, at.Unix()
			e.m[p] = was
		}
	case 8:
		if !e.rich {
			return
		}
		target := "../some/" + strings.Repeat("where/", e.r.IntN(60))
		if e.short {
			target = "some/where"
		}
		dir, at := e.folder(), e.time()
		n := tree.NewNode(e.name(dir), fs.ModeSymlink|0o777, tree.Symlink(target))
		n.Modified = at.UnixNano()
		isotest.Must(e.t, e.node(dir).Insert(n))
		e.m[join(dir, n.Name)] = entry{mode: n.Mode, modified: at.Unix(), target: strings.TrimSuffix(n.Target(), "/")}
	}
}

// move moves or renames an entry.
func (e *editor) move() {
	p := e.m.choose(e.r, anything)
	if p == "" {
		return
	}
	dir := path.Dir(p)
	if e.r.IntN(2) == 0 {
		dir = e.folder()
	}
	if within(dir, p) || strings.Count(dir, "/") > 4 {
		return
	}
	n := e.node(p)
	name := e.name(dir)
	n.Detach()
	n.Name = name
	isotest.Must(e.t, e.node(dir).Insert(n))
	to := join(dir, name)
	for _, q := range e.m.below(p) {
		x := e.m[q]
		delete(e.m, q)
		e.m[to+strings.TrimPrefix(q, p)] = x
	}
}

// describe lists a model for comparison. Views without Rock Ridge and UDF have no modes.
func (m model) describe(rich bool) string {
	var lines []string
	for p, e := range m {
		s := p
		if rich {
			s += fmt.Sprintf(" %v %d %s", e.mode, e.modified, strings.TrimSuffix(e.target, "/"))
		} else {
			s += fmt.Sprintf(" %v", e.mode.IsDir())
		}
		if e.mode.IsRegular() {
			s += fmt.Sprintf(" %d %x", len(e.contents), digest(e.contents))
		}
		lines = append(lines, s)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// images makes the images that are edited.
func images(t *testing.T) map[string]string { return imagesOf(t, isotest.SampleTree(t)) }

func imagesOf(t *testing.T, top string) map[string]string {
	t.Helper()
	plain := t.TempDir()
	for i := range 40 {
		p := filepath.Join(plain, fmt.Sprintf("dir%d/sub%d/FILE%d.TXT", i%3, i%5, i))
		isotest.Must(t, os.MkdirAll(filepath.Dir(p), 0o755))
		isotest.Must(t, os.WriteFile(p, bytes.Repeat([]byte{byte(i)}, i*100), 0o644))
	}
	isotest.SetTimes(t, plain)
	list := map[string]string{
		"xorriso":           isotest.Xorriso(t, top, "-R", "-J"),
		"xorriso deep":      isotest.Xorriso(t, top, "-R", "-D", "-iso-level", "3"),
		"genisoimage":       isotest.Genisoimage(t, plain, "-R", "-J"),
		"genisoimage UDF":   isotest.Genisoimage(t, plain, "-R", "-J", "-udf"),
		"genisoimage plain": isotest.Genisoimage(t, plain, "-J"),
		"genisoimage 4":     isotest.Genisoimage(t, plain, "-iso-level", "4", "-R"),
	}
	for name, o := range map[string]master.Options{
		"ours":          {},
		"ours 1.12":     {Features: plan.Features{RockRidge112: true, Level: 4, Joliet: plan.JolietLong, Stamps: true}},
		"ours bridge":   {UDF: &master.UDF{Revision: udfplan.Revision102}},
		"ours UDF 2.01": {UDF: &master.UDF{Revision: udfplan.Revision201}, UDFOnly: true},
		"ours UDF 2.60": {UDF: &master.UDF{Revision: udfplan.Revision260}, UDFOnly: true},
	} {
		list[name] = build(t, top, o)
	}
	return list
}

// build makes an image of a folder with our own planner.
func build(t *testing.T, top string, o master.Options) string {
	t.Helper()
	c := compilation.New()
	notices, err := c.AddPaths(t.Context(), []string{top}, false, nil)
	isotest.Must(t, err)
	for _, n := range disc.Errors(notices) {
		t.Fatal(n)
	}
	c.Label, c.Options = "OURS", o
	m, err := c.Plan(t.Context())
	isotest.Must(t, err)
	out := filepath.Join(t.TempDir(), "ours.iso")
	writeDisc(t, m.Disc(compilation.DiscOptions{}), out)
	isotest.Must(t, m.Close())
	return out
}

// writeDisc writes the user data of a disc into a file.
func writeDisc(t *testing.T, d disc.Disc, out string) {
	t.Helper()
	f, err := os.Create(out)
	isotest.Must(t, err)
	defer f.Close()
	size := disc.Sectors(d) * disc.SectorSize
	r := d.(interface {
		ReadAt([]byte, int64) (int, error)
	})
	b := make([]byte, 1<<20)
	for off := int64(0); off < size; off += int64(len(b)) {
		n := min(int64(len(b)), size-off)
		if k, err := r.ReadAt(b[:n], off); int64(k) < n {
			t.Fatal(err)
		}
		_, err := f.Write(b[:n])
		isotest.Must(t, err)
	}
}

// TestRandomEdits makes random changes to images of several programs, and compares the
// result, in all of its views, with a folder to which the same was done.
func TestRandomEdits(t *testing.T) {
	seeds := 1000
	if testing.Short() {
		seeds = 50
	}
	made := images(t)
	kinds := slices.Sorted(maps.Keys(made))
	for seed := range seeds {
		kind := kinds[seed%len(kinds)]
		randomEdit(t, fmt.Sprintf("seed %d, %s", seed, kind), uint64(seed), made[kind])
	}
}

func randomEdit(t *testing.T, what string, seed uint64, image string) {
	m, d := open(t, image)
	defer d.Close()
	v, err := volume.OpenDisc(t.Context(), d, volume.Options{})
	isotest.Must(t, err)
	view := v.Volume().View
	e := &editor{t: t, r: rand.New(rand.NewPCG(seed, 7)), c: m.Compilation(), m: modelOf(t, v), rich: view == "Rock Ridge" || view == "UDF"}
	for range 1 + e.r.IntN(20) {
		e.step()
	}
	p, err := m.Plan(t.Context(), nil)
	if err == edit.ErrNoChange {
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer p.Close()
	if p.Unsafe != nil {
		t.Fatalf("%s: %v", what, p.Unsafe)
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	after, err := volume.OpenDisc(t.Context(), p.Disc(), volume.Options{View: view})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	got := modelOf(t, after)
	isotest.Compare(t, what, got.describe(e.rich), e.m.describe(e.rich))
	checkVolumes(t, what, d, p.Disc())
}
