package sector

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
)

// Move changes the address in the header of a whole data sector that is moved by some
// sectors. The EDC and ECC of mode 1 cover the header (ECMA-130 14.3, 14.4). Both are linear
// codes: they are changed by the codes of the difference, so that an intact sector remains
// intact, and a damaged one as damaged as it was. A sector without sync pattern, or whose
// address is none, is not changed.
func Move(p []byte, by disc.LBA) {
	if by == 0 || string(p[:SyncSize]) != Sync {
		return
	}
	was, ok := Address(p)
	if !ok {
		return
	}
	var d [Size]byte
	PutHeader(d[:], was+by, p[HeaderAt+3])
	for i := HeaderAt; i < DataAt; i++ {
		d[i] ^= p[i]
	}
	clear(d[:SyncSize])
	end := DataAt
	if p[HeaderAt+3] == 1 {
		binary.LittleEndian.PutUint32(d[edcAt:], edc(d[:edcAt]))
		putParities(d[:], true)
		end = Size
	}
	for i := HeaderAt; i < end; i++ {
		p[i] ^= d[i]
	}
}

// MoveSubChannels changes the address in the Q sub-channel of a sector that is moved by some
// sectors. sub are the sub-channels P to W, interleaved; the others are not changed. A Q with
// a wrong CRC, and one of a lead-in, is not changed either.
func MoveSubChannels(sub []byte, by disc.LBA) {
	p := ReadQ(sub)
	q, ok := DecodeQ(p[:])
	if !ok {
		return
	}
	switch q.Mode {
	case QPosition:
		if q.Track == 0 {
			return
		}
		putMSF(p[7:], (disc.LBA(q.Absolute.Sectors()) - disc.Pregap + by).MSF())
	case QCatalog, QISRC:
		p[9] = BCD(int(((disc.LBA(q.Frame)+by)%75 + 75) % 75))
	default:
		return
	}
	CompleteQ(p[:])
	putQ(sub, p)
}

// putQ replaces the Q sub-channel in interleaved sub-channels.
func putQ(sub []byte, q [QSize]byte) {
	for i := range sub[:SubSize] {
		sub[i] = sub[i]&^0x40 | q[i/8]>>(7-i%8)&1<<6
	}
}
