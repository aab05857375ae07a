package plan

import (
	"glassmaster/mastering/tree"
)

// hider records which nodes the views do not show. A nil hider hides nothing.
type hider struct {
	views [views]map[*tree.Node]bool // without what is in hidden folders
	tops  []*tree.Node               // nodes that the primary tree does not show
}

// findHidden finds the nodes that the views do not show. The view of ISO 9660:1999
// hides what the primary view hides.
func (p *Planner) findHidden(root *tree.Node) {
	if p.o.Hidden == nil && p.o.HiddenInJoliet == nil {
		return
	}
	h := &hider{}
	find := func(hidden func(*tree.Node) bool) map[*tree.Node]bool {
		found := map[*tree.Node]bool{}
		if hidden == nil {
			return found
		}
		var visit func(n *tree.Node)
		visit = func(n *tree.Node) {
			for _, c := range n.Children() {
				if hidden(c) {
					found[c] = true
				} else if c.IsDir() {
					visit(c)
				}
			}
		}
		visit(root)
		return found
	}
	h.views[primary], h.views[joliet] = find(p.o.Hidden), find(p.o.HiddenInJoliet)
	h.views[enhanced] = h.views[primary]
	_ = root.Walk(func(n *tree.Node) error {
		if h.views[primary][n] {
			h.tops = append(h.tops, n)
		}
		return nil
	})
	p.hider = h
}

// hides reports whether a view does not show a node. It does not consider the folders
// that contain the node.
func (p *Planner) hides(v view, n *tree.Node) bool {
	return p.hider != nil && p.hider.views[v][n]
}

// collectHidden adds the directories that the primary tree does not show, but others
// may.
func (p *Planner) collectHidden() {
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
