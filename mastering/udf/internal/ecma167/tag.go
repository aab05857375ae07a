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
	TagUSE    = 263 // unallocated space entry
	TagSBD    = 264 // space bitmap descriptor
	TagEFE    = 266 // extended file entry
	TagLength = 16
)

// Errors of CheckTag.
var (
	ErrNoTag    = errors.New("the block is blank, there is no descriptor")
	errChecksum = errors.New("the checksum of the descriptor tag is wrong")
	errCRC      = errors.New("the CRC of the descriptor is wrong")
)

// CheckTag verifies the tag of the descriptor at the beginning of p (ECMA-167 3/7.2)
// and returns its identifier. The version (BP 2) must be 2 or 3, and the checksum of
// the tag (BP 4) and the CRC (BP 8) of the number of bytes at BP 10 must match.
func CheckTag(p []byte) (uint16, error) {
	if len(p) < TagLength {
		return 0, fmt.Errorf("the descriptor tag of %d bytes is truncated to %d", TagLength, len(p))
	}
	if [TagLength]byte(p) == [TagLength]byte{} {
		return 0, ErrNoTag
	}
	id, version, length := le.Uint16(p), le.Uint16(p[2:]), int(le.Uint16(p[10:]))
	switch {
	case tagSum(p) != p[4]:
		return id, errChecksum
	case version != 2 && version != 3:
		return id, fmt.Errorf("the descriptor version is %d; it must be 2 or 3", version)
	case TagLength+length > len(p):
		return id, fmt.Errorf("the CRC of the descriptor covers %d bytes, but it has only %d", length, len(p)-TagLength)
	case CRC16(p[TagLength:TagLength+length]) != le.Uint16(p[8:]):
		return id, errCRC
	}
	return id, nil
}

// CheckTagAt is CheckTag for a descriptor at the beginning of a block. The tag must
// hold the number of the block (BP 12) and one of the given identifiers.
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
	return id, fmt.Errorf("it is a %s", TagName(id))
}

// TagName returns the name of the descriptors with a tag identifier.
func TagName(id uint16) string {
	switch id {
	case TagSpare:
		return "sparing table"
	case TagPVD:
		return "primary volume descriptor"
	case TagAVDP:
		return "anchor volume descriptor pointer"
	case TagVDP:
		return "volume descriptor pointer"
	case TagPD:
		return "partition descriptor"
	case TagLVD:
		return "logical volume descriptor"
	case TagLVID:
		return "logical volume integrity descriptor"
	case TagFSD:
		return "file set descriptor"
	case TagFID:
		return "file identifier descriptor"
	case TagAED:
		return "allocation extent descriptor"
	case TagIE:
		return "indirect entry"
	case TagFE:
		return "file entry"
	case TagEFE:
		return "extended file entry"
	case tagTE:
		return "terminal entry"
	}
	return fmt.Sprintf("descriptor with tag %d", id)
}

// SealTag writes the tag of the descriptor p, which is in the given block. The CRC
// covers all of its bytes.
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

// Reseal computes the CRC and the checksum of the tag of a descriptor whose bytes were
// changed. The CRC covers all of its bytes.
func Reseal(p []byte) {
	le.PutUint16(p[8:], CRC16(p[TagLength:]))
	le.PutUint16(p[10:], uint16(len(p)-TagLength))
	p[4] = tagSum(p)
}

// SetLocation changes the block in the tag of a descriptor that is moved. The CRC does not
// cover it.
func SetLocation(p []byte, block uint32) {
	le.PutUint32(p[12:], block)
	p[4] = tagSum(p)
}

// tagSum adds up the bytes of a tag except the checksum itself (ECMA-167 3/7.2.3).
func tagSum(p []byte) byte {
	var sum byte
	for i, b := range p[:TagLength] {
		if i != 4 {
			sum += b
		}
	}
	return sum
}

// crcTable is the table of the polynomial x^16 + x^12 + x^5 + 1 (ECMA-167 3/7.2.6).
// The CRC of "123456789" is 31C3h. The table is written out, because computing it
// would take time at each start of the program.
var crcTable = [256]uint16{
	0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7, 0x8108, 0x9129, 0xa14a, 0xb16b,
	0xc18c, 0xd1ad, 0xe1ce, 0xf1ef, 0x1231, 0x0210, 0x3273, 0x2252, 0x52b5, 0x4294, 0x72f7, 0x62d6,
	0x9339, 0x8318, 0xb37b, 0xa35a, 0xd3bd, 0xc39c, 0xf3ff, 0xe3de, 0x2462, 0x3443, 0x0420, 0x1401,
	0x64e6, 0x74c7, 0x44a4, 0x5485, 0xa56a, 0xb54b, 0x8528, 0x9509, 0xe5ee, 0xf5cf, 0xc5ac, 0xd58d,
	0x3653, 0x2672, 0x1611, 0x0630, 0x76d7, 0x66f6, 0x5695, 0x46b4, 0xb75b, 0xa77a, 0x9719, 0x8738,
	0xf7df, 0xe7fe, 0xd79d, 0xc7bc, 0x48c4, 0x58e5, 0x6886, 0x78a7, 0x0840, 0x1861, 0x2802, 0x3823,
	0xc9cc, 0xd9ed, 0xe98e, 0xf9af, 0x8948, 0x9969, 0xa90a, 0xb92b, 0x5af5, 0x4ad4, 0x7ab7, 0x6a96,
	0x1a71, 0x0a50, 0x3a33, 0x2a12, 0xdbfd, 0xcbdc, 0xfbbf, 0xeb9e, 0x9b79, 0x8b58, 0xbb3b, 0xab1a,
	0x6ca6, 0x7c87, 0x4ce4, 0x5cc5, 0x2c22, 0x3c03, 0x0c60, 0x1c41, 0xedae, 0xfd8f, 0xcdec, 0xddcd,
	0xad2a, 0xbd0b, 0x8d68, 0x9d49, 0x7e97, 0x6eb6, 0x5ed5, 0x4ef4, 0x3e13, 0x2e32, 0x1e51, 0x0e70,
	0xff9f, 0xefbe, 0xdfdd, 0xcffc, 0xbf1b, 0xaf3a, 0x9f59, 0x8f78, 0x9188, 0x81a9, 0xb1ca, 0xa1eb,
	0xd10c, 0xc12d, 0xf14e, 0xe16f, 0x1080, 0x00a1, 0x30c2, 0x20e3, 0x5004, 0x4025, 0x7046, 0x6067,
	0x83b9, 0x9398, 0xa3fb, 0xb3da, 0xc33d, 0xd31c, 0xe37f, 0xf35e, 0x02b1, 0x1290, 0x22f3, 0x32d2,
	0x4235, 0x5214, 0x6277, 0x7256, 0xb5ea, 0xa5cb, 0x95a8, 0x8589, 0xf56e, 0xe54f, 0xd52c, 0xc50d,
	0x34e2, 0x24c3, 0x14a0, 0x0481, 0x7466, 0x6447, 0x5424, 0x4405, 0xa7db, 0xb7fa, 0x8799, 0x97b8,
	0xe75f, 0xf77e, 0xc71d, 0xd73c, 0x26d3, 0x36f2, 0x0691, 0x16b0, 0x6657, 0x7676, 0x4615, 0x5634,
	0xd94c, 0xc96d, 0xf90e, 0xe92f, 0x99c8, 0x89e9, 0xb98a, 0xa9ab, 0x5844, 0x4865, 0x7806, 0x6827,
	0x18c0, 0x08e1, 0x3882, 0x28a3, 0xcb7d, 0xdb5c, 0xeb3f, 0xfb1e, 0x8bf9, 0x9bd8, 0xabbb, 0xbb9a,
	0x4a75, 0x5a54, 0x6a37, 0x7a16, 0x0af1, 0x1ad0, 0x2ab3, 0x3a92, 0xfd2e, 0xed0f, 0xdd6c, 0xcd4d,
	0xbdaa, 0xad8b, 0x9de8, 0x8dc9, 0x7c26, 0x6c07, 0x5c64, 0x4c45, 0x3ca2, 0x2c83, 0x1ce0, 0x0cc1,
	0xef1f, 0xff3e, 0xcf5d, 0xdf7c, 0xaf9b, 0xbfba, 0x8fd9, 0x9ff8, 0x6e17, 0x7e36, 0x4e55, 0x5e74,
	0x2e93, 0x3eb2, 0x0ed1, 0x1ef0,
}

// CRC16 returns the CRC of a descriptor (ECMA-167 3/7.2.6).
func CRC16(p []byte) uint16 {
	var c uint16
	for _, b := range p {
		c = c<<8 ^ crcTable[byte(c>>8)^b]
	}
	return c
}
