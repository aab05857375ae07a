package plan

import (
	"bytes"
	"slices"
	"strings"

	"glassmaster/mastering/iso9660/internal/ident"
	"glassmaster/mastering/tree"
)

// identifier is the position of an identifier in a buffer.
type identifier struct {
	child      uint32 // index of the entry in its directory
	start, end uint32 // of the identifier in the buffer
	altered    bool   // it does not follow from the name alone
}

// namer makes the identifiers of the entries of directories, one directory at a time.
// It reuses its buffers.
type namer struct {
	buf []byte
	ids []identifier
	l   ident.Limits
}

// name makes unique identifiers for the entries, sorted as ECMA-119 9.3 requires. The
// result is valid until the next call.
func (n *namer) name(children []*tree.Node, leaveOut func(*tree.Node) bool) []identifier {
	n.buf, n.ids = n.buf[:0], n.ids[:0]
	for i, c := range children {
		if leaveOut(c) {
			continue
		}
		start := uint32(len(n.buf))
		if c.IsDir() {
			n.buf = ident.AppendDChars(n.buf, c.Name, n.l.Directory)
		} else {
			n.buf = ident.AppendFileID(n.buf, c.Name, n.l)
		}
		n.ids = append(n.ids, identifier{child: uint32(i), start: start, end: uint32(len(n.buf))})
	}
	n.separate(children, stem, func(_ *tree.Node, id string, number int) []byte {
		return n.l.Numbered(id, number)
	})
	return n.ids
}

// stem returns the part of an identifier that readers show: a directory "A" and a file
// "A." look the same.
func stem(id []byte) []byte { return bytes.TrimSuffix(id, []byte{'.'}) }

func (n *namer) bytes(id identifier) []byte { return n.buf[id.start:id.end] }

// sort sorts the identifiers. D-characters are all greater than the separator, so that
// comparing bytes compares names and extensions with their padding.
func (n *namer) sort(children []*tree.Node) {
	slices.SortFunc(n.ids, func(a, b identifier) int {
		if c := bytes.Compare(n.bytes(a), n.bytes(b)); c != 0 {
			return c
		}
		x, y := children[a.child], children[b.child]
		if c := strings.Compare(x.Name, y.Name); c != 0 {
			return c
		}
		return strings.Compare(x.Path(), y.Path()) // relocated from different folders
	})
}

// separate sorts the identifiers, adds numbers to those that several entries have, and
// sorts again. seen returns the part of an identifier that must be unique; numbered
// returns an identifier with a number.
func (n *namer) separate(children []*tree.Node, seen func([]byte) []byte, numbered func(c *tree.Node, id string, number int) []byte) {
	n.sort(children)
	var again []int
	for i := 1; i < len(n.ids); i++ {
		if bytes.Equal(seen(n.bytes(n.ids[i])), seen(n.bytes(n.ids[i-1]))) {
			again = append(again, i)
		}
	}
	if again == nil {
		return
	}
	used := make(map[string]bool, len(n.ids))
	for _, id := range n.ids {
		used[string(seen(n.bytes(id)))] = true
	}
	next := map[string]int{} // the number to try first, for each identifier
	for _, i := range again {
		id := string(n.bytes(n.ids[i]))
		for {
			try := numbered(children[n.ids[i].child], id, next[id])
			next[id]++
			if used[string(seen(try))] {
				continue
			}
			used[string(seen(try))] = true
			n.ids[i].start = uint32(len(n.buf))
			n.buf = append(n.buf, try...)
			n.ids[i].end = uint32(len(n.buf))
			n.ids[i].altered = true
			break
		}
	}
	n.sort(children)
}

// jolietName makes unique Joliet identifiers for the entries, sorted and without
// version numbers. The result is valid until the next call.
func (n *namer) jolietName(children []*tree.Node, limit int, leaveOut func(*tree.Node) bool) []identifier {
	n.buf, n.ids = n.buf[:0], n.ids[:0]
	for i, c := range children {
		if leaveOut(c) {
			continue
		}
		start := uint32(len(n.buf))
		n.buf = ident.AppendJoliet(n.buf, c.Name, limit)
		cut := ident.TooLong(c.Name, limit)
		if cut {
			n.buf = append(n.buf[:start], ident.CutJoliet(c.Name, limit, -1)...)
		}
		n.ids = append(n.ids, identifier{uint32(i), start, uint32(len(n.buf)), cut})
	}
	whole := func(id []byte) []byte { return id }
	n.separate(children, whole, func(c *tree.Node, _ string, number int) []byte {
		return ident.CutJoliet(c.Name, limit, number)
	})
	return n.ids
}
