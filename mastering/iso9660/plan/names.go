package plan

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"glassmaster/mastering/tree"
)

// dChars maps ASCII to the d-characters of ECMA-119 7.4.1. A constant table costs
// nothing at the start of the program.
const dChars = "________________________________________________0123456789______" +
	"_ABCDEFGHIJKLMNOPQRSTUVWXYZ______ABCDEFGHIJKLMNOPQRSTUVWXYZ_____"

// limits are the lengths of identifiers at an interchange level (ECMA-119 7.5,
// 7.6, 10.1).
type limits struct{ name, extension, both, directory int }

func levelLimits(level int) limits {
	if level == 1 {
		return limits{name: 8, extension: 3, both: 11, directory: 8}
	}
	return limits{name: 30, extension: 12, both: 30, directory: 31}
}

// appendDChars appends name in d-characters, one for each character, up to limit.
func appendDChars(dst []byte, name string, limit int) []byte {
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

// appendFileID appends the file identifier of a name, without the version number:
// "NAME.EXT". Separator 1 is always present (ECMA-119 7.5.1).
func appendFileID(dst []byte, name string, l limits) []byte {
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 {
		return append(appendDChars(dst, name, l.name), '.')
	}
	var ext [16]byte
	e := appendDChars(ext[:0], name[dot+1:], l.extension)
	dst = appendDChars(dst, name[:dot], min(l.name, l.both-len(e)))
	return append(append(dst, '.'), e...)
}

// identifier is the position of an identifier in a buffer.
type identifier struct {
	child      uint32 // index of the entry in its directory
	start, end uint32 // of the identifier in the buffer
	altered    bool   // it does not follow from the name alone
}

// namer makes the identifiers of the entries of directories, one directory at a time.
// It reuses its buffers.
type namer struct {
	buf []byte
	ids []identifier
	l   limits
}

// name makes unique identifiers for the entries, sorted as ECMA-119 9.3 requires. The
// result is valid until the next call.
func (n *namer) name(children []*tree.Node, leaveOut func(*tree.Node) bool) []identifier {
	n.buf, n.ids = n.buf[:0], n.ids[:0]
	for i, c := range children {
		if leaveOut(c) {
			continue
		}
		start := uint32(len(n.buf))
		if c.IsDir() {
			n.buf = appendDChars(n.buf, c.Name, n.l.directory)
		} else {
			n.buf = appendFileID(n.buf, c.Name, n.l)
		}
		n.ids = append(n.ids, identifier{child: uint32(i), start: start, end: uint32(len(n.buf))})
	}
	n.separate(children, stem, func(_ *tree.Node, id string, number int) []byte {
		return n.numbered(id, number)
	})
	return n.ids
}

// stem returns the part of an identifier that readers show: a directory "A" and a file
// "A." look the same.
func stem(id []byte) []byte { return bytes.TrimSuffix(id, []byte{'.'}) }

// numbered returns an identifier with a number at its end, before the extension.
func (n *namer) numbered(id string, number int) []byte {
	name, ext, room := id, "", n.l.directory
	if dot := strings.LastIndexByte(id, '.'); dot >= 0 {
		name, ext = id[:dot], id[dot:]
		room = min(n.l.name, n.l.both-len(ext)+1)
	}
	digits := fmt.Sprintf("%03d", number)
	return []byte(name[:min(len(name), max(room-len(digits), 0))] + digits + ext)
}

func (n *namer) bytes(id identifier) []byte { return n.buf[id.start:id.end] }

// sort sorts the identifiers. D-characters are all greater than the separator, so that
// comparing bytes compares names and extensions with their padding.
func (n *namer) sort(children []*tree.Node) {
	slices.SortFunc(n.ids, func(a, b identifier) int {
		if c := bytes.Compare(n.bytes(a), n.bytes(b)); c != 0 {
			return c
		}
		x, y := children[a.child], children[b.child]
		if c := strings.Compare(x.Name, y.Name); c != 0 {
			return c
		}
		return strings.Compare(x.Path(), y.Path()) // relocated from different folders
	})
}

// separate sorts the identifiers, adds numbers to those that several entries have, and
// sorts again. seen returns the part of an identifier that must be unique; numbered
// returns an identifier with a number.
func (n *namer) separate(children []*tree.Node, seen func([]byte) []byte, numbered func(c *tree.Node, id string, number int) []byte) {
	n.sort(children)
	var again []int
	for i := 1; i < len(n.ids); i++ {
		if bytes.Equal(seen(n.bytes(n.ids[i])), seen(n.bytes(n.ids[i-1]))) {
			again = append(again, i)
		}
	}
	if again == nil {
		return
	}
	used := make(map[string]bool, len(n.ids))
	for _, id := range n.ids {
		used[string(seen(n.bytes(id)))] = true
	}
	next := map[string]int{} // the number to try first, for each identifier
	for _, i := range again {
		id := string(n.bytes(n.ids[i]))
		for {
			try := numbered(children[n.ids[i].child], id, next[id])
			next[id]++
			if used[string(seen(try))] {
				continue
			}
			used[string(seen(try))] = true
			n.ids[i].start = uint32(len(n.buf))
			n.buf = append(n.buf, try...)
			n.ids[i].end = uint32(len(n.buf))
			n.ids[i].altered = true
			break
		}
	}
	n.sort(children)
}

// jolietChars maps ASCII to the characters that Joliet allows: no control characters,
// and none with a meaning in paths (Joliet specification).
const jolietChars = "________________________________ !\"#$%&'()_+,-._0123456789__<=>_" +
	"@ABCDEFGHIJKLMNOPQRSTUVWXYZ[_]^_`abcdefghijklmnopqrstuvwxyz{|}~\x7f"

// appendJoliet appends name in big-endian UTF-16, up to limit code units, without
// splitting a surrogate pair.
func appendJoliet(dst []byte, name string, limit int) []byte {
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

// cutJoliet returns a Joliet name shortened to limit code units. It keeps a short
// extension, and adds number if that is not negative.
func cutJoliet(name string, limit, number int) []byte {
	tail := ""
	stem := name
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && len(name)-dot <= 12 {
		stem, tail = name[:dot], name[dot:]
	}
	if number >= 0 {
		tail = fmt.Sprintf("%03d", number) + tail
	}
	end := appendJoliet(nil, tail, limit)
	return append(appendJoliet(nil, stem, limit-len(end)/2), end...)
}

// jolietName makes unique Joliet identifiers for the entries, sorted and without
// version numbers. The result is valid until the next call.
func (n *namer) jolietName(children []*tree.Node, limit int, leaveOut func(*tree.Node) bool) []identifier {
	n.buf, n.ids = n.buf[:0], n.ids[:0]
	for i, c := range children {
		if leaveOut(c) {
			continue
		}
		start := uint32(len(n.buf))
		n.buf = appendJoliet(n.buf, c.Name, limit)
		cut := tooLong(c.Name, limit)
		if cut {
			n.buf = append(n.buf[:start], cutJoliet(c.Name, limit, -1)...)
		}
		n.ids = append(n.ids, identifier{uint32(i), start, uint32(len(n.buf)), cut})
	}
	whole := func(id []byte) []byte { return id }
	n.separate(children, whole, func(c *tree.Node, _ string, number int) []byte {
		return cutJoliet(c.Name, limit, number)
	})
	return n.ids
}

// tooLong reports whether a name has more than limit UTF-16 code units.
func tooLong(name string, limit int) bool {
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
