package filename

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

// candidate is a character set that Guess tries, and the score of a name in it.
type candidate struct {
	set   Charset
	score func(name, text string) int
}

var candidates = []candidate{
	{Latin1, latin},
	{Charset{"ibm850", charmap.CodePage850}, latin},
	{Charset{"windows-1251", charmap.Windows1251}, cyrillic},
	{Charset{"koi8-r", charmap.KOI8R}, cyrillic},
	{Charset{"ibm866", charmap.CodePage866}, cyrillic},
	{double("shift_jis", japanese.ShiftJIS), pairs(func(lead, trail byte) int {
		switch {
		case lead == 0x82 && trail >= 0x9F || lead == 0x83: // kana
			return 6
		case lead >= 0x88 && lead <= 0x97: // the usual characters
			return 4
		}
		return -2
	}, 0x81, 0x9F, 0xE0, 0xFC)},
	{double("euc-jp", japanese.EUCJP), pairs(func(lead, _ byte) int {
		switch {
		case lead == 0xA4 || lead == 0xA5: // kana
			return 6
		case lead >= 0xB0 && lead <= 0xCF:
			return 3
		}
		return -2
	}, 0x8E, 0xFE)},
	{double("gb18030", simplifiedchinese.GB18030), pairs(func(lead, trail byte) int {
		if lead >= 0xB0 && lead <= 0xD7 && trail >= 0xA1 {
			return 4
		}
		return -2
	}, 0x81, 0xFE)},
	{double("euc-kr", korean.EUCKR), pairs(func(lead, trail byte) int {
		if lead >= 0xB0 && lead <= 0xC8 && trail >= 0xA1 { // Hangul
			return 5
		}
		return -4
	}, 0x81, 0xFE)},
	{double("big5", traditionalchinese.Big5), pairs(func(lead, _ byte) int {
		if lead >= 0xA4 && lead <= 0xC6 {
			return 4
		}
		return -2
	}, 0x81, 0xFE)},
}

func double(name string, enc encoding.Encoding) Charset { return Charset{name, enc} }

// wrong is the score of a name that is not valid in a character set.
const wrong = -6

// Guess returns the most likely character set of names that are not UTF-8. With few or
// short names it is often wrong.
func Guess(names []string) Charset {
	best, most := Latin1, 0
	for i, c := range candidates {
		score := 0
		for _, name := range names {
			if text, ok := c.set.Text(name); ok {
				score += c.score(name, text)
			} else {
				score += wrong
			}
		}
		if i == 0 || score > most {
			best, most = c.set, score
		}
	}
	return best
}

// latin scores letters with diacritics, which are usually single among plain letters.
func latin(_, text string) int {
	score := 0
	before := rune(0)
	for _, r := range text {
		switch {
		case r < utf8.RuneSelf:
		case !unicode.Is(unicode.Latin, r) || before == 'ª' || before == 'º':
			score -= 3
		case before >= utf8.RuneSelf: // two in a row are rare
			score--
		case unicode.IsUpper(r) && unicode.IsLower(before):
			score -= 3
		case unicode.IsLetter(before):
			score += 4
		default:
			score++
		}
		before = r
	}
	return score
}

// cyrillic scores letters in words, of which only the first is in upper case.
func cyrillic(_, text string) int {
	score := 0
	before := rune(0)
	for _, r := range text {
		foreign := r < utf8.RuneSelf && unicode.IsLetter(r)
		switch {
		case foreign && before >= utf8.RuneSelf, r >= utf8.RuneSelf && before < utf8.RuneSelf && unicode.IsLetter(before):
			score -= 4
		case r < utf8.RuneSelf:
		case !unicode.Is(unicode.Cyrillic, r):
			score -= 3
		case r < 'А' || r > 'я' && r != 'ё': // of other languages than Russian
		case unicode.IsUpper(r) && unicode.IsLower(before):
			score -= 4
		case unicode.IsLower(r):
			score += 2
		default:
			score++
		}
		before = r
	}
	return score
}

// pairs returns the score function of a character set with two-byte characters.
func pairs(score func(lead, trail byte) int, bounds ...byte) func(name, text string) int {
	return func(name, _ string) int {
		sum := 0
		for i := 0; i < len(name); i++ {
			c := name[i]
			if c < utf8.RuneSelf {
				continue
			}
			lead := false
			for b := 0; b < len(bounds); b += 2 {
				lead = lead || c >= bounds[b] && c <= bounds[b+1]
			}
			if !lead || i+1 == len(name) {
				sum -= 2
				continue
			}
			i++
			sum += score(c, name[i])
		}
		return sum
	}
}
