// Package compilation is the project that a user edits: a tree of files and folders, and
// the options of the disc. Its plan is a disc whose sectors are produced when they are
// read, so that it can be written, burned or compared without a temporary image.
package compilation

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
)

// Compilation is a tree of files and the options of a disc. It must be used by one
// goroutine at a time.
type Compilation struct {
	Label    string         // of the volume
	Options  master.Options // its Label and Time are set by Plan
	Contents Contents       // how the contents of files are processed
	Exclude  []string       // patterns of names that Scan skips
	root     *tree.Node
	sealed   bool
}

// New returns an empty compilation.
func New() *Compilation {
	return &Compilation{root: tree.NewFolder("", time.Now())}
}

// FromTree returns a compilation of a tree, such as that of a disc that is edited.
func FromTree(root *tree.Node) *Compilation { return &Compilation{root: root} }

// Root returns the folder that becomes the root of the disc.
func (c *Compilation) Root() *tree.Node { return c.root }

// Add adds nodes to a folder. Folders of the same name are merged, and a file replaces
// another one. The notices are warnings about replaced files, and errors about nodes that
// cannot be added.
func (c *Compilation) Add(dir *tree.Node, nodes []*tree.Node) []disc.Notice {
	if len(nodes) == 0 {
		return nil
	}
	byName := make(map[string]*tree.Node, len(dir.Children()))
	for _, old := range dir.Children() {
		byName[old.Name] = old
	}
	var notices []disc.Notice
	for _, n := range nodes {
		old := byName[n.Name]
		switch {
		case tree.CheckName(n.Name) != nil:
			notices = append(notices, failure(n.Name, tree.CheckName(n.Name)))
			continue
		case old == nil:
		case old.IsDir() && n.IsDir():
			old.Modified, old.Mode, old.UID, old.GID = n.Modified, n.Mode, n.UID, n.GID
			old.SetExtra(n.Extra())
			notices = append(notices, c.Add(old, append([]*tree.Node(nil), n.Children()...))...)
			continue
		case old.IsDir() != n.IsDir():
			notices = append(notices, failure(old.Path(), errors.New("a file and a folder cannot replace each other; the existing entry is kept")))
			continue
		default:
			notices = append(notices, disc.Notice{Severity: disc.Warning, Path: old.Path(), Text: "replaces an existing file of the same name"})
			if old.Origin() != nil && n.Origin() == nil && old.Mode.Type() == n.Mode.Type() {
				n.SetOrigin(old.Origin())
			}
			old.Detach()
		}
		n.Detach()
		dir.Append(n)
		byName[n.Name] = n
	}
	return notices
}

// failure returns the notice for a file that was not added.
func failure(path string, err error) disc.Notice {
	return disc.Notice{Severity: disc.Error, Path: path, Text: err.Error()}
}

// Mkdir creates a folder.
func (c *Compilation) Mkdir(dir *tree.Node, name string) (*tree.Node, error) {
	n := tree.NewFolder(name, time.Now())
	if err := dir.Insert(n); err != nil {
		return nil, fmt.Errorf("create folder: %w", err)
	}
	return n, nil
}

// Rename renames a node within its folder.
func (c *Compilation) Rename(n *tree.Node, name string) error {
	if n.Parent() == nil {
		return errors.New("rename: the root has no name; change the volume label instead")
	}
	if name == n.Name {
		return nil
	}
	if err := tree.CheckName(name); err != nil {
		return fmt.Errorf("rename %s: %w", n.Path(), err)
	}
	if n.Parent().Child(name) != nil {
		return fmt.Errorf("rename %s: %s already has an entry named %q", n.Path(), n.Parent().Path(), name)
	}
	n.Name = name
	return nil
}

// Move moves nodes into a folder. Either all of them are moved, or none.
func (c *Compilation) Move(nodes []*tree.Node, dir *tree.Node) error {
	if !dir.IsDir() {
		return fmt.Errorf("move: %s is not a folder", dir.Path())
	}
	taken := map[string]bool{}
	for _, old := range dir.Children() {
		taken[old.Name] = true
	}
	for _, n := range nodes {
		switch {
		case n.Parent() == nil:
			return errors.New("move: the root of a disc cannot be moved")
		case n.Contains(dir):
			return fmt.Errorf("move %s: a folder cannot be moved into itself", n.Path())
		case n.Parent() == dir:
		case taken[n.Name]:
			return fmt.Errorf("move %s: %s already has an entry named %q", n.Path(), dir.Path(), n.Name)
		default:
			taken[n.Name] = true
		}
	}
	for _, n := range nodes {
		if n.Parent() != dir {
			n.Detach()
			dir.Append(n)
		}
	}
	return nil
}

// Remove removes nodes from the compilation. Files of the host do not change.
func (c *Compilation) Remove(nodes []*tree.Node) {
	gone := make(map[*tree.Node]bool, len(nodes))
	folders := map[*tree.Node]bool{}
	for _, n := range nodes {
		if dir := n.Parent(); dir != nil {
			gone[n], folders[dir] = true, true
		}
	}
	for dir := range folders { // once, since a folder can lose a hundred thousand entries
		dir.SetChildren(slices.DeleteFunc(slices.Clone(dir.Children()), func(n *tree.Node) bool { return gone[n] }))
	}
}

// Snapshot returns a copy that does not change when the compilation is edited.
func (c *Compilation) Snapshot() *Compilation {
	s := *c
	s.root = c.root.Clone()
	return &s
}

// Seal declares that the compilation will no longer be edited, so that Plan need not copy
// its tree.
func (c *Compilation) Seal() { c.sealed = true }

// Count returns the number of files and folders, without the root, and the bytes of all
// files; the contents of hard links count once.
func (c *Compilation) Count() (files, folders int, size int64) {
	seen := map[*tree.Shared]bool{}
	_ = c.root.Walk(func(n *tree.Node) error {
		switch s := n.Shared(); {
		case n == c.root:
		case n.IsDir():
			folders++
		case s != nil && seen[s]:
			files++
		default:
			if s != nil {
				seen[s] = true
			}
			files++
			if n.Mode&fs.ModeType == 0 {
				size += n.Size
			}
		}
		return nil
	})
	return files, folders, size
}
