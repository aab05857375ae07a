package mmc

import (
	"context"
	"runtime"
	"testing"
)

// Whatever a drive replies, the decoders do not panic, and allocate memory in proportion to
// the length of the reply.
func FuzzReplies(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0xdc, 0, 0, 0, 9, 0, 0, 3, 0x18, 0, 8, 1, 0, 0, 9, 1, 0})
	f.Add([]byte{0, 0x12, 1, 1, 0, 0x14, 1, 0, 0, 0, 0, 0, 0, 0x14, 0xaa, 0, 0, 0, 6, 0x72})
	f.Add([]byte{0, 0, 0, 0x24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0x7e, 0x40, 0, 0, 0x1b, 0x90, 0, 0, 0x1b, 0x90})
	f.Fuzz(func(t *testing.T, reply []byte) {
		ctx, d := context.Background(), &drive{reply: reply}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if c, err := GetConfiguration(ctx, d); err == nil && len(c.Features) > len(reply)/4 {
			t.Errorf("%d features in %d bytes", len(c.Features), len(reply))
		}
		if s, err := WriteSpeeds(ctx, d); err == nil && len(s) > len(reply)/16 {
			t.Errorf("%d speeds in %d bytes", len(s), len(reply))
		}
		if e, err := ReadTOC(ctx, d); err == nil && len(e) > len(reply)/8 {
			t.Errorf("%d entries in %d bytes", len(e), len(reply))
		}
		if e, err := ReadFullTOC(ctx, d); err == nil && len(e) > len(reply)/11 {
			t.Errorf("%d entries in %d bytes", len(e), len(reply))
		}
		if c, err := ReadFormatCapacities(ctx, d); err == nil && len(c.Formats) > len(reply)/8 {
			t.Errorf("%d formats in %d bytes", len(c.Formats), len(reply))
		}
		if p, err := ReadCDText(ctx, d); err == nil && len(p) > len(reply) {
			t.Errorf("%d bytes of CD-TEXT in %d bytes", len(p), len(reply))
		}
		_, _ = ReadCatalog(ctx, d)
		_, _ = ReadISRC(ctx, d, 1)
		_, _ = ReadATIP(ctx, d)
		_, _ = ReadDiscInformation(ctx, d)
		_, _ = ReadTrackInformation(ctx, d, 1)
		_, _ = ReadDiscStructure(ctx, d, false, 0, 0, 100)
		_, _ = ModePage(ctx, d, 5)
		_, _ = ReadBufferCapacity(ctx, d)
		_, _, _ = ReadCapacity(ctx, d)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("%d bytes of memory for a reply of %d", used, len(reply))
		}
	})
}
