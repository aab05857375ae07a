package collation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/collation"
)

func TestSortFunc(t *testing.T) {
	for _, want := range [][]string{
		{"track 2", "track 10", "track 100"},
		{"Track 1", "track 2", "Track 3"},
		{"a", "Ä", "b", "z"},
		{"resume", "résumé", "Résumé 2"},
		{"a001", "a01", "a1", "a2"},
		{"x", "x1"},
		{"2024-01-09", "2024-01-10", "2024-10-01"},
		{"99999999999999999999999", "100000000000000000000000"},
		{"IMG_9.JPG", "IMG_10.jpg", "img_11.jpg"},
		{"абв", "Бвг", "ябл"},
		{"", "a", "a\x80", "a\xff"},
		{strings.Repeat("9", 400), "1" + strings.Repeat("0", 400)},
	} {
		got := slices.Clone(want)
		for range 2 {
			slices.Reverse(got)
			collation.SortFunc(got, func(s string) string { return s })
			if !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
	}
}

// TestKeysDiffer checks that different names have different keys, even if they are equal
// according to the algorithm.
func TestKeysDiffer(t *testing.T) {
	names := []string{"é", "e\u0301", "01", "1", "\x80", "\x81", "\u200b", "", "a\x00", "a"}
	keys := collation.Keys(names)
	for i := range names {
		for j := range names {
			if c := keys[i].Compare(keys[j]); (c == 0) != (i == j) || c != -keys[j].Compare(keys[i]) {
				t.Errorf("%q and %q compare as %d", names[i], names[j], c)
			}
		}
	}
}

func FuzzKeys(f *testing.F) {
	f.Add("track 2", "track 10")
	f.Add("\xff00\u0301", "Ä0000")
	f.Fuzz(func(t *testing.T, a, b string) {
		k := collation.Keys([]string{a, b})
		if (k[0].Compare(k[1]) == 0) != (a == b) {
			t.Errorf("%q and %q", a, b)
		}
	})
}

func BenchmarkSortFunc(b *testing.B) {
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprintf("IMG_2024%04d Größe (%d).jpeg", i*7919%10000, i)
	}
	b.ReportAllocs()
	for b.Loop() {
		collation.SortFunc(slices.Clone(names), func(s string) string { return s })
	}
}
