package virtual

import (
	"strings"

	"glassmaster/mastering/sector"
)

// Fields of the Write Parameters mode page 05h that matter on CD only (MMC-6 7.5): 8 session
// format, 14 to 15 audio pause length in sectors, 16 to 31 media catalogue number, 32 to 47 ISRC,
// 48 to 51 sub-header. Bit 7 of the first byte of a code says that it is valid; the characters
// follow.
const (
	pageMCN  = 16
	pageISRC = 32
)

// Meanings of the multi-session field.
const (
	multiNone   = 0 // no next session, and no pointer to one
	multiClosed = 1 // no next session: the pointer is FF:FF:FF
	multiOpen   = 3 // a session may follow
)

// pause returns the audio pause length.
func (p *writePage) pause() int64 { return int64(p.b[14])<<8 | int64(p.b[15]) }

// mcn returns the media catalogue number, or "".
func (p *writePage) mcn() string {
	if p.b[pageMCN]&0x80 == 0 {
		return ""
	}
	return string(p.b[pageMCN+1 : pageMCN+14])
}

// isrc returns the ISRC of the next track, or "".
func (p *writePage) isrc() string {
	if p.b[pageISRC]&0x80 == 0 {
		return ""
	}
	return string(p.b[pageISRC+1 : pageISRC+13])
}

// wrongCD returns the offset of the first byte of the page that is not valid for a CD, or -1.
func (p *writePage) wrongCD() int {
	kinds := map[byte]string{
		writeTAO:    "\x00\x08\x09\x0A\x0B\x0C\x0D",
		writeAtOnce: "\x00\x02\x03\x08\x09\x0A\x0B\x0C\x0D",
		writeRaw:    "\x01\x02\x03",
	}
	known, ok := kinds[p.writeType()]
	switch {
	case !ok:
		return 2 // packet writing is not supported
	case p.b[3]>>6 == 2:
		return 3
	case strings.IndexByte(known, p.block()) < 0:
		return 4
	case p.b[8] != 0x00 && p.b[8] != 0x10 && p.b[8] != 0x20:
		return 8
	}
	if code := p.mcn(); code != "" {
		if i := wrongCatalog(code); i >= 0 {
			return pageMCN + 1 + i
		}
	}
	if code := p.isrc(); code != "" {
		if i := wrongISRC(code); i >= 0 {
			return pageISRC + 1 + i
		}
	}
	return -1
}

// wrongCatalog returns the index of the first character that a media catalogue number cannot
// have, or -1.
func wrongCatalog(s string) int {
	return strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// wrongISRC returns the index of the first character that an ISRC cannot have there, or -1.
func wrongISRC(s string) int {
	for i := range s {
		valid := "AA000000000000"[:i] + s[i:i+1] + strings.Repeat("0", len(s)-i-1)
		if !sector.ValidISRC(valid) {
			return i
		}
	}
	return -1
}
