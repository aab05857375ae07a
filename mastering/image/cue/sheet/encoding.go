package sheet

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"glassmaster/mastering/disc"
)

// decode returns the text of a sheet, and says which character set is assumed.
func (p *parser) decode(text []byte) string {
	s, assumed := decode(text)
	if assumed != "" {
		p.Notices = append(p.Notices, disc.Notice{Severity: disc.Warning, Text: "The sheet does not state its character set; " + assumed + " is assumed. If names and titles look wrong, save the sheet as UTF-8."})
	}
	return s
}

// decode returns a text, and the character set that is assumed; it is empty if the text is
// UTF-8 or has a byte order mark.
func decode(text []byte) (s, assumed string) {
	if order := utf32Order(text); order >= 0 {
		e := utf32.UTF32(utf32.Endianness(order == 1), utf32.IgnoreBOM)
		return strings.TrimPrefix(decoded(e, text), "\ufeff"), ""
	}
	if order, mark := utf16Order(text); order >= 0 {
		e := unicode.UTF16(unicode.Endianness(order == 1), unicode.IgnoreBOM)
		if !mark {
			assumed = "UTF-16"
		}
		return strings.TrimPrefix(decoded(e, text), "\ufeff"), assumed
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case utf8.Valid(text):
		return string(text), ""
	case isShiftJIS(text):
		return decoded(japanese.ShiftJIS, text), "Shift-JIS"
	case isCyrillic(text):
		return decoded(charmap.Windows1251, text), "Windows-1251 (Cyrillic)"
	}
	return decoded(charmap.Windows1252, text), "Windows-1252 (Western European)"
}

func decoded(e encoding.Encoding, text []byte) string {
	s, _ := e.NewDecoder().Bytes(text)
	return string(s)
}

// utf32Order returns the byte order of a text in UTF-32, by its byte order mark: 0
// big-endian, 1 little-endian, -1 if it has none.
func utf32Order(text []byte) int {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe\x00\x00")):
		return 1
	case bytes.HasPrefix(text, []byte("\x00\x00\xfe\xff")):
		return 0
	}
	return -1
}

// utf16Order returns the byte order of a text in UTF-16: 0 big-endian, 1 little-endian, -1
// if it is not UTF-16. mark says that it begins with a byte order mark. Without one it is
// recognized by its commands, in which every second byte is zero.
func utf16Order(text []byte) (order int, mark bool) {
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		return 1, true
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		return 0, true
	}
	var zeros [2]int
	head := text[:min(len(text), 1024)&^1]
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	for order := range zeros {
		if most := len(head) / 2; zeros[order^1] == 0 && most > 4 && zeros[order] > most/2 {
			return order, false
		}
	}
	return -1, false
}

// isShiftJIS reports whether a text is in Shift-JIS. All bytes have to be characters of it:
// ASCII, half-width katakana (A1h to DFh), and pairs. Texts in other character sets may
// have such bytes too: an apostrophe of Windows-1252 and the letter after it, or Russian
// words. So most of the pairs have to be in a row with others, and to begin with 81h to
// 9Fh, as kana and common kanji do.
func isShiftJIS(text []byte) bool {
	common, other := 0, 0
	last := -2 // where the pair before began
	counted := false
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case b < 0x80:
			continue
		case b >= 0xA1 && b <= 0xDF:
			other++
			continue
		case b == 0x80 || b == 0xA0 || b > 0xFC || i+1 == len(text):
			return false
		}
		if t := text[i+1]; t < 0x40 || t == 0x7F || t > 0xFC {
			return false
		}
		inRow := last == i-2
		switch {
		case b > 0x9F:
			other++
		case inRow && !counted:
			common += 2
		case inRow:
			common++
		}
		counted = inRow
		last = i
		i++
	}
	return common > other
}

// isCyrillic reports whether a text in a character set of one byte is in Windows-1251. In
// Russian all letters of a word are above 7Fh, in Western languages only some are.
func isCyrillic(text []byte) bool {
	cyrillic, latin := 0, 0
	for i := 0; i < len(text); {
		high, ascii := 0, 0
		for ; i < len(text); i++ {
			switch b := text[i]; {
			case b >= 0xC0 || b == 0xA8 || b == 0xB8: // Ё and ё apart from the others
				high++
				continue
			case b|0x20 >= 'a' && b|0x20 <= 'z':
				ascii++
				continue
			}
			break
		}
		switch {
		case high > 0 && ascii > 0:
			latin += high
		case high > 1:
			cyrillic += high
		}
		i++
	}
	return cyrillic > latin
}

// IsText reports whether bytes from the beginning of a file can be those of a sheet.
func IsText(head []byte) bool {
	order, _ := utf16Order(head)
	return order >= 0 || utf32Order(head) >= 0 || bytes.IndexByte(head, 0) < 0
}

// Recognize reports whether a text is a CUE sheet: it has a line TRACK with a number, or a
// line FILE with a type.
func Recognize(text []byte) bool {
	s, _ := decode(text)
	for _, line := range lines(s) {
		name, rest := cut(strings.Trim(line, " \t"))
		switch strings.ToUpper(name) {
		case "TRACK":
			number, _ := cut(rest)
			if number != "" && strings.Trim(number, "0123456789") == "" {
				return true
			}
		case "FILE":
			_, kind := splitFile(rest)
			switch strings.ToUpper(kind) {
			case "BINARY", "MOTOROLA", "WAVE", "AIFF", "MP3", "FLAC", "OGG":
				return true
			}
		}
	}
	return false
}
