package virtual

import (
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
)

// block is what the host sends for a sector of a CD: a part of the sector, and its
// sub-channels.
type block struct {
	main int       // bytes of the sector; 0: the drive generates it
	at   int       // where they begin in the sector of 2352 bytes
	mode disc.Mode // of the sector

	asIs   bool    // the whole sector is recorded as it is sent
	empty  bool    // what is sent is ignored; the user data is zero
	form2  bool    // mode 2 form 2, without a sub-header from the host
	header [4]byte // the sub-header, if the host does not send it
	own    bool    // header counts

	sub subForm
}

// subForm is how the host sends the sub-channels of a sector.
type subForm uint8

// Forms of sub-channels.
const (
	noSub     subForm = iota
	subPQ             // 16 bytes: Q, and the highest bit of the last byte is P
	subPacked         // 96 bytes P to W; R to W in packs, which the drive interleaves
	subRaw            // 96 bytes P to W as they are recorded
	subRW             // 96 bytes R to W as they are recorded; the drive generates P and Q
	subRWPack         // 96 bytes R to W in packs; the drive generates P and Q
	subText           // 96 bytes of packs of CD-TEXT
)

// bytes returns the size of the sub-channels of a sector, in bytes.
func (f subForm) bytes() int {
	switch f {
	case noSub:
		return 0
	case subPQ:
		return formattedQ
	}
	return sector.SubSize
}

// size returns the size of the block in bytes.
func (b block) size() int { return b.main + b.sub.bytes() }

// area returns where in a sector of the block begin the 2048 bytes that are stored first.
func (b block) area() int {
	switch b.mode {
	case disc.Audio:
		return discfile.AtAudio
	case disc.XA:
		return discfile.AtXA
	}
	return discfile.AtMode1
}

// whole reports whether the disc file keeps whole sectors of such blocks in an area. The others
// are audio, and sectors of which everything but the user data can be generated when they are
// read.
func (b block) whole() bool {
	plain := b.mode == disc.Mode1 && !b.asIs && (b.main == disc.SectorSize && !b.empty || b.main == 0)
	return b.sub != noSub || b.mode != disc.Audio && !plain
}

// make makes the whole sector at lba of the main part of a block, which is empty if the drive
// generates the sector.
func (b block) make(dst, src []byte, lba int64) {
	clear(dst[:sector.Size])
	if !b.empty {
		copy(dst[b.at:], src[:b.main])
	}
	if b.asIs || b.mode == disc.Audio {
		return
	}
	at := disc.LBA(lba)
	switch b.mode {
	case disc.Mode1:
		sector.Generate(dst, at, sector.Mode1)
	case disc.Mode2:
		sector.Generate(dst, at, sector.Mode2)
	default:
		b.makeXA(dst, at)
	}
}

// makeXA completes a sector of mode 2 with sub-headers. If the host has sent zeros in place of
// the EDC of a form 2 sector, it has none, which CD-ROM XA allows.
func (b block) makeXA(dst []byte, lba disc.LBA) {
	head := dst[sector.SubheadAt : sector.SubheadAt+8]
	if b.own {
		copy(head, b.header[:])
		copy(head[4:], b.header[:])
	}
	if b.main == 0 || b.empty {
		copy(head, "\x00\x00\x20\x00\x00\x00\x20\x00") // an empty sector is one of form 2
	}
	switch {
	case head[2]&sector.Form2Bit == 0:
		sector.Generate(dst, lba, sector.Form1)
	case b.main >= sector.Mode2Size && !b.empty && [4]byte(dst[sector.Size-4:]) == [4]byte{}:
		sector.PutHeader(dst, lba, 2)
	default:
		sector.Generate(dst, lba, sector.Form2)
	}
}

// Data block types of mode page 05h (MMC-6 7.5).
const (
	blockAudio   = 0  // 2352 bytes
	blockPQ      = 1  // 2368: with P and Q
	blockPacked  = 2  // 2448: with P to W in packs
	blockRaw     = 3  // 2448: with P to W; in a cue sheet, CD-TEXT in the lead-in
	blockMode1   = 8  // 2048
	blockMode2   = 9  // 2336 bytes of mode 2 without sub-headers
	blockForm1   = 10 // 2048 bytes of form 1; the sub-header is that of the page
	blockForm1SH = 11 // 2056: sub-header and form 1
	blockForm2   = 12 // 2324 bytes of form 2; the sub-header is that of the page
	blockXA      = 13 // 2332: sub-header and form 1 or 2
)

// pageBlock returns the blocks of a track that is written track at once with this page.
// It returns false if the data block type does not fit the track mode.
func (p *writePage) pageBlock() (block, bool) {
	audio := p.control()&4 == 0
	own := [4]byte(p.b[48:52])
	switch p.block() {
	case blockAudio:
		return block{main: sector.Size, mode: disc.Audio}, audio
	case blockMode1:
		return block{main: disc.SectorSize, at: sector.DataAt, mode: disc.Mode1}, !audio
	case blockMode2:
		return block{main: sector.Mode2Size, at: sector.DataAt, mode: disc.Mode2}, !audio
	case blockForm1:
		if own[2]&^sector.Form2Bit == 0 {
			own[2] = 0x08 // data
		}
		own[2] &^= sector.Form2Bit
		return block{main: disc.SectorSize, at: sector.XADataAt, mode: disc.XA, header: own, own: true}, !audio
	case blockForm1SH:
		return block{main: disc.SectorSize + 8, at: sector.SubheadAt, mode: disc.XA}, !audio
	case blockForm2:
		own[2] |= sector.Form2Bit
		return block{main: sector.Form2Size, at: sector.XADataAt, mode: disc.XA, form2: true, header: own, own: true}, !audio
	case blockXA:
		return block{main: sector.Form2Size + 8, at: sector.SubheadAt, mode: disc.XA}, !audio
	}
	return block{}, false
}

// rawBlock returns the blocks of a session that is written raw, by the data block type. It
// returns false if that has no sub-channels.
func rawBlock(kind byte) (block, bool) {
	b := block{main: sector.Size, mode: disc.Audio, asIs: true}
	switch kind {
	case blockPQ:
		b.sub = subPQ
	case blockPacked:
		b.sub = subPacked
	case blockRaw:
		b.sub = subRaw
	default:
		return b, false
	}
	return b, true
}

// cueBlock returns the blocks of a data form of a cue sheet (MMC-6 6.32). Bits 0 to 5 are the
// form of the main channel:
//
//	      audio  mode 1  XA, CD-i  mode 2
//	data  00     10      20        30      without what the drive generates
//	             11      21        31      whole sectors; the drive replaces the rest
//	zeros        12      22        32      like the first row; the drive ignores them
//	             13      23        33      like the second row; the drive ignores them
//	pause 01     14      24        34      nothing is sent
//
// Bits 6 and 7 are 1 if the R to W sub-channels follow as they are recorded, and 3 if they follow
// in packs.
func cueBlock(form byte) (block, bool) {
	b := block{}
	switch form >> 6 {
	case 0:
	case 1:
		b.sub = subRW
	case 3:
		b.sub = subRWPack
	default:
		return b, false
	}
	switch form & 0x30 {
	case 0x00:
		b.mode = disc.Audio
		if form&0x0F == 0 {
			b.main = sector.Size
		}
		return b, form&0x0F <= 1
	case 0x10:
		b.mode, b.main, b.at = disc.Mode1, disc.SectorSize, sector.DataAt
	case 0x20:
		b.mode, b.main, b.at = disc.XA, sector.Mode2Size, sector.DataAt
	case 0x30:
		b.mode, b.main, b.at = disc.Mode2, sector.Mode2Size, sector.DataAt
	}
	switch form & 0x0F {
	case 4:
		b.main, b.at = 0, 0
		return b, true
	case 1, 3:
		b.main, b.at = sector.Size, 0
	}
	b.empty = form&2 != 0
	return b, form&0x0F <= 3
}
