package trace_test

import (
	"strings"
	"testing"

	"glassmaster/drive/trace"
)

// A record that was damaged is an error, and what it still has cannot be more
// than its text.
func FuzzParse(f *testing.F) {
	f.Add(growisofs)
	f.Add("   1 -      0  00 00 00 00 00 00                   TEST UNIT READY\n      status 08\n      failed: lost\n      took 3.0 s\n")
	f.Fuzz(func(t *testing.T, s string) {
		all, err := trace.Parse(strings.NewReader(s))
		if err == nil && len(all) > strings.Count(s, "\n")+1 {
			t.Errorf("%d commands in %d lines", len(all), strings.Count(s, "\n")+1)
		}
		for _, e := range all {
			if len(e.In) > e.Length || len(e.Out) > e.Length {
				t.Errorf("more data than %d: %+v", e.Length, e)
			}
		}
	})
}
