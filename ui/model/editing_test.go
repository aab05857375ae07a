package model

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// imageInMemory is an image whose files are given by their paths. It counts what is read.
type imageInMemory struct {
	EditedImage // nil: the other methods are not called

	paths []string
	facts EditFacts
	comp  *compilation.Compilation

	mu     sync.Mutex
	read   []string // folders
	err    error
	unsafe error
}

func newImage(paths ...string) *imageInMemory {
	m := &imageInMemory{paths: paths, facts: EditFacts{Size: 1000, Format: "ISO"}}
	root := tree.NewUnread("", func() []*tree.Node { return m.entries("") })
	was := tree.NewNode("", fs.ModeDir|0o755, nil)
	root.SetOrigin(was)
	m.comp = compilation.FromTree(root)
	m.comp.Label = "OLD"
	return m
}

func (m *imageInMemory) entries(dir string) []*tree.Node {
	m.mu.Lock()
	m.read = append(m.read, dir)
	m.mu.Unlock()
	var out []*tree.Node
	seen := map[string]bool{}
	for _, p := range m.paths {
		rest, in := strings.CutPrefix(p, dir)
		if !in || rest == "" {
			continue
		}
		name, _, folder := strings.Cut(rest, "/")
		if seen[name] {
			continue
		}
		seen[name] = true
		if folder {
			out = append(out, tree.NewUnread(name, func() []*tree.Node { return m.entries(dir + name + "/") }))
			continue
		}
		n := tree.NewNode(name, 0o644, nil)
		n.Size = int64(len(p))
		out = append(out, n)
	}
	return out
}

func (m *imageInMemory) Compilation() *compilation.Compilation { return m.comp }

func (m *imageInMemory) ReadFolder(_ context.Context, folder *tree.Node) { folder.Children() }

func (m *imageInMemory) Plan(_ context.Context, c Edited, _ progress.Reporter) (EditPlan, error) {
	files, _, _ := c.Count()
	m.mu.Lock()
	defer m.mu.Unlock()
	return EditPlan{Before: 1000, After: 1000 + int64(files), Writes: 10, Update: true, Unsafe: m.unsafe}, m.err
}

func (m *imageInMemory) Facts() EditFacts { return m.facts }
func (m *imageInMemory) Close() error     { return nil }

// editing is an image that is edited in a test.
type editing struct {
	*Editing
	t *testing.T
	q mainLoop
}

func edits(t *testing.T, m *imageInMemory) *editing {
	t.Helper()
	q := newMainLoop()
	e := &editing{NewEditing(m, q.post), t, q}
	e.delay = 0
	e.idle()
	t.Cleanup(func() { e.Close() })
	return e
}

// idle waits until everything was read and planned.
func (e *editing) idle() {
	e.t.Helper()
	e.q.until(e.t, "the end of reading and planning", func() bool {
		return !e.Scanning() && !e.Measuring() && !e.folders.job.Running() && len(e.folders.waiting) == 0 && len(e.q) == 0
	})
}

func (e *editing) node(path string) *tree.Node {
	e.t.Helper()
	n := e.List.Root().Lookup(path)
	if n == nil {
		e.t.Fatalf("%s is not there", path)
	}
	return n
}

func (e *editing) open(path string) {
	e.t.Helper()
	e.List.Open(e.node(path))
	e.idle()
}

// add adds files of the host to a folder.
func (e *editing) add(dir string, names ...string) {
	e.t.Helper()
	from := hostFiles(e.t, names...)
	tops := map[string]bool{}
	var paths []string
	for _, name := range names {
		if top, _, _ := strings.Cut(name, "/"); !tops[top] {
			tops[top] = true
			paths = append(paths, filepath.Join(from, top))
		}
	}
	e.AddPaths(paths, e.node(dir))
	e.idle()
}

// changes returns the changes as one line of text.
func (e *editing) text() string {
	var s []string
	for _, c := range e.Changes().List {
		text := c.Mark.String() + " " + c.Path
		if c.From != "" {
			text += " from " + c.From
		}
		s = append(s, text)
	}
	return strings.Join(s, "; ")
}

func (e *editing) expect(want string) {
	e.t.Helper()
	e.idle()
	if got := e.text(); got != want {
		e.t.Errorf("the changes are %q, want %q", got, want)
	}
	if e.Unsaved() != (want != "") {
		e.t.Errorf("unsaved: %v", e.Unsaved())
	}
}

// distribution is like the image of a distribution.
func distribution() *imageInMemory {
	return newImage("boot/grub/grub.cfg", "boot/isolinux/isolinux.bin", "boot/isolinux/isolinux.cfg", "pool/main/a.deb", "pool/main/deep/b.deb", "README")
}

func TestEditing(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(e *editing)
		want string
	}{
		{"nothing", func(e *editing) {}, ""},
		{"add", func(e *editing) { e.add("/", "preseed.cfg") }, "Added /preseed.cfg"},
		{"add a folder", func(e *editing) { e.add("/", "nocloud/meta-data", "nocloud/user-data") }, "Added /nocloud"},
		{"replace", func(e *editing) { e.add("/", "README") }, "Replaced /README"},
		{"replace in merged folders", func(e *editing) { e.add("/", "boot/grub/grub.cfg", "boot/new") }, "Replaced /boot/grub/grub.cfg; Added /boot/new"},
		{"add to a folder that was not read", func(e *editing) { e.add("/", "pool/main/deep/c.deb") }, "Added /pool/main/deep/c.deb"},
		{"remove", func(e *editing) { e.Remove([]*tree.Node{e.node("README"), e.node("pool")}) }, "Removed /README; Removed /pool"},
		{"remove and add", func(e *editing) {
			e.Remove([]*tree.Node{e.node("README")})
			e.add("/", "README")
		}, "Replaced /README"},
		{"remove what was added", func(e *editing) {
			e.add("/", "x")
			e.Remove([]*tree.Node{e.node("x")})
		}, ""},
		{"rename", func(e *editing) { e.Rename(e.node("README"), "README.txt") }, "Renamed /README.txt from /README"},
		{"rename and back", func(e *editing) {
			e.Rename(e.node("README"), "x")
			e.Rename(e.node("x"), "README")
		}, ""},
		{"move", func(e *editing) { e.Move([]*tree.Node{e.node("README")}, e.node("boot")) }, "Moved /boot/README from /README"},
		{"move into a folder that was not read", func(e *editing) { e.Move([]*tree.Node{e.node("README")}, e.node("pool/main")) }, "Moved /pool/main/README from /README"},
		{"move and replace", func(e *editing) {
			e.add("/", "README")
			e.Move([]*tree.Node{e.node("README")}, e.node("boot"))
		}, "Moved /boot/README from /README; Replaced /boot/README"},
		{"copy", func(e *editing) {
			e.Copy([]*tree.Node{e.node("README")})
			e.PasteCopied(e.node("/"))
		}, "Added /README (2)"},
		{"copy a folder that was not read", func(e *editing) {
			e.Copy([]*tree.Node{e.node("pool")})
			e.PasteCopied(e.node("boot"))
		}, "Added /boot/pool"},
		{"permissions", func(e *editing) {
			e.SetAttributes([]*tree.Node{e.node("README")}, func(_ *tree.Node, a Attributes) Attributes { a.Mode = 0o755; return a })
		}, "Properties /README"},
		{"label", func(e *editing) { e.SetLabel("NEW") }, "Label NEW from OLD"},
		{"new folder", func(e *editing) { e.Mkdir(e.node("/")) }, "Added /New folder"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := edits(t, distribution())
			c.do(e)
			e.expect(c.want)
			plan, err := e.Planned()
			if err != nil || plan.Before != 1000 || (plan.After != 1000) != (c.want != "") {
				t.Errorf("the plan is %+v, %v", plan, err)
			}
			list := e.Changes().List
			e.Reset()
			e.expect("")
			if e.Label() != "OLD" || shape(e.node("/")) != "boot(grub(grub.cfg) isolinux(isolinux.bin isolinux.cfg)) pool(main(a.deb deep(b.deb))) README" {
				t.Errorf("taken back, it is %s with the label %s", shape(e.node("/")), e.Label())
			}
			for e.Redoable() != "" {
				e.Redo()
			}
			if c.name != "label" { // which is not part of the history
				e.expect(c.want)
			}
			for _, x := range list { // and each change alone
				if x.Node != nil {
					e.Revert([]*tree.Node{x.Node})
				}
			}
			e.idle()
			if c.name != "label" {
				e.expect("")
			}
		})
	}
}

// TestEditingReadsWhatIsShown checks that folders are read when they are shown, and by a
// job.
func TestEditingReadsWhatIsShown(t *testing.T) {
	m := distribution()
	q := newMainLoop()
	e := &editing{NewEditing(m, q.post), t, q}
	e.delay = 0
	if !e.List.Root().Unread() || e.Unread(e.List.Root()) == "" {
		t.Fatal("the root was read on the goroutine of the window")
	}
	e.idle()
	if got := strings.Join(m.read, " "); got != " boot/ pool/" {
		t.Errorf("read are %q", got)
	}
	e.List.Search(".deb")
	e.idle()
	if rows := e.List.Rows(); len(rows) != 2 {
		t.Errorf("found are %v", rows)
	}
}

func TestEditingMarks(t *testing.T) {
	e := edits(t, distribution())
	e.open("boot/isolinux")
	e.Remove([]*tree.Node{e.node("boot/isolinux/isolinux.cfg")})
	e.add("boot/isolinux", "isolinux.bin", "extra/a")
	for path, want := range map[string]Mark{
		"/": Within, "boot": Within, "boot/isolinux": Within, "boot/grub": Unmarked, "boot/isolinux/isolinux.bin": Replaced,
		"boot/isolinux/extra": Added, "boot/isolinux/extra/a": Added, "README": Unmarked,
	} {
		if got := e.Mark(e.node(path)); got != want {
			t.Errorf("%s is marked %q, want %q", path, got, want)
		}
	}
	if s := e.Changes().Summary(); s != "1 added, 1 replaced, 1 removed" {
		t.Errorf("the summary is %q", s)
	}
	rows := e.List.Rows()
	removed := rows[len(rows)-1]
	if removed.Name != "isolinux.cfg" || e.Mark(removed) != Removed {
		t.Fatalf("the last row is %s, not the removed file", removed.Name)
	}
	e.Remove([]*tree.Node{removed}) // does nothing
	e.Move([]*tree.Node{removed}, e.node("/"))
	e.Revert([]*tree.Node{removed})
	if s := e.Changes().Summary(); s != "1 added, 1 replaced" {
		t.Errorf("put back, the summary is %q", s)
	}
	e.Undo()
	if s := e.Changes().Summary(); s != "1 added, 1 replaced, 1 removed" {
		t.Errorf("undone, the summary is %q", s)
	}
}

// TestEditingCannotPutBack puts entries back where that is not possible.
func TestEditingCannotPutBack(t *testing.T) {
	e := edits(t, distribution())
	readme := e.node("README")
	e.Rename(readme, "x")
	e.Rename(e.node("pool"), "README")
	e.Revert([]*tree.Node{readme})
	if n := len(e.Problems()); n != 1 || !strings.Contains(e.Problems()[0].Text, "another entry") {
		t.Errorf("the problems are %v", e.Problems())
	}
	e.Revert([]*tree.Node{readme, e.node("README")}) // the name is free once the other is back
	e.Revert([]*tree.Node{readme})
	e.expect("")
}

// TestEditingResetsMoreThanTheHistory takes more edits back than can be undone.
func TestEditingResetsMoreThanTheHistory(t *testing.T) {
	e := edits(t, distribution())
	before := shape(e.List.Root().Clone())
	e.Remove([]*tree.Node{e.node("boot/isolinux")})
	e.Move([]*tree.Node{e.node("README")}, e.node("pool"))
	e.add("/", "boot/grub/grub.cfg", "new/a")
	for i := range keptSteps + 1 {
		if err := e.Rename(e.node("pool").Child("main"), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
		if err := e.Rename(e.node("pool").Child(fmt.Sprint(i)), "main"); err != nil {
			t.Fatal(err)
		}
	}
	e.Reset()
	e.expect("")
	if got := shape(e.List.Root().Clone()); got != before {
		t.Errorf("it is %s, and was %s", got, before)
	}
}

func TestEditingSaysWhyNot(t *testing.T) {
	m := distribution()
	e := edits(t, m)
	if e.WhySave() != "Nothing was changed" {
		t.Error(e.WhySave())
	}
	m.unsafe = errors.New("damaged")
	e.Rename(e.node("README"), "x")
	e.idle()
	if e.WhySaveAs() != "" || !strings.Contains(e.WhySave(), "new image") {
		t.Errorf("%q, %q", e.WhySave(), e.WhySaveAs())
	}
	m.err = errors.New("too large")
	e.Rename(e.node("x"), "y")
	e.idle()
	if !strings.Contains(e.WhySaveAs(), "Too large") {
		t.Error(e.WhySaveAs())
	}
}

// TestShowFolder opens a folder below folders that were not read yet.
func TestShowFolder(t *testing.T) {
	e := edits(t, newImage("a/b/c/file", "a/b/other"))
	for _, c := range []struct{ path, want string }{{"/a/b/c", "/a/b/c"}, {"/a/none/c", "/a"}, {"/", "/"}, {"/a/b/other", "/a/b"}} {
		e.List.Open(e.List.Root())
		e.Show(c.path)
		e.idle()
		if got := e.List.Folder().Path(); got != c.want {
			t.Errorf("%s: it shows %s, not %s", c.path, got, c.want)
		}
	}
}

// TestBootChanges changes boot entries and takes that back.
func TestBootChanges(t *testing.T) {
	e := edits(t, newImage("boot.img", "efi.img"))
	n, efi := e.List.Root().Child("boot.img"), e.List.Root().Child("efi.img")
	e.RemoveBoot()
	e.SetBootFile(efi, boot.BIOS)
	e.SetBootFile(n, boot.BIOS)
	e.SetBootFile(efi, boot.EFI)
	e.idle()
	if err := e.Rename(n, "renamed.img"); err != nil {
		t.Fatal(err)
	}
	e.idle()
	b := e.Snapshot().Boot
	if !b.Remove || len(b.Images) != 2 || b.Images[0].Path != "/renamed.img" || !b.Images[0].InfoTable || b.Images[1].Platform != boot.EFI || b.Images[1].InfoTable {
		t.Errorf("the change is %+v", b)
	}
	if got := e.Changes().Summary(); got != "1 renamed, other boot entries" {
		t.Errorf("the changes are %q", got)
	}
	list := e.Changes().List
	e.RevertChange(list[len(list)-1])
	e.idle()
	if b := e.Snapshot().Boot; b.Remove || len(b.Images) > 0 || e.Changes().Summary() != "1 renamed" {
		t.Errorf("taken back, the change is %+v, %s", b, e.Changes().Summary())
	}
	e.RemoveBoot()
	e.Reset()
	e.idle()
	if e.Unsaved() || e.ChangesBoot() {
		t.Error("Undo all leaves a change of boot entries")
	}
}

// TestCut moves an entry with Cut and Paste; a second paste copies it.
func TestCut(t *testing.T) {
	e := edits(t, newImage("a.txt", "dir/b.txt"))
	root := e.List.Root()
	n, dir := root.Child("a.txt"), root.Child("dir")
	e.Cut([]*tree.Node{n})
	e.idle()
	if e.Unsaved() {
		t.Error("Cut alone changes the image")
	}
	e.PasteCopied(dir)
	e.idle()
	if n.Parent() != dir || e.Changes().Summary() != "1 moved" {
		t.Errorf("the changes are %q", e.Changes().Summary())
	}
	e.PasteCopied(root)
	e.idle()
	if n.Parent() != dir || e.Changes().Summary() != "1 added" { // the copy is where the file was
		t.Errorf("pasted again, the changes are %q", e.Changes().Summary())
	}
	e.Undo()
	e.Undo()
	e.idle()
	if n.Parent() != root || e.Unsaved() {
		t.Errorf("undone, the changes are %q", e.Changes().Summary())
	}
}
