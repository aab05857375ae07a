package sector

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/unicode/norm"
)

// charsFor returns the character set for texts: ISO 8859-1, or MS-JIS if that has more of
// their characters. MS-JIS has Greek and Cyrillic letters too.
func charsFor(texts []string) byte {
	latin, jis := 0, 0
	seen := map[rune]bool{}
	for _, s := range texts {
		for _, r := range s {
			if r < 0x80 || seen[r] {
				continue
			}
			seen[r] = true
			if r > 0xFF {
				latin++
			}
			if _, ok := toJIS(string(r)); !ok {
				jis++
			}
		}
	}
	if jis < latin {
		return charsMSJIS
	}
	return charsLatin1
}

// toJIS encodes a text in MS-JIS. It returns false if the text has other characters.
func toJIS(s string) ([]byte, bool) {
	p, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(s))
	if err != nil {
		return nil, false
	}
	back, err := japanese.ShiftJIS.NewDecoder().Bytes(p)
	return p, err == nil && string(back) == s
}

// encodeChars encodes a text. Characters that the character set does not have are replaced
// by similar ones, or by a question mark; lost gets them and their replacements.
func encodeChars(s string, chars byte, lost map[rune]string) []byte {
	s = strings.ToValidUTF8(s, "?")
	if p, ok := toJIS(s); ok && chars == charsMSJIS && !strings.Contains(s, "\x00") {
		return p
	}
	var out []byte
	for _, r := range s {
		if p, ok := encodeChar(r, chars); ok {
			out = append(out, p...)
			continue
		}
		instead := ""
		for _, x := range similar(r) {
			if p, ok := encodeChar(x, chars); ok {
				out = append(out, p...)
				instead += string(x)
			}
		}
		if instead == "" {
			out = append(out, '?')
			instead = "?"
		}
		lost[r] = instead
	}
	return out
}

// encodeChar encodes one character. NUL, which ends a text, cannot be encoded.
func encodeChar(r rune, chars byte) ([]byte, bool) {
	switch {
	case r == 0:
		return nil, false
	case r < 0x80:
		return []byte{byte(r)}, true
	case chars == charsMSJIS:
		return toJIS(string(r))
	}
	return []byte{byte(r)}, r <= 0xFF
}

// similar returns what can be written in place of a character: its letter without marks, or
// what is usual in plain text. It is empty if nothing is similar.
func similar(r rune) string {
	if s, ok := plain(r); ok {
		return s
	}
	var b strings.Builder
	for _, x := range norm.NFKD.String(string(r)) {
		if !unicode.Is(unicode.Mn, x) && x != r {
			if s, ok := plain(x); ok {
				b.WriteString(s)
			} else {
				b.WriteRune(x)
			}
		}
	}
	return b.String()
}

// plain returns a character in letters without marks: punctuation, letters that have no
// decomposition in Unicode, and Cyrillic letters (as ISO 9 without marks).
func plain(r rune) (string, bool) {
	const from = "\x00‘’‚‛“”„‟‹›«»–—―−‐‑…•·€™œŒæÆøØßłŁđĐħĦıŋŊŧŦðÐþÞəƏ" +
		"абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯІЇЄҐ"
	const to = " |'|'|'|'|\"|\"|\"|\"|<|>|<<|>>|-|-|-|-|-|-|...|*|.|EUR|TM|oe|OE|ae|AE|o|O|ss|l|L|d|D|h|H|i|n|N|t|T|d|D|th|Th|e|E|" +
		"a|b|v|g|d|e|e|zh|z|i|j|k|l|m|n|o|p|r|s|t|u|f|h|c|ch|sh|shh|''|y|'|e|yu|ya|i|yi|ye|g|A|B|V|G|D|E|E|Zh|Z|I|J|K|L|M|N|O|P|R|S|T|U|F|H|C|Ch|Sh|Shh|''|Y|'|E|Yu|Ya|I|Yi|Ye|G"
	i := slices.Index([]rune(from), r)
	if i < 0 {
		return "", false
	}
	return strings.Split(to, "|")[i], true
}

// sortedRunes returns the keys of m in their order.
func sortedRunes(m map[rune]string) []rune {
	var list []rune
	for r := range m {
		list = append(list, r)
	}
	slices.Sort(list)
	return list
}
