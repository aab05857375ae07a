package plan

import "glassmaster/mastering/tree"

// hider knows what the views do not show. A nil hider hides nothing.
type hider struct {
	views [views]map[*tree.Node]bool // not what lies below a hidden folder
	tops  []*tree.Node               // what the primary tree does not show
}

// findHidden finds the nodes that the patterns name. The tree of ISO 9660:1999
// hides what the primary tree hides.
func (p *planner) findHidden(root *tree.Node) {
	if len(p.o.Hide) == 0 && len(p.o.HideJoliet) == 0 {
		return
	}
	h := &hider{}
	find := func(patterns tree.Patterns) map[*tree.Node]bool {
		found := map[*tree.Node]bool{}
		var visit func(n *tree.Node)
		visit = func(n *tree.Node) {
			for _, c := range n.Children() {
				if patterns.Match(c) {
					found[c] = true
				} else if c.IsDir() {
					visit(c)
				}
			}
		}
		visit(root)
		return found
	}
	h.views[primary], h.views[joliet] = find(p.o.Hide), find(p.o.HideJoliet)
	h.views[enhanced] = h.views[primary]
	_ = root.Walk(func(n *tree.Node) error {
		if h.views[primary][n] {
			h.tops = append(h.tops, n)
		}
		return nil
	})
	p.hider = h
}

// HiddenInUDF returns what the UDF volume does not show, for its planner; nil when
// it shows all.
func (o *Options) HiddenInUDF() func(*tree.Node) bool {
	if len(o.HideUDF) == 0 {
		return nil
	}
	return tree.Patterns(o.HideUDF).Match
}

// hides reports whether a view does not show a node, those around it aside.
func (p *planner) hides(v view, n *tree.Node) bool {
	return p.hider != nil && p.hider.views[v][n]
}

// collectHidden makes the directories that the primary tree does not show, and
// that others may show.
func (p *planner) collectHidden() {
	if p.hider == nil {
		return
	}
	for _, top := range p.hider.tops {
		_ = top.Walk(func(n *tree.Node) error {
			if !n.IsDir() {
				p.nodes++
				return nil
			}
			n.Index = uint32(len(p.dirs))
			p.dirs = append(p.dirs, &directory{node: n})
			return nil
		})
	}
}

// shown says which other trees show a node that the primary tree does not.
type shown struct{ joliet, udf bool }

// within narrows down what shows a folder to what shows a node in it.
func (p *planner) within(s shown, n *tree.Node) shown {
	return shown{
		joliet: s.joliet && !p.hides(joliet, n),
		udf:    s.udf && !tree.Patterns(p.o.HideUDF).Match(n),
	}
}

// eachHidden visits the files that only the Joliet tree shows, or UDF.
func (p *planner) eachHidden(visit func(*tree.Node) error) error {
	if p.hider == nil {
		return nil
	}
	var each func(n *tree.Node, s shown) error
	each = func(n *tree.Node, s shown) error {
		if s = p.within(s, n); s == (shown{}) {
			return nil
		}
		if n.Mode.IsRegular() {
			return visit(n)
		}
		for _, c := range n.Children() {
			if err := each(c, s); err != nil {
				return err
			}
		}
		return nil
	}
	for _, top := range p.hider.tops {
		s := shown{joliet: p.has(joliet), udf: p.bridge != nil}
		for n := top.Parent(); n != nil; n = n.Parent() {
			s = p.within(s, n)
		}
		if err := each(top, s); err != nil {
			return err
		}
	}
	return nil
}
