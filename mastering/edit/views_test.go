package edit_test

import (
	"crypto/sha256"
	"regexp"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

func digest(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:8]
}

// checkVolumes checks the structures of all file systems of an edited disc: there are no
// defects that the disc did not have before.
func checkVolumes(t *testing.T, what string, before, after disc.Disc) {
	t.Helper()
	known := map[string]bool{}
	for _, n := range defects(t, before) {
		known[kindOf(n)] = true
	}
	for _, n := range defects(t, after) {
		if !known[kindOf(n)] {
			t.Errorf("%s: %v", what, n)
		}
	}
}

// numbers are what differs between defects of the same kind: addresses and counts.
var numbers = regexp.MustCompile(`[0-9]+`)

// kindOf returns the text of a defect without the number of places that have it, and
// without addresses.
func kindOf(n disc.Notice) string {
	_, rest, ok := strings.Cut(n.Text, "more places: ")
	if !ok {
		rest = n.Text
	}
	return numbers.ReplaceAllString(rest, "N")
}

// defects returns what the checks of all volumes of a disc find.
func defects(t *testing.T, d disc.Disc) (list []disc.Notice) {
	t.Helper()
	for _, name := range []string{"ISO 9660", "UDF"} {
		v, err := volume.OpenFormat(t.Context(), d, name, volume.Options{})
		if err != nil {
			continue
		}
		c, ok := v.(volume.Checker)
		if !ok {
			t.Fatalf("%T cannot be checked", v)
		}
		found, err := c.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, found...)
	}
	return list
}
