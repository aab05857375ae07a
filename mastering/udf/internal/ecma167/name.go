package ecma167

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxName is the length of the longest file identifier in bytes, including the
// compression identifier: the length field is one byte (ECMA-167 4/14.4.4).
const maxName = 255

// FIDSize returns the length of the file identifier descriptor of a name, in bytes.
func FIDSize(name string) uint32 {
	return uint32(FIDLength+CS0Length(name)+3) &^ 3
}

// FileName returns the name of a file on the volume. A name that is too long is
// truncated, and bytes that are not UTF-8 become "_". The CRC of the original name is
// appended to such a name, as in UDF 4.2.2.1, so that different names stay different.
func FileName(name string) string {
	if utf8.ValidString(name) && (len(name) < 127 || CS0Length(name) <= maxName) { // 126 bytes are never more than 253
		return name
	}
	stem, ext := strings.ToValidUTF8(name, "_"), ""
	if dot := strings.LastIndexByte(stem, '.'); dot > 0 && utf8.RuneCountInString(stem[dot:]) <= 6 {
		stem, ext = stem[:dot], stem[dot:]
	}
	end := fmt.Sprintf("#%04X", CRC16([]byte(name))) + ext
	for CS0Length(stem+end) > maxName {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	return stem + end
}

// PutFID writes a file identifier descriptor (ECMA-167 4/14.4) at the beginning of p,
// which is in the given block, and returns its length. An empty name is the parent.
func PutFID(p []byte, name string, characteristics byte, icb LongAD, id, block uint32, version uint16) uint32 {
	length := uint32(FIDParentLength)
	text := 0
	if name != "" {
		length = FIDSize(name)
		text = len(AppendCS0(p[FIDLength:FIDLength], name))
	}
	p = p[:length]
	clear(p[FIDLength+text:])
	le.PutUint16(p[16:], 1)
	p[18], p[19] = characteristics, byte(text)
	PutLongAD(p[20:], icb)
	if version == 3 {
		le.PutUint32(p[32:], id)
	}
	le.PutUint16(p[36:], 0)
	SealTag(p, TagFID, version, block)
	return length
}

// AppendTarget appends the target of a symbolic link as path components.
func AppendTarget(p []byte, target string) []byte {
	if strings.HasPrefix(target, "/") {
		p = append(p, PathRoot, 0, 0, 0)
	}
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "":
		case ".":
			p = append(p, PathSelf, 0, 0, 0)
		case "..":
			p = append(p, PathParent, 0, 0, 0)
		default:
			part = FileName(part)
			p = append(p, PathName, byte(CS0Length(part)), 0, 0)
			p = AppendCS0(p, part)
		}
	}
	return p
}

// TargetLength returns the number of bytes that AppendTarget appends.
func TargetLength(target string) int { return len(AppendTarget(nil, target)) }
