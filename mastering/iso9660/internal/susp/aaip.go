package susp

import (
	"encoding/binary"
	"io/fs"
	"slices"
	"strings"

	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/tree"
)

// MaxAttributes is the maximum number of bytes of attributes of a file: what fits into
// 30 continuation areas. Linux follows 32.
const MaxAttributes = 30 * (2048 - CELength) * 250 / 255

// Attributes returns the component records of a node's attributes, nil if it has none.
func Attributes(n *tree.Node) []byte {
	x := n.Extra()
	if x == nil {
		return nil
	}
	var b []byte
	if acl := aaipList(n.Mode, x.Attributes[tree.AccessACL], x.Attributes[tree.DefaultACL]); acl != nil {
		b = component(b, nil)
		b = component(b, acl)
	}
	names := make([]string, 0, len(x.Attributes))
	for name := range x.Attributes {
		if name != tree.AccessACL && name != tree.DefaultACL && name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		b = component(b, shortName(name))
		b = component(b, x.Attributes[name])
	}
	return b
}

// shortName returns a name with its namespace as one byte, if there is one for it.
func shortName(name string) []byte {
	for c, space := range format.Namespaces {
		if space == "" {
			continue
		}
		if rest, ok := strings.CutPrefix(name, space); ok {
			return append([]byte{byte(c)}, rest...)
		}
	}
	if name[0] < 0x20 {
		return append([]byte{1}, name...)
	}
	return []byte(name)
}

// component appends a name or a value as records of flags (1: continues), length and
// bytes.
func component(b, value []byte) []byte {
	for len(value) > 255 {
		b = append(append(b, 1, 255), value[:255]...)
		value = value[255:]
	}
	return append(append(b, 0, byte(len(value))), value...)
}

// aclType converts the tag of an entry of a Linux access control list to its type in
// AAIP, and reports whether the entry has an ID. It returns 0 for unknown tags.
func aclType(tag uint16) (kind byte, hasID bool) {
	switch tag {
	case 1: // the owner
		return 1, false
	case 2: // a user
		return 10, true
	case 4: // the owning group
		return 3, false
	case 8: // a group
		return 12, true
	case 0x10: // the mask
		return 5, false
	case 0x20: // others
		return 6, false
	}
	return 0, false
}

// aaipList converts the access control lists of a file from the form of Linux to that
// of AAIP. It returns nil if there is none.
func aaipList(mode fs.FileMode, access, preset []byte) []byte {
	first, second := aaipEntries(access), aaipEntries(preset)
	if first == nil && second == nil {
		return nil
	}
	if first == nil { // the permissions of the mode
		perm := byte(mode.Perm() >> 6 & 7)
		first = []byte{1<<4 | perm, 3<<4 | byte(mode.Perm()>>3&7), 6<<4 | byte(mode.Perm()&7)}
	}
	if second == nil {
		return first
	}
	return append(append(first, 8<<4|1), second...) // separator: the default list follows
}

// aaipEntries converts a list of Linux (version 2: tag, permissions, ID of 16, 16 and
// 32 bits) to entries of AAIP: a byte with the permissions, the type, and whether a
// qualifier follows; then the qualifier as a length and a big-endian number.
func aaipEntries(p []byte) []byte {
	if len(p) < 4 || binary.LittleEndian.Uint32(p) != 2 || len(p)%8 != 4 {
		return nil
	}
	var b []byte
	for p = p[4:]; len(p) >= 8; p = p[8:] {
		kind, hasID := aclType(binary.LittleEndian.Uint16(p))
		if kind == 0 {
			return nil
		}
		head := kind<<4 | p[2]&7
		if !hasID {
			b = append(b, head)
			continue
		}
		var id [4]byte
		binary.BigEndian.PutUint32(id[:], binary.LittleEndian.Uint32(p[4:]))
		from := 0
		for from < 3 && id[from] == 0 {
			from++
		}
		b = append(append(b, head|8, byte(4-from)), id[from:]...)
	}
	return b
}

// WithoutAttribute returns component records without an attribute of a recorded name, and
// without an incomplete pair at the end. It returns them unchanged if there is none.
func WithoutAttribute(b []byte, name string) []byte {
	var kept []byte
	found := false
	for rest := b; len(rest) > 0; {
		key, n := joined(rest)
		_, m := joined(rest[n:])
		if n == 0 || m == 0 {
			break
		}
		if string(key) == name {
			found = true
		} else {
			kept = append(kept, rest[:n+m]...)
		}
		rest = rest[n+m:]
	}
	if !found {
		return b
	}
	return kept
}

// joined returns the name or value at the start of component records, and the number of
// bytes that it takes, 0 if it is incomplete.
func joined(b []byte) (value []byte, n int) {
	for n+2 <= len(b) && n+2+int(b[n+1]) <= len(b) {
		more := b[n]&1 != 0
		value = append(value, b[n+2:n+2+int(b[n+1])]...)
		n += 2 + int(b[n+1])
		if !more {
			return value, n
		}
	}
	return nil, 0
}
