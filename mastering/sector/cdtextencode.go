package sector

import (
	"bytes"
	"fmt"

	"glassmaster/mastering/disc"
)

// EncodeCDText makes the packs of the CD-TEXT of a session, with size information and CRC.
// The notices say what was changed or left out: characters that no character set of CD-TEXT
// has, texts beyond the 256 packs of a language, and more than eight languages.
func EncodeCDText(s disc.Session) ([]byte, []disc.Notice) {
	texts := s.Text
	var notices []disc.Notice
	if len(texts) > maxBlocks {
		notices = append(notices, warn("CD-TEXT holds at most %d languages; the others are left out.", maxBlocks))
		texts = texts[:maxBlocks]
	}
	var blocks []*blockEncoder
	for i, t := range texts {
		b := newBlockEncoder(t, i, s)
		notices = append(notices, b.fit()...)
		blocks = append(blocks, b)
	}
	var packs []byte
	for _, b := range blocks {
		packs = append(packs, b.finish(blocks)...)
	}
	return packs, notices
}

// KeptCDText returns the CD-TEXT of a session as its packs hold it, and the notices of
// EncodeCDText.
func KeptCDText(s disc.Session) ([]disc.CDText, []disc.Notice) {
	packs, notices := EncodeCDText(s)
	return DecodeCDText(packs), notices
}

func warn(text string, args ...any) disc.Notice {
	return disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(text, args...)}
}

// blockEncoder makes the packs of one language.
type blockEncoder struct {
	text        disc.CDText
	block       int
	first, last int // tracks
	chars       byte
	tab         bool // TAB replaces a text that equals that of the track before
	without     []byte
	limit       int             // characters of each text; 0: no limit
	lost        map[rune]string // replacements of characters

	packs  []byte
	counts [16]int
}

func newBlockEncoder(t disc.CDText, block int, s disc.Session) *blockEncoder {
	b := &blockEncoder{text: t, block: block, first: 100}
	for _, k := range s.Tracks {
		b.first, b.last = min(b.first, k.Number), max(b.last, k.Number)
	}
	if len(s.Tracks) == 0 {
		for n := range t.Tracks {
			b.first, b.last = min(b.first, n), max(b.last, n)
		}
	}
	if b.last == 0 {
		b.first = 0
	}
	b.last = min(b.last, 99)
	b.chars = charsFor(b.all())
	return b
}

// all returns all texts that are written in the character set of the block.
func (b *blockEncoder) all() []string {
	var list []string
	for kind := byte(packTitle); kind <= packMessage; kind++ {
		list = append(list, *textField(&b.text.Album, kind))
		for _, t := range b.text.Tracks {
			list = append(list, *textField(&t, kind))
		}
	}
	return list
}

// fit makes the packs. If they are more than a block can have it writes repeated texts as
// TAB, then leaves out types of texts, the least important first, and then shortens the rest.
func (b *blockEncoder) fit() []disc.Notice {
	var notices []disc.Notice
	dispensable := []struct {
		kind byte
		name string
	}{
		{packTOC2, "second tables of contents"},
		{packTOC, "tables of contents"},
		{packReserved, "data of unknown meaning"},
		{packClosed, "closed information"},
		{packMessage, "messages"},
		{packArranger, "arrangers"},
		{packComposer, "composers"},
		{packSongwriter, "songwriters"},
	}
	for b.make(); len(b.packs)/packBytes > maxPacks-3; b.make() {
		switch {
		case !b.tab:
			b.tab = true
			continue
		case len(dispensable) == 0:
			if b.limit -= 2; b.limit < 0 {
				b.limit = 160
			}
			continue
		}
		left := dispensable[0]
		dispensable = dispensable[1:]
		before := len(b.packs)
		b.without = append(b.without, left.kind)
		if b.make(); len(b.packs) < before {
			notices = append(notices, warn("The CD-TEXT in language %02Xh is longer than the %d bytes that a disc holds for each language; %s are left out.", b.text.Language, (maxPacks-3)*(packCRC-packData), left.name))
		}
	}
	if b.limit > 0 {
		notices = append(notices, warn("The CD-TEXT in language %02Xh is longer than a disc holds; each text is shortened to %d characters.", b.text.Language, b.limit))
	}
	for _, r := range sortedRunes(b.lost) {
		notices = append(notices, warn("CD-TEXT in language %02Xh cannot contain the character %q here; %q is written instead.", b.text.Language, r, b.lost[r]))
	}
	for n := range b.text.Tracks {
		if n < b.first || n > b.last {
			notices = append(notices, warn("The CD-TEXT of track %d is left out; the session has no such track.", n))
		}
	}
	return notices
}

// make makes all packs but those of the size information.
func (b *blockEncoder) make() {
	b.packs, b.counts, b.lost = nil, [16]int{}, map[rune]string{}
	for kind := byte(packTitle); kind < packSize; kind++ {
		switch {
		case bytes.IndexByte(b.without, min(kind, packReserved)) >= 0 && kind < packClosed, bytes.IndexByte(b.without, kind) >= 0:
		case kind <= packMessage, kind == packCode:
			b.perTrack(kind)
		case kind == packDiscID:
			b.single(kind, b.text.DiscID)
		case kind == packGenre:
			if code := b.text.GenreCode; code != 0 || b.text.Genre != "" {
				b.stream(kind, []piece{{0, append([]byte{byte(code >> 8), byte(code)}, b.encode(kind, b.text.Genre)...)}}, false)
			}
		case kind == packClosed:
			b.single(kind, b.text.Closed)
		default:
			b.recorded(kind)
		}
	}
}

// piece is the encoded text of a track, with its end.
type piece struct {
	track int
	data  []byte
}

// perTrack makes the packs of a type that has a text for the album and for each track.
func (b *blockEncoder) perTrack(kind byte) {
	used := *textField(&b.text.Album, kind) != ""
	for n := b.first; n <= b.last; n++ {
		t := b.text.Tracks[n]
		used = used || *textField(&t, kind) != ""
	}
	if !used {
		return
	}
	list := []piece{{0, b.encode(kind, *textField(&b.text.Album, kind))}}
	previous := ""
	for n := max(b.first, 1); n <= b.last; n++ {
		t := b.text.Tracks[n]
		s := *textField(&t, kind)
		if b.tab && s == previous && len(s) > 1 && n > b.first {
			list = append(list, piece{n, b.same(kind)})
			continue
		}
		list = append(list, piece{n, b.encode(kind, s)})
		previous = s
	}
	b.stream(kind, list, b.wide(kind))
}

// single makes the packs of a text of the album.
func (b *blockEncoder) single(kind byte, s string) {
	if s != "" {
		b.stream(kind, []piece{{0, b.encode(kind, s)}}, false)
	}
}

// wide reports whether the texts of a type have characters of two bytes.
func (b *blockEncoder) wide(kind byte) bool { return kind <= packMessage && b.chars == charsMSJIS }

// same returns what stands for the text of the track before.
func (b *blockEncoder) same(kind byte) []byte {
	if b.wide(kind) {
		return []byte("\t\t\x00\x00")
	}
	return []byte("\t\x00")
}

// encode encodes a text with its end. A text of TABs alone would mean the text of the track
// before.
func (b *blockEncoder) encode(kind byte, s string) []byte {
	if s == "\t" || s == "\t\t" {
		s = " "
	}
	if r := []rune(s); b.limit > 0 && len(r) > b.limit {
		s = string(r[:b.limit])
	}
	if !b.wide(kind) {
		return append(encodeChars(s, charsLatin1, b.lost), 0)
	}
	p := encodeChars(s, charsMSJIS, b.lost)
	if len(p)%2 == 1 {
		p = append(p, 0) // readers look for the end at even bytes
	}
	return append(p, 0, 0)
}

// stream cuts texts into packs.
func (b *blockEncoder) stream(kind byte, list []piece, wide bool) {
	width := 1
	if wide {
		width = 2
	}
	var data []byte
	var owner []piece // of each byte of data: its track, and the bytes of its text before it
	for _, p := range list {
		for i := range p.data {
			owner = append(owner, piece{p.track, p.data[:i]})
		}
		data = append(data, p.data...)
	}
	for at := 0; at < len(data); at += packCRC - packData {
		before := len(owner[at].data)
		if kind == packGenre {
			before = max(0, before-2) // the code is not text
		}
		position := min(before/width, 15)
		b.add(kind, byte(owner[at].track), byte(position), wide, data[at:min(at+packCRC-packData, len(data))])
	}
}

// recorded repeats packs that are not text.
func (b *blockEncoder) recorded(kind byte) {
	for p := b.text.Packs; len(p) >= packBytes; p = p[packBytes:] {
		if p[0] == kind {
			b.add(kind, p[1], p[3]&15, false, p[packData:packCRC])
		}
	}
}

// add adds a pack.
func (b *blockEncoder) add(kind, track, position byte, wide bool, data []byte) {
	p := make([]byte, packBytes)
	p[0], p[1], p[2], p[3] = kind, track, byte(len(b.packs)/packBytes), byte(b.block<<4)|position
	if wide {
		p[3] |= 0x80
	}
	copy(p[packData:packCRC], data)
	crc := ^crc16(p[:packCRC])
	p[packCRC], p[packCRC+1] = byte(crc>>8), byte(crc)
	b.packs = append(b.packs, p...)
	b.counts[kind-packTitle]++
}

// finish returns all packs of the block, with the size information, which describes all
// blocks.
func (b *blockEncoder) finish(all []*blockEncoder) []byte {
	var size [sizeBytes]byte
	size[0], size[sizeFirst], size[sizeLast] = b.chars, byte(b.first), byte(b.last)
	if b.text.Copyright {
		size[sizeCopyright] = 3
	}
	b.counts[packSize-packTitle] = 3
	for i, n := range b.counts {
		size[sizeCounts+i] = byte(n)
	}
	for i, other := range all {
		count := len(other.packs)/packBytes + 3
		if i < b.block {
			count -= 3 // finished already
		}
		size[sizeSequence+i], size[sizeLanguage+i] = byte(count-1), other.text.Language
	}
	for i := range 3 {
		b.add(packSize, byte(i), 0, false, size[i*12:(i+1)*12])
	}
	return b.packs
}
