package plan

import (
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/internal/susp"
	"glassmaster/mastering/tree"
)

// fields are the system use fields of a directory record. They are collected in a buffer
// and then divided between the record and its continuation area.
type fields struct{ susp.Fields }

// node adds the attributes of a node, without its name.
func (f *fields) node(p *Planner, n *tree.Node) {
	links := uint32(1)
	switch {
	case n.IsDir() && p.placed: // sizes do not depend on it
		links = 2 + p.dirs[n.Index].folders
	case n.Shared() != nil:
		links = n.Shared().Links
	}
	if p.o.RockRidge112 {
		f.PX112(format.PosixMode(n.Mode), links, n.UID, n.GID, p.serial(n))
	} else {
		f.PX(format.PosixMode(n.Mode), links, n.UID, n.GID)
	}
	f.stamps(p, n)
}

// continuation is the area after the records of a directory, for the fields that do not
// fit into them.
type continuation struct {
	lba  uint32 // address of its first sector
	out  []byte // nil while sizes are computed
	used int
}

// take allocates n bytes and returns their offset. They do not cross a sector boundary,
// since readers read only one sector.
func (c *continuation) take(n int) int {
	if c.used%sectorSize+n > sectorSize {
		c.used = (c.used + sectorSize - 1) / sectorSize * sectorSize
	}
	at := c.used
	c.used += n
	return at
}

// ce writes a CE field for n bytes at offset at of the area.
func (c *continuation) ce(b []byte, at, n int) {
	susp.CE(b, c.lba+uint32(at/sectorSize), at%sectorSize, n)
}

// spill puts the fields from offset from on into the continuation area. The first CE
// field is written to ce, unless sizes are being computed.
func (f *fields) spill(from int, ce []byte, c *continuation) {
	for from < len(f.Buf) {
		to, n := len(f.Buf), len(f.Buf)-from
		if n > sectorSize {
			to = f.Fit(from, sectorSize-susp.CELength)
			n = to - from + susp.CELength
		}
		at := c.take(n)
		if c.out != nil {
			c.ce(ce, at, n)
			copy(c.out[at:], f.Buf[from:to])
			ce = c.out[at+to-from:]
		}
		from = to
	}
}
