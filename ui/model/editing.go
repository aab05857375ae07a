package model

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/tree"
)

// EditedImage is an image that is open for editing. Its methods may take long, and can be
// called by several goroutines.
type EditedImage interface {
	// Compilation returns the files of the image, in folders that are unread.
	Compilation() *compilation.Compilation
	// ReadFolder reads the entries of an unread folder that no other goroutine uses.
	ReadFolder(ctx context.Context, folder *tree.Node)
	// Plan plans the image with the changes of a copy of the compilation.
	Plan(ctx context.Context, c Edited, rep progress.Reporter) (EditPlan, error)
	// Save changes the image. If it fails or is stopped, the image stays as it was. If a new
	// image was written but cannot replace it, the error is a *job.NotReplacedError.
	Save(ctx context.Context, c Edited, rep progress.Reporter) (SavedEdit, error)
	// SaveSession writes the changes as a further session at the end of the image.
	SaveSession(ctx context.Context, c Edited, rep progress.Reporter) (SavedEdit, error)
	// PlanCompact plans the image, which must not have changes, without what nothing refers to.
	PlanCompact(ctx context.Context, c Edited, rep progress.Reporter) (EditPlan, error)
	// Compact replaces the image by that one.
	Compact(ctx context.Context, c Edited, rep progress.Reporter) (SavedEdit, error)
	// ExtractBoot writes the boot images of the image into a folder, and returns their paths.
	ExtractBoot(ctx context.Context, dir string) ([]string, error)
	// SaveAs writes the image with its changes as a new image of a format, and compares it.
	// What the format cannot hold is left out if it is among accepted, else the error is a
	// *LossError.
	SaveAs(ctx context.Context, c Edited, to, format string, perTrack bool, accepted []disc.Notice, rep progress.Reporter) (Converted, error)
	// Facts describes the image.
	Facts() EditFacts
	// Close closes the image.
	Close() error
}

// ErrImageChanged is in the chain of the error if an image was changed by another program
// since it was opened for editing. It cannot be saved in any way then.
var ErrImageChanged = errors.New("it was changed by another program since it was opened")

// ErrImageGone is in the chain of the error if the file of an image was removed, or replaced by
// another one, since it was opened for editing. What was opened can still be read, so that
// the changes can be saved as a new image.
var ErrImageGone = errors.New("the image was removed, or replaced by another file, since it was opened")

// EditFacts describe an image that is edited.
type EditFacts struct {
	Size   int64  // bytes
	Format string // "ISO"
	Boots  bool   // it has a boot record
	Fixed  string // why the image itself cannot be changed, in a sentence; empty: it can
}

// EditPlan is what saving an edited image does.
type EditPlan struct {
	Before, After int64         // sizes of the image in bytes
	Writes        int64         // bytes that saving writes
	Update        bool          // they are written into the image; otherwise a new file replaces it
	Unsafe        error         // why the image can only be saved as a new one; nil: it can be changed
	Sessions      int           // that compacting would drop
	Notices       []disc.Notice // what may not be expected
}

// SavedEdit is the result of saving.
type SavedEdit struct {
	Text    string        // what was done, in a sentence
	CanUndo bool          // the update can be undone
	Notices []disc.Notice //
}

// Editing is an image whose files are being edited. The files are a project; its medium,
// path and size have no meaning.
type Editing struct {
	*Project
	OnChange func() // may be nil

	image     EditedImage
	facts     EditFacts
	label     string // of the image
	folders   *unreadFolders
	originals map[*tree.Node]original
	changes   Changes
	planned   EditPlan
	err       error
	copied    []*tree.Node
	cut       bool // copied are to be moved
	boot      bootChange
}

// NewEditing edits an image.
func NewEditing(image EditedImage, post Post) *Editing {
	e := &Editing{Project: NewProject(post), image: image, facts: image.Facts(), originals: map[*tree.Node]original{}}
	e.folders = &unreadFolders{post: post, read: image.ReadFolder, onRead: e.read, queued: map[*tree.Node]bool{}}
	p := e.Project
	p.image = e
	p.OnChange = e.changed
	p.List.removed = func(dir *tree.Node) []*tree.Node { return e.changes.RemovedFrom(dir) }
	p.List.onShow, p.Outline.onShow = e.readAhead, e.readAhead
	c := image.Compilation()
	e.label = c.Label
	p.comp = c
	p.Outline.setRoot(c.Root())
	p.List.setRoot(c.Root())
	e.planned.Before, e.planned.After = e.facts.Size, e.facts.Size
	return e
}

// Facts describes the image.
func (e *Editing) Facts() EditFacts { return e.facts }

// Changes returns the changes so far.
func (e *Editing) Changes() Changes { return e.changes }

// Unsaved reports whether there are changes.
func (e *Editing) Unsaved() bool { return !e.changes.Empty() }

// Planned returns what saving does, and why the image cannot be saved at all, as of the last
// change, unless Measuring.
func (e *Editing) Planned() (EditPlan, error) { return e.planned, e.err }

// Unread returns why a folder shows no entries, or "".
func (e *Editing) Unread(dir *tree.Node) string {
	if dir.Unread() {
		return "Reading …"
	}
	return ""
}

// WhySave returns why the image cannot be saved, or "".
func (e *Editing) WhySave() string {
	switch {
	case e.facts.Fixed != "":
		return e.facts.Fixed
	case e.WhySaveAs() != "":
		return e.WhySaveAs()
	case e.planned.Unsafe != nil:
		return "This image cannot be changed safely. Save it as a new image."
	}
	return ""
}

// WhySaveAs returns why the changes cannot be saved as a new image, or "".
func (e *Editing) WhySaveAs() string {
	switch {
	case !e.Unsaved():
		return "Nothing was changed"
	case e.Scanning():
		return "Files are still being added"
	case e.err != nil:
		return "It cannot be saved: " + Reason(e.err)
	}
	return ""
}

// Close ends editing. Changes that were not saved are lost.
func (e *Editing) Close() error {
	e.Stop()
	e.sizing.Cancel()
	e.folders.close()
	return e.image.Close()
}

// Reset takes all changes back. They can be redone, unless there are more than the history
// keeps.
func (e *Editing) Reset() {
	for e.Undoable() != "" {
		e.history.Undo()
	}
	e.comp.Label, e.boot = e.label, bootChange{}
	if e.compare(); e.Unsaved() {
		e.restore()
		e.history = history{}
	}
	e.edited()
}

// restore makes the tree what it was in the image, without the history.
func (e *Editing) restore() {
	folders := map[*tree.Node][]*tree.Node{}
	for _, was := range e.originals {
		folders[was.folder] = nil
	}
	for f := range folders {
		for _, o := range f.Recall() {
			was := e.originals[o].node
			folders[f] = append(folders[f], was)
			entry{o.Name, AttributesOf(o)}.set(was)
		}
		f.SetChildren(nil)
	}
	for f, children := range folders {
		f.SetChildren(children)
	}
	AttributesOf(e.comp.Root().Origin()).set(e.comp.Root())
}

// Snapshot returns a copy of the files for the methods of the image.
func (e *Editing) Snapshot() Edited { return Edited{e.comp.Snapshot(), e.boot.edit()} }

// Image returns the image.
func (e *Editing) Image() EditedImage { return e.image }

// Show opens a folder by its path, as far as there is one, when the folders above it have
// been read.
func (e *Editing) Show(path string) {
	e.showBelow(e.comp.Root(), strings.FieldsFunc(path, func(r rune) bool { return r == '/' }))
}

func (e *Editing) showBelow(dir *tree.Node, names []string) {
	if e.List.Folder() != dir {
		e.List.Open(dir)
	}
	if len(names) == 0 {
		return
	}
	next := func() {
		if c := dir.Child(names[0]); c != nil && c.IsDir() && e.List.Folder() == dir {
			e.showBelow(c, names[1:])
		}
	}
	if !e.readFirst([]*tree.Node{dir}, next) {
		next()
	}
}

// readFirst calls then after folders were read. It returns false, and does not call it, if
// they are read already.
func (e *Editing) readFirst(folders []*tree.Node, then func()) bool {
	return e.folders.first(folders, then)
}

// read takes folders that have been read into the lists.
func (e *Editing) read(folders []*tree.Node) {
	for _, f := range folders {
		for _, c := range f.Children() {
			if c.Origin() != nil {
				e.originals[c.Origin()] = original{c, f}
			}
		}
	}
	e.Outline.Refresh()
	e.List.Refresh()
	e.changed()
}

// most is how many subfolders of the folder that is shown are read ahead.
const most = 1000

// readAhead reads the folders whose entries are shown or counted, and all for a search.
func (e *Editing) readAhead() {
	e.folders.want(e.List.Folder())
	if e.List.Query() != "" {
		e.folders.want(unreadBelow(e.List.Root())...)
		return
	}
	var shown []*tree.Node
	for _, n := range e.List.Rows() {
		if n.IsDir() {
			shown = append(shown, n)
		}
	}
	for _, b := range e.Outline.Lines() {
		shown = append(shown, b.Node)
	}
	e.folders.want(shown[:min(len(shown), most)]...)
}

// unreadBelow returns the unread folders below a folder, and itself.
func unreadBelow(dir *tree.Node) []*tree.Node {
	if dir.Unread() {
		return []*tree.Node{dir}
	}
	var out []*tree.Node
	for _, n := range dir.Children() {
		if n.IsDir() {
			out = append(out, unreadBelow(n)...)
		}
	}
	return out
}

// compare finds the changes.
func (e *Editing) compare() {
	e.changes = compare(e.comp.Root(), e.originals)
	if e.comp.Label != e.label {
		e.changes.List = append(e.changes.List, Change{Mark: Relabelled, Path: e.comp.Label, From: e.label})
	}
	e.changes.List = append(e.changes.List, e.bootChanges()...)
}

// plan plans the image on a copy of the files.
func (e *Editing) plan() *Job {
	if !e.Unsaved() {
		e.planned, e.err = EditPlan{Before: e.facts.Size, After: e.facts.Size}, nil
		e.changed()
		return nil
	}
	c := e.Snapshot()
	var p EditPlan
	var job *Job
	job = Start(e.post, "calculating the size", func(ctx context.Context, rep progress.Reporter) (err error) {
		p, err = e.image.Plan(ctx, c, rep)
		return err
	}, func(err error) {
		if e.sizing != job || Cancelled(err) {
			return
		}
		e.planned, e.err = p, err
		if err != nil {
			e.planned = EditPlan{Before: e.facts.Size}
		}
		e.changed()
	})
	return job
}

func (e *Editing) changed() {
	if e.OnChange != nil {
		e.OnChange()
	}
}

// Mark returns what was done to an entry.
func (e *Editing) Mark(n *tree.Node) Mark { return e.changes.Mark(n) }

// Remove removes nodes from the image. Removed ones are left out.
func (e *Editing) Remove(nodes []*tree.Node) { e.Project.Remove(e.present(nodes)) }

// Move moves nodes into a folder.
func (e *Editing) Move(nodes []*tree.Node, dir *tree.Node) { e.Project.Move(e.present(nodes), dir) }

// SetAttributes changes the attributes of nodes.
func (e *Editing) SetAttributes(nodes []*tree.Node, change func(*tree.Node, Attributes) Attributes) {
	e.Project.SetAttributes(e.present(nodes), change)
}

// replaceRemoved makes files that were added replacements of those of the same name that
// were removed before.
func (e *Editing) replaceRemoved(dir *tree.Node, nodes []*tree.Node) {
	for _, was := range e.changes.RemovedFrom(dir) {
		for _, n := range nodes {
			if n.Parent() == dir && n.Name == was.Name && n.Origin() == nil && !n.IsDir() && n.Mode.Type() == was.Mode.Type() {
				n.SetOrigin(was.Origin())
			}
		}
	}
}

// present returns the nodes that are not removed.
func (e *Editing) present(nodes []*tree.Node) []*tree.Node {
	var out []*tree.Node
	for _, n := range nodes {
		if e.Mark(n) != Removed {
			out = append(out, n)
		}
	}
	return out
}

// Copy remembers nodes for Paste, as they are now.
func (e *Editing) Copy(nodes []*tree.Node) { e.copied, e.cut = e.present(nodes), false }

// Cut remembers nodes, which the next paste moves.
func (e *Editing) Cut(nodes []*tree.Node) { e.copied, e.cut = e.present(nodes), true }

// Copied reports whether there is something to paste.
func (e *Editing) Copied() bool { return len(e.copied) > 0 }

// PasteCopied puts copies of the remembered nodes into a folder, or moves them if they were
// cut.
func (e *Editing) PasteCopied(dir *tree.Node) {
	if e.cut {
		e.cut = false
		e.Move(e.copied, dir)
		return
	}
	e.Paste(e.copied, dir)
}

// Revert takes the changes of nodes back: removed ones are put back, added ones are removed,
// and all others become what they were in the image.
func (e *Editing) Revert(nodes []*tree.Node) {
	var folders, changed []*tree.Node
	for _, n := range nodes {
		changed = append(changed, n)
		if n.Parent() != nil {
			folders = append(folders, n.Parent())
		}
		if was, ok := e.originals[n.Origin()]; ok {
			folders, changed = append(folders, was.folder), append(changed, was.node)
		}
	}
	e.history.edit("Revert "+name(nodes), once(folders), once(changed), func() {
		for _, n := range nodes {
			if err := e.revert(n); err != nil {
				e.failed(n.Name, err)
			}
		}
	})
	e.edited()
}

func once(nodes []*tree.Node) []*tree.Node {
	seen := make(map[*tree.Node]bool, len(nodes))
	var out []*tree.Node
	for _, n := range nodes {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// RevertChange takes one change back.
func (e *Editing) RevertChange(c Change) {
	switch c.Mark {
	case Relabelled:
		e.SetLabel(c.From)
	case Booting:
		e.KeepBoot()
	default:
		e.Revert([]*tree.Node{c.Node})
	}
}

// revert takes the changes of a node back, within an edit.
func (e *Editing) revert(n *tree.Node) error {
	mark := e.Mark(n)
	if mark == Added {
		n.Detach()
		return nil
	}
	o := n.Origin()
	if o == nil || mark == Unmarked || mark == Within {
		return nil
	}
	was, ok := e.originals[o]
	if !ok { // the root
		AttributesOf(o).set(n)
		return nil
	}
	if !e.comp.Root().Contains(was.folder) {
		return errors.New("its folder was removed; put that back first")
	}
	back := n
	if mark == Replaced {
		back = was.node
	}
	if other := was.folder.Child(o.Name); other != nil && other != n && other != back {
		return fmt.Errorf("there is another entry with this name in %s; rename or remove that first", was.folder.Path())
	}
	if n.Contains(was.folder) {
		return fmt.Errorf("its folder %s is now in itself; move that back first", was.folder.Path())
	}
	if mark == Replaced || mark == Removed || n.Parent() != was.folder {
		n.Detach()
		back.Detach()
		was.folder.Append(back)
	}
	entry{o.Name, AttributesOf(o)}.set(back)
	return nil
}
