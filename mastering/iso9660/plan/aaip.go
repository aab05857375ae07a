package plan

import (
	"glassmaster/mastering/iso9660/internal/susp"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
)

// al adds the extended attributes and access control lists of a node (AAIP 2.0).
func (f *fields) al(p *Planner, n *tree.Node) {
	if !p.o.Attributes || n.Extra() == nil {
		return
	}
	if b := susp.Attributes(n); len(b) <= susp.MaxAttributes { // checkAttributes warns of more
		f.AL(b)
	}
}

// checkAttributes warns of files that have too many attributes.
func (p *Planner) checkAttributes(root *tree.Node) {
	if !p.o.Attributes {
		return
	}
	many := 0
	_ = root.Walk(func(n *tree.Node) error {
		if n.Extra() != nil && len(susp.Attributes(n)) > susp.MaxAttributes {
			many++
		}
		return nil
	})
	if many > 0 {
		p.warn("the extended attributes of %s have more than %d bytes and are left out", units.Count(many, "file", "files"), susp.MaxAttributes)
	}
}
