package sector

import (
	"cmp"
	"slices"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"

	"glassmaster/mastering/disc"
)

// A pack of CD-TEXT has 18 bytes: 0 type, 1 track number (0: the album), 2 sequence number
// in its block, 3 block and position, 4 to 15 data, 16 CRC (MMC-6 annex J.2). Byte 3 is: bit
// 7 characters of two bytes, bits 4 to 6 block, bits 0 to 3 how many characters of the text
// that continues here were in the packs before; 15 is also for more.
//
// A text ends with NUL, or two NUL bytes in characters of two bytes, and the next one
// follows, which is that of the next track. TAB is the text of the track before.
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
	packDiscID
	packGenre // a code of two bytes before the text
	packTOC
	packTOC2
	packReserved // to 8Ch

	packClosed = 0x8D
	packCode   = 0x8E // UPC or EAN, ISRC
	packSize   = 0x8F // size information
)

// The size information of a block has 36 bytes in three packs: 0 character set, 1 first
// track, 2 last track, 3 copyright (03h), 4 to 19 number of packs of the types 80h to 8Fh,
// 20 to 27 last sequence number of each block, 28 to 35 language of each block.
const (
	sizeBytes     = 36
	sizeFirst     = 1
	sizeLast      = 2
	sizeCopyright = 3
	sizeCounts    = 4
	sizeSequence  = 20
	sizeLanguage  = 28
)

// Character sets, byte 0 of the size information. The last two are in MMC-6, but discs
// with them are not known.
const (
	charsLatin1  = 0x00 // ISO 8859-1
	charsASCII   = 0x01
	charsMSJIS   = 0x80
	charsKorean  = 0x81
	charsChinese = 0x82
)

// maxBlocks is the largest number of blocks. Each has the texts in one language, in at most
// maxPacks packs.
const (
	maxBlocks = 8
	maxPacks  = 256
)

// DecodeCDText decodes the packs of CD-TEXT of a session. It returns a CDText for each
// language that has any text; the first is the default. Packs with a wrong CRC are ignored,
// and texts with missing parts. A CRC of 0000h is not checked, since some drives
// deliver it for every pack. Four bytes before the packs, which files of CD-TEXT often have
// from the reply of a drive, are skipped. The result is never larger than the 8 blocks of
// 256 packs that a disc can have: further packs are ignored.
func DecodeCDText(packs []byte) []disc.CDText {
	if len(packs) >= 4+packBytes && packs[0] < packTitle && packs[4] >= packTitle {
		packs = packs[4:]
	}
	var blocks [maxBlocks][][]byte
	var seen [maxBlocks][maxPacks]bool
	for ; len(packs) >= packBytes; packs = packs[packBytes:] {
		if p := packs[:packBytes]; p[0] >= packTitle && p[0] <= packSize && intact(p) {
			if n := p[3] >> 4 & 7; !seen[n][p[2]] {
				seen[n][p[2]] = true
				blocks[n] = append(blocks[n], p)
			}
		}
	}
	var all []disc.CDText
	for n, b := range blocks {
		if t := decodeBlock(b, n); !t.Empty() {
			all = append(all, t)
		}
	}
	return all
}

// intact checks the CRC of a pack: that of the bytes before it, inverted (MMC-6 annex J.2).
func intact(pack []byte) bool {
	want := uint16(pack[packCRC])<<8 | uint16(pack[packCRC+1])
	return want == 0 || ^crc16(pack[:packCRC]) == want
}

// decodeBlock decodes the packs of one language.
func decodeBlock(packs [][]byte, block int) disc.CDText {
	slices.SortStableFunc(packs, func(a, b []byte) int { return cmp.Compare(a[2], b[2]) })
	b := blockDecoder{CDText: disc.CDText{Tracks: map[int]disc.Text{}}, first: 1, chars: charmap.ISO8859_1}
	var size []byte
	for _, p := range packs {
		switch {
		case p[0] == packSize:
			size = append(size, p[packData:packCRC]...)
		case p[0] >= packTOC && p[0] < packClosed:
			b.Packs = append(b.Packs, p...)
		}
	}
	if len(size) >= sizeBytes {
		b.Language, b.Copyright = size[sizeLanguage+block], size[sizeCopyright]&3 == 3
		b.first = max(1, int(size[sizeFirst]))
		for i := range b.counts {
			b.counts[i] = int(size[sizeCounts+i])
		}
		switch size[0] {
		case charsMSJIS:
			b.chars = japanese.ShiftJIS
		case charsKorean:
			b.chars = korean.EUCKR
		case charsChinese:
			b.chars = simplifiedchinese.GBK
		}
	}
	for kind := byte(packTitle); kind < packSize; kind++ {
		if kind < packTOC || kind >= packClosed {
			b.kind(packs, kind)
		}
	}
	return b.CDText
}

// blockDecoder decodes the texts of one language.
type blockDecoder struct {
	disc.CDText
	first  int     // track
	counts [16]int // packs of each type, if the size information says it
	chars  encoding.Encoding

	// While the texts of a type are decoded: bytes that were not used yet; the track that
	// they belong to; whether the beginning of their text is missing.
	data     []byte
	track    int
	partial  bool
	padded   bool   // the last pack ended with more than one NUL, of which some may be padding
	wide     bool   // characters of two bytes
	previous string // the text before
}

// kind decodes all texts of one type. If packs are missing between others, the texts that
// they contain in part are skipped, and the next ones belong to the tracks that their packs
// name.
func (b *blockDecoder) kind(packs [][]byte, kind byte) {
	b.data, b.partial, b.track, b.previous = nil, false, -1, ""
	b.padded = false
	sequence, count := -1, 0
	for _, p := range packs {
		if p[0] != kind {
			continue
		}
		count++
		payload, track, position := p[packData:packCRC], int(p[1]&0x7F), p[3]&15
		if kind == packGenre {
			code := int(payload[0])<<8 | int(payload[1])
			if b.track < 0 {
				b.GenreCode = code
				payload = payload[2:]
			} else if code == b.GenreCode && code>>8 == 0 { // some writers repeat it
				payload = payload[2:]
			}
		}
		gap := b.track >= 0 && int(p[2]) != sequence+1
		switch {
		case b.track < 0 || gap:
			b.track, b.data = track, nil
			b.partial = position > 0
			b.previous = ""
		case len(b.data) == 0 && position == 0 && (b.padded || track > b.track):
			b.track = track
		}
		b.padded = false
		sequence = int(p[2])
		b.wide = p[3]&0x80 != 0 && kind <= packMessage
		b.data = append(b.data, payload...)
		b.texts(kind, false)
	}
	if b.track >= 0 && count >= b.counts[kind-packTitle] { // the last text is complete
		b.texts(kind, true)
	}
}

// texts takes the texts that are complete from the data. At the end the last one may lack
// its NUL.
func (b *blockDecoder) texts(kind byte, end bool) {
	for len(b.data) > 0 && b.track <= 99 {
		n, next := terminator(b.data, b.wide, b.chars == japanese.ShiftJIS)
		if n < 0 && !end {
			return
		}
		raw := b.data
		if n >= 0 {
			raw = b.data[:n]
			b.data = b.data[next:]
		} else {
			b.data = nil
		}
		if !b.partial {
			b.set(kind, b.decode(kind, raw))
		}
		b.partial = false
		if b.track++; b.track == 1 {
			b.track = b.first
		}
		if len(b.data) > 0 && isZero(b.data) { // empty texts, or padding
			b.padded, b.data, b.previous = true, nil, ""
		}
	}
}

// decode returns a text. One that cannot be decoded is empty.
func (b *blockDecoder) decode(kind byte, raw []byte) string {
	chars := b.chars
	if kind > packMessage {
		chars = charmap.ISO8859_1
	}
	s, err := chars.NewDecoder().Bytes(raw)
	value := string(s)
	if err != nil {
		value = ""
	}
	for len(value) > 0 && value[len(value)-1] == 0 { // a single byte before a text of two bytes
		value = value[:len(value)-1]
	}
	if value == "\t" || value == "\t\t" {
		value = b.previous
	}
	b.previous = value
	return value
}

// terminator returns where the first text of data ends, and where the next one begins. It
// returns -1 if the end is not in data. Two NUL bytes end a text in characters of two bytes.
// Some discs have single bytes among them, so that the NUL bytes can be anywhere.
func terminator(data []byte, wide, shiftJIS bool) (end, next int) {
	if !wide {
		for i, c := range data {
			if c == 0 {
				return i, i + 1
			}
		}
		return -1, 0
	}
	for i := 0; i+1 < len(data); i++ {
		c := data[i]
		switch {
		case c == 0 && data[i+1] == 0:
			next = i + 2
			if next < len(data) && i%2 == 1 && data[next] == 0 && (next+1 == len(data) || data[next+1] != 0) {
				next++ // a byte before the two made the number of bytes even
			}
			return i, next
		case shiftJIS && (c >= 0x81 && c < 0xA0 || c >= 0xE0 && c < 0xFD), !shiftJIS && c >= 0x80:
			i++
		}
	}
	return -1, 0
}

// set sets the text of one type of the album or a track.
func (b *blockDecoder) set(kind byte, value string) {
	if value == "" {
		return
	}
	switch kind {
	case packDiscID, packGenre, packClosed:
		if b.track > 0 { // these are for the album only; padding, or a wrong track number
			return
		}
		switch kind {
		case packDiscID:
			b.DiscID = value
		case packGenre:
			b.Genre = value
		default:
			b.Closed = value
		}
		return
	}
	t := b.Album
	if b.track > 0 {
		t = b.Tracks[b.track]
	}
	*textField(&t, kind) = value
	if b.track > 0 {
		b.Tracks[b.track] = t
	} else {
		b.Album = t
	}
}

// textField returns the field of a text for a type of packs.
func textField(t *disc.Text, kind byte) *string {
	switch kind {
	case packTitle:
		return &t.Title
	case packPerformer:
		return &t.Performer
	case packSongwriter:
		return &t.Songwriter
	case packComposer:
		return &t.Composer
	case packArranger:
		return &t.Arranger
	case packMessage:
		return &t.Message
	}
	return &t.Code
}
