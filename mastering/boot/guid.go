package boot

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// GUID is a globally unique identifier as it is stored: its first three fields
// are little-endian (UEFI Specification, appendix A).
type GUID [16]byte

// parseGUID parses a GUID such as C12A7328-F81F-11D2-BA4B-00A0C93EC93B.
func parseGUID(s string) (GUID, error) {
	var g GUID
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(g) || len(s) != 36 {
		return g, fmt.Errorf("%q is not a GUID like %s", s, TypeEFI.GUID)
	}
	copy(g[:], b)
	g.swap()
	return g, nil
}

// swap converts a GUID between its written and its stored form.
func (g *GUID) swap() {
	g[0], g[1], g[2], g[3] = g[3], g[2], g[1], g[0]
	g[4], g[5] = g[5], g[4]
	g[6], g[7] = g[7], g[6]
}

func (g GUID) String() string {
	g.swap()
	return strings.ToUpper(fmt.Sprintf("%x-%x-%x-%x-%x", g[0:4], g[4:6], g[6:8], g[8:10], g[10:16]))
}

// Seed is the source of all identifiers in an image: the same seed gives the same
// image.
type Seed [sha256.Size]byte

// NewSeed returns the seed of a volume with that label and creation time, in Unix
// nanoseconds.
func NewSeed(label string, made int64) Seed {
	return sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", label, made))
}

// GUID returns identifier number n: a GUID of version 8, "custom" (RFC 9562 5.8).
func (s Seed) GUID(n int) GUID {
	sum := sha256.Sum256(binary.LittleEndian.AppendUint64(s[:], uint64(n)))
	var g GUID
	copy(g[:], sum[:])
	g[7] = g[7]&0x0F | 0x80 // the version is in the third field, which is little-endian
	g[8] = g[8]&0x3F | 0x80
	return g
}

// signature returns the disk signature of the MBR, which is not 0.
func (s Seed) signature() uint32 { return binary.LittleEndian.Uint32(s[:]) | 1 }
