package plan

import (
	"slices"

	"glassmaster/mastering/iso9660/internal/ident"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
)

// rootDirectory makes the root directory and, if directories must be relocated, the
// directory that they are moved to.
func (p *Planner) rootDirectory(root *tree.Node) *directory {
	top := &directory{node: root}
	top.parent = top
	for v := range top.place {
		top.place[v].id = "\x00"
	}
	root.Index = 0
	if list := p.findDeep(root); list != nil {
		n := p.movedNode(root)
		p.moved = &directory{node: n, list: append(slices.Clone(n.Children()), list...)}
		if n.Parent() == nil {
			top.list = append(slices.Clone(root.Children()), n)
		}
	}
	return top
}

// collect lists the directories of the primary tree level by level, which is the order
// of the path table (ECMA-119 6.9.1).
func (p *Planner) collect(root *tree.Node) {
	p.dirs = []*directory{p.rootDirectory(root)}
	var dropped int
	for i := 0; i < len(p.dirs); i++ {
		d := p.dirs[i]
		d.place[primary].number = uint32(i + 1)
		children := d.children(primary)
		ids := p.names.name(children, p.leaveOut(primary))
		if len(ids) < len(children) {
			dropped += p.dropped(children)
		}
		p.keep(d, primary, ids)
		for _, id := range ids {
			c := children[id.child]
			if !c.IsDir() {
				p.nodes++
				p.recordSize(c)
				continue
			}
			if c.Parent() == d.node {
				d.folders++
			}
			if p.relocated[c] && d != p.moved {
				continue
			}
			sub := &directory{node: c, parent: d}
			if p.moved != nil && c == p.moved.node {
				sub = p.moved
				sub.parent = d
			}
			sub.place[primary].id = string(p.names.bytes(id))
			c.Index = uint32(len(p.dirs))
			p.dirs = append(p.dirs, sub)
		}
		p.measure(d, primary, ids)
	}
	for c := range p.relocated {
		p.dirs[c.Index].from = p.dirs[c.Parent().Index]
	}
	p.order[primary] = p.dirs
	p.collectHidden()
	if dropped > 0 {
		p.warn("%s left out, since the volume has no Rock Ridge", units.Count(dropped, "symbolic link or special file is", "symbolic links and special files are"))
	}
	if p.nodes == 0 && len(p.dirs) == 1 {
		p.warn("the volume is empty")
	}
}

// dropped counts the entries that the primary tree cannot show.
func (p *Planner) dropped(children []*tree.Node) int {
	n := 0
	for _, c := range children {
		if p.o.NoRockRidge && !hasContents(c) && !p.hides(primary, c) {
			n++
		}
	}
	return n
}

// collectView lists the directories in the order of the path table of another view,
// with their names in it.
func (p *Planner) collectView(v view) {
	cut := 0
	p.order[v] = make([]*directory, 1, len(p.dirs))
	p.order[v][0] = p.dirs[0]
	for i := 0; i < len(p.order[v]); i++ {
		d := p.order[v][i]
		d.place[v].number = uint32(i + 1)
		children := d.children(v)
		ids := p.identifiersIn(v, children)
		p.keep(d, v, ids)
		for _, id := range ids {
			c := children[id.child]
			if p.truncates(v, c.Name) {
				cut++
			}
			p.recordSize(c)
			if c.IsDir() {
				sub := p.dirs[c.Index]
				sub.place[v].id = string(p.names.bytes(id))
				p.order[v] = append(p.order[v], sub)
			}
		}
		p.measure(d, v, ids)
	}
	switch {
	case cut > 0 && v == joliet:
		p.warn("%s longer than %d characters and shortened in the Joliet tree", units.Count(cut, "name is", "names are"), p.jolietLimit())
	case cut > 0:
		p.warn("%s longer than %d bytes and shortened in the ISO 9660:1999 tree", units.Count(cut, "name is", "names are"), ident.MaxEnhanced)
	}
}

// identifiersIn makes the identifiers of the entries of a folder in a view other than the
// primary one.
func (p *Planner) identifiersIn(v view, children []*tree.Node) []identifier {
	if v == joliet {
		return p.names.jolietName(children, p.jolietLimit(), p.leaveOut(v))
	}
	return p.names.enhancedName(children, p.leaveOut(v))
}

// truncates reports whether a name is too long for a view.
func (p *Planner) truncates(v view, name string) bool {
	if v == joliet {
		return ident.TooLong(name, p.jolietLimit())
	}
	return len(name) > ident.MaxEnhanced
}

// keep stores the order of a directory's entries, and the identifiers that do not
// follow from the names alone.
func (p *Planner) keep(d *directory, v view, ids []identifier) {
	pl := &d.place[v]
	pl.order = make([]uint32, len(ids))
	for i, id := range ids {
		pl.order[i] = id.child
		if id.altered {
			if pl.altered == nil {
				pl.altered = map[uint32]string{}
			}
			pl.altered[id.child] = string(p.names.bytes(id))
		}
	}
}
