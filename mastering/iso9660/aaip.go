package iso9660

import (
	"fmt"
	"strings"

	"glassmaster/mastering/iso9660/internal/format"
)

// aaip decodes the joined component areas of the AL entries of a file: pairs of name and
// value, each in records of flags (1 continues), length and bytes. The value of the
// empty name is the access control list. An incomplete pair at the end is ignored.
func aaip(p []byte) (attributes map[string][]byte, acl string) {
	var parts [][]byte
	var part []byte
	for len(p) >= 2 && 2+int(p[1]) <= len(p) {
		part = append(part, p[2:2+int(p[1])]...)
		if p[0]&1 == 0 {
			parts = append(parts, part)
			part = nil
		}
		p = p[2+int(p[1]):]
	}
	for ; len(parts) >= 2; parts = parts[2:] {
		name, value := parts[0], parts[1]
		if len(name) == 0 {
			acl = aaipACL(value)
			continue
		}
		if attributes == nil {
			attributes = map[string][]byte{}
		}
		full := string(name)
		if c := int(name[0]); c > 0 && c < len(format.Namespaces) {
			full = format.Namespaces[c] + string(name[1:])
		}
		attributes[cleanText(full)] = value
	}
	return attributes, acl
}

// aclKind returns the prefix of an entry in the text form of an access control list, by
// the upper half of its first byte (AAIP 2.0, binary ACL representation), "" for unknown
// ones. Single users and groups are identified by name (2, 4) or by number (10, 12).
func aclKind(kind byte) string {
	switch kind {
	case 1, 2, 10:
		return "user:"
	case 3, 4, 12:
		return "group:"
	case 5:
		return "mask:"
	case 6:
		return "other:"
	}
	return ""
}

// aaipACL converts the binary form of an access control list to text:
// "user::rw-,user:123:r--,group::r--,mask::r--,other::---". Entries of the default list
// of a folder have the prefix "default:".
func aaipACL(p []byte) string {
	var list []string
	prefix := ""
	for len(p) > 0 {
		head := p[0]
		p = p[1:]
		var qualifier []byte
		for more := head&8 != 0; more && len(p) > 0; {
			n := int(p[0] & 0x7f)
			more = p[0]&0x80 != 0
			p = p[1:]
			n = min(n, len(p))
			qualifier = append(qualifier, p[:n]...)
			p = p[n:]
		}
		if head>>4 == 8 { // the default list follows
			prefix = "default:"
			continue
		}
		kind := aclKind(head >> 4)
		if kind == "" {
			continue
		}
		entry := prefix + kind
		switch named := head>>4 == 2 || head>>4 == 4; {
		case named:
			entry += cleanText(string(qualifier))
		case len(qualifier) > 0 && len(qualifier) <= 4:
			id := 0
			for _, c := range qualifier {
				id = id<<8 | int(c)
			}
			entry += fmt.Sprint(id)
		}
		list = append(list, entry+":"+permText(head))
	}
	return strings.Join(list, ",")
}

// permText returns the permissions of an entry as text: 4 read, 2 write, 1 execute.
func permText(b byte) string {
	s := []byte("---")
	for i, c := range []byte("rwx") {
		if b&(4>>i) != 0 {
			s[i] = c
		}
	}
	return string(s)
}
