package virtual_test

import (
	"testing"

	"glassmaster/mastering/disc"
)

// cdrw returns a CD-RW with a closed session of one track, and an open one of two, the second of
// which is reserved.
func cdrw(t *testing.T) *bench {
	b := insertBlank(t, "cd-rw", 20000)
	b.page05(0x01, 0xC4, 8)
	b.writes(0, 300, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.writes(b.nwa(0xFF), 400, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("53 00 00 00 00 00 00 01 90 00")
	b.wantInfo(1, 1, 2, 2, 4)
	return b
}

const second = 302 + 11400 // where track 2 begins

func blankCDB(kind byte, field int) string {
	return "a1 0" + string("0123456789abcdef"[kind]) + hex32(field) + "00 00 00 00 00 00"
}

// TestBlankTypes: every blanking type erases what the standard says, and nothing else.
func TestBlankTypes(t *testing.T) {
	t.Run("whole disc", func(t *testing.T) {
		for kind := range byte(2) {
			b := cdrw(t)
			b.ok(blankCDB(kind, 0))
			b.wantInfo(0, 0, 1, 1, 1)
			b.fails("5/21/00", "28 00 00 00 00 00 00 00 01 00")
			b.writes(0, 300, 2048)
		}
	})
	t.Run("track", func(t *testing.T) {
		b := cdrw(t)
		b.fails("5/64/00", blankCDB(2, 1)) // of a closed session
		b.fails("5/24/00", blankCDB(2, 9))
		b.same(second, 400)
		b.ok(blankCDB(2, 2))
		b.fails("5/21/00", "28 00"+hex32(second)+"00 00 01 00")
		if got := b.nwa(2); got != second {
			t.Errorf("the NWA of the track that was blanked is %d", got)
		}
		b.same(0, 300)
		b.writes(second, 400, 2048)
		b.ok("35 00 00 00 00 00 00 00 00 00")
		b.same(second, 400)
	})
	t.Run("unreserve", func(t *testing.T) {
		b := cdrw(t)
		b.ok(blankCDB(3, 0))
		b.fails("5/64/00", blankCDB(3, 0)) // track 2 is not reserved
		if got := b.nwa(0xFF); got != second+402+150 {
			t.Errorf("the NWA is %d", got)
		}
	})
	t.Run("track tail", func(t *testing.T) {
		b := cdrw(t)
		b.fails("5/64/00", blankCDB(4, 100))
	})
	t.Run("unclose", func(t *testing.T) {
		b := cdrw(t)
		b.fails("5/2C/00", blankCDB(5, 0)) // the last session is open
		b.ok(blankCDB(3, 0))
		b.page05(0x01, 0x04, 8)
		b.ok("5b 00 02 00 00 00 00 00 00 00")
		b.wantInfo(2, 3, 2, 2, 2)
		b.ok(blankCDB(5, 0))
		b.wantInfo(1, 1, 2, 2, 3)
		b.same(second, 400)
		b.writes(b.nwa(0xFF), 300, 2048)
	})
	t.Run("erase session", func(t *testing.T) {
		b := cdrw(t)
		b.ok(blankCDB(6, 0))
		b.wantInfo(1, 0, 2, 2, 2)
		b.same(0, 300)
		b.ok(blankCDB(6, 0))
		b.wantInfo(0, 0, 1, 1, 1)
		b.fails("5/2C/00", blankCDB(6, 0))
	})
	t.Run("reserved type", func(t *testing.T) {
		b := cdrw(t)
		b.fails("5/24/00", blankCDB(7, 0))
		b.wantInfo(1, 1, 2, 2, 4)
	})
}

// TestReservedTrack: a reserved track has the reserved size, and the next one follows it.
func TestReservedTrack(t *testing.T) {
	b := insertBlank(t, "cd-r", 20000)
	b.page05(0x01, 0x04, 8)
	b.ok("53 00 00 00 00 00 00 01 90 00")
	b.writes(552, 300, 2048) // track 2: after 400 sectors, run-out and pre-gap
	b.fails("5/72/04", "5b 00 02 00 00 00 00 00 00 00")
	b.writes(0, 400, 2048)
	b.writeFails("5/63/00", 400, 1)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 2)
	b.same(0, 400)
	b.same(552, 300)
	if k := opened(b).TOC().Sessions[0].Tracks; len(k) != 2 || k[0].Length != 400 || k[1].Start != 552 || k[1].Mode != disc.Mode1 {
		t.Errorf("tracks %+v", k)
	}
}

// TestTrackLimit: a CD has at most 99 tracks.
func TestTrackLimit(t *testing.T) {
	b := insertBlank(t, "cd-r", 0)
	b.page05(0x01, 0x04, 8)
	for range 99 {
		b.writes(b.nwa(0xFF), 1, 2048) // padded to 4 seconds
		b.ok("35 00 00 00 00 00 00 00 00 00")
	}
	b.writeFails("5/21/02", 99*452, 1)
	b.wantInfo(1, 1, 1, 1, 99)
	b.ok("5b 00 02 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 99)
}

// TestAttentions: a unit attention goes to every other connection.
func TestAttentions(t *testing.T) {
	b := insertBlank(t, "cd-r", 4000)
	other := insertAgain(t, b)
	b.page05(0x01, 0x04, 8)
	b.ok("00 00 00 00 00 00")
	other.fails("6/2A/01", "00 00 00 00 00 00") // mode parameters changed
	other.ok("00 00 00 00 00 00")
	b.page05(0x01, 0x04, 8) // nothing changes
	other.ok("00 00 00 00 00 00")
	other.ok("1b 00 00 00 02 00")
	other.ok("1b 00 00 00 03 00")
	other.fails("6/28/00", "00 00 00 00 00 00")
	b.fails("6/28/00", "00 00 00 00 00 00")
	b.ok("00 00 00 00 00 00")
}
