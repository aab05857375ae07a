package virtual

import "glassmaster/mastering/sector"

// The sub-channels R to W of a sector are 96 symbols of six bits: four packs of 24. On the
// disc the symbols of a pack are interleaved (IEC 60908 17, MMC-6 4.2.3.7): some symbols of a
// pack change places, and symbol n is then delayed by n mod 8 packs.
const (
	packSymbols       = 24
	packsPerSector    = sector.SubSize / packSymbols
	maxDelay          = 7 // packs
	interleaveSectors = 1 + (maxDelay+packsPerSector-1)/packsPerSector
)

// swapped returns the place to which a symbol of a pack goes before it is delayed.
func swapped(i int) int {
	switch i {
	case 1:
		return 18
	case 18:
		return 1
	case 2:
		return 5
	case 5:
		return 2
	case 3:
		return 23
	case 23:
		return 3
	}
	return i
}

// deinterleave returns the 96 symbols of a sector in packs. subs are its sub-channels and those
// of the sectors after it.
func deinterleave(subs []byte) []byte {
	b := make([]byte, sector.SubSize)
	for pack := range packsPerSector {
		for i := range packSymbols {
			at := swapped(i)
			b[pack*packSymbols+i] = subs[(pack+at%8)*packSymbols+at] & 0x3F
		}
	}
	return b
}

// interleaver interleaves packs, one sector after the other.
type interleaver struct {
	last [maxDelay][packSymbols]byte // the packs before, the latest first
}

// sector replaces the R to W sub-channels in p, 96 bytes, which are packs, by interleaved ones.
// P and Q remain as they are.
func (n *interleaver) sector(p []byte) {
	for pack := range packsPerSector {
		own := p[pack*packSymbols : (pack+1)*packSymbols]
		var now [packSymbols]byte
		for i := range packSymbols {
			now[swapped(i)] = own[i] & 0x3F
		}
		for at := range packSymbols {
			v := now[at]
			if delay := at % 8; delay > 0 {
				v = n.last[delay-1][at]
			}
			own[at] = own[at]&0xC0 | v
		}
		copy(n.last[1:], n.last[:maxDelay-1])
		n.last[0] = now
	}
}
