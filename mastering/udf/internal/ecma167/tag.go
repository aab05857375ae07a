package ecma167

import (
	"encoding/binary"
	"errors"
	"fmt"
)

var le = binary.LittleEndian

// Tag identifiers (ECMA-167 3/7.2.1 and 4/7.2.1).
const (
	TagSpare  = 0   // sparing table (UDF 2.2.12)
	TagPVD    = 1   // primary volume descriptor
	TagAVDP   = 2   // anchor volume descriptor pointer
	TagVDP    = 3   // volume descriptor pointer
	TagIUVD   = 4   // implementation use volume descriptor
	TagPD     = 5   // partition descriptor
	TagLVD    = 6   // logical volume descriptor
	TagUSD    = 7   // unallocated space descriptor
	TagTD     = 8   // terminating descriptor
	TagLVID   = 9   // logical volume integrity descriptor
	TagFSD    = 256 // file set descriptor
	TagFID    = 257 // file identifier descriptor
	TagAED    = 258 // allocation extent descriptor
	TagIE     = 259 // indirect entry
	tagTE     = 260 // terminal entry
	TagFE     = 261 // file entry
	TagEAHD   = 262 // extended attribute header descriptor
	tagSBD    = 264 // space bitmap descriptor
	TagEFE    = 266 // extended file entry
	TagLength = 16
)

var tagNames = map[uint16]string{
	TagSpare: "sparing table", TagPVD: "primary volume descriptor", TagAVDP: "anchor volume descriptor pointer",
	TagVDP: "volume descriptor pointer", TagPD: "partition descriptor", TagLVD: "logical volume descriptor",
	TagLVID: "logical volume integrity descriptor", TagFSD: "file set descriptor",
	TagFID: "file identifier descriptor", TagAED: "allocation extent descriptor", TagIE: "indirect entry",
	TagFE: "file entry", TagEFE: "extended file entry", tagTE: "terminal entry",
}

// What can be wrong with a descriptor tag.
var (
	ErrNoTag    = errors.New("no descriptor is recorded there (the block is blank)")
	errChecksum = errors.New("the checksum of the descriptor tag is wrong")
	errCRC      = errors.New("the CRC of the descriptor is wrong")
)

// CheckTag verifies the tag of the descriptor that p begins with (ECMA-167
// 3/7.2) and returns its identifier: the version (BP 2) is 2 or 3, the checksum
// (BP 4) is that of the tag, the CRC (BP 8) is that of as many bytes as BP 10
// says.
func CheckTag(p []byte) (uint16, error) {
	if len(p) < TagLength {
		return 0, fmt.Errorf("a descriptor tag of %d bytes, cut off at %d", TagLength, len(p))
	}
	if [TagLength]byte(p) == [TagLength]byte{} {
		return 0, ErrNoTag
	}
	id, version, length := le.Uint16(p), le.Uint16(p[2:]), int(le.Uint16(p[10:]))
	switch {
	case tagSum(p) != p[4]:
		return id, errChecksum
	case version != 2 && version != 3:
		return id, fmt.Errorf("the descriptor is of version %d, only 2 and 3 are known", version)
	case TagLength+length > len(p):
		return id, fmt.Errorf("the descriptor claims %d bytes under its CRC, only %d are there", length, len(p)-TagLength)
	case CRC16(p[TagLength:TagLength+length]) != le.Uint16(p[8:]):
		return id, errCRC
	}
	return id, nil
}

// CheckTagAt is checkTag for a descriptor that begins a block, whose number is
// part of the tag (BP 12), and which is one of the wanted kinds.
func CheckTagAt(p []byte, location uint32, want ...uint16) (uint16, error) {
	id, err := CheckTag(p)
	if err != nil {
		return id, err
	}
	if at := le.Uint32(p[12:]); at != location {
		return id, fmt.Errorf("the descriptor belongs to block %d", at)
	}
	for _, w := range want {
		if w == id {
			return id, nil
		}
	}
	return id, fmt.Errorf("a %s is recorded there", TagName(id))
}

func TagName(id uint16) string {
	if n, ok := tagNames[id]; ok {
		return n
	}
	return fmt.Sprintf("descriptor with tag %d", id)
}

// SealTag writes the tag of the descriptor p, all of whose bytes are under the
// CRC, and which stands at the given block.
func SealTag(p []byte, id, version uint16, location uint32) {
	le.PutUint16(p, id)
	le.PutUint16(p[2:], version)
	p[5] = 0
	le.PutUint16(p[6:], 0)
	le.PutUint16(p[8:], CRC16(p[TagLength:]))
	le.PutUint16(p[10:], uint16(len(p)-TagLength))
	le.PutUint32(p[12:], location)
	p[4] = tagSum(p)
}

// tagSum adds the bytes of a tag except the checksum itself (ECMA-167 3/7.2.3).
func tagSum(p []byte) byte {
	var sum byte
	for i, b := range p[:TagLength] {
		if i != 4 {
			sum += b
		}
	}
	return sum
}

// crcTable is that of x^16 + x^12 + x^5 + 1 (ECMA-167 3/7.2.6).
var crcTable = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}()

func CRC16(p []byte) uint16 {
	var c uint16
	for _, b := range p {
		c = c<<8 ^ crcTable[byte(c>>8)^b]
	}
	return c
}
