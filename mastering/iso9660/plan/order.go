package plan

import (
	"cmp"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/tree"
)

// placeContents places the contents of all files: first those that start a
// machine, then by weight, and files of the same weight folder by folder.
func (p *planner) placeContents(at int64) (int64, error) {
	at, err := p.placeVideo(at)
	if err != nil {
		return 0, err
	}
	place := func(n *tree.Node) error {
		if p.bridge.isPlaced(n) {
			return nil
		}
		var err error
		at, err = p.assignFile(n, at)
		return err
	}
	p.bootFirst()
	light := p.weigh()
	for _, n := range p.first {
		if err := place(n); err != nil {
			return 0, err
		}
	}
	rest := func(n *tree.Node) error {
		if p.early[n] {
			return nil
		}
		return place(n)
	}
	if err := p.eachFile(p.dirs[0].node, rest); err != nil {
		return 0, err
	}
	if err := p.eachHidden(rest); err != nil {
		return 0, err
	}
	for _, n := range light {
		if err := place(n); err != nil {
			return 0, err
		}
	}
	return at, nil
}

// bootFirst puts what starts a machine first, where firmware of all ages finds
// it, whether or not a tree shows it.
func (p *planner) bootFirst() {
	if p.boot == nil {
		return
	}
	add := func(n *tree.Node) {
		if n != nil && !slices.Contains(p.first, n) {
			p.first = append(p.first, n)
		}
	}
	add(p.boot.catalog)
	for _, i := range p.boot.images {
		add(i.node)
	}
}

// eachFile visits the files of a folder, in the order of their identifiers, and
// then those of the folders in it.
func (p *planner) eachFile(n *tree.Node, visit func(*tree.Node) error) error {
	d := p.dirs[n.Index]
	children := d.children(primary)
	for _, i := range d.place[primary].order {
		if c := children[i]; c.Mode.IsRegular() {
			if err := visit(c); err != nil {
				return err
			}
		}
	}
	for _, i := range d.place[primary].order {
		c := children[i]
		if !c.IsDir() || c.Parent() != n {
			continue // RR_MOVED holds what is placed where it was
		}
		if err := p.eachFile(c, visit); err != nil {
			return err
		}
	}
	return nil
}

// weigh puts the files that come before those without weight behind p.first, and
// returns those that come after them. What it moves is in p.early.
func (p *planner) weigh() (after []*tree.Node) {
	if len(p.o.Order) == 0 && len(p.first) == 0 {
		return nil
	}
	p.early = make(map[*tree.Node]bool, len(p.first))
	for _, n := range p.first {
		p.early[n] = true
	}
	type weighed struct {
		n      *tree.Node
		weight int
	}
	var list []weighed
	patterns := make(tree.Patterns, len(p.o.Order))
	for i, w := range p.o.Order {
		patterns[i] = w.Pattern
	}
	known := map[*tree.Node]int{}
	var weight func(n *tree.Node) int
	weight = func(n *tree.Node) int {
		if n == nil {
			return 0
		}
		if i := patterns.Last(n); i >= 0 {
			return p.o.Order[i].Weight
		}
		if !n.IsDir() {
			return weight(n.Parent())
		}
		w, ok := known[n]
		if !ok {
			w = weight(n.Parent())
			known[n] = w
		}
		return w
	}
	take := func(n *tree.Node) error {
		if w := weight(n); w != 0 && !p.early[n] {
			list = append(list, weighed{n, w})
			p.early[n] = true
		}
		return nil
	}
	_ = p.eachFile(p.dirs[0].node, take)
	_ = p.eachHidden(take)
	slices.SortStableFunc(list, func(a, b weighed) int { return cmp.Compare(b.weight, a.weight) })
	for _, w := range list {
		if w.weight > 0 {
			p.first = append(p.first, w.n)
		} else {
			after = append(after, w.n)
		}
	}
	return after
}

// stored returns the index of the extent that holds the contents of a file
// already, under another name or as those of another file. Otherwise it notes
// that they will be at index.
func (p *planner) stored(n *tree.Node, index uint32) (uint32, bool) {
	s := p.sharedOf(n)
	if s != nil {
		if known, ok := p.shared[s]; ok {
			return known, true
		}
	}
	found := false
	if class, ok := p.o.Identical[n]; ok && !isPatched(n) {
		var known uint32
		if known, found = p.identical[class]; found {
			index = known
		} else {
			if p.identical == nil {
				p.identical = map[int]uint32{}
			}
			p.identical[class] = index
		}
	}
	if s != nil {
		if p.shared == nil {
			p.shared = map[*tree.Shared]uint32{}
		}
		p.shared[s] = index
	}
	return index, found
}

// isPatched reports whether a file is not stored as it is, so that it has no
// contents in common with others.
func isPatched(n *tree.Node) bool {
	_, ok := n.Source().(*boot.Patched)
	return ok
}
