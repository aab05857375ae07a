package master

import (
	"cmp"
	"slices"
	"strings"

	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
)

// eachFile visits the files of all volumes in the order in which their contents are
// stored: the files of the ISO 9660 tree, then those that only other trees show.
func (p *planner) eachFile(root *tree.Node, visit func(*tree.Node) error) error {
	if v, ok := p.udf.(*udfplan.VirtualPlanner); ok {
		return v.Files(visit)
	}
	if p.iso == nil {
		return p.eachInUDF(root, visit)
	}
	if err := p.iso.Files(visit); err != nil {
		return err
	}
	if len(p.o.Hide) == 0 {
		return nil
	}
	return p.eachHidden(root, shown{iso: true, joliet: p.iso.HasJoliet(), udf: p.udf != nil}, visit)
}

// eachInUDF visits the files of a disc with only UDF, level by level, and in each
// folder in the order of names, as the volume lists them.
func (p *planner) eachInUDF(root *tree.Node, visit func(*tree.Node) error) error {
	folders := []*tree.Node{root}
	for i := 0; i < len(folders); i++ {
		list := folders[i].Children()
		byName := func(a, b *tree.Node) int { return strings.Compare(a.Name, b.Name) }
		if !slices.IsSortedFunc(list, byName) {
			list = slices.SortedStableFunc(slices.Values(list), byName)
		}
		for _, c := range list {
			switch {
			case tree.Patterns(p.o.HideUDF).Match(c):
			case c.IsDir():
				folders = append(folders, c)
			case c.Mode.IsRegular():
				if err := visit(c); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// shown is the set of trees that show a node.
type shown struct{ iso, joliet, udf bool }

// shownIn returns the trees that show a node, from those that show its folder.
func (p *planner) shownIn(s shown, n *tree.Node) shown {
	return shown{
		iso:    s.iso && !tree.Patterns(p.o.Hide).Match(n),
		joliet: s.joliet && !tree.Patterns(p.o.HideJoliet).Match(n),
		udf:    s.udf && !tree.Patterns(p.o.HideUDF).Match(n),
	}
}

// eachHidden visits the files below a folder that other trees show but the ISO 9660
// tree does not.
func (p *planner) eachHidden(folder *tree.Node, s shown, visit func(*tree.Node) error) error {
	for _, c := range folder.Children() {
		s := p.shownIn(s, c)
		switch {
		case c.IsDir() && s != (shown{}):
			if err := p.eachHidden(c, s, visit); err != nil {
				return err
			}
		case c.Mode.IsRegular() && !s.iso && s != (shown{}):
			if err := visit(c); err != nil {
				return err
			}
		}
	}
	return nil
}

// bootFirst puts the boot catalogue and boot images first, even if no tree shows
// them: old firmware finds them only near the start of the disc.
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

// sortByWeight appends the files of positive weight to p.first and returns those of negative
// weight, both sorted. It adds all of them to p.moved.
func (p *planner) sortByWeight(root *tree.Node) (after []*tree.Node) {
	if len(p.o.Order) == 0 && len(p.first) == 0 {
		return nil
	}
	p.moved = make(map[*tree.Node]bool, len(p.first))
	for _, n := range p.first {
		p.moved[n] = true
	}
	if len(p.o.Order) == 0 {
		return nil
	}
	type weighed struct {
		n      *tree.Node
		weight int
	}
	var list []weighed
	weight := p.weights()
	// The function never returns an error.
	_ = p.eachFile(root, func(n *tree.Node) error {
		if w := weight(n); w != 0 && !p.moved[n] {
			list = append(list, weighed{n, w})
			p.moved[n] = true
		}
		return nil
	})
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

// weights returns a function that returns the weight of a node.
func (p *planner) weights() func(*tree.Node) int {
	patterns := make(tree.Patterns, len(p.o.Order))
	for i, w := range p.o.Order {
		patterns[i] = w.Pattern
	}
	known := map[*tree.Node]int{} // of folders
	var weight func(n *tree.Node) int
	weight = func(n *tree.Node) int {
		if n == nil {
			return 0
		}
		if w, ok := known[n]; ok {
			return w
		}
		w := 0
		if i := patterns.Last(n); i >= 0 {
			w = p.o.Order[i].Weight
		} else {
			w = weight(n.Parent())
		}
		if n.IsDir() {
			known[n] = w
		}
		return w
	}
	return weight
}
