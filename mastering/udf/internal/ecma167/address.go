package ecma167

import (
	"fmt"
	"strings"
)

// ExtentAD is an extent of the volume (ECMA-167 3/7.1): length in bytes (BP 0) and
// first sector (BP 4).
type ExtentAD struct{ Length, Location uint32 }

func DecodeExtentAD(p []byte) ExtentAD { return ExtentAD{le.Uint32(p), le.Uint32(p[4:])} }

// End returns the number of the block after the extent, 0 if the extent is empty.
func (e ExtentAD) End(block int64) int64 {
	if e.Length == 0 {
		return 0
	}
	return int64(e.Location) + (int64(e.Length)+block-1)/block
}

// LongAD is an extent of a partition (ECMA-167 4/14.14.2): length in bytes and type
// (BP 0), logical block (BP 4), partition reference number (BP 8).
type LongAD struct {
	Length    uint32
	Block     uint32
	Partition uint16
}

func DecodeLongAD(p []byte) LongAD {
	return LongAD{le.Uint32(p), le.Uint32(p[4:]), le.Uint16(p[8:])}
}

func (a LongAD) String() string {
	return fmt.Sprintf("block %d of partition %d", a.Block, a.Partition)
}

// Same reports whether both begin at the same block.
func (a LongAD) Same(b LongAD) bool { return a.Block == b.Block && a.Partition == b.Partition }

// EntityID returns the identifier of an entity (ECMA-167 1/7.4, BP 1 to 23).
func EntityID(p []byte) string { return strings.TrimRight(string(p[1:24]), "\x00 ") }

// PutEntity writes an entity identifier (ECMA-167 1/7.4).
func PutEntity(p []byte, id string, suffix ...byte) {
	clear(p[:32])
	copy(p[1:24], id)
	copy(p[24:32], suffix)
}

// PutLongAD writes a long allocation descriptor. Its implementation use is zero.
func PutLongAD(p []byte, a LongAD) {
	le.PutUint32(p, a.Length)
	le.PutUint32(p[4:], a.Block)
	le.PutUint16(p[8:], a.Partition)
	clear(p[10:16])
}

// RevisionName returns the usual notation of a revision: 0x0250 is "2.50".
func RevisionName(r uint16) string { return fmt.Sprintf("%x.%02x", r>>8, r&0xFF) }
