// Package update changes ISO 9660 volumes (ECMA-119) in their place, so that all of their
// directory hierarchies agree with an edited tree of files: that of the primary volume
// descriptor, with Rock Ridge (IEEE P1281 and P1282) or without, those of Joliet and ISO
// 9660:1999, and the second set of hierarchies of an image whose partition begins later.
//
// Only directories whose entries change are rewritten. Records of entries that do not
// change are kept byte for byte, with fields that are not known here. A directory that
// still fits into its sectors stays there; otherwise it moves to the end of the image, and
// what refers to it follows: its record, its record ".", the records ".." of its
// subdirectories, path tables, links of relocated directories, and the volume descriptors.
//
// The tree was read from one view. In other hierarchies, an entry is found by its name as
// that hierarchy would show it, by the extent of its contents, or by how much its name and
// contents resemble. These rules decide what each hierarchy shows:
//
//   - An entry that a hierarchy does not have, such as one hidden from Joliet, stays hidden
//     there, even if it is renamed or its contents change. A new entry with its name does
//     not.
//   - What is in a folder that a hierarchy does not have is not in that hierarchy.
//   - Entries that only other hierarchies have stay, unless their folder is removed.
//   - Links and special files are only in a hierarchy with Rock Ridge.
//
// A new directory below the eighth level is relocated (P1282 4.1.5) if the volume has
// relocated directories already. A directory that moves takes what is in it along as it is,
// and one that was relocated remains in the directory of relocated directories.
//
// Programs that read a disc once from its beginning to its end, such as libarchive, want a
// directory before those below it, and a continuation area between the directory and the
// contents of the file. The first is provided for as long as few directories have to move
// for it. The second cannot always be in an image that grows at its end: of a new file with
// a name that does not fit into its record, libarchive shows the identifier.
//
// The modification date of the volume does not change: GRUB and Linux use it as the
// identifier by which they find the volume to start from.
package update

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

const sectorSize = disc.SectorSize

// Updater changes the ISO 9660 volume of an image.
type Updater struct {
	set         *patch.Set
	edit        patch.Edit
	options     volume.Options
	sets        []*descriptorSet
	hierarchies []*hierarchy
	claims      claims
	owners      map[int64]owner // of the sectors of the image that were overwritten
	notices     []disc.Notice
}

// New prepares the update of the volume of a session, and allocates room that should be
// before new contents: it is called before those are added to the Set. It returns nil without an error if
// there is no ISO 9660 volume. If the volume cannot be changed safely, the error is a
// *patch.UnsafeError.
func New(set *patch.Set, e patch.Edit, o volume.Options) (*Updater, error) {
	size := set.BaseSize()
	o, err := o.ChooseSession(set.Base(), size)
	if err != nil {
		return nil, err
	}
	o.View = ""
	v, err := iso9660.Open(set.Base(), size, o)
	switch {
	case errors.Is(err, volume.ErrUnknown):
		return nil, nil
	case err != nil:
		return nil, unsafef("%v", err)
	}
	u := &Updater{set: set, edit: e, options: o, owners: map[int64]owner{}}
	if err := u.findDescriptors(v); err != nil {
		return nil, err
	}
	if err := u.findHierarchies(); err != nil {
		return nil, err
	}
	for _, h := range u.hierarchies {
		h.reserveAreas(e.Root)
	}
	return u, nil
}

// Update changes the directories, path tables and root records of the volume in the Set.
// The notices say what the volume shows in another way than the tree. The error is a
// *patch.UnsafeError if the volume is damaged where it has to be changed; then the Set is
// of no use any more.
func (u *Updater) Update(ctx context.Context) ([]disc.Notice, error) {
	if u.edit.Label != nil {
		if err := u.setLabel(*u.edit.Label); err != nil {
			return nil, err
		}
	}
	u.claims.find(u.edit.Root)
	for _, h := range u.hierarchies {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		if err := h.update(); err != nil {
			return nil, fmt.Errorf("%s: %w", h.kind, err)
		}
	}
	if err := u.separate(); err != nil {
		return nil, err
	}
	for _, h := range u.hierarchies {
		if err := h.write(); err != nil {
			return nil, fmt.Errorf("%s: %w", h.kind, err)
		}
	}
	if err := u.writeDescriptors(); err != nil {
		return nil, err
	}
	return u.notices, u.dropTags()
}

// separate checks that no two hierarchies have a directory in common that changes.
func (u *Updater) separate() error {
	owner := map[int64]*directory{}
	for _, h := range u.hierarchies {
		for at, d := range h.dirs {
			if at < 0 { // a new one
				continue
			}
			other := owner[at]
			if other == nil || !other.changes() {
				owner[at] = d
			}
			if other != nil && (other.changes() || d.changes()) {
				return unsafef("the directory at sector %d belongs to several directory trees", at/sectorSize)
			}
		}
	}
	return nil
}

// Finish sets the sizes of the volume in all of its descriptors. end is the sector after
// the volume.
func (u *Updater) Finish(end int64) error {
	for _, s := range u.sets {
		s.resize(end)
	}
	return u.writeDescriptors()
}

func (u *Updater) notice(severity disc.Severity, path, format string, args ...any) {
	n := disc.Notice{Severity: severity, Path: path, Text: fmt.Sprintf(format, args...)}
	if !slices.Contains(u.notices, n) {
		u.notices = append(u.notices, n)
	}
}

func unsafef(format string, args ...any) error {
	return &patch.UnsafeError{Why: fmt.Sprintf(format, args...)}
}

// claims says which node of the tree each entry of the volume has become. Of several nodes
// with the same origin, one is the entry and the others are copies.
type claims struct {
	owner   map[*tree.Node]*tree.Node // by origin
	changed map[*tree.Node]bool       // folders in which something changes, at any depth
}

// find assigns the nodes: first those that are in their place, then folders that moved,
// with what is in them, and then what moved alone.
func (c *claims) find(root *tree.Node) {
	c.owner, c.changed = map[*tree.Node]*tree.Node{}, map[*tree.Node]bool{}
	if o := root.Origin(); o != nil && o.Parent() == nil {
		c.owner[o] = root
		c.inPlace(root)
	}
	c.rest(root, true)
	c.rest(root, false)
	c.changes(root)
}

// inPlace assigns the entries of a folder that have not moved.
func (c *claims) inPlace(n *tree.Node) {
	if n.Unread() {
		return
	}
	for _, k := range n.Children() {
		if k.InPlace() && c.take(k) && k.IsDir() {
			c.inPlace(k)
		}
	}
}

// take makes a node the owner of its origin, unless there is one or the node is of
// another type.
func (c *claims) take(n *tree.Node) bool {
	o := n.Origin()
	if o == nil || c.owner[o] != nil || o.Mode.Type() != n.Mode.Type() {
		return false
	}
	if o.Parent() == nil { // a copy of the root
		return false
	}
	c.owner[o] = n
	return true
}

// rest assigns folders, or everything, that moved or got another name.
func (c *claims) rest(n *tree.Node, folders bool) {
	if n.Unread() {
		return
	}
	for _, k := range n.Children() {
		if folders && !k.IsDir() {
			continue
		}
		if !c.owns(k) && c.left(k.Origin()) && c.take(k) && k.IsDir() {
			c.inPlace(k)
		}
		if k.IsDir() {
			c.rest(k, folders)
		}
	}
}

// left reports whether an entry is no longer in its folder, as far as the tree shows.
func (c *claims) left(o *tree.Node) bool {
	if o == nil || o.Parent() == nil {
		return false
	}
	folder := c.owner[o.Parent()]
	if folder == nil {
		return true // the folder was removed
	}
	return !folder.Unread() && slices.Contains(folder.Recall(), o)
}

// owns reports whether a node is the entry that it was read from.
func (c *claims) owns(n *tree.Node) bool {
	o := n.Origin()
	return o != nil && c.owner[o] == n
}

// home reports whether the node that an entry became is in the same folder.
func (c *claims) home(n *tree.Node) bool {
	o := n.Origin()
	return n.Parent() != nil && c.owner[o.Parent()] == n.Parent()
}

// changes finds the folders in which something changes. A folder that was read and whose
// entries are all as they were does not.
func (c *claims) changes(n *tree.Node) bool {
	if n.Unread() {
		return false
	}
	if !c.owns(n) {
		c.changed[n] = true
	}
	kept := 0
	for _, k := range n.Children() {
		switch {
		case !c.owns(k) || !c.home(k):
			c.changed[n] = true
			if k.IsDir() {
				c.changes(k)
			}
			continue
		case k.Name != k.Origin().Name || !k.SameAttributes() || !k.SameContents():
			c.changed[n] = true
		}
		kept++
		if k.IsDir() && c.changes(k) {
			c.changed[n] = true
		}
	}
	if kept != len(n.Recall()) {
		c.changed[n] = true
	}
	return c.changed[n]
}
