package session

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"glassmaster/mastering/tree"
)

// Tags of the entries of an access control list in Linux (posix_acl_xattr.h). Entries
// without an ID have noID.
const (
	aclUserObj  = 1
	aclUser     = 2
	aclGroupObj = 4
	aclGroup    = 8
	aclMask     = 0x10
	aclOther    = 0x20

	noID = 0xFFFFFFFF
)

// aclEntry is an entry of an access control list.
type aclEntry struct {
	tag, permissions uint16
	id               uint32
}

// posixACL converts access control lists from the form of volume.Attributes to the
// extended attributes in which Linux keeps them: a version, and for each entry the tag,
// the permissions and the ID in 16, 16 and 32 bits. It returns false, and no lists, if an
// entry is not of this kind, such as one that names a user by name.
func posixACL(text string) (map[string][]byte, bool) {
	if text == "" {
		return nil, true
	}
	lists := map[string][]aclEntry{}
	for part := range strings.SplitSeq(text, ",") {
		name, entry := tree.AccessACL, part
		if rest, ok := strings.CutPrefix(part, "default:"); ok {
			name, entry = tree.DefaultACL, rest
		}
		e, ok := parseEntry(entry)
		if !ok {
			return nil, false
		}
		lists[name] = append(lists[name], e)
	}
	binaries := make(map[string][]byte, len(lists))
	for name, list := range lists {
		// Linux wants the entries in the order of tags and IDs.
		slices.SortStableFunc(list, func(a, b aclEntry) int { return cmp.Or(cmp.Compare(a.tag, b.tag), cmp.Compare(a.id, b.id)) })
		b := binary.LittleEndian.AppendUint32(nil, 2)
		for _, e := range list {
			b = binary.LittleEndian.AppendUint16(b, e.tag)
			b = binary.LittleEndian.AppendUint16(b, e.permissions)
			b = binary.LittleEndian.AppendUint32(b, e.id)
		}
		binaries[name] = b
	}
	return binaries, true
}

// parseEntry parses an entry such as "user:1000:rw-".
func parseEntry(text string) (aclEntry, bool) {
	part := strings.Split(text, ":")
	if len(part) != 3 || len(part[2]) != 3 {
		return aclEntry{}, false
	}
	e := aclEntry{id: noID}
	switch part[0] {
	case "user":
		e.tag = aclUserObj
	case "group":
		e.tag = aclGroupObj
	case "mask":
		e.tag = aclMask
	case "other":
		e.tag = aclOther
	default:
		return aclEntry{}, false
	}
	if part[1] != "" {
		id, err := strconv.ParseUint(part[1], 10, 32)
		if err != nil || e.tag != aclUserObj && e.tag != aclGroupObj {
			return aclEntry{}, false
		}
		e.tag, e.id = e.tag<<1, uint32(id)
	}
	for i, c := range "rwx" {
		switch part[2][i] {
		case byte(c):
			e.permissions |= 4 >> i
		case '-':
		default:
			return aclEntry{}, false
		}
	}
	return e, true
}
