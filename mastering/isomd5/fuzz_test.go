package isomd5_test

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/progress"
)

// FuzzCheck checks volumes with any application use field and any size.
func FuzzCheck(f *testing.F) {
	const marker = "ISO MD5SUM = "
	h := isomd5.NewHash(40 * disc.SectorSize)
	_, _ = h.Write(make([]byte, 40*disc.SectorSize))
	var use [useLength]byte
	h.Sum().Put(&use)
	f.Add(use[:], uint32(40))
	f.Add([]byte(marker+"00112233445566778899aabbccddeeff;SKIPSECTORS = 2147483647;FRAGMENT SUMS = ;FRAGMENT COUNT = 512"), uint32(1<<32-1))
	f.Add([]byte(fmt.Sprintf("%s%032x;SKIPSECTORS=0;FRAGMENT SUMS=%060x;FRAGMENT COUNT=1", marker, 1, 2)), uint32(36))
	f.Fuzz(func(t *testing.T, use []byte, sectors uint32) {
		p := volumeWith(use, sectors)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := isomd5.Check(t.Context(), bytes.NewReader(p), progress.Discard)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
			t.Errorf("%d bytes of memory", used)
		}
		var damaged *isomd5.DamagedError
		if errors.As(err, &damaged) && (damaged.From < 0 || damaged.From > damaged.To || damaged.To > int64(len(p))) {
			t.Errorf("damage from byte %d to %d", damaged.From, damaged.To)
		}
		if err == nil && s.MD5 == [16]byte{} {
			t.Error("no sum and no error")
		}
	})
}
