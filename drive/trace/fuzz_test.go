package trace_test

import (
	"runtime"
	"strings"
	"testing"

	"glassmaster/drive/trace"
)

// Parse returns an error or a result that is not larger than the text.
func FuzzParse(f *testing.F) {
	f.Add(growisofs)
	f.Add("   1 -      0  00 00 00 00 00 00                   TEST UNIT READY\n      status 08\n      failed: lost\n      took 3.0 s\n")
	f.Fuzz(func(t *testing.T, s string) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		all, err := trace.Parse(strings.NewReader(s))
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(4<<20+200*len(s)) {
			t.Errorf("%d bytes of memory for a record of %d", used, len(s))
		}
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
