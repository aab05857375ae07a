// Package filename is about names of files as discs record them: bytes, in a
// character set that is known or assumed. They stay bytes until they are shown,
// or given to files of a system whose names are text. What cannot be shown, or be
// a name, is escaped so that it can be told what it was.
package filename

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ValidPath reports whether p is a path as fs.ValidPath has it, which need not be
// UTF-8.
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

// Protect makes the name that begins at from in dst, as a disc records it, one
// that can be an element of a path, and reports whether it had to be changed.
// Slashes and NUL become \x2f and \x00, the dots of "." and ".." \x2e; in such a
// name backslashes are written twice. A changed name is in memory of its own.
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

// divides reports whether a name holds a slash or NUL, eight bytes at a time: it is
// asked of every name of a volume.
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

// Safe returns a name in which the bytes of control characters (C0, DEL, and C1
// in UTF-8) and of those that turn the direction of text around are written as
// \xNN; in such a name backslashes are written twice. Other bytes stay, also those
// that are not UTF-8.
func Safe(name string) string {
	return escape(name, func(r rune, n int) bool { return n > 0 && (unicode.IsControl(r) || turns(r)) })
}

// Printable is Safe for what is shown to a person: bytes that are not UTF-8 are
// escaped as well, and all characters that have a say in the direction of text.
func Printable(name string) string {
	return escape(name, func(r rune, n int) bool { return unshown(r, n) })
}

// Message is Printable for text that may hold escaped names already: its
// backslashes stay as they are.
func Message(text string) string {
	if plain(text) {
		return text
	}
	return string(escaped(text, unshown, false))
}

func unshown(r rune, n int) bool {
	return n == 0 || unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
}

// turns reports whether a character embeds, overrides or isolates a direction of
// text (UAX 9), by which one name can look like another.
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// escape writes what special tells of as \xNN for each of its bytes. special gets
// a character and its length, 0 for a byte that is not UTF-8.
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
