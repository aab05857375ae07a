// Package filename handles file names as discs record them: bytes in a character set that
// is known or assumed. They stay bytes until they are shown, or given to files on a system
// whose names are text. What cannot be shown, or cannot be part of a name, is escaped
// reversibly.
package filename

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ValidPath is like fs.ValidPath, but the path need not be UTF-8.
func ValidPath(p string) bool {
	if p == "." {
		return true
	}
	for {
		part, rest, more := strings.Cut(p, "/")
		if part == "" || part == "." || part == ".." {
			return false
		}
		if !more {
			return true
		}
		p = rest
	}
}

// Protect changes the name that begins at from in dst into a valid element of a path, and
// reports whether it had to be changed. Slashes and NUL become \x2f and \x00, the dots of
// "." and ".." become \x2e; in such a name backslashes are doubled. A changed name is in
// newly allocated memory.
func Protect(dst []byte, from int) ([]byte, bool) {
	name := dst[from:]
	dots := false
	switch len(name) {
	case 0:
		return append(dst, '_'), true
	case 1:
		dots = name[0] == '.'
	case 2:
		dots = name[0] == '.' && name[1] == '.'
	}
	if !dots && !divides(name) {
		return dst, false
	}
	dst = bytes.Clone(dst[:from])
	for _, c := range name {
		switch {
		case c == '/', c == 0, c == '.' && dots:
			dst = appendHex(dst, c)
		case c == '\\':
			dst = append(dst, '\\', '\\')
		default:
			dst = append(dst, c)
		}
	}
	return dst, true
}

// divides reports whether a name has a slash or NUL, eight bytes at a time: it is called
// for every name of a volume.
func divides(name []byte) bool {
	const ones, high, slashes = 0x0101010101010101, 0x8080808080808080, '/' * 0x0101010101010101
	for len(name) >= 8 {
		x := binary.LittleEndian.Uint64(name)
		y := x ^ slashes
		if ((x-ones)&^x|(y-ones)&^y)&high != 0 {
			return true
		}
		name = name[8:]
	}
	for _, c := range name {
		if c == '/' || c == 0 {
			return true
		}
	}
	return false
}

func appendHex(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, '\\', 'x', digits[c>>4], digits[c&15])
}

// Safe returns a name in which the bytes of control characters (C0, DEL, and C1 in UTF-8)
// and of characters that change the direction of text are written as \xNN; in such a name
// backslashes are doubled. Other bytes stay, including those that are not UTF-8.
func Safe(name string) string {
	return escape(name, func(r rune, n int) bool { return n > 0 && (unicode.IsControl(r) || turns(r)) })
}

// Printable is like Safe, for names that are shown: it also escapes bytes that are not
// UTF-8, and all characters that affect the direction of text.
func Printable(name string) string {
	return escape(name, func(r rune, n int) bool { return unshown(r, n) })
}

// Message is like Printable, for text that may contain escaped names: its backslashes are
// not doubled.
func Message(text string) string {
	if plain(text) {
		return text
	}
	return string(escaped(text, unshown, false))
}

func unshown(r rune, n int) bool {
	return n == 0 || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// turns reports whether a character embeds, overrides or isolates a text direction (UAX
// 9), which can make one name look like another.
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// escape writes the bytes of characters for which special returns true as \xNN. special
// gets a character and its length, 0 for a byte that is not UTF-8.
func escape(name string, special func(r rune, n int) bool) string {
	if plain(name) {
		return name
	}
	for i := 0; i < len(name); {
		r, n := decode(name[i:])
		if special(r, n) {
			return string(escaped(name, special, true))
		}
		i += max(n, 1)
	}
	return name
}

func escaped(name string, special func(r rune, n int) bool, double bool) []byte {
	dst := make([]byte, 0, len(name)+16)
	for i := 0; i < len(name); {
		r, n := decode(name[i:])
		k := max(n, 1)
		switch {
		case special(r, n):
			for _, c := range []byte(name[i : i+k]) {
				dst = appendHex(dst, c)
			}
		case r == '\\' && double:
			dst = append(dst, '\\', '\\')
		default:
			dst = append(dst, name[i:i+k]...)
		}
		i += k
	}
	return dst
}

// decode returns the first character of s and its length, 0 for a byte that is not
// UTF-8.
func decode(s string) (rune, int) {
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n <= 1 {
		return r, 0
	}
	return r, n
}

// plain reports whether s is printable ASCII, as most names are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}
