package udf

import (
	"errors"
	"fmt"
	"sync/atomic"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/internal/growing"
)

// Growing is a volume with a virtual allocation table, as the session that continues it
// has to know it.
type Growing = growing.Volume

// errNotPlain is the error for a volume whose maps are not those of UDF 2.2.8.
var errNotPlain = errors.New("it has other partition maps than one for the disc and one for the virtual allocation table")

// Growing returns the volume as a session that continues it has to know it, nil if it has
// no virtual allocation table. The error says why it cannot be continued.
func (f *FS) Growing() (*Growing, error) {
	r := &growingReader{f: f}
	r.left.Store(walkFactor*f.size + walkSpare)
	g := &Growing{Reader: r, Revision: f.revision}
	var table *virtual
	for i, p := range f.parts {
		switch p := p.(type) {
		case *virtual:
			table, g.Virtual = p, uint16(i)
		case *physical:
			g.Physical = uint16(i)
		default:
			return nil, nil
		}
	}
	switch {
	case table == nil:
		return nil, nil
	case len(f.parts) != 2 || g.Virtual == g.Physical:
		return nil, errNotPlain
	case f.block != disc.SectorSize:
		return nil, fmt.Errorf("its blocks have %d bytes, not %d", f.block, disc.SectorSize)
	}
	g.Start, g.Length = table.start, table.length
	g.TableICB = table.icb.at.Block
	g.Root = growing.Address{Partition: f.root.Partition, Block: f.root.Block}
	if err := f.readTable(g, table); err != nil {
		return nil, fmt.Errorf("virtual allocation table: %w", err)
	}
	return g, f.readGrowing(g)
}

// readTable reads the table and where it is.
func (f *FS) readTable(g *Growing, t *virtual) error {
	if sectors := f.size / disc.SectorSize; t.entries > sectors || t.file.size > t.first+4*t.entries+disc.SectorSize {
		return fmt.Errorf("it has %d entries and %d bytes on a disc of %d sectors", t.entries, t.file.size, sectors)
	}
	b := make([]byte, t.file.size)
	if n, err := t.table.ReadAt(b, 0); n < len(b) {
		return err
	}
	g.TableStart, g.Table = t.first, make([]uint32, t.entries)
	for i := range g.Table {
		g.Table[i] = le.Uint32(b[t.first+4*int64(i):])
	}
	for i, e := range t.file.extents {
		end := t.file.end
		if i+1 < len(t.file.extents) {
			end = t.file.extents[i+1].start
		}
		if e.kind != ecma167.ExtentRecorded {
			return errors.New("it has extents that are not recorded")
		}
		g.TableExtents = append(g.TableExtents, growing.Run{Block: e.block, Length: end - e.start})
	}
	g.NextID = max(16, t.icb.unique)
	if t.first >= 152 { // UDF 2.00: the number of files is at BP 136 of the header, that of directories at BP 140
		g.Files, g.Directories, g.Counted = le.Uint32(b[136:]), le.Uint32(b[140:]), true
	}
	return nil
}

// readDescriptors reads the volume descriptors.
func (f *FS) readGrowing(g *Growing) error {
	d, err := readDescriptors(f.medium, f.anchor)
	if err != nil {
		return err
	}
	if len(d.partitions) != 1 || d.primary == nil {
		return errors.New("its volume descriptors are not complete")
	}
	for _, b := range [][]byte{d.primary, d.use, d.partitions[0].raw, d.logical, d.space} {
		if b != nil {
			g.Descriptors = append(g.Descriptors, b)
		}
	}
	if i := readIntegrity(f.medium, f.integrity); i != nil {
		g.NextID = max(g.NextID, i.unique)
		if !g.Counted && i.counts {
			g.Files, g.Directories, g.Counted = i.files, i.dirs, true
		}
	}
	return nil
}

// growingReader implements growing.Reader.
type growingReader struct {
	f    *FS
	left atomic.Int64 // limit of the bytes of directories that are read
}

// ReadICB returns the block with the file entry of an ICB.
func (g *growingReader) ReadICB(a growing.Address) ([]byte, error) {
	p, id, err := g.f.readDescriptor(g.f.longAD(a), ecma167.TagFE, ecma167.TagEFE)
	if err != nil {
		return nil, err
	}
	if _, err := decodeEntry(p, id, g.f.longAD(a)); err != nil { // checks lengths
		return nil, err
	}
	if s := le.Uint16(p[20:]); s != 4 {
		return nil, fmt.Errorf("the ICB at %s has strategy %d: the virtual allocation table requires 4", g.f.longAD(a), s)
	}
	return p, nil
}

func (f *FS) longAD(a growing.Address) ecma167.LongAD {
	return ecma167.LongAD{Length: uint32(f.block), Block: a.Block, Partition: a.Partition}
}

// ReadDirectory returns the entries of a directory, sorted by name. It returns an error if
// one of them is damaged, since a directory that is written anew would not have it.
func (g *growingReader) ReadDirectory(a growing.Address) ([]growing.Entry, error) {
	e, err := g.f.readEntry(g.f.longAD(a))
	if err != nil {
		return nil, err
	}
	if g.left.Add(-int64(min(e.size, uint64(g.f.size)))-g.f.block) < 0 {
		return nil, errWalkLimit
	}
	names, err := g.f.readDirectory(e)
	if err != nil {
		return nil, err
	}
	c, err := g.f.reader.contents(e)
	if err != nil {
		return nil, err
	}
	list := make([]growing.Entry, len(names))
	var head [ecma167.FIDLength]byte
	for i, n := range names {
		if _, err := c.ReadAt(head[:], n.at); err != nil {
			return nil, err
		}
		raw := make([]byte, (ecma167.FIDLength+int(le.Uint16(head[36:]))+int(head[19])+3)&^3)
		if k, err := c.ReadAt(raw, n.at); k < len(raw) {
			return nil, err
		}
		list[i] = growing.Entry{
			Name: n.text, ICB: growing.Address{Partition: n.icb.Partition, Block: n.icb.Block},
			Directory: n.characteristics&ecma167.FIDDirectory != 0, Raw: raw,
		}
	}
	return list, nil
}
