package plan

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"glassmaster/mastering/tree"
)

// maxEnhanced is the maximum length in bytes of an identifier in the tree of the
// enhanced volume descriptor (ISO 9660:1999 7.5, 7.6).
const maxEnhanced = 207

// appendEnhanced appends the identifier of a name in the enhanced tree: the name in
// UTF-8, without a version number. Separators and control characters become
// underscores.
func appendEnhanced(dst []byte, name string) []byte {
	from := len(dst)
	dst = append(dst, cutBytes(name, maxEnhanced)...)
	for i, c := range dst[from:] {
		if c < 0x20 || c == ';' || c == '/' || c == 0x7F {
			dst[from+i] = '_'
		}
	}
	return dst
}

// cutBytes returns the beginning of a name: whole characters of up to limit bytes.
func cutBytes(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	for limit > 0 && !utf8.RuneStart(name[limit]) {
		limit--
	}
	return name[:limit]
}

// cutEnhanced returns an enhanced name shortened to its limit. It keeps a short
// extension, and adds number if that is not negative.
func cutEnhanced(name string, number int) []byte {
	stem, tail := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= 12 {
		stem, tail = name[:dot], name[dot:]
	}
	if number >= 0 {
		tail = fmt.Sprintf("%03d", number) + tail
	}
	return appendEnhanced(nil, cutBytes(stem, maxEnhanced-len(tail))+tail)
}

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
		cut := len(c.Name) > maxEnhanced
		if cut {
			n.buf = append(n.buf, cutEnhanced(c.Name, -1)...)
		} else {
			n.buf = appendEnhanced(n.buf, c.Name)
		}
		n.ids = append(n.ids, identifier{uint32(i), start, uint32(len(n.buf)), cut})
	}
	whole := func(id []byte) []byte { return id }
	n.separate(children, whole, func(c *tree.Node, _ string, number int) []byte {
		return cutEnhanced(c.Name, number)
	})
	return n.ids
}
