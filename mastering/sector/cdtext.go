package sector

import (
	"bytes"
	"cmp"
	"slices"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"

	"glassmaster/mastering/disc"
)

// A pack of CD-TEXT has 18 bytes: 0 type, 1 track number (0: the album), 2
// sequence number, 3 block and position, 4 to 15 data, 16 CRC (MMC-6 annex J.2).
const (
	packBytes = 18
	packData  = 4
	packCRC   = 16
)

// Types of packs.
const (
	packTitle = 0x80 + iota
	packPerformer
	packSongwriter
	packComposer
	packArranger
	packMessage

	packCode = 0x8E // UPC or EAN, ISRC
	packSize = 0x8F // size of the block, its characters and languages
)

// charsMSJIS is the character set MS-JIS in byte 0 of the size information; 00h is
// ISO 8859-1, 01h ASCII.
const charsMSJIS = 0x80

// maxBlocks is the largest number of blocks. Each has the texts in one language.
const maxBlocks = 8

// DecodeCDText decodes the packs of CD-TEXT of a session. It returns a CDText for each
// language that has any text; the first is the default. Packs with a wrong CRC, and those
// of a type that is not text, are ignored. A CRC of 0000h is not checked, since some
// drives deliver it for every pack.
func DecodeCDText(packs []byte) []disc.CDText {
	var blocks [maxBlocks][][]byte
	for ; len(packs) >= packBytes; packs = packs[packBytes:] {
		if p := packs[:packBytes]; p[0]&0x80 != 0 && intact(p) {
			n := p[3] >> 4 & 7
			blocks[n] = append(blocks[n], p)
		}
	}
	var all []disc.CDText
	for n, b := range blocks {
		if t := decodeBlock(b, n); len(t.Tracks) > 0 || t.Album != (disc.Text{}) {
			all = append(all, t)
		}
	}
	return all
}

// intact checks the CRC of a pack: CRC-16 with the polynomial 1021h of the bytes before it,
// inverted (MMC-6 annex J.2).
func intact(pack []byte) bool {
	want := uint16(pack[packCRC])<<8 | uint16(pack[packCRC+1])
	if want == 0 {
		return true
	}
	return ^crc16(pack[:packCRC]) == want
}

// decodeBlock decodes the packs of one language.
func decodeBlock(packs [][]byte, block int) disc.CDText {
	text := disc.CDText{Tracks: map[int]disc.Text{}}
	slices.SortStableFunc(packs, func(a, b []byte) int { return cmp.Compare(a[2], b[2]) })
	var size []byte
	for _, p := range packs {
		if p[0] == packSize {
			size = append(size, p[packData:packCRC]...)
		}
	}
	var chars encoding.Encoding = charmap.ISO8859_1
	if len(size) >= 36 {
		text.Language = size[28+block]
		if size[0] == charsMSJIS {
			chars = japanese.ShiftJIS
		}
	}
	for _, kind := range []byte{packTitle, packPerformer, packSongwriter, packComposer, packArranger, packMessage, packCode} {
		decodeKind(&text, packs, kind, chars)
	}
	return text
}

// decodeKind decodes all texts of one type. They are terminated by NUL, and may continue in
// the next pack. The first one belongs to the track that the first pack names.
func decodeKind(text *disc.CDText, packs [][]byte, kind byte, chars encoding.Encoding) {
	var data []byte
	track, width := -1, 1
	for _, p := range packs {
		if p[0] != kind {
			continue
		}
		if track < 0 {
			track = int(p[1] & 0x7F)
		}
		if p[3]&0x80 != 0 {
			width = 2
		}
		data = append(data, p[packData:packCRC]...)
	}
	if kind == packCode {
		width, chars = 1, charmap.ISO8859_1
	}
	previous := ""
	for ; len(data) > 0 && track >= 0 && track <= 99; track++ {
		var raw []byte
		if raw, data = cut(data, width); data == nil && len(bytes.Trim(raw, "\x00")) == 0 {
			return // padding of the last pack
		}
		s, err := chars.NewDecoder().Bytes(raw)
		value := string(s)
		if err != nil {
			value = ""
		}
		if value == "\t" || value == "\t\t" { // the same text as for the previous track
			value = previous
		}
		previous = value
		set(text, track, kind, value)
	}
}

// cut returns the bytes before and after the first NUL, which is width bytes long. after is
// nil if there is none.
func cut(data []byte, width int) (before, after []byte) {
	for i := 0; i+width <= len(data); i += width {
		if data[i] == 0 && data[i+width-1] == 0 {
			return data[:i], data[i+width:]
		}
	}
	return data, nil
}

// set sets the text of one type of the album or a track.
func set(text *disc.CDText, track int, kind byte, value string) {
	if value == "" {
		return
	}
	t := &text.Album
	if track > 0 {
		one := text.Tracks[track]
		t = &one
		defer func() { text.Tracks[track] = one }()
	}
	switch kind {
	case packTitle:
		t.Title = value
	case packPerformer:
		t.Performer = value
	case packSongwriter:
		t.Songwriter = value
	case packComposer:
		t.Composer = value
	case packArranger:
		t.Arranger = value
	case packMessage:
		t.Message = value
	case packCode:
		t.Code = value
	}
}
