package trace_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
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

// A drive that replays any record accepts any command.
func FuzzReplay(f *testing.F) {
	f.Add(growisofs, []byte{0x51, 0, 0, 0, 0, 0, 0, 0, 34, 0})
	f.Add("   1 <      8  23 00 00 00 00 00   READ FORMAT CAPACITIES\n", []byte{0x23, 0, 0, 0, 0, 0, 0, 0, 8, 0})
	f.Add("   1 >      0  2a 00 ff ff ff ff 00 ff ff 00   WRITE(10)\n      ... and 9 more WRITE(10) up to lba 1, 9 blocks in all\n",
		[]byte{0x2A, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF, 0})
	f.Fuzz(func(t *testing.T, s string, cdb []byte) {
		all, err := trace.Parse(strings.NewReader(s))
		if err != nil {
			return
		}
		r := trace.NewReplay(all)
		for range 3 {
			n, _ := r.Execute(context.Background(), scsi.Command{CDB: cdb, Direction: scsi.In, Data: make([]byte, 64)})
			if n < 0 || n > 64 {
				t.Fatalf("%d bytes of 64", n)
			}
		}
	})
}
