package sector

import (
	"encoding/binary"

	"glassmaster/mastering/disc"
)

// SubSize is the size of the sub-channels P to W of a sector, in bytes: 12 of each.
const SubSize = 96

// startFlag is how long P is one before a track, at least, in sectors (ECMA-130 22.2).
const startFlag = 150

// codeInterval is how many sectors after each other the MCN, or the ISRC, is in Q. The
// standard demands it once in 100 sectors (ECMA-130 22.3.4); it is put off by a sector where
// an index begins. The MCN is in the sectors of codeInterval with the remainder catalogAt.
const (
	codeInterval = 96
	catalogAt    = 40
	isrcAt       = 80
)

// PutSubChannels fills p with the sub-channels P to W of the sector at lba as they follow
// from the table of contents, interleaved as drives deliver them: bit 7 of each byte
// belongs to P, bit 6 to Q, and so on. R to W are zero. Sectors before and after the tracks
// of a session get the sub-channels of pre-gap, lead-in and lead-out.
func PutSubChannels(p []byte, toc disc.TOC, lba disc.LBA) {
	var q [QSize]byte
	clear(p[:SubSize])
	if len(toc.Sessions) == 0 {
		return
	}
	a := locate(toc, lba)
	EncodeQ(q[:], a.q(toc, lba))
	high := byte(0)
	if a.flag(lba) {
		high = 0x80
	}
	for i := range p[:SubSize] {
		p[i] = high | q[i/8]>>(7-i%8)&1<<6
	}
}

// Follows reports whether the sub-channels P to W of a sector, interleaved, say nothing that
// does not follow from the table of contents: Q is empty, or is the position, the MCN or the
// ISRC as they are there; P is the same in the whole sector; R to W are zero. What follows is
// not always what PutSubChannels makes: the standard leaves open which sectors have the codes,
// and how long P is one before a track.
func Follows(sub []byte, toc disc.TOC, lba disc.LBA) bool {
	sub = sub[:SubSize]
	for _, b := range sub {
		if b&0x3F != 0 || (b^sub[0])&0x80 != 0 {
			return false
		}
	}
	p := ReadQ(sub)
	if p == [QSize]byte{} {
		return true
	}
	q, ok := DecodeQ(p[:])
	if !ok || len(toc.Sessions) == 0 {
		return false
	}
	a := locate(toc, lba)
	want := a.position(lba)
	switch {
	case a.leadIn:
		return q == entry(toc, a.session, lba)
	case q.Mode == QCatalog:
		return q.Code == toc.Catalog && q.Frame == want.Absolute.F
	case q.Mode == QISRC:
		return q.Code == a.track.ISRC && q.Frame == want.Absolute.F
	}
	if a.index == 0 && !a.leadOut { // some count to zero, some to one; the control bits may be those of the track before
		want.Control = q.Control
		if q.Relative == disc.Duration(int64(a.track.Start-lba)) {
			want.Relative = q.Relative
		}
	}
	return q == want
}

// position is where in a disc a sector is.
type position struct {
	session int        // index
	track   disc.Track // lead-out: the last track of the session
	index   int
	leadIn  bool
	leadOut bool
	begin   disc.LBA // first sector of the index, lead-in or lead-out
	next    disc.LBA // index 1 of the next track, or the lead-out
}

// locate returns the place of a sector.
func locate(toc disc.TOC, lba disc.LBA) position {
	var last position
	for i, s := range toc.Sessions {
		if len(s.Tracks) == 0 {
			continue
		}
		first := s.Tracks[0]
		begin := min(first.Start-disc.LBA(first.Pregap), first.Start-disc.Pregap)
		leadIn := begin - disc.LeadIn
		if i == 0 {
			begin = -disc.Pregap
			leadIn = lba
		}
		if lba < leadIn { // in the lead-out of the session before
			return last
		}
		if lba < begin {
			return position{session: i, leadIn: true, begin: leadIn, track: first}
		}
		for j, t := range s.Tracks {
			if lba >= t.End() {
				begin = t.End()
				continue
			}
			a := position{session: i, track: t, begin: begin, next: t.End()}
			if j+1 < len(s.Tracks) {
				a.next = s.Tracks[j+1].Start
			}
			if lba >= t.Start {
				a.index, a.begin = 1, t.Start
				for k, at := range t.Indexes {
					if lba >= at {
						a.index, a.begin = k+2, at
					}
				}
			}
			return a
		}
		end := s.Tracks[len(s.Tracks)-1]
		last = position{session: i, track: end, index: 1, leadOut: true, begin: end.End()}
	}
	return last
}

// q returns the Q sub-channel of a sector at this place.
func (a position) q(toc disc.TOC, lba disc.LBA) Q {
	if a.leadIn {
		return entry(toc, a.session, lba)
	}
	q := a.position(lba)
	switch {
	case a.code(lba, catalogAt) && ValidCatalog(toc.Catalog):
		return Q{Control: q.Control, Mode: QCatalog, Code: toc.Catalog, Frame: q.Absolute.F}
	case a.code(lba, isrcAt) && !a.leadOut && ValidISRC(a.track.ISRC):
		return Q{Control: q.Control, Mode: QISRC, Code: a.track.ISRC, Frame: q.Absolute.F}
	}
	return q
}

// position returns the Q sub-channel of a sector at this place that says where it is. The
// place is not in a lead-in.
func (a position) position(lba disc.LBA) Q {
	q := Q{Control: ControlOf(a.track), Mode: QPosition, Track: a.track.Number, Index: a.index, Absolute: lba.MSF()}
	switch {
	case a.leadOut:
		q.Track = LeadOut
		q.Relative = disc.Duration(int64(lba - a.begin))
	case a.index == 0:
		q.Relative = disc.Duration(int64(a.track.Start - 1 - lba))
	default:
		q.Relative = disc.Duration(int64(lba - a.track.Start))
	}
	return q
}

// code reports whether a code is in the sector: at its turn, or one sector later if an index
// begins there, whose first sector has to say so.
func (a position) code(lba disc.LBA, at int) bool {
	turn := int((lba+codeInterval*disc.LeadIn)%codeInterval) - at
	return turn == 0 && lba != a.begin || turn == 1 && lba-1 == a.begin
}

// flag returns the P sub-channel of a sector: one in a pre-gap, in the two seconds before a
// track or lead-out, and in the first sector of a track (mdf2iso recognizes images with
// sub-channels by it); zero in the rest of tracks. A lead-out has two seconds of zeros, then both
// alternate at 2 Hz (ECMA-130 22.2).
func (a position) flag(lba disc.LBA) bool {
	switch {
	case a.leadIn:
		return false
	case a.leadOut:
		n := int(lba-a.begin) - startFlag
		return n >= 0 && n*4/75%2 == 0
	case a.index == 0:
		return true
	}
	return lba >= a.next-startFlag || lba == a.track.Start
}

// Interleave makes interleaved sub-channels from planar ones, 12 bytes of each channel
// from P to W, as CloneCD stores them. dst and src have 96 bytes and do not overlap.
func Interleave(dst, src []byte) {
	dst, src = dst[:SubSize], src[:SubSize]
	for i := range QSize {
		var x uint64
		for channel := range 8 {
			x = x<<8 | uint64(src[channel*QSize+i])
		}
		binary.BigEndian.PutUint64(dst[i*8:], transpose(x))
	}
}

// Deinterleave makes planar sub-channels from interleaved ones.
func Deinterleave(dst, src []byte) {
	dst, src = dst[:SubSize], src[:SubSize]
	for i := range QSize {
		x := transpose(binary.BigEndian.Uint64(src[i*8:]))
		for channel := 7; channel >= 0; channel-- {
			dst[channel*QSize+i] = byte(x)
			x >>= 8
		}
	}
}

// transpose exchanges rows and columns of 8 by 8 bits: first in blocks of 2 by 2, then of 4
// by 4 and 8 by 8.
func transpose(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00AA00AA00AA00AA
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000CCCC0000CCCC
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000F0F0F0F0
	return x ^ t ^ t<<28
}
