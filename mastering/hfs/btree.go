package hfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Kinds of nodes of a B-tree (TN1150, "B-Trees").
const (
	leafNode   = 0xFF // -1
	headerNode = 1
)

// Sizes of nodes, in bytes.
const (
	minNode = 512
	maxNode = 32768
)

// btree is a B-tree file: the catalog or the extents file. A node begins with a descriptor:
// 0 number of the next node, 8 kind, 10 number of records; it ends with the offsets of the
// records, the first one last. The header record in node 0 is at 14: 10 first leaf,
// 18 size of a node, 22 number of nodes.
type btree struct {
	r     io.ReaderAt
	node  int64 // bytes
	count int64 // nodes
	first int64 // leaf
}

// openTree reads the header of a B-tree of size bytes. A volume of at most bytes cannot have
// more nodes than fit into it.
func openTree(r io.ReaderAt, size, most int64) (*btree, error) {
	var p [14 + 106]byte
	if n, err := r.ReadAt(p[:], 0); n < len(p) {
		return nil, fmt.Errorf("read the header of a B-tree: %w", notEOF(err))
	}
	t := &btree{
		r: r, node: int64(binary.BigEndian.Uint16(p[14+18:])),
		count: int64(binary.BigEndian.Uint32(p[14+22:])), first: int64(binary.BigEndian.Uint32(p[14+10:])),
	}
	if p[8] != headerNode || t.node < minNode || t.node > maxNode || t.node&(t.node-1) != 0 {
		return nil, errors.New("the header of a B-tree is damaged")
	}
	t.count = max(0, min(t.count, size/t.node, most/t.node))
	return t, nil
}

// leaves calls f for each record of the leaves, in the order of the keys. A chain of nodes
// that comes back to itself is an error. Records that do not lie within their
// node end the node; the error says so after the other nodes were read.
func (t *btree) leaves(f func(record []byte)) error {
	p := make([]byte, t.node)
	var damaged error
	seen := make([]byte, t.count/8+1)
	for n := t.first; n != 0; {
		if n >= t.count || seen[n/8]>>(n%8)&1 != 0 {
			return fmt.Errorf("the node chain is damaged at node %d of %d", n, t.count)
		}
		seen[n/8] |= 1 << (n % 8)
		if k, err := t.r.ReadAt(p, n*t.node); k < len(p) {
			return fmt.Errorf("read node %d: %w", n, notEOF(err))
		}
		if p[8] != leafNode {
			return fmt.Errorf("node %d is not a leaf", n)
		}
		if !records(p, f) {
			damaged = fmt.Errorf("the records of node %d are damaged", n)
		}
		n = int64(binary.BigEndian.Uint32(p))
	}
	return damaged
}

// records calls f for the records of a node. It returns false if not all of them lie
// within it.
func records(p []byte, f func(record []byte)) bool {
	n := int(binary.BigEndian.Uint16(p[10:]))
	if 2*(n+1) > len(p)-14 {
		return false
	}
	offset := func(i int) int { return int(binary.BigEndian.Uint16(p[len(p)-2*(i+1):])) }
	for i := range n {
		from, to := offset(i), offset(i+1)
		if from < 14 || to < from || to > len(p)-2*(n+1) {
			return false
		}
		f(p[from:to])
	}
	return true
}

// notEOF replaces the end of a file by an error that says that it is too early.
func notEOF(err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
