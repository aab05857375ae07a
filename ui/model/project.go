package model

import (
	"context"
	"fmt"
	"strings"
	"time"

	"glassmaster/drive/addition"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// Project is a compilation being edited.
type Project struct {
	List     *Listing
	Outline  *Outline
	OnChange func() // may be nil

	post     Post
	comp     *compilation.Compilation
	history  history
	path     string // of the compilation's file
	dirty    bool
	edits    int // number of edits so far
	scans    []*Job
	problems []disc.Notice
	missing  []missingFile

	continued *Continued // the disc that gets a session; nil: none

	image *Editing // whose files these are; nil: those of a new disc

	medium  disc.Medium
	sizing  *Job
	pending bool // a sizing is scheduled
	size    Size
	delay   time.Duration // before a sizing begins, so that a series of edits leads to one
}

// Size is the size of a compilation.
type Size struct {
	Files, Folders int
	Content        int64         // bytes of the files
	Sectors        int64         // of the image; 0 if it cannot be planned
	Notices        []disc.Notice // differences from what was requested
	Err            error         // why it cannot be planned
	// Changes of the files of the disc that is continued.
	Changes addition.Changes
}

// NewProject returns an empty compilation.
func NewProject(post Post) *Project {
	p := &Project{post: post, comp: compilation.New(), delay: 150 * time.Millisecond}
	p.medium, _ = mediumNamed("DVD+R")
	p.List, p.Outline = NewListing(p.comp.Root(), post), NewOutline(p.comp.Root())
	return p
}

// mediumNamed returns the common medium of that name.
func mediumNamed(name string) (disc.Medium, bool) {
	for _, m := range disc.Media {
		if m.Name == name {
			return m, true
		}
	}
	return disc.Medium{}, false
}

// Compilation returns the compilation that is edited.
func (p *Project) Compilation() *compilation.Compilation { return p.comp }

// Path returns the file that the compilation was loaded from or saved to, or "".
func (p *Project) Path() string { return p.path }

// Dirty reports whether there are unsaved edits.
func (p *Project) Dirty() bool { return p.dirty }

// Unsaved reports whether there are unsaved edits of a compilation that is not empty.
func (p *Project) Unsaved() bool { return p.dirty && !p.Empty() }

// Edits returns the number of edits so far.
func (p *Project) Edits() int { return p.edits }

// Empty reports whether the compilation has no files and folders.
func (p *Project) Empty() bool { return len(p.comp.Root().Children()) == 0 }

// Scanning reports whether files are still being added.
func (p *Project) Scanning() bool {
	for _, j := range p.scans {
		if j.Running() {
			return true
		}
	}
	return false
}

// Problems returns the notices about files that were added.
func (p *Project) Problems() []disc.Notice { return p.problems }

// AddProblem adds a problem to the list, once for each path.
func (p *Project) AddProblem(x disc.Notice) {
	for _, old := range p.problems {
		if old.Path == x.Path {
			return
		}
	}
	p.problems = append(p.problems, x)
	p.changed()
}

// Stop cancels adding files.
func (p *Project) Stop() {
	for _, j := range p.scans {
		j.Cancel()
	}
}

// ClearProblems empties the list of problems.
func (p *Project) ClearProblems() {
	p.problems, p.missing = nil, nil
	p.changed()
}

// Label returns the volume label.
func (p *Project) Label() string { return p.comp.Label }

// SetLabel changes the volume label.
func (p *Project) SetLabel(label string) {
	if p.comp.Label != label {
		p.comp.Label = label
		p.touched()
		if p.image != nil {
			p.image.compare()
		}
		p.measure() // the label may be why the disc cannot be planned
		p.changed()
	}
}

// Replace edits another compilation, which was loaded from path; nil is an empty one.
func (p *Project) Replace(c *compilation.Compilation, path string, problems []disc.Notice) {
	p.Stop()
	if c == nil {
		c = compilation.New()
	}
	p.comp, p.path, p.dirty, p.problems, p.missing = c, path, false, nil, nil
	p.setContinued(nil)
	p.addProblems(problems, c.Root(), nil)
	p.history = history{}
	p.Outline.setRoot(c.Root())
	p.List.setRoot(c.Root())
	p.edited()
	p.dirty = false
	p.changed()
}

// Recover edits a compilation with unsaved edits. Its file is path, if it has one.
func (p *Project) Recover(c *compilation.Compilation, path string, problems []disc.Notice) {
	p.Replace(c, path, problems)
	p.touched()
	p.changed()
}

// Saved records that the compilation was saved to a file, as it was when Edits returned
// edits.
func (p *Project) Saved(path string, edits int) {
	p.path, p.dirty = path, p.edits != edits
	p.changed()
}

// AddPaths adds files and folders of the host to a folder of the disc. A job scans
// them.
func (p *Project) AddPaths(paths []string, dir *tree.Node) {
	var nodes []*tree.Node
	var problems []disc.Notice
	o := p.comp.ScanOptions()
	comp := p.comp
	j := Start(p.post, "Adding files", func(ctx context.Context, rep progress.Reporter) (err error) {
		nodes, problems, err = compilation.Scan(ctx, paths, o, rep)
		return err
	}, func(err error) {
		if p.comp != comp {
			return // another compilation was opened meanwhile
		}
		if err != nil && !Cancelled(err) {
			problems = append(problems, disc.Notice{Severity: disc.Error, Path: strings.Join(paths, ", "), Text: err.Error()})
		}
		p.insert(nodes, dir, paths, problems)
	})
	p.scans = append(p.runningScans(), j)
	p.changed()
}

func (p *Project) runningScans() []*Job {
	var out []*Job
	for _, j := range p.scans {
		if j.Running() {
			out = append(out, j)
		}
	}
	return out
}

// insert adds nodes that were scanned from paths, and what was noticed at that.
func (p *Project) insert(nodes []*tree.Node, dir *tree.Node, paths []string, notices []disc.Notice) {
	if !p.comp.Root().Contains(dir) {
		dir = p.comp.Root() // the folder was removed meanwhile
	}
	if p.image != nil && p.image.readFirst(unreadMerged(dir, nodes), func() { p.insert(nodes, dir, paths, notices) }) {
		return
	}
	there := map[string]bool{}
	for _, c := range dir.Children() {
		there[c.Name] = true
	}
	nodes, renamed := uniqueNames(nodes, func(name string) bool { return there[name] })
	if p.image == nil && p.comp.Label == "" && p.Empty() && len(nodes) == 1 {
		p.comp.Label = compilation.LabelOf(nodes[0].Name, nodes[0].IsDir())
	}
	var more []disc.Notice
	folders, merged := mergeFolders(dir, nodes)
	p.history.edit("Add "+name(nodes), folders, merged, func() {
		more = p.add(dir, nodes, merged)
	})
	p.addProblems(notices, dir, originsOf(paths, nodes, dir))
	p.addProblems(append(renamed, more...), dir, nil)
	p.edited()
	var added []*tree.Node
	for _, n := range nodes {
		if n.Parent() == p.List.Folder() {
			added = append(added, n)
		}
	}
	if len(added) > 0 {
		p.List.Selection.Set(added...)
	}
	p.List.Refresh()
}

// add adds nodes to a folder. Folders that are merged get the attributes of the added
// ones, but not those of an image, where only what the user asked for changes.
func (p *Project) add(dir *tree.Node, nodes, merged []*tree.Node) []disc.Notice {
	before := make([]Attributes, len(merged))
	for i, n := range merged {
		before[i] = AttributesOf(n)
	}
	notices := p.comp.Add(dir, nodes)
	if p.image == nil {
		return notices
	}
	for i, n := range merged {
		before[i].set(n)
	}
	p.image.replaceRemoved(dir, nodes)
	return disc.Errors(notices) // that a file was replaced is marked
}

// mergeFolders returns the folders whose entries change when nodes are added to dir:
// folders of the same name are merged. Of these, merged are the ones that are there
// already.
func mergeFolders(dir *tree.Node, nodes []*tree.Node) (folders, merged []*tree.Node) {
	folders = []*tree.Node{dir}
	byName := make(map[string]*tree.Node, len(dir.Children()))
	for _, c := range dir.Children() {
		byName[c.Name] = c
	}
	for _, n := range nodes {
		if old := byName[n.Name]; old != nil && old.IsDir() && n.IsDir() {
			folders, merged = append(folders, n), append(merged, old)
			inner, more := mergeFolders(old, n.Children())
			folders, merged = append(folders, inner...), append(merged, more...)
		}
	}
	return folders, merged
}

// Rename gives a node another name.
func (p *Project) Rename(n *tree.Node, to string) error {
	var err error
	p.history.edit("Rename "+n.Name, nil, []*tree.Node{n}, func() { err = p.comp.Rename(n, to) })
	p.edited()
	return err
}

// Remove removes nodes from the disc.
func (p *Project) Remove(nodes []*tree.Node) {
	if len(nodes) > 0 {
		p.history.edit("Remove "+name(nodes), parents(nodes), nil, func() { p.comp.Remove(nodes) })
		p.edited()
	}
}

// Mkdir creates a folder with a name that is not in use. It returns nil if it cannot.
func (p *Project) Mkdir(dir *tree.Node) *tree.Node {
	if dir.Unread() {
		return nil // the disc is still being read
	}
	title := "New folder"
	for i := 2; dir.Child(title) != nil; i++ {
		title = fmt.Sprintf("New folder %d", i)
	}
	var n *tree.Node
	p.history.edit("New folder", []*tree.Node{dir}, nil, func() {
		var err error
		if n, err = p.comp.Mkdir(dir, title); err != nil {
			p.problems = append(p.problems, disc.Notice{Severity: disc.Error, Path: dir.Path(), Text: err.Error()})
		}
	})
	p.edited()
	return n
}

// Move moves nodes into a folder.
func (p *Project) Move(nodes []*tree.Node, dir *tree.Node) {
	if p.image != nil && p.image.readFirst([]*tree.Node{dir}, func() { p.Move(nodes, dir) }) {
		return
	}
	p.history.edit("Move "+name(nodes), append(parents(nodes), dir), nil, func() {
		if err := p.comp.Move(nodes, dir); err != nil {
			p.problems = append(p.problems, disc.Notice{Severity: disc.Error, Path: dir.Path(), Text: err.Error()})
		}
	})
	p.edited()
}

// Undoable returns the name of the edit that Undo undoes, or "".
func (p *Project) Undoable() string { return p.history.Undoable() }

// Redoable returns the name of the edit that Redo redoes, or "".
func (p *Project) Redoable() string { return p.history.Redoable() }

// Undo undoes the last edit.
func (p *Project) Undo() {
	p.history.Undo()
	p.edited()
}

// Redo redoes the edit that was undone last.
func (p *Project) Redo() {
	p.history.Redo()
	p.edited()
}

// parents returns the folders that hold nodes, each once.
func parents(nodes []*tree.Node) []*tree.Node {
	seen := map[*tree.Node]bool{}
	var out []*tree.Node
	for _, n := range nodes {
		if d := n.Parent(); d != nil && !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}

func name(nodes []*tree.Node) string {
	if len(nodes) == 1 {
		return nodes[0].Name
	}
	return Count(len(nodes), "entry", "entries")
}

// edited updates what depends on the tree.
func (p *Project) edited() {
	p.touched()
	if p.image != nil {
		p.image.compare()
	}
	p.Outline.Refresh()
	p.List.Refresh()
	p.measure()
	p.changed()
}

func (p *Project) touched() { p.dirty, p.edits = true, p.edits+1 }

func (p *Project) changed() {
	if p.OnChange != nil {
		p.OnChange()
	}
}
