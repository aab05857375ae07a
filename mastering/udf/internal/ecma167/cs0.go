package ecma167

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Compression identifiers of OSTA CS0 strings (UDF 2.1.1): the bits of a character.
// 254 and 255 mark deleted identifiers.
const (
	cs0Latin       = 8
	cs0UTF16       = 16
	cs0LatinErased = 254
	cs0UTF16Erased = 255
)

// DecodeCS0 converts a compressed Unicode string (UDF 2.1.1) to UTF-8. An unpaired
// surrogate is encoded like other characters, so that different strings stay
// different.
func DecodeCS0(p []byte) (string, error) {
	if len(p) == 0 {
		return "", nil
	}
	id, p := p[0], p[1:]
	var b strings.Builder
	switch id {
	case cs0Latin, cs0LatinErased:
		for _, c := range p {
			b.WriteRune(rune(c))
		}
	case cs0UTF16, cs0UTF16Erased:
		for len(p) >= 2 {
			c := rune(p[0])<<8 | rune(p[1])
			p = p[2:]
			if !utf16.IsSurrogate(c) {
				b.WriteRune(c)
				continue
			}
			if len(p) >= 2 {
				if both := utf16.DecodeRune(c, rune(p[0])<<8|rune(p[1])); both != utf8.RuneError {
					b.WriteRune(both)
					p = p[2:]
					continue
				}
			}
			b.Write([]byte{0xE0 | byte(c>>12), 0x80 | byte(c>>6&0x3F), 0x80 | byte(c&0x3F)})
		}
	default:
		return "", fmt.Errorf("the string has the unknown compression identifier %d", id)
	}
	return b.String(), nil
}

// DecodeDString reads a string in a field of fixed length, whose last byte is the
// number of bytes used (ECMA-167 1/7.2.12). It returns an empty string for a damaged
// one: reading files needs none of them.
func DecodeDString(field []byte) string {
	n := min(int(field[len(field)-1]), len(field)-1)
	s, err := DecodeCS0(field[:n])
	if err != nil {
		return ""
	}
	return strings.TrimRight(s, "\x00")
}

// AppendCS0 appends a string, with 8 bits per character if that suffices, otherwise
// 16.
func AppendCS0(p []byte, s string) []byte {
	if !isLatin(s) {
		p = append(p, cs0UTF16)
		for _, r := range s {
			for _, u := range utf16.AppendRune(make([]uint16, 0, 2), r) {
				p = append(p, byte(u>>8), byte(u))
			}
		}
		return p
	}
	p = append(p, cs0Latin)
	for _, r := range s {
		p = append(p, byte(r))
	}
	return p
}

// CS0Length returns the number of bytes that AppendCS0 appends.
func CS0Length(s string) int {
	if isLatin(s) {
		return 1 + utf8.RuneCountInString(s)
	}
	n := 1
	for _, r := range s {
		n += 2 * max(1, utf16.RuneLen(r))
	}
	return n
}

// isLatin reports whether every character is below U+0100.
func isLatin(s string) bool {
	for _, r := range s {
		if r > 0xFF {
			return false
		}
	}
	return true
}

// PutDString writes a string into a field of fixed length. A string that does not
// fit is truncated between characters.
func PutDString(field []byte, s string) {
	clear(field)
	if s == "" {
		return
	}
	for CS0Length(s) > len(field)-1 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	n := len(AppendCS0(field[:0], s))
	field[len(field)-1] = byte(n)
}
