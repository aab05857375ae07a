package model

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

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
	slices.SortStableFunc(rows, func(a, b *tree.Node) int {
		if d := boolCompare(b.IsDir(), a.IsDir()); d != 0 {
			return d
		}
		d := o.compare(a, b)
		if o.Descending {
			d = -d
		}
		if d == 0 {
			d = natural(a.Name, b.Name)
		}
		return d
	})
}

func (o Order) compare(a, b *tree.Node) int {
	switch o.Column {
	case BySize:
		if a.IsDir() {
			return cmp.Compare(len(a.Children()), len(b.Children()))
		}
		return cmp.Compare(a.Size, b.Size)
	case ByDate:
		return cmp.Compare(a.Modified, b.Modified)
	case ByKind:
		return strings.Compare(Kind(a), Kind(b))
	}
	return natural(a.Name, b.Name)
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// natural compares names as people do: letters without regard to case, and runs
// of digits by their value, so that "track 2" comes before "track 10".
func natural(a, b string) int {
	x, y := a, b
	for x != "" && y != "" {
		if digit(x[0]) && digit(y[0]) {
			d, nx, ny := compareDigits(x, y)
			if d != 0 {
				return d
			}
			x, y = nx, ny
			continue
		}
		r, n := utf8.DecodeRuneInString(x)
		q, m := utf8.DecodeRuneInString(y)
		if r != q {
			if lr, lq := unicode.ToLower(r), unicode.ToLower(q); lr != lq {
				return cmp.Compare(lr, lq)
			}
		}
		x, y = x[n:], y[m:]
	}
	if d := cmp.Compare(len(x), len(y)); d != 0 {
		return d
	}
	return strings.Compare(a, b)
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// compareDigits compares the runs of digits that x and y begin with, and
// returns what follows them.
func compareDigits(x, y string) (int, string, string) {
	a, x := cutDigits(x)
	b, y := cutDigits(y)
	if d := cmp.Compare(len(a), len(b)); d != 0 {
		return d, x, y
	}
	return strings.Compare(a, b), x, y
}

// cutDigits splits off the leading digits, without their zeros.
func cutDigits(s string) (digits, rest string) {
	n := 0
	for n < len(s) && digit(s[n]) {
		n++
	}
	return strings.TrimLeft(s[:n], "0"), s[n:]
}
