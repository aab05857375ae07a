package model

import (
	"cmp"
	"slices"
	"strings"

	"glassmaster/mastering/collation"
	"glassmaster/mastering/tree"
)

// Column is a column of a list of files.
type Column uint8

// Columns of a list of files.
const (
	ByName Column = iota
	BySize
	ByDate
	ByKind
)

// Order is how a list is sorted. Folders always come before files.
type Order struct {
	Column     Column
	Descending bool
}

// Toggle returns the order after a click on the header of a column.
func (o Order) Toggle(c Column) Order {
	if o.Column == c {
		return Order{c, !o.Descending}
	}
	return Order{c, c == BySize || c == ByDate} // the largest, the newest first
}

// Sort sorts files and folders.
func (o Order) Sort(rows []*tree.Node) {
	names := make([]string, len(rows))
	for i, n := range rows {
		names[i] = n.Name
	}
	keyed := make([]keyedRow, len(rows))
	for i, k := range collation.Keys(names) {
		keyed[i] = keyedRow{node: rows[i], name: k}
		if o.Column == ByKind {
			keyed[i].kind = Kind(rows[i])
		}
	}
	slices.SortStableFunc(keyed, o.compare)
	for i, k := range keyed {
		rows[i] = k.node
	}
}

// keyedRow is a row with what it is sorted by, computed once.
type keyedRow struct {
	node *tree.Node
	name collation.Key
	kind string // only where rows are sorted by it
}

func (o Order) compare(a, b keyedRow) int {
	if a.node.IsDir() != b.node.IsDir() {
		if a.node.IsDir() {
			return -1
		}
		return 1
	}
	d := 0
	switch {
	case o.Column == BySize && a.node.IsDir():
		d = cmp.Compare(len(Entries(a.node)), len(Entries(b.node)))
	case o.Column == BySize:
		d = cmp.Compare(a.node.Size, b.node.Size)
	case o.Column == ByDate:
		d = cmp.Compare(a.node.Modified, b.node.Modified)
	case o.Column == ByKind:
		d = strings.Compare(a.kind, b.kind)
	default:
		d = a.name.Compare(b.name)
	}
	if o.Descending {
		d = -d
	}
	if d == 0 {
		d = a.name.Compare(b.name)
	}
	return d
}
