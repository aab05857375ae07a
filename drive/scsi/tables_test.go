package scsi

import (
	"slices"
	"testing"
)

// The tables are searched by bisection.
func TestTablesAreSorted(t *testing.T) {
	for name, table := range map[string][]codeText{"senseTexts": senseTexts[:], "hints": hints[:], "hintsByASC": hintsByASC[:]} {
		if !slices.IsSortedFunc(table, func(a, b codeText) int { return int(a.code) - int(b.code) }) {
			t.Errorf("%s is not in the order of the codes", name)
		}
	}
}
