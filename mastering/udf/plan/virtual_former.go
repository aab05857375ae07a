package plan

import (
	"fmt"
	"sort"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/growing"
)

// formerNames finds what nodes of a tree were in the volume that a session continues, and
// which of them keep their file entries.
type formerNames struct {
	g     *growing.Volume // nil: none
	root  *tree.Node      // of the tree
	lists map[growing.Address][]growing.Entry
	paths map[*tree.Node]growing.Address // of directories, by their origins

	claimed map[*tree.Node]growing.Address // nodes that keep their file entry
	owners  map[growing.Address]any        // what keeps a file entry: a *tree.Node or *tree.Shared
	shared  map[*tree.Shared]growing.Address
}

func newFormerNames(g *growing.Volume) *formerNames {
	return &formerNames{
		g: g, lists: map[growing.Address][]growing.Entry{}, paths: map[*tree.Node]growing.Address{},
		claimed: map[*tree.Node]growing.Address{}, owners: map[growing.Address]any{}, shared: map[*tree.Shared]growing.Address{},
	}
}

// list returns the entries of a directory of the former volume, sorted by name.
func (f *formerNames) list(a growing.Address) ([]growing.Entry, error) {
	if l, ok := f.lists[a]; ok {
		return l, nil
	}
	l, err := f.g.Reader.ReadDirectory(a)
	if err != nil {
		return nil, fmt.Errorf("the volume cannot be continued, because a directory of it is damaged: %w", err)
	}
	f.lists[a] = l
	return l, nil
}

// findEntry returns the entry of a list with a name.
func findEntry(list []growing.Entry, name string) (growing.Entry, bool) {
	i := sort.Search(len(list), func(i int) bool { return list[i].Name >= name })
	if i < len(list) && list[i].Name == name {
		return list[i], true
	}
	return growing.Entry{}, false
}

// directory returns the address of the directory with an origin, false if it is not from
// the former volume.
func (f *formerNames) directory(o *tree.Node) (growing.Address, bool, error) {
	if o.Parent() == nil {
		return f.g.Root, o == f.root.Origin(), nil
	}
	if a, ok := f.paths[o]; ok {
		return a, true, nil
	}
	above, ok, err := f.directory(o.Parent())
	if !ok || err != nil {
		return growing.Address{}, false, err
	}
	list, err := f.list(above)
	if err != nil {
		return growing.Address{}, false, err
	}
	e, ok := findEntry(list, o.Name)
	if !ok || !e.Directory {
		return growing.Address{}, false, nil
	}
	f.paths[o] = e.ICB
	return e.ICB, true, nil
}

// entry returns what a node was in the former volume, and the directory in which it was.
func (f *formerNames) entry(n *tree.Node) (e growing.Entry, above growing.Address, ok bool, err error) {
	o := n.Origin()
	if o == nil || o.Parent() == nil {
		return e, above, false, nil
	}
	above, ok, err = f.directory(o.Parent())
	if !ok || err != nil {
		return e, above, false, err
	}
	list, err := f.list(above)
	if err != nil {
		return e, above, false, err
	}
	e, ok = findEntry(list, o.Name)
	return e, above, ok && e.Directory == n.IsDir(), nil
}

// owner returns what the names of a file have in common.
func owner(n *tree.Node) any {
	if s := sharedOf(n); s != nil {
		return s
	}
	return n
}

// claim lets a node keep a file entry, unless another file has it.
func (f *formerNames) claim(n *tree.Node, a growing.Address) bool {
	if old, ok := f.owners[a]; ok && old != owner(n) {
		return false
	}
	f.owners[a], f.claimed[n] = owner(n), a
	if s := sharedOf(n); s != nil {
		f.shared[s] = a
	}
	return true
}

// kept returns the address of the file entry that a node keeps. A new name of a file that
// keeps its file entry has the same one.
func (f *formerNames) kept(n *tree.Node) (growing.Address, bool) {
	a, ok := f.claimed[n]
	if s := sharedOf(n); !ok && s != nil {
		a, ok = f.shared[s]
	}
	return a, ok
}

// claimAll finds the nodes of a tree that keep their file entries: first those that are in
// their places, then those that were moved. The others are copies, or new.
func (f *formerNames) claimAll(root *tree.Node) error {
	f.root = root
	if f.g == nil {
		return nil
	}
	f.claim(root, f.g.Root)
	if root.Origin() == nil || root.Unread() {
		return nil
	}
	if err := f.claimInPlace(root); err != nil {
		return err
	}
	return f.claimMoved(root)
}

// claimInPlace claims the entries of a directory that were in it before.
func (f *formerNames) claimInPlace(dir *tree.Node) error {
	for _, c := range dir.Children() {
		if !c.InPlace() {
			continue
		}
		e, _, ok, err := f.entry(c)
		if err != nil {
			return err
		}
		if ok && f.claim(c, e.ICB) && c.IsDir() && !c.Unread() {
			if err := f.claimInPlace(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// claimMoved claims the entries of a directory, and of those below it, that were in other
// directories, or had other names.
func (f *formerNames) claimMoved(dir *tree.Node) error {
	for _, c := range dir.Children() {
		if _, ok := f.claimed[c]; !ok {
			if err := f.claimFromElsewhere(c); err != nil {
				return err
			}
		}
		if c.IsDir() && !c.Unread() {
			if err := f.claimMoved(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// claimFromElsewhere claims the former file entry of a node that is not in its place, if
// it is no longer there.
func (f *formerNames) claimFromElsewhere(n *tree.Node) error {
	e, above, ok, err := f.entry(n)
	if !ok || err != nil {
		return err
	}
	if d, ok := f.owners[above].(*tree.Node); ok && d.Unread() {
		return nil // a copy: the original is in a folder that did not change
	}
	if f.claim(n, e.ICB) && n.IsDir() {
		return f.claimInPlace(n) // also reads it: the entry of its parent changes
	}
	return nil
}
