// Package collation orders names the way people expect: by the Unicode Collation
// Algorithm (UTS #10), with runs of digits compared by their value, so that "Ä"
// comes next to "A" and "track 2" before "track 10".
package collation

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// Key is the sort key of a name. Computing it is the expensive part: compute one for each
// name, then compare keys with [Key.Compare].
type Key struct {
	weights []byte
	name    string
}

// Compare returns -1, 0 or +1; 0 only for keys of the same name. Names that are equal
// according to the algorithm are ordered by their bytes.
func (k Key) Compare(other Key) int {
	if c := bytes.Compare(k.weights, other.weights); c != 0 {
		return c
	}
	return strings.Compare(k.name, other.name)
}

// Keys returns the keys of names, in the same order.
func Keys(names []string) []Key {
	c := collate.New(language.Und, collate.Numeric)
	var buf collate.Buffer
	keys := make([]Key, len(names))
	for i, name := range names {
		buf.Reset()
		keys[i] = Key{bytes.Clone(c.KeyFromString(&buf, name)), name}
	}
	return keys
}

// SortFunc sorts items by their names.
func SortFunc[T any](items []T, name func(T) string) {
	names := make([]string, len(items))
	for i, item := range items {
		names[i] = name(item)
	}
	type keyed struct {
		key  Key
		item T
	}
	sorted := make([]keyed, len(items))
	for i, k := range Keys(names) {
		sorted[i] = keyed{k, items[i]}
	}
	slices.SortFunc(sorted, func(a, b keyed) int { return a.key.Compare(b.key) })
	for i, s := range sorted {
		items[i] = s.item
	}
}
