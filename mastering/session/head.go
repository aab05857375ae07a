package session

import (
	"encoding/binary"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
)

const (
	// FirstDescriptor is where the volume descriptors of a session are, in sectors from its
	// start (ECMA-119 6.2.1, ECMA-167 2/8.3).
	FirstDescriptor = 16
	// FirstAnchor is where the anchor of a UDF volume is, in sectors from the start of its
	// session (ECMA-167 3/8.4.2.1, UDF 2.2.3).
	FirstAnchor = 256
)

// Head is what the beginning of a disc has to contain so that it shows a later session, as
// growisofs and xorriso write it to media that are overwritten in place. Its sectors are
// copies of those of the session, with what depends on their address changed.
type Head struct {
	// Descriptors are the sectors from FirstDescriptor on. Former descriptors that remain
	// after those of the session are replaced by zeros: they would still be recognized.
	Descriptors []byte
	Fresh       int    // number of descriptors of the session
	Former      int    // number of descriptors that the disc has there now
	Anchor      []byte // the sector at FirstAnchor; nil if the session has no UDF volume
}

// ReadHead returns the head for the session of r that begins at start. former is the disc as it
// is now.
func ReadHead(r, former io.ReaderAt, start disc.LBA) (Head, error) {
	var h Head
	fresh, err := readDescriptors(r, start+FirstDescriptor)
	if err != nil {
		return h, err
	}
	if len(fresh) == 0 {
		return h, fmt.Errorf("the session at sector %d has no volume descriptors", start)
	}
	old, err := readDescriptors(former, FirstDescriptor)
	if err != nil {
		return h, err
	}
	h.Fresh, h.Former = len(fresh), len(old)
	h.Descriptors = make([]byte, max(h.Fresh, h.Former)*disc.SectorSize)
	for i, p := range fresh {
		enlarge(p, start)
		copy(h.Descriptors[i*disc.SectorSize:], p)
	}
	if p, ok := readAnchor(r, start+FirstAnchor); ok {
		moveTag(p, FirstAnchor)
		h.Anchor = p
	}
	return h, nil
}

// enlarge makes a primary or supplementary volume descriptor describe everything from address
// 0 on, and not the session alone: its type is 1 or 2, and the size of the volume, in both
// byte orders, is at 80 (ECMA-119 8.4.1, 8.4.8, 8.5.1). The addresses in it count from the
// start of the disc already.
func enlarge(p []byte, start disc.LBA) {
	if string(p[1:6]) != "CD001" || p[0] != 1 && p[0] != 2 {
		return
	}
	n := binary.LittleEndian.Uint32(p[80:]) + uint32(start)
	binary.LittleEndian.PutUint32(p[80:], n)
	binary.BigEndian.PutUint32(p[84:], n)
}

// moveTag makes the tag of a descriptor that of another address: it has the sum of its 16 bytes
// at 4, without that byte, and the address at 12 (ECMA-167 3/7.2.3, 3/7.2.8).
func moveTag(p []byte, at disc.LBA) {
	binary.LittleEndian.PutUint32(p[12:], uint32(at))
	p[4] = 0
	sum := byte(0)
	for _, b := range p[:16] {
		sum += b
	}
	p[4] = sum
}

// readDescriptors returns the volume descriptors and those of the volume recognition sequence
// from an address on (ECMA-119 8.1.2, ECMA-167 2/9.1.2).
func readDescriptors(r io.ReaderAt, at disc.LBA) ([][]byte, error) {
	const most = 64
	var list [][]byte
	for len(list) < most {
		p := make([]byte, disc.SectorSize)
		if n, err := r.ReadAt(p, int64(at)*disc.SectorSize); n < len(p) {
			return nil, fmt.Errorf("read the volume descriptor at sector %d: %w", at, err)
		}
		if !IsDescriptor(p) {
			return list, nil
		}
		list = append(list, p)
		at++
	}
	return list, nil
}

// IsDescriptor reports whether a sector is a volume descriptor or a volume structure
// descriptor (ECMA-119 8.1, ECMA-167 2/9.1).
func IsDescriptor(p []byte) bool {
	switch string(p[1:6]) {
	case "CD001", "BEA01", "BOOT2", "CDW02", "NSR02", "NSR03", "TEA01":
		return true
	}
	return false
}

// readAnchor reads the sector at which an anchor can be. It returns false if there is none.
func readAnchor(r io.ReaderAt, at disc.LBA) ([]byte, bool) {
	const anchorTag = 2 // ECMA-167 3/7.2.1
	p := make([]byte, disc.SectorSize)
	if n, _ := r.ReadAt(p, int64(at)*disc.SectorSize); n < len(p) {
		return nil, false
	}
	return p, binary.LittleEndian.Uint16(p) == anchorTag && binary.LittleEndian.Uint32(p[12:]) == uint32(at)
}
