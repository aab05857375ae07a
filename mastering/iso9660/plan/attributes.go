package plan

import (
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/tree"
)

// seconds rounds Unix nanoseconds down to seconds.
func seconds(ns int64) int64 {
	t := ns / 1e9
	if ns%1e9 < 0 {
		t--
	}
	return t
}

// number assigns the file serial numbers of Rock Ridge 1.12. All names of a file have
// the same number.
func (p *Planner) number(root *tree.Node) {
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

// identity returns a key that all names of a file have in common.
func (p *Planner) identity(n *tree.Node) any {
	if s := n.Shared(); s != nil {
		return s
	}
	return n
}

// serial returns the serial number of a node, 0 while sizes are computed.
func (p *Planner) serial(n *tree.Node) uint32 {
	if !p.placed {
		return 0
	}
	return p.serials[p.identity(n)]
}

// tfLong is the maximum number of times in a TF field: creation, modification, access
// and change of attributes, in this order (RRIP 4.1.6).
const tfLong = 4

// stamps adds a TF field with all known times of a node.
func (f *fields) stamps(p *Planner, n *tree.Node) {
	x := n.Extra()
	if x == nil || !p.o.Stamps {
		f.TF(seconds(n.Modified))
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
		times[k] = seconds(ns)
		k++
	}
	b := f.Add("TF", 5+7*k)
	b[0] = flags
	for i, t := range times[:k] {
		format.PutShortDate(b[1+7*i:], t)
	}
}
