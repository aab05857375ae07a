package addition

import (
	"encoding/binary"
	"fmt"
	"io"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
)

// headOf returns the sectors that make a disc that is overwritten in place show the session
// that begins at start: the anchor of UDF, and then the volume descriptors. They are copies of
// those of the session, with what depends on their address changed.
func headOf(r io.ReaderAt, start disc.LBA) ([]record.Sectors, error) {
	var head []record.Sectors
	p := make([]byte, disc.SectorSize)
	if n, _ := r.ReadAt(p, int64(start+anchor)*disc.SectorSize); n == len(p) && isAnchor(p) {
		head = append(head, record.Sectors{LBA: anchor, Data: moveTag(p, anchor)})
	}
	list := record.Sectors{LBA: descriptors}
	for at := start + descriptors; ; at++ {
		if at-start >= 2*descriptors {
			return nil, fmt.Errorf("the session has more than %d volume descriptors", descriptors)
		}
		p := make([]byte, disc.SectorSize)
		if n, err := r.ReadAt(p, int64(at)*disc.SectorSize); n < len(p) {
			return nil, fmt.Errorf("read the planned session: %w", err)
		}
		if !isDescriptor(p) {
			break
		}
		enlarge(p, start)
		list.Data = append(list.Data, p...)
	}
	return append(head, list), nil
}

// isDescriptor reports whether a sector is a volume descriptor or a volume structure
// descriptor (ECMA-119 8.1, ECMA-167 2/9.1).
func isDescriptor(p []byte) bool {
	switch string(p[1:6]) {
	case "CD001", "BEA01", "BOOT2", "NSR02", "NSR03", "TEA01":
		return true
	}
	return false
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

// isAnchor reports whether a sector begins with the tag of an anchor volume descriptor
// pointer: identifier 2, and the sum of the tag at 4 (ECMA-167 3/7.2).
func isAnchor(p []byte) bool { return binary.LittleEndian.Uint16(p) == 2 && p[4] == tagSum(p) }

// tagSum returns the checksum of a descriptor tag: the sum of its 16 bytes but for that of the
// checksum itself (ECMA-167 3/7.2.3).
func tagSum(p []byte) (sum byte) {
	for i, b := range p[:16] {
		if i != 4 {
			sum += b
		}
	}
	return sum
}

// moveTag returns a copy of a descriptor for another address, which its tag has at 12
// (ECMA-167 3/7.2.8).
func moveTag(p []byte, at disc.LBA) []byte {
	q := append([]byte(nil), p...)
	binary.LittleEndian.PutUint32(q[12:], uint32(at))
	q[4] = tagSum(q)
	return q
}

// checkHead returns an error if contents that are kept are where the descriptors would go.
func (d *Disc) checkHead(head []record.Sectors) error {
	return d.root.Walk(func(n *tree.Node) error {
		r := n.Recorded()
		if r == nil {
			return nil
		}
		for _, x := range r.Extents {
			end := x.Start + disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize)
			for _, s := range head {
				if x.Start < s.LBA+disc.LBA(len(s.Data)/disc.SectorSize) && end > s.LBA {
					return fmt.Errorf("the descriptors of the session would overwrite %s, which is at LBA %d", n.Path(), x.Start)
				}
			}
		}
		return nil
	})
}
