package udf

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxName is the longest file identifier in bytes, with its compression
// identifier: its length is told in one byte (ECMA-167 4/14.4.4).
const maxName = 255

// parentLength is the length of the file identifier descriptor of the parent.
const parentLength = 40

// nameLength returns the length of the file identifier descriptor of a name.
func nameLength(name string) uint32 {
	return uint32(fidLength+cs0Length(name)+3) &^ 3
}

// fileName returns the name that a file gets. A longer one than fits is cut, and
// bytes that are no UTF-8 become "_"; then the CRC of the whole is put behind it,
// in the manner of UDF 4.2.2.1, which keeps such names apart.
func fileName(name string) string {
	if utf8.ValidString(name) && (len(name) < 127 || cs0Length(name) <= maxName) { // 126 bytes are never more than 253
		return name
	}
	stem, ext := strings.ToValidUTF8(name, "_"), ""
	if dot := strings.LastIndexByte(stem, '.'); dot > 0 && utf8.RuneCountInString(stem[dot:]) <= 6 {
		stem, ext = stem[:dot], stem[dot:]
	}
	end := fmt.Sprintf("#%04X", crc16([]byte(name))) + ext
	for cs0Length(stem+end) > maxName {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	return stem + end
}

// putName writes the file identifier descriptor (ECMA-167 4/14.4) that begins p,
// in the given block, and returns its length. An empty name is the parent.
func putName(p []byte, name string, traits byte, icb longAD, id, block uint32, version uint16) uint32 {
	length := uint32(parentLength)
	text := 0
	if name != "" {
		length = nameLength(name)
		text = len(appendCS0(p[fidLength:fidLength], name))
	}
	p = p[:length]
	clear(p[fidLength+text:])
	le.PutUint16(p[16:], 1)
	p[18], p[19] = traits, byte(text)
	putLongAD(p[20:], icb)
	if version == 3 {
		le.PutUint32(p[32:], id)
	}
	le.PutUint16(p[36:], 0)
	sealTag(p, tagFID, version, block)
	return length
}

// putLongAD writes a long allocation descriptor with nothing in its
// implementation use.
func putLongAD(p []byte, a longAD) {
	le.PutUint32(p, a.length)
	le.PutUint32(p[4:], a.block)
	le.PutUint16(p[8:], a.partition)
	clear(p[10:16])
}

// Types of path components (ECMA-167 4/14.16.1.1).
const (
	pathRoot   = 2
	pathParent = 3
	pathSelf   = 4
	pathName   = 5
)

// appendTarget appends the target of a symbolic link as path components.
func appendTarget(p []byte, target string) []byte {
	if strings.HasPrefix(target, "/") {
		p = append(p, pathRoot, 0, 0, 0)
	}
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "":
		case ".":
			p = append(p, pathSelf, 0, 0, 0)
		case "..":
			p = append(p, pathParent, 0, 0, 0)
		default:
			part = fileName(part)
			p = append(p, pathName, byte(cs0Length(part)), 0, 0)
			p = appendCS0(p, part)
		}
	}
	return p
}

// targetLength returns the bytes that appendTarget appends.
func targetLength(target string) int { return len(appendTarget(nil, target)) }
