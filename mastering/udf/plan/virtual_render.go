package plan

import (
	"io/fs"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// filesAtOnce is the number of file entries that are rendered at once.
const filesAtOnce = 128

// metadata appends the file set, directories and file entries.
func (p *VirtualPlanner) metadata(list []layout.Extent) []layout.Extent {
	start := func(at uint32) int64 { return p.at.Metadata + int64(at) }
	if p.v.Former == nil {
		list = add(list, start(0), p.fileSet())
	}
	for i := range p.folders {
		d := &p.folders[i]
		if !d.written {
			continue
		}
		length := int64(sectorSize)
		if d.fids != 0 {
			length += int64(d.size)
		}
		list = append(list, layout.Extent{Start: start(d.at) * sectorSize, Length: length, Source: &vfolderSource{p, uint32(i)}})
	}
	for from := 0; from < len(p.files); from += filesAtOnce {
		to := min(from+filesAtOnce, len(p.files))
		end := uint32(p.sectors)
		if to < len(p.files) {
			end = p.files[to].at
		}
		at := p.files[from].at
		list = append(list, layout.Extent{Start: start(at) * sectorSize, Length: int64(end-at) * sectorSize, Source: &vfilesSource{p, from, to}})
	}
	return list
}

// vfolderSource renders the file entry of a directory, and its file identifiers.
type vfolderSource struct {
	p     *VirtualPlanner
	index uint32
}

func (s *vfolderSource) String() string { return "directory " + s.p.folders[s.index].node.Path() }

// Render implements layout.Renderer.
func (s *vfolderSource) Render(b []byte) {
	p, d := s.p, &s.p.folders[s.index]
	clear(b)
	if d.fids != 0 {
		p.putIdentifiers(b[sectorSize:], d, func(at uint32) uint32 { return p.base + d.fids + at/sectorSize })
	}
	if d.old != nil {
		p.changeFolder(b[:sectorSize], d)
		return
	}
	e := p.entryAt(d.node, d.icb.Block, d.id)
	e.Links, e.Size = d.links, int64(d.size)
	at := b[p.head():sectorSize]
	e.ADs = p.putFolderContents(at, d, &e.Flags)
	if d.fids != 0 {
		e.Recorded = blocks(e.Size)
	}
	e.Put(b[:sectorSize], p.version())
}

// putFolderContents writes what a file entry has after its fixed part: the file
// identifiers of a directory or where they are. It returns the length.
func (p *VirtualPlanner) putFolderContents(at []byte, d *vfolder, flags *uint16) int {
	if d.fids == 0 {
		*flags |= ecma167.ADInline
		p.putIdentifiers(at[:d.size], d, func(uint32) uint32 { return d.icb.Block })
		return int(d.size)
	}
	*flags |= ecma167.ADLong
	ecma167.PutLongAD(at, ecma167.LongAD{Length: d.size, Block: p.base + d.fids, Partition: p.physical})
	return ecma167.ADLength[ecma167.ADLong]
}

// putIdentifiers writes the file identifiers of a directory. block returns the block that
// holds a byte of it.
func (p *VirtualPlanner) putIdentifiers(b []byte, d *vfolder, block func(at uint32) uint32) {
	above := &p.folders[d.parent]
	at := ecma167.PutFID(b, "", ecma167.FIDDirectory|ecma167.FIDParent, p.longAD(above.icb.Partition, above.icb.Block), uint32(above.id), block(0), p.version())
	for _, v := range d.names {
		if v.raw != nil {
			copy(b[at:], v.raw)
			raw := b[at : at+uint32(len(v.raw))]
			ecma167.SealTag(raw, ecma167.TagFID, le.Uint16(raw[2:]), block(at))
			at += uint32(len(v.raw))
			continue
		}
		characteristics := hiddenFlag(v.node)
		if v.folder {
			characteristics |= ecma167.FIDDirectory
		}
		at += ecma167.PutFID(b[at:], ecma167.FileName(v.node.Name), characteristics, p.longAD(v.icb.Partition, v.icb.Block), uint32(v.id), block(at), p.version())
	}
}

// longAD returns the address of an ICB.
func (p *VirtualPlanner) longAD(partition uint16, block uint32) ecma167.LongAD {
	return ecma167.LongAD{Length: sectorSize, Block: block, Partition: partition}
}

// entryAt returns what new file entries have in common. The tag of one has its virtual
// address.
func (p *VirtualPlanner) entryAt(n *tree.Node, address uint32, id uint64) ecma167.Entry {
	e := p.entry(n, 0, id)
	e.Block = address
	return e
}

// vfilesSource renders file entries.
type vfilesSource struct {
	p        *VirtualPlanner
	from, to int
}

func (s *vfilesSource) String() string { return "file entries" }

// Render implements layout.Renderer.
func (s *vfilesSource) Render(b []byte) {
	clear(b)
	for i := s.from; i < s.to; i++ {
		f := &s.p.files[i]
		if f.old != nil {
			s.p.changeFile(b[:sectorSize], f)
			b = b[sectorSize:]
			continue
		}
		n := s.p.entryBlocks(f.node) * sectorSize
		s.p.putFile(b[:n], f)
		b = b[n:]
	}
}

// putFile writes the file entry of a new file, and the blocks after it.
func (p *VirtualPlanner) putFile(b []byte, f *vfile) {
	n := f.node
	e := p.entryAt(n, f.address, f.id)
	e.Links = f.links
	here := p.base + f.at
	switch {
	case n.Mode&fs.ModeSymlink != 0:
		putTarget(b, p.head(), &e, n.Target(), ecma167.ADLong, ecma167.LongAD{Block: here + 1, Partition: p.physical})
	case hasContents(n):
		var one [1]run
		runs := p.runs(one[:0], item{node: n})
		e.Flags |= ecma167.ADLong
		e.Size, e.Recorded = n.Size, blocks(n.Size)
		e.ADs = p.putExtents(b, here, runs)
	case n.Mode&fs.ModeDevice != 0:
		e.Flags |= ecma167.ADInline
		e.Attributes = ecma167.DeviceAttribute(n.Device(), e.Block, p.version())
	default:
		e.Flags |= ecma167.ADInline
	}
	e.Put(b, p.version())
}

// changeFile writes a former file entry with the attributes and the number of names that
// the file has now. The rest stays as it was: extended attributes, streams, contents.
func (p *VirtualPlanner) changeFile(b []byte, f *vfile) {
	copy(b, f.old)
	if f.node != nil {
		p.changeAttributes(b, f.node)
	}
	le.PutUint16(b[48:], uint16(min(f.links, 0xFFFF)))
	seal(b, f.address)
}

// changeFolder writes the former file entry of a directory with its attributes and
// entries as they are now.
func (p *VirtualPlanner) changeFolder(b []byte, d *vfolder) {
	copy(b, d.old)
	p.changeAttributes(b, d.node)
	if d.names != nil {
		head := headOf(b)
		at := head + le.Uint32(b[head-8:])
		flags := le.Uint16(b[34:]) &^ (7 | ecma167.FlagContiguous)
		clear(b[at:])
		le.PutUint32(b[head-4:], uint32(p.putFolderContents(b[at:], d, &flags)))
		le.PutUint16(b[34:], flags)
		le.PutUint16(b[48:], uint16(min(d.links, 0xFFFF)))
		recorded := uint64(0)
		if d.fids != 0 {
			recorded = uint64(blocks(int64(d.size)))
		}
		le.PutUint64(b[56:], uint64(d.size))
		if head == ecma167.EFELength {
			streams := le.Uint64(d.old[64:]) - le.Uint64(d.old[56:]) // bytes in named streams
			le.PutUint64(b[64:], uint64(d.size)+streams)
			le.PutUint64(b[72:], recorded)
		} else {
			le.PutUint64(b[64:], recorded)
		}
	}
	seal(b, d.icb.Block)
}

// changeAttributes sets the attributes of a file entry that differ from those that the
// node had.
func (p *VirtualPlanner) changeAttributes(b []byte, n *tree.Node) {
	o := n.Origin()
	if o == nil {
		o = &tree.Node{Mode: ^n.Mode, UID: ^n.UID, GID: ^n.GID, Modified: ^n.Modified}
	}
	if n.Mode != o.Mode {
		le.PutUint32(b[44:], ecma167.Permissions(n.Mode))
		set := ecma167.FlagSetuid | ecma167.FlagSetgid | ecma167.FlagSticky
		le.PutUint16(b[34:], le.Uint16(b[34:])&^uint16(set)|ecma167.ModeFlags(n.Mode))
	}
	if n.UID != o.UID {
		le.PutUint32(b[36:], n.UID)
	}
	if n.GID != o.GID {
		le.PutUint32(b[40:], n.GID)
	}
	if n.Modified == o.Modified && n.Extra() == o.Extra() {
		return
	}
	p.entry(n, 0, 0).PutTimes(b, headOf(b))
}

// seal writes the tag of a file entry anew.
func seal(b []byte, location uint32) {
	head := headOf(b)
	end := head + le.Uint32(b[head-8:]) + le.Uint32(b[head-4:])
	ecma167.SealTag(b[:end], le.Uint16(b), le.Uint16(b[2:]), location)
}
