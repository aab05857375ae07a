package update

import (
	"slices"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// nodes relates the nodes of the edited tree to the entries of the volume.
type nodes struct {
	// claims has the node that is the entry with an origin. Others with the same origin are
	// copies of it.
	claims map[*tree.Node]*tree.Node
	fresh  int                  // nodes that are no entries of the volume yet
	moved  []*tree.Node         // claiming nodes with another name or in another folder
	files  []*tree.Node         // claiming regular files whose contents may differ
	found  map[*tree.Node]entry // by origin
	now    map[*tree.Node]entry // the same after a move
	shared map[*tree.Shared]ecma167.LongAD
	// changes is how many names of a file get the same contents, and splits the files that
	// were made for those names if others keep the old contents.
	changes map[change]int
	splits  map[change]ecma167.LongAD
}

// change is a file, and where its new contents begin.
type change struct {
	place
	sector int64
}

// entry is an entry of the volume. The name is nil for the root, and for what is not in the
// UDF volume.
type entry struct {
	in   *object // directory
	name *fid
	icb  ecma167.LongAD
	ok   bool // it is in the volume
}

// claim finds out which nodes are entries of the volume: first those that stay where they
// are, then those that were moved.
func (u *Updater) claim() {
	n := &u.nodes
	n.claims, n.found, n.shared = map[*tree.Node]*tree.Node{}, map[*tree.Node]entry{}, map[*tree.Shared]ecma167.LongAD{}
	n.now = map[*tree.Node]entry{}
	n.changes, n.splits = map[change]int{}, map[change]ecma167.LongAD{}
	var rest []*tree.Node
	var stay func(f *tree.Node)
	stay = func(f *tree.Node) {
		if !f.IsDir() || f.Unread() {
			return
		}
		for _, c := range f.Children() {
			if o := claimable(c); o != nil && c.InPlace() && n.claims[o] == nil {
				n.take(o, c)
				stay(c)
			} else {
				rest = append(rest, c)
			}
		}
	}
	root := u.e.Root
	n.claims[root.Origin()] = root
	stay(root)
	var move func(c *tree.Node)
	move = func(c *tree.Node) {
		if o := claimable(c); o != nil && n.claims[o] == nil {
			n.take(o, c)
			if !n.stays(c) {
				n.moved = append(n.moved, c)
			}
		} else {
			n.fresh++
		}
		if c.IsDir() && !c.Unread() {
			for _, k := range c.Children() {
				move(k)
			}
		}
	}
	for _, c := range rest {
		move(c)
	}
}

// claimable returns the origin of a node that can be the entry with this origin. One with
// another type, target or device is a new entry.
func claimable(c *tree.Node) *tree.Node {
	o := c.Origin()
	if o == nil || c.Mode.Type() != o.Mode.Type() || !c.Mode.IsRegular() && !c.SameContents() {
		return nil
	}
	return o
}

func (n *nodes) take(o, c *tree.Node) {
	n.claims[o] = c
	if c.Mode.IsRegular() && (!c.SameContents() || c.Shared() != nil) {
		n.files = append(n.files, c)
	}
}

// is reports whether a node is the entry with its origin.
func (n *nodes) is(c *tree.Node) bool { return c.Origin() != nil && n.claims[c.Origin()] == c }

// stays reports whether a node is the entry with its origin, with the same name and in the
// same directory.
func (n *nodes) stays(c *tree.Node) bool {
	return n.is(c) && c.InPlace() && (c.Parent() == nil || n.is(c.Parent()))
}

// entry returns the entry of the volume that a node was read from.
func (u *Updater) entry(origin *tree.Node) (entry, error) {
	if e, ok := u.nodes.found[origin]; ok {
		return e, nil
	}
	e, err := u.search(origin)
	if err == nil {
		u.nodes.found[origin] = e
	}
	return e, err
}

// current returns the entry that a node is in the edited volume.
func (u *Updater) current(c *tree.Node) (entry, error) {
	if e, ok := u.nodes.now[c.Origin()]; ok {
		return e, nil
	}
	return u.entry(c.Origin())
}

func (u *Updater) search(origin *tree.Node) (entry, error) {
	if origin.Parent() == nil {
		return entry{icb: u.s.Root, ok: true}, nil
	}
	above, err := u.entry(origin.Parent())
	if err != nil || !above.ok {
		return entry{}, err
	}
	in, err := u.load(above.icb)
	if err != nil {
		return entry{}, err
	}
	d, err := u.directory(in)
	if err != nil {
		return entry{}, err
	}
	f := d.match(origin.Name, u.e.View)
	if f == nil || f.isDir() != origin.IsDir() {
		if f, err = u.sameExtents(d, origin); err != nil {
			return entry{}, err
		}
	}
	if f == nil {
		return entry{}, nil
	}
	return entry{in, f, f.icb(), true}, nil
}

// absent checks that an entry which was not found is not in the UDF volume, for instance
// because it is hidden there, rather than under a name that is not known. There may be no
// entry of its directory that belongs to none of the entries in the view of the tree.
func (u *Updater) absent(origin *tree.Node) error {
	if origin.Parent() == nil {
		return nil
	}
	above, err := u.entry(origin.Parent())
	if err != nil {
		return err
	}
	if !above.ok {
		return u.absent(origin.Parent())
	}
	in, err := u.load(above.icb)
	if err != nil {
		return err
	}
	d, err := u.directory(in)
	if err != nil {
		return err
	}
	known := map[*fid]bool{}
	if f := u.nodes.claims[origin.Parent()]; f != nil {
		for _, o := range f.Recall() {
			e, err := u.entry(o)
			if err != nil {
				return err
			}
			known[e.name] = true
		}
	}
	for i := range d.names {
		if f := &d.names[i]; f.text != "" && f.isDir() == origin.IsDir() && !known[f] {
			return unsafe("%s was not found in the UDF volume; its names differ from those of the view %q", origin.Path(), u.e.View)
		}
	}
	return nil
}

// sameExtents returns the entry of a file with the same extents, nil if there is none. Other
// file systems of a disc may have other names.
func (u *Updater) sameExtents(d *directory, origin *tree.Node) (*fid, error) {
	r := origin.Recorded()
	if r == nil || len(r.Extents) == 0 {
		return nil, nil
	}
	want, err := u.extentsOf(r.Extents, origin.Size)
	if err != nil {
		return nil, nil // it is not in this partition
	}
	for i := range d.names {
		f := &d.names[i]
		if !f.shown() || f.isDir() {
			continue
		}
		o, err := u.load(f.icb())
		if err != nil || o.inline() || o.size() != origin.Size {
			continue
		}
		if have, _, err := u.extents(o); err == nil && slices.Equal(trim(have, o.size()), want) {
			return f, nil
		}
	}
	return nil, nil
}

// setICB makes an entry refer to another file.
func (u *Updater) setICB(e entry, icb ecma167.LongAD, unique uint32) {
	ecma167.PutLongAD(e.name.raw[fidICB:], icb)
	if u.version == 3 {
		le.PutUint32(e.name.raw[fidUnique:], unique)
	}
	ecma167.Reseal(e.name.raw)
	e.in.dir.changed = true
}
