// Package ident makes identifiers of directory records from names: those of the
// interchange levels of ECMA-119, of Joliet and of ISO 9660:1999.
package ident

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// dChars maps ASCII to the d-characters of ECMA-119 7.4.1. A constant table costs
// nothing at the start of the program.
const dChars = "________________________________________________0123456789______" +
	"_ABCDEFGHIJKLMNOPQRSTUVWXYZ______ABCDEFGHIJKLMNOPQRSTUVWXYZ_____"

// Limits are the lengths of identifiers at an interchange level (ECMA-119 7.5,
// 7.6, 10.1).
type Limits struct{ Name, Extension, Both, Directory int }

func LevelLimits(level int) Limits {
	if level == 1 {
		return Limits{Name: 8, Extension: 3, Both: 11, Directory: 8}
	}
	return Limits{Name: 30, Extension: 12, Both: 30, Directory: 31}
}

// AppendDChars appends name in d-characters, one for each character, up to limit.
func AppendDChars(dst []byte, name string, limit int) []byte {
	for i := 0; i < len(name) && limit > 0; limit-- {
		if c := name[i]; c < utf8.RuneSelf {
			dst = append(dst, dChars[c])
			i++
			continue
		}
		dst = append(dst, '_')
		_, n := utf8.DecodeRuneInString(name[i:])
		i += n
	}
	return dst
}

// AppendFileID appends the file identifier of a name, without the version number:
// "NAME.EXT". Separator 1 is always present (ECMA-119 7.5.1).
func AppendFileID(dst []byte, name string, l Limits) []byte {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		return append(AppendDChars(dst, name, l.Name), '.')
	}
	var ext [16]byte
	e := AppendDChars(ext[:0], name[dot+1:], l.Extension)
	dst = AppendDChars(dst, name[:dot], min(l.Name, l.Both-len(e)))
	return append(append(dst, '.'), e...)
}

// Numbered returns an identifier with a number at its end, before the extension.
func (l Limits) Numbered(id string, number int) []byte {
	name, ext, room := id, "", l.Directory
	if dot := strings.LastIndexByte(id, '.'); dot >= 0 {
		name, ext = id[:dot], id[dot:]
		room = min(l.Name, l.Both-len(ext)+1)
	}
	digits := fmt.Sprintf("%03d", number)
	return []byte(name[:min(len(name), max(room-len(digits), 0))] + digits + ext)
}

// jolietChars maps ASCII to the characters that Joliet allows: no control characters,
// and none with a meaning in paths (Joliet specification).
const jolietChars = "________________________________ !\"#$%&'()_+,-._0123456789__<=>_" +
	"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[_]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"

// AppendJoliet appends name in big-endian UTF-16, up to limit code units, without
// splitting a surrogate pair.
func AppendJoliet(dst []byte, name string, limit int) []byte {
	for i := 0; i < len(name); {
		if c := name[i]; c < utf8.RuneSelf {
			if limit--; limit < 0 {
				break
			}
			dst = append(dst, 0, jolietChars[c])
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(name[i:])
		i += n
		if r < 0x10000 {
			if limit--; limit < 0 {
				break
			}
			dst = append(dst, byte(r>>8), byte(r))
			continue
		}
		if limit -= 2; limit < 0 {
			break
		}
		hi, lo := utf16.EncodeRune(r)
		dst = append(dst, byte(hi>>8), byte(hi), byte(lo>>8), byte(lo))
	}
	return dst
}

// CutJoliet returns a Joliet name shortened to limit code units. It keeps a short
// extension, and adds number if that is not negative.
func CutJoliet(name string, limit, number int) []byte {
	tail := ""
	stem := name
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= 12 {
		stem, tail = name[:dot], name[dot:]
	}
	if number >= 0 {
		tail = fmt.Sprintf("%03d", number) + tail
	}
	end := AppendJoliet(nil, tail, limit)
	return append(AppendJoliet(nil, stem, limit-len(end)/2), end...)
}

// TooLong reports whether a name has more than limit UTF-16 code units.
func TooLong(name string, limit int) bool {
	if len(name) <= limit {
		return false
	}
	n := 0
	for _, r := range name {
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n > limit
}

// MaxEnhanced is the maximum length in bytes of an identifier in the tree of the
// enhanced volume descriptor (ISO 9660:1999 7.5, 7.6).
const MaxEnhanced = 207

// AppendEnhanced appends the identifier of a name in the enhanced tree: the name in
// UTF-8, without a version number. Separators and control characters become
// underscores.
func AppendEnhanced(dst []byte, name string) []byte {
	from := len(dst)
	dst = append(dst, cutBytes(name, MaxEnhanced)...)
	for i, c := range dst[from:] {
		if c < 0x20 || c == ';' || c == '/' || c == 0x7F {
			dst[from+i] = '_'
		}
	}
	return dst
}

// cutBytes returns the beginning of a Name: whole characters of up to limit bytes.
func cutBytes(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	for limit > 0 && !utf8.RuneStart(name[limit]) {
		limit--
	}
	return name[:limit]
}

// CutEnhanced returns an enhanced name shortened to its limit. It keeps a short
// extension, and adds number if that is not negative.
func CutEnhanced(name string, number int) []byte {
	stem, tail := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= 12 {
		stem, tail = name[:dot], name[dot:]
	}
	if number >= 0 {
		tail = fmt.Sprintf("%03d", number) + tail
	}
	return AppendEnhanced(nil, cutBytes(stem, MaxEnhanced-len(tail))+tail)
}

// PadASCII writes text padded with spaces. Characters outside of ASCII become
// underscores, since the descriptor cannot hold them.
func PadASCII(b []byte, s string) {
	i := 0
	for _, r := range s {
		if i == len(b) {
			return
		}
		if r < 0x20 || r >= 0x7F {
			r = '_'
		}
		b[i] = byte(r)
		i++
	}
	for ; i < len(b); i++ {
		b[i] = ' '
	}
}

// PadUTF16 writes text in big-endian UTF-16, padded with spaces.
func PadUTF16(b []byte, s string) {
	n := copy(b, AppendJoliet(nil, s, len(b)/2))
	for ; n+1 < len(b); n += 2 {
		b[n], b[n+1] = 0, ' '
	}
}
