package session_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// virtualRevisions are those of volumes with a virtual allocation table.
var virtualRevisions = []udfplan.Revision{udfplan.Revision150, udfplan.Revision200, udfplan.Revision201}

// growing is a disc with a UDF volume that grows with each session.
type growing struct {
	image  []byte
	starts []int64 // sectors at which sessions begin
}

// size returns the number of sectors of the disc.
func (g *growing) size() int64 { return int64(len(g.image)) / disc.SectorSize }

// disc returns the disc as a drive reports it, with its sessions.
func (g *growing) disc() disc.Disc {
	return sessions{disc.FromReaderAt(bytes.NewReader(g.image), int64(len(g.image)), nil), g.starts, g.size()}
}

// sessions is a disc whose table of contents has several sessions, of a track each.
type sessions struct {
	disc.Disc
	starts []int64
	end    int64
}

func (s sessions) TOC() disc.TOC {
	toc := s.Disc.TOC()
	track := toc.Sessions[0].Tracks[0]
	toc.Sessions = nil
	for i, start := range s.starts {
		end := s.end
		if i+1 < len(s.starts) {
			end = s.starts[i+1]
		}
		track.Number, track.Start, track.Length = i+1, disc.LBA(start), end-start
		toc.Sessions = append(toc.Sessions, disc.Session{Number: i + 1, Tracks: []disc.Track{track}})
	}
	return toc
}

// add plans a session of a tree, writes it after a gap, and returns its sectors.
func (g *growing) add(t *testing.T, root *tree.Node, o master.Options, gap int64) int64 {
	t.Helper()
	start := g.size()
	if start > 0 {
		start += gap
	}
	o.Start, o.Previous, o.Time = disc.LBA(start), bytes.NewReader(g.image), time.Unix(1_700_000_000+start, 0)
	l, _, err := master.Plan(root, o)
	isotest.Must(t, err)
	var b bytes.Buffer
	isotest.Must(t, l.WriteTo(t.Context(), &b, layout.WriteOptions{}))
	g.image = append(append(g.image, make([]byte, start*disc.SectorSize-int64(len(g.image)))...), b.Bytes()...)
	if !o.UDF.Virtual.Appended {
		g.starts = append(g.starts, start)
	}
	return int64(b.Len()) / disc.SectorSize
}

// next continues the disc: edit changes the tree of the newest session.
func (g *growing) next(t *testing.T, gap int64, edit func(root *tree.Node, o *master.Options)) int64 {
	t.Helper()
	c, err := session.Continue(t.Context(), g.disc(), volume.Options{})
	isotest.Must(t, err)
	c.Options.UDF.Virtual.Unit, c.Options.UDF.Virtual.Least = 1, 1
	edit(c.Root, &c.Options)
	n := g.add(t, c.Root, c.Options, gap)
	for _, n := range c.Notices() {
		t.Errorf("notice: %v", n)
	}
	return n
}

// check compares the newest volume of the disc with a manifest, and has it checked.
func (g *growing) check(t *testing.T, what, want string) {
	t.Helper()
	for _, d := range []disc.Disc{g.disc(), disc.FromReaderAt(bytes.NewReader(g.image), int64(len(g.image)), nil)} {
		v, err := volume.OpenDisc(t.Context(), d, volume.Options{})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		udftest.Diff(t, want, udftest.SortLines(udftest.Manifest(t, v)))
		for _, n := range found(t, v) {
			t.Errorf("%s: %v", what, n)
		}
	}
}

// found returns what the check of a volume finds.
func found(t *testing.T, v volume.FS) []disc.Notice {
	t.Helper()
	list, err := v.(volume.Checker).Check(t.Context())
	isotest.Must(t, err)
	return list
}

// virtualOptions are the options of a new volume with a virtual allocation table.
func virtualOptions(r udfplan.Revision, v udfplan.Virtual) master.Options {
	return master.Options{Label: "GROWING", UDFOnly: true, UDF: &master.UDF{Revision: r, Virtual: &v}}
}

// TestVirtual writes volumes with a virtual allocation table, and has them read by this
// program, the kernel and udfinfo.
func TestVirtual(t *testing.T) {
	peertest.Need(t, "udfinfo")
	dir := t.TempDir()
	want := udftest.TreeManifest(t, udftest.Sample())
	var script strings.Builder
	script.WriteString(udftest.KernelManifest)
	for _, r := range virtualRevisions {
		for _, unit := range []int64{1, 16, 32} {
			g := &growing{}
			g.add(t, udftest.Sample(), virtualOptions(r, udfplan.Virtual{Unit: unit, Capacity: 1 << 20, Final: unit == 16}), 0)
			if g.size()%unit != 0 {
				t.Errorf("%s: %d sectors, not a multiple of %d", r, g.size(), unit)
			}
			g.check(t, fmt.Sprint(r, " ", unit), want)
			name := fmt.Sprintf("%s-%d", r, unit)
			isotest.Must(t, os.WriteFile(filepath.Join(dir, name), g.image, 0o644))
			out := peertest.Run(t, dir, "udfinfo", "--utf8", name)
			for _, want := range []string{"label=GROWING", "lvid=GROWING", "udfrev=" + r.String(), "accesstype=writeonce", fmt.Sprintf("start=%d, blocks=1, type=ANCHOR", 256)} {
				if !strings.Contains(out, want+"\n") && !strings.Contains(out, want) {
					t.Errorf("%s: %q is not in\n%s", name, want, out)
				}
			}
			fmt.Fprintf(&script, "mount -t udf -o loop,ro %[1]s/%[2]s /run/mnt; manifest /run/mnt > %[1]s/%[2]s.manifest; umount /run/mnt\n", dir, name)
		}
	}
	peertest.Kernel(t, dir, script.String())
	names, err := filepath.Glob(filepath.Join(dir, "*.manifest"))
	isotest.Must(t, err)
	if len(names) != 9 {
		t.Errorf("the kernel read %d volumes", len(names))
	}
	for _, name := range names {
		got, err := os.ReadFile(name)
		isotest.Must(t, err)
		t.Run(filepath.Base(name), func(t *testing.T) { udftest.Diff(t, want, udftest.SortLines(string(got))) })
	}
}

// edits are changes of the sample tree, one after another.
func edits(t *testing.T) []func(root *tree.Node) {
	file := func(name, text string) *tree.Node {
		return tree.NewFile(name, int64(len(text)), udftest.When, layout.Bytes(text))
	}
	return []func(root *tree.Node){
		func(*tree.Node) {}, // nothing
		func(root *tree.Node) { root.Append(file("added", "added")) },
		func(root *tree.Node) {
			n := tree.NewFolder("new folder", udftest.When)
			root.Append(n)
			n.Append(file("inside", strings.Repeat("x", 5000)))
			n.Append(tree.NewNode("link", fs.ModeSymlink|0o777, tree.Symlink("../added")))
		},
		func(root *tree.Node) { // replaced, under the same name
			many := root.Child("many")
			many.Child("file number 7").Detach()
			many.Append(file("file number 7", "another file"))
		},
		func(root *tree.Node) { // attributes
			n := root.Lookup("many/file number 8")
			n.Mode, n.UID, n.GID = 0o4711, 5, 6
			n.Modified += 1e9
			d := root.Lookup("many/folder number 100")
			d.Mode = fs.ModeDir | 0o700
		},
		func(root *tree.Node) { // renamed and moved
			root.Lookup("many/file number 9").Name = "renamed"
			n := root.Lookup("many/folder number 200")
			n.Detach()
			root.Child("new folder").Append(n)
			f := root.Lookup("many/file number 10")
			f.Detach()
			n.Append(f)
		},
		func(root *tree.Node) { root.Lookup("many/folder number 300").Detach() },
		func(root *tree.Node) { // a copy of a folder that was not read
			n := root.Lookup("many/folder number 400").Clone()
			n.Name = "copy"
			root.Append(n)
		},
		func(root *tree.Node) { // almost all is gone
			root.Child("many").Detach()
		},
	}
}

// TestVirtualSessions adds sessions to a volume with a virtual allocation table. After
// each, the disc has what the tree says, and the session has only what changed.
func TestVirtualSessions(t *testing.T) {
	dir := t.TempDir()
	var script strings.Builder
	script.WriteString(udftest.KernelManifest)
	want := map[string]string{}
	for _, r := range virtualRevisions {
		g := &growing{}
		g.add(t, udftest.Sample(), virtualOptions(r, udfplan.Virtual{Capacity: 1 << 20}), 0)
		model := udftest.Sample() // the same edits on a tree in memory
		for i, edit := range edits(t) {
			appended := i%2 == 1
			gap := int64(11400) // lead-out and lead-in
			if appended {
				gap = 0
			}
			n := g.next(t, gap, func(root *tree.Node, o *master.Options) {
				edit(root)
				o.UDF.Virtual.Appended = appended
			})
			edit(model)
			countLinks(model)
			name := fmt.Sprintf("%s-%d", r, i)
			want[name] = udftest.TreeManifest(t, model)
			g.check(t, name, want[name])
			t.Logf("%s: %d sectors", name, n)
			if limit := int64(110); appended && n > limit {
				t.Errorf("%s: the session has %d sectors, more than %d", name, n, limit)
			} else if !appended && n > 288+limit {
				t.Errorf("%s: the session has %d sectors, more than %d", name, n, 288+limit)
			}
			if t.Failed() {
				return
			}
			if r != udfplan.Revision201 && i < len(edits(t))-1 { // saves time
				delete(want, name)
				continue
			}
			isotest.Must(t, os.WriteFile(filepath.Join(dir, name), g.image, 0o644))
			fmt.Fprintf(&script, "mount -t udf -o loop,ro,session=%[3]d %[1]s/%[2]s /run/mnt; manifest /run/mnt > %[1]s/%[2]s.manifest; umount /run/mnt\n", dir, name, g.starts[len(g.starts)-1])
		}
	}
	peertest.Kernel(t, dir, script.String())
	for name, w := range want {
		got, err := os.ReadFile(filepath.Join(dir, name+".manifest"))
		isotest.Must(t, err)
		t.Run(name, func(t *testing.T) { udftest.Diff(t, w, udftest.SortLines(string(got))) })
	}
}

// countLinks counts the names of hard-linked files in a tree.
func countLinks(root *tree.Node) {
	count := func(f func(*tree.Shared)) {
		_ = root.Walk(func(n *tree.Node) error {
			if s := n.Shared(); s != nil {
				f(s)
			}
			return nil
		})
	}
	count(func(s *tree.Shared) { s.Links = 0 })
	count(func(s *tree.Shared) { s.Links++ })
}

// TestVirtualLabel changes the label of a growing volume, in a new session and in one that
// is appended to it.
func TestVirtualLabel(t *testing.T) {
	for _, appended := range []bool{false, true} {
		g := &growing{}
		g.add(t, smallTree(), virtualOptions(udfplan.Revision201, udfplan.Virtual{Capacity: 1 << 20}), 0)
		g.next(t, 0, func(root *tree.Node, o *master.Options) {
			root.Child("a").Detach()
			o.Label, o.UDF.Virtual.Appended = "Renamed", appended
		})
		v, err := volume.OpenDisc(t.Context(), g.disc(), volume.Options{})
		isotest.Must(t, err)
		info := v.Volume()
		if info.Label != "Renamed" {
			t.Errorf("appended %v: the label is %q", appended, info.Label)
		}
		for name, want := range map[string]string{"Files": "4", "Directories": "2", "Integrity": "kept in the virtual allocation table"} {
			if !slices.Contains(info.Properties, volume.Property{Name: name, Value: want}) {
				t.Errorf("appended %v: %s is not %s in %v", appended, name, want, info.Properties)
			}
		}
	}
}

// TestVirtualOldSessions reads the earlier sessions of a growing volume as they were.
func TestVirtualOldSessions(t *testing.T) {
	g := &growing{}
	g.add(t, smallTree(), virtualOptions(udfplan.Revision201, udfplan.Virtual{}), 0)
	g.next(t, 500, func(root *tree.Node, _ *master.Options) { root.Child("a").Detach() })
	g.next(t, 500, func(root *tree.Node, _ *master.Options) { root.Child("b").Detach() })
	for number, want := range map[int]int{1: 2, 2: 1, 3: 0} {
		v, err := volume.OpenDisc(t.Context(), g.disc(), volume.Options{Session: number})
		isotest.Must(t, err)
		if list, err := v.ReadDir("."); err != nil || len(list) != want {
			t.Errorf("session %d has %d folders, %v, want %d", number, len(list), err, want)
		}
	}
	c, err := session.Continue(t.Context(), g.disc(), volume.Options{Session: 1})
	isotest.Must(t, err)
	n := g.add(t, c.Root, c.Options, 500)
	v, err := volume.OpenDisc(t.Context(), g.disc(), volume.Options{})
	isotest.Must(t, err)
	if list, err := v.ReadDir("."); err != nil || len(list) != 2 || n > 320 {
		t.Errorf("the first session again has %d folders, %v, in %d sectors", len(list), err, n)
	}
}

// TestVirtualCost adds a small file to a volume with 100,000 files.
func TestVirtualCost(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	for i := range 200 {
		dir := tree.NewFolder(fmt.Sprint("folder ", i), udftest.When)
		root.Append(dir)
		for k := range 500 {
			dir.Append(tree.NewFile(fmt.Sprint("file ", k), 0, udftest.When, layout.Bytes(nil)))
		}
	}
	g := &growing{}
	g.add(t, root, virtualOptions(udfplan.Revision201, udfplan.Virtual{Capacity: 1 << 22}), 0)
	c, err := session.Continue(t.Context(), g.disc(), volume.Options{})
	isotest.Must(t, err)
	c.Root.Child("folder 7").Append(tree.NewFile("added", 5, udftest.When, layout.Bytes("added")))
	c.Options.UDF.Virtual.Appended, c.Options.UDF.Virtual.Unit = true, 1
	sectors := g.add(t, c.Root, c.Options, 0)
	t.Logf("%d sectors", sectors)
	// The directory (14), the file entries of both and the contents (3), two blocks of the
	// table and its ICB (3).
	if sectors > 20 {
		t.Errorf("the session has %d sectors", sectors)
	}
	if !c.Root.Child("folder 8").Unread() {
		t.Error("a folder that does not change was read")
	}
	v, err := volume.OpenDisc(t.Context(), g.disc(), volume.Options{})
	isotest.Must(t, err)
	if b, err := fs.ReadFile(v, "folder 7/added"); err != nil || string(b) != "added" {
		t.Errorf("%q, %v", b, err)
	}
	for _, n := range found(t, v) {
		t.Error(n)
	}
}
