package plan

import (
	"io/fs"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// seconds rounds Unix nanoseconds down to seconds.
func seconds(ns int64) int64 {
	t := ns / 1e9
	if ns%1e9 < 0 {
		t--
	}
	return t
}

// stamp returns the Unix time in seconds that a volume shows for a time of a
// node.
func (p *planner) stamp(ns int64) int64 {
	if p.o.Date != nil {
		return p.o.Date.Unix()
	}
	t := seconds(ns)
	if p.o.Clamp {
		t = min(t, p.o.Time.Unix())
	}
	return t
}

// modified returns the time of a node's last modification in seconds.
func (p *planner) modified(n *tree.Node) int64 { return p.stamp(n.Modified) }

// rights returns the mode and the owner of a node on the volume.
func (o *Owners) rights(n *tree.Node) (mode fs.FileMode, uid, gid uint32) {
	mode, uid, gid = n.Mode, n.UID, n.GID
	if o == nil {
		return mode, uid, gid
	}
	link := mode&fs.ModeSymlink != 0
	if o.Rational {
		uid, gid = 0, 0
		if !link {
			run := fs.FileMode(0)
			if n.IsDir() || mode&0o111 != 0 {
				run = 0o111
			}
			mode = mode&fs.ModeType | 0o444 | run
		}
	}
	if o.UID != nil {
		uid = *o.UID
	}
	if o.GID != nil {
		gid = *o.GID
	}
	switch {
	case link:
	case n.IsDir() && o.FolderMode != nil:
		mode = format.FileMode(*o.FolderMode&0o7777) | fs.ModeDir
	case !n.IsDir() && o.FileMode != nil:
		mode = format.FileMode(*o.FileMode&0o7777) | mode&fs.ModeType
	}
	return mode, uid, gid
}

// Settle gives a tree the owners, modes and date that the options want, for a file
// system that is written from it without knowing of them.
func (o Options) Settle(root *tree.Node) {
	if o.Owners == nil && o.Date == nil {
		return
	}
	_ = root.Walk(func(n *tree.Node) error { // the function never fails
		n.Mode, n.UID, n.GID = o.Owners.rights(n)
		if o.Date != nil {
			n.Modified = volume.Nanoseconds(*o.Date)
		}
		return nil
	})
}

// number gives all files the numbers that Rock Ridge 1.12 tells them apart by:
// names of one file have the same.
func (p *planner) number(root *tree.Node) {
	if !p.o.RockRidge112 {
		return
	}
	p.serials = map[any]uint32{}
	give := func(key any) {
		if _, ok := p.serials[key]; !ok {
			p.serials[key] = uint32(len(p.serials) + 1)
		}
	}
	_ = root.Walk(func(n *tree.Node) error {
		give(p.identity(n))
		return nil
	})
	if p.moved != nil {
		give(p.identity(p.moved.node))
	}
}

// identity is what all names of a file have in common.
func (p *planner) identity(n *tree.Node) any {
	if s := p.sharedOf(n); s != nil {
		return s
	}
	return n
}

// serial returns the number of a node, 0 while sizes are computed.
func (p *planner) serial(n *tree.Node) uint32 {
	if !p.placed {
		return 0
	}
	return p.serials[p.identity(n)]
}

// tfLong is the most stamps that we write: creation, modification, access and
// change of attributes, in this order (RRIP 4.1.6).
const tfLong = 4

// stamps adds a TF field with all times of a node that are known.
func (f *fields) stamps(p *planner, n *tree.Node) {
	x := n.Extra()
	if x == nil || !p.o.Stamps {
		f.tf(p.modified(n))
		return
	}
	var flags byte
	var times [tfLong]int64
	k := 0
	for bit, ns := range [tfLong]int64{x.Created, n.Modified, x.Accessed, x.Changed} {
		if ns == 0 && bit != 1 {
			continue
		}
		flags |= 1 << bit
		times[k] = p.stamp(ns)
		k++
	}
	b := f.add("TF", 5+7*k)
	b[0] = flags
	for i, t := range times[:k] {
		putShortDate(b[1+7*i:], t)
	}
}
