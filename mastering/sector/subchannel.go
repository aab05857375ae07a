package sector

import "glassmaster/mastering/disc"

// SubSize is the size of the sub-channels P to W of a sector, in bytes: 12 of each.
const SubSize = 96

// PutSubChannels fills p with the sub-channels P to W of the sector at lba as they follow
// from the table of contents, interleaved as drives deliver them: bit 7 of each byte
// belongs to P, bit 6 to Q, and so on. R to W are zero.
func PutSubChannels(p []byte, toc disc.TOC, lba disc.LBA) {
	clear(p[:SubSize])
}

// Interleave makes interleaved sub-channels from planar ones, 12 bytes of each channel
// from P to W, as CloneCD stores them. dst and src have 96 bytes and do not overlap.
func Interleave(dst, src []byte) {
	for i := range SubSize {
		var b byte
		for channel := range 8 {
			b |= src[channel*12+i/8] >> (7 - i%8) & 1 << (7 - channel)
		}
		dst[i] = b
	}
}

// Deinterleave makes planar sub-channels from interleaved ones.
func Deinterleave(dst, src []byte) {
	for channel := range 8 {
		for i := range 12 {
			var b byte
			for bit := range 8 {
				b |= src[i*8+bit] >> (7 - channel) & 1 << (7 - bit)
			}
			dst[channel*12+i] = b
		}
	}
}
