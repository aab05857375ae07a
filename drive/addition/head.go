package addition

import (
	"fmt"
	"io"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
)

// headOf returns the sectors that make a disc that is overwritten in place show the session
// that begins at start: the anchor of UDF, and then the volume descriptors. former is the disc
// as it is now.
func headOf(r, former io.ReaderAt, start disc.LBA) ([]record.Sectors, error) {
	h, err := session.ReadHead(r, former, start)
	if err != nil {
		return nil, err
	}
	if n := len(h.Descriptors) / disc.SectorSize; n > session.FirstDescriptor {
		return nil, fmt.Errorf("%d volume descriptors are more than there is room for, which is %d", n, session.FirstDescriptor)
	}
	var head []record.Sectors
	if h.Anchor != nil {
		head = append(head, record.Sectors{LBA: session.FirstAnchor, Data: h.Anchor})
	}
	return append(head, record.Sectors{LBA: session.FirstDescriptor, Data: h.Descriptors}), nil
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
