// Package compilation is the project that a person edits: a tree of files and
// folders, and how they go onto a disc. It is planned as a layout, and so as a
// disc that can be written, burned or compared without a temporary image.
package compilation

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
)

// Compilation is a disc in the making. It is used by one goroutine at a time.
type Compilation struct {
	Label   string         // of the volume
	Options master.Options // its Label and Time are set by Plan
	// UDFOnly makes a disc with the UDF volume of Options.UDF, or of revision 2.01,
	// and no ISO 9660 beside it.
	UDFOnly  bool
	Contents Contents // what is done with the contents of files
	Exclude  []string // patterns of names that Scan leaves out
	root     *tree.Node
	sealed   bool
}

// New returns an empty compilation.
func New() *Compilation {
	return &Compilation{root: tree.NewFolder("", time.Now())}
}

// Root returns the folder that becomes the root of the disc.
func (c *Compilation) Root() *tree.Node { return c.root }

// Add puts nodes into a folder. It never asks: folders of the same name are
// merged, a file takes the place of another, and what cannot be taken comes back
// as notices, as do the replacements: warnings, as
// nothing is missing.
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
			notices = append(notices, failure(old.Path(), errors.New("is a folder here and a file there; the one that was there stays")))
			continue
		default:
			notices = append(notices, disc.Notice{Severity: disc.Warning, Path: old.Path(), Text: "replaces the file of that name that was there"})
			old.Detach()
		}
		n.Detach()
		dir.Append(n)
		byName[n.Name] = n
	}
	return notices
}

// failure is the notice of a file that is not in the compilation.
func failure(path string, err error) disc.Notice {
	return disc.Notice{Severity: disc.Error, Path: path, Text: err.Error()}
}

// Mkdir makes a folder.
func (c *Compilation) Mkdir(dir *tree.Node, name string) (*tree.Node, error) {
	n := tree.NewFolder(name, time.Now())
	if err := dir.Insert(n); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	return n, nil
}

// Rename gives a node another name within its folder.
func (c *Compilation) Rename(n *tree.Node, name string) error {
	if n.Parent() == nil {
		return errors.New("rename: the root of a disc has no name; change the volume label instead")
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

// Remove takes nodes off the disc. Files of the host stay as they are.
func (c *Compilation) Remove(nodes []*tree.Node) {
	for _, n := range nodes {
		n.Detach()
	}
}

// Snapshot returns a copy that does not change when the compilation is edited.
func (c *Compilation) Snapshot() *Compilation {
	s := *c
	s.root = c.root.Clone()
	return &s
}

// Seal promises that the compilation will not be edited any more, so that Plan
// needs no copy of its tree.
func (c *Compilation) Seal() { c.sealed = true }

// Count returns how many files and folders, the root aside, the compilation has
// and how many bytes the files hold; hard links count once.
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
