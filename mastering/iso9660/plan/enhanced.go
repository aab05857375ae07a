package plan

import (
	"glassmaster/mastering/iso9660/internal/ident"
	"glassmaster/mastering/tree"
)

// enhancedName makes unique identifiers for the entries in the enhanced tree, in
// ascending order of their bytes, with shorter ones padded with zeros (ISO 9660:1999
// 9.3). The result is valid until the next call.
func (n *namer) enhancedName(children []*tree.Node, leaveOut func(*tree.Node) bool) []identifier {
	n.buf, n.ids = n.buf[:0], n.ids[:0]
	for i, c := range children {
		if leaveOut(c) {
			continue
		}
		start := uint32(len(n.buf))
		cut := len(c.Name) > ident.MaxEnhanced
		if cut {
			n.buf = append(n.buf, ident.CutEnhanced(c.Name, -1)...)
		} else {
			n.buf = ident.AppendEnhanced(n.buf, c.Name)
		}
		n.ids = append(n.ids, identifier{uint32(i), start, uint32(len(n.buf)), cut})
	}
	whole := func(id []byte) []byte { return id }
	n.separate(children, whole, func(c *tree.Node, _ string, number int) []byte {
		return ident.CutEnhanced(c.Name, number)
	})
	return n.ids
}
