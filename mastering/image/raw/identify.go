package raw

import (
	"bytes"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// headBytes is how much of the beginning of a file shows how it is stored, in bytes: more
// than 64 sectors with sub-channels.
const headBytes = 160 << 10

// stored is how the sectors of a file are stored.
type stored struct {
	runs.Layout
	stride int  // bytes from one sector to the next
	at     int  // bytes of each sector before those of the layout
	sync   bool // sectors are whole, and the data sectors have a sync pattern

	from   int64    // bytes of the file before the first sector
	placed bool     // start is known
	start  disc.LBA // address of the first sector
}

// whole returns sectors of 2352 bytes, which sub-channels may follow.
func whole(stride int, sub runs.Sub) stored {
	return stored{Layout: runs.Layout{Length: sector.Size, Sub: sub}, stride: stride, sync: true}
}

// part of a sector from at on, of one mode.
func partOf(at, length int, m disc.Mode) stored {
	return stored{Layout: runs.Layout{At: at, Length: length, Mode: m}, stride: length}
}

// identify returns how the sectors of a file are stored, by its first bytes.
func identify(head []byte) (stored, bool) {
	for _, stride := range []int{sector.Size, sector.Size + 16, sector.Size + sector.SubSize} {
		if synced(head, stride) {
			return whole(stride, subOf(head, stride)), true
		}
		if _, ok := pair(head, stride); ok && stride > sector.Size { // others: findScrambled
			l := whole(stride, subOf(head, stride))
			l.Scrambled = true
			return l, true
		}
	}
	// Audio with sub-channels has no sync pattern; the CRC of Q is as reliable.
	for _, stride := range []int{sector.Size + sector.SubSize, sector.Size + 16} {
		if sub := subOf(head, stride); sub != runs.NoSub {
			return whole(stride, sub), true
		}
	}
	if volume(head, 16*disc.SectorSize) {
		return stored{}, false // sectors of 2048 bytes
	}
	return withoutSync(head)
}

// synced reports whether the first sectors have sync patterns at this distance, and a known
// mode, which scrambled sectors do not have.
func synced(head []byte, stride int) bool {
	return hasSync(head) && len(head) > stride && hasSync(head[stride:])
}

func hasSync(p []byte) bool {
	return len(p) >= sector.DataAt && string(p[:sector.SyncSize]) == sector.Sync && p[sector.DataAt-1] <= 2
}

// subOf returns the order of the sub-channels that follow each sector of 2352 bytes, by the
// CRC of Q in the first sectors. It returns NoSub if most are wrong.
func subOf(head []byte, stride int) runs.Sub {
	var good [4]int
	n := 0
	for p := head; len(p) >= stride && n < 16; p = p[stride:] {
		n++
		sub := p[sector.Size:stride]
		if len(sub) == 16 {
			if intact(sub[:sector.QSize]) {
				good[runs.PQ]++
			}
			continue
		}
		if len(sub) != sector.SubSize {
			return runs.NoSub
		}
		if q := sector.ReadQ(sub); intact(q[:]) {
			good[runs.Interleaved]++
		}
		if intact(sub[sector.QSize : 2*sector.QSize]) {
			good[runs.Planar]++
		}
	}
	for _, s := range []runs.Sub{runs.Interleaved, runs.Planar, runs.PQ} {
		if good[s] > n/2 {
			return s
		}
	}
	return runs.NoSub
}

// intact reports whether the 12 bytes of a Q sub-channel are valid.
func intact(q []byte) bool {
	d, ok := sector.DecodeQ(q)
	return ok && d.Mode >= sector.QPosition && d.Mode <= sector.QISRC
}

// withoutSync identifies sectors without a sync pattern: by the EDC and ECC of the first
// ones, else by a volume descriptor in sector 16.
func withoutSync(head []byte) (stored, bool) {
	for _, s := range []stored{
		partOf(sector.SubheadAt, sector.Mode2Size, disc.Mode2),
		partOf(sector.DataAt, sector.Mode2Size, disc.Mode1),
	} {
		if protected(head, s) {
			return s, true
		}
	}
	for _, c := range []struct {
		stored
		before int // bytes of a sector before the user data
	}{
		{partOf(sector.SubheadAt, sector.Mode2Size, disc.Mode2), 8},
		{partOf(sector.DataAt, sector.Mode2Size, disc.Mode1), 0},
		{stored{Layout: runs.Mode1User, stride: sector.Size, at: sector.DataAt}, sector.DataAt},
		{stored{Layout: runs.XAForm1, stride: sector.Size, at: sector.XADataAt}, sector.XADataAt},
		{stored{Layout: runs.Mode1User, stride: sector.Size + sector.SubSize, at: sector.DataAt}, sector.DataAt},
		{stored{Layout: runs.XAForm1, stride: sector.Size + sector.SubSize, at: sector.XADataAt}, sector.XADataAt},
		{partOf(sector.SubheadAt, 8+disc.SectorSize, disc.XA), 8},
		{partOf(sector.XADataAt, sector.Form2Size, disc.XA), 0},
		{partOf(sector.XADataAt, sector.Form2Size+4, disc.XA), 0},
		{partOf(sector.SubheadAt, 8+sector.Form2Size, disc.XA), 8},
	} {
		if volume(head, 16*c.stride+c.before) {
			return c.stored, true
		}
	}
	return stored{}, false
}

// protected reports whether the first sectors, made whole, have the right EDC and ECC.
func protected(head []byte, s stored) bool {
	n := 0
	for p := head; len(p) >= s.stride && n < 8; p = p[s.stride:] {
		var w [sector.Size]byte
		lba := disc.LBA(n) // which the EDC of mode 1 covers
		sector.PutHeader(w[:], lba, map[disc.Mode]byte{disc.Mode1: 1, disc.Mode2: 2}[s.Mode])
		copy(w[s.At:], p[:s.Length])
		// In a sector of zeros all codes are right, and form 2 may have none.
		k, _ := sector.Identify(w[:])
		if k == sector.Mode2 || k == sector.Form2 && bytes.Equal(w[sector.Size-4:], make([]byte, 4)) || len(bytes.Trim(w[sector.DataAt:], "\x00")) == 0 {
			return false
		}
		if sector.Check(w[:], lba) != 0 {
			return false
		}
		n++
	}
	return n >= 2
}

// volume reports whether there is a volume descriptor of ISO 9660 or High Sierra.
func volume(head []byte, at int) bool {
	if at+14 > len(head) {
		return false
	}
	p := head[at:]
	return p[0] <= 3 && string(p[1:6]) == "CD001" || string(p[9:14]) == "CDROM"
}
