package isomd5

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"glassmaster/mastering/progress"
)

// FuzzCheck checks an image whose application use field may say anything.
func FuzzCheck(f *testing.F) {
	h := NewHash(40 * sectorSize)
	_, _ = h.Write(make([]byte, 40*sectorSize))
	var use [useLength]byte
	h.Sum().Put(&use)
	f.Add(use[:], uint32(40))
	f.Add([]byte(marker+"00112233445566778899aabbccddeeff;SKIPSECTORS = 2147483647;FRAGMENT SUMS = ;FRAGMENT COUNT = 512"), uint32(1<<32-1))
	f.Add([]byte(fmt.Sprintf("%s%032x;SKIPSECTORS=0;FRAGMENT SUMS=%060x;FRAGMENT COUNT=1", marker, 1, 2)), uint32(36))
	f.Fuzz(func(t *testing.T, use []byte, sectors uint32) {
		p := make([]byte, 40*sectorSize)
		d := p[firstSector*sectorSize:]
		copy(d, "\x01CD001\x01")
		d[sizeOffset], d[sizeOffset+1], d[sizeOffset+2], d[sizeOffset+3] = byte(sectors>>24), byte(sectors>>16), byte(sectors>>8), byte(sectors)
		copy(d[useOffset:useOffset+useLength], use)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		s, err := Check(t.Context(), bytes.NewReader(p), progress.Discard)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
			t.Errorf("%d bytes of memory", used)
		}
		var damaged *DamagedError
		if errors.As(err, &damaged) && (damaged.From < 0 || damaged.From > damaged.To || damaged.To > int64(len(p))) {
			t.Errorf("damage from byte %d to %d", damaged.From, damaged.To)
		}
		if err == nil && s.MD5 == [16]byte{} {
			t.Error("no sum and no error")
		}
	})
}
