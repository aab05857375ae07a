package toc

import (
	"maps"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"

	"glassmaster/mastering/disc"
)

// language is the CD-TEXT of the disc or of a track in one language.
type language struct {
	line     int
	encoding string // ENCODING_ISO_8859_1 and others; "": not given
	items    map[string]item
}

// item is an item of CD-TEXT.
type item struct {
	line    int
	data    string
	binary  bool // numbers
	escaped bool // see token
}

// itemKind returns whether there is an item of this name, and whether only the disc has it.
func itemKind(name string) (onlyDisc, ok bool) {
	switch name {
	case "TITLE", "PERFORMER", "SONGWRITER", "COMPOSER", "ARRANGER", "MESSAGE", "UPC_EAN", "ISRC", "RESERVED1", "RESERVED2", "RESERVED3", "RESERVED4", "CLOSED":
		return false, true
	case "DISC_ID", "GENRE", "TOC_INFO1", "TOC_INFO2", "SIZE_INFO":
		return true, true
	}
	return false, false
}

// maxBinary is the most numbers that an item has: 256 packs of 12 bytes.
const maxBinary = 256 * 12

// english is the code of the language EN.
const english = 9

// text reads a block of CD-TEXT.
func (p *parser) text(album bool) map[int]*language {
	all := map[int]*language{}
	p.expect("{")
	if album && p.accept("LANGUAGE_MAP") {
		p.languageMap()
	}
	for p.is("LANGUAGE") {
		line := p.advance().line
		n := int(p.number("the number of a language"))
		if p.err == nil && n > 7 {
			p.fail(line, "language %d does not exist; the numbers are 0 to 7", n)
		}
		l := all[n]
		if l == nil {
			l = &language{line: line, items: map[string]item{}}
			all[n] = l
		}
		p.expect("{")
		for p.item(l, album) {
		}
		p.expect("}")
	}
	p.expect("}")
	return all
}

// languageMap reads which numbers stand for which languages.
func (p *parser) languageMap() {
	p.sheet.languages = map[int]byte{}
	p.expect("{")
	for p.err == nil && !p.is("}") {
		line := p.tok.line
		n := p.number("the number of a language")
		p.expect(":")
		code := int64(english)
		if !p.accept("EN") {
			code = p.number("the code of a language")
		}
		if p.err == nil && (n > 7 || code > 255) {
			p.fail(line, "language %d with code %d does not exist; the numbers are 0 to 7, the codes 0 to 255", n, code)
		}
		p.sheet.languages[int(n)] = byte(code)
	}
	p.expect("}")
}

// item reads an item. It returns false if there is none.
func (p *parser) item(l *language, album bool) bool {
	if p.tok.kind != word {
		return false
	}
	name := p.tok.text
	if encodings(name) != nil {
		l.encoding = p.advance().text
		return true
	}
	onlyDisc, ok := itemKind(name)
	switch {
	case !ok:
		p.fail(p.tok.line, "%q is not an item of CD-TEXT", name)
	case onlyDisc && !album:
		p.fail(p.tok.line, "%s is an item of the disc, not of a track", name)
	}
	x := item{line: p.advance().line}
	if p.accept("{") {
		x.binary, x.data = true, p.binary()
	} else {
		t := p.quoted("a text, or numbers in braces,")
		x.data, x.escaped = t.text, t.escaped
	}
	switch name {
	case "UPC_EAN":
		name = "ISRC"
	case "RESERVED4":
		name = "CLOSED"
	}
	l.items[name] = x
	return p.err == nil
}

// binary reads numbers in braces, after the first brace.
func (p *parser) binary() string {
	var data []byte
	for p.err == nil && !p.is("}") {
		if len(data) > 0 {
			p.expect(",")
		}
		line := p.tok.line
		n := p.number("a number")
		if p.err == nil && (n > 255 || len(data) == maxBinary) {
			p.fail(line, "an item has at most %d numbers of 0 to 255", maxBinary)
		}
		data = append(data, byte(n))
	}
	p.expect("}")
	return string(data)
}

// encodings returns the character set of a name, or nil.
func encodings(name string) encoding.Encoding {
	switch name {
	case "ENCODING_ISO_8859_1", "ENCODING_ASCII":
		return charmap.ISO8859_1
	case "ENCODING_MS_JIS":
		return japanese.ShiftJIS
	case "ENCODING_KOREAN":
		return korean.EUCKR
	case "ENCODING_MANDARIN":
		return simplifiedchinese.GBK
	}
	return nil
}

// decode returns the text of an item. Bytes over 7Fh are UTF-8, unless they are not, or
// are written as octal numbers: then they are in the character set of the language.
func (x item) decode(chars encoding.Encoding) string {
	if !x.escaped && !x.binary && utf8.ValidString(x.data) {
		return x.data
	}
	s, err := chars.NewDecoder().String(x.data)
	if err != nil {
		return ""
	}
	return s
}

// texts returns the CD-TEXT of the disc.
func (b *builder) texts() []disc.CDText {
	used := map[int]bool{}
	for n := range b.sheet.text {
		used[n] = true
	}
	for _, t := range b.sheet.tracks {
		for n := range t.text {
			used[n] = true
		}
	}
	codes := b.sheet.languages
	if codes == nil && len(used) > 0 {
		b.warn(b.sheet.textLine, "CD_TEXT has no LANGUAGE_MAP; language 0 is assumed to be English.")
		codes = map[int]byte{0: english}
	}
	var all []disc.CDText
	for _, n := range slices.Sorted(maps.Keys(used)) {
		code, ok := codes[n]
		if !ok {
			b.warn(b.sheet.textLine, "The LANGUAGE_MAP of CD_TEXT does not contain language %d, whose texts are ignored.", n)
			continue
		}
		if c := b.language(n, code); !c.Empty() {
			all = append(all, c)
		}
	}
	return all
}

// language returns the CD-TEXT in one language.
func (b *builder) language(n int, code byte) disc.CDText {
	c := disc.CDText{Language: code, Tracks: map[int]disc.Text{}}
	chars := encodings("ENCODING_ISO_8859_1")
	if l := b.sheet.text[n]; l != nil {
		if size := l.items["SIZE_INFO"]; len(size.data) > 3 {
			c.Copyright = size.data[3]&3 == 3
			if size.data[0] == 0x80 {
				chars = japanese.ShiftJIS
			}
		}
		if e := encodings(l.encoding); e != nil {
			chars = e
		}
		c.Album = l.text(chars)
		c.DiscID = l.items["DISC_ID"].decode(chars)
		c.Closed = l.items["CLOSED"].decode(chars)
		c.Genre, c.GenreCode = l.genre(chars)
		c.Packs = l.packs(n)
	}
	for i, t := range b.sheet.tracks {
		if l := t.text[n]; l != nil {
			if e := encodings(l.encoding); e != nil {
				chars = e
			}
			if one := l.text(chars); one != (disc.Text{}) {
				c.Tracks[b.sheet.first+i] = one
			}
		}
	}
	return c
}

// text returns the items that the disc and tracks have.
func (l *language) text(chars encoding.Encoding) disc.Text {
	return disc.Text{
		Title:      l.items["TITLE"].decode(chars),
		Performer:  l.items["PERFORMER"].decode(chars),
		Songwriter: l.items["SONGWRITER"].decode(chars),
		Composer:   l.items["COMPOSER"].decode(chars),
		Arranger:   l.items["ARRANGER"].decode(chars),
		Message:    l.items["MESSAGE"].decode(chars),
		Code:       l.items["ISRC"].decode(chars),
	}
}

// genre returns the genre: a code of two bytes, and a text.
func (l *language) genre(chars encoding.Encoding) (string, int) {
	x := l.items["GENRE"]
	if !x.binary || len(x.data) < 2 {
		return x.decode(chars), 0
	}
	code := int(x.data[0])<<8 | int(x.data[1])
	x.data = x.data[2:]
	for len(x.data) > 0 && x.data[len(x.data)-1] == 0 {
		x.data = x.data[:len(x.data)-1]
	}
	return x.decode(chars), code
}

// packTypes are the types of packs that are not text.
var packTypes = []struct {
	kind byte
	name string
}{{0x88, "TOC_INFO1"}, {0x89, "TOC_INFO2"}, {0x8A, "RESERVED1"}, {0x8B, "RESERVED2"}, {0x8C, "RESERVED3"}}

// Sizes of a pack, and of the data in it, in bytes.
const (
	packSize = 18
	packData = 12
)

// packs returns the items that are not text as packs (MMC-6 annex J.2), whose sequence
// numbers and CRC are not set.
func (l *language) packs(n int) []byte {
	var all []byte
	for _, t := range packTypes {
		for data := l.items[t.name].data; len(data) > 0; data = data[min(packData, len(data)):] {
			p := make([]byte, packSize)
			p[0], p[3] = t.kind, byte(n<<4)
			copy(p[4:], data[:min(packData, len(data))])
			all = append(all, p...)
		}
	}
	return all
}
