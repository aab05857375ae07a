package plan

import (
	"io/fs"
	"time"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// rootSource renders the file entry of the root directory.
type rootSource struct{ p *Planner }

func (s *rootSource) String() string { return "root directory" }

// Render implements layout.Renderer.
func (s *rootSource) Render(b []byte) { s.p.putDirectory(b, 0) }

// namesSource renders a part of the names of a directory.
type namesSource struct {
	p    *Planner
	dir  uint32
	from cursor
}

func (s *namesSource) String() string { return "directory " + s.p.dirs[s.dir].node.Path() }

// Render implements layout.Renderer.
func (s *namesSource) Render(b []byte) {
	d := &s.p.dirs[s.dir]
	s.p.putNames(b, d, s.from, func(at uint32) uint32 { return s.p.base + d.fids + at/sectorSize })
}

// entriesSource renders the file entries of a part of a directory.
type entriesSource struct {
	p    *Planner
	dir  uint32
	from cursor
}

func (s *entriesSource) String() string { return "file entries of " + s.p.dirs[s.dir].node.Path() }

// Render implements layout.Renderer.
func (s *entriesSource) Render(b []byte) {
	d := &s.p.dirs[s.dir]
	for c := s.from; len(b) > 0; {
		it := s.p.next(d, &c)
		if it.again {
			continue
		}
		n := s.p.entryBlocks(it.node) * sectorSize
		if it.node.IsDir() {
			s.p.putDirectory(b[:n], it.dir)
		} else {
			s.p.putFile(b[:n], it)
		}
		b = b[n:]
	}
}

// putNames writes file identifier descriptors, beginning at a position, until b is
// full. block returns the block that holds a byte of the directory.
func (p *Planner) putNames(b []byte, d *planned, from cursor, block func(at uint32) uint32) {
	if from.entry == 0 {
		parent := &p.dirs[d.parent]
		b = b[ecma167.PutFID(b, "", ecma167.FIDDirectory|ecma167.FIDParent, p.address(parent.icb), parent.id, block(0), p.version()):]
	}
	for c := from; len(b) > 0; {
		it := p.next(d, &c)
		icb, characteristics := it.icb, hiddenFlag(it.node)
		if it.node.IsDir() {
			icb = p.dirs[it.dir].icb
			characteristics |= ecma167.FIDDirectory
		}
		b = b[ecma167.PutFID(b, ecma167.FileName(it.node.Name), characteristics, p.address(icb), firstID+it.name, block(it.fid), p.version()):]
	}
}

// address returns the address of an ICB in a block of the metadata.
func (p *Planner) address(block uint32) ecma167.LongAD {
	if p.virtual {
		return ecma167.LongAD{Length: sectorSize, Block: block, Partition: p.metadataReference()}
	}
	return ecma167.LongAD{Length: sectorSize, Block: p.base + block, Partition: p.metadataReference()}
}

// putDirectory writes the file entry of a directory into a block.
func (p *Planner) putDirectory(b []byte, index uint32) {
	d := &p.dirs[index]
	e := p.entry(d.node, d.icb, uint64(d.id))
	e.Links, e.Size = d.links, int64(d.size)
	at := b[p.head():]
	if d.fids == 0 {
		e.Flags |= ecma167.ADInline
		e.ADs = int(d.size)
		p.putNames(at[:d.size], d, d.from, func(uint32) uint32 { return e.Block })
	} else {
		e.Flags |= ecma167.ADShort | ecma167.FlagContiguous
		e.Recorded = blocks(e.Size)
		e.ADs = ecma167.ADLength[ecma167.ADShort]
		le.PutUint32(at, d.size)
		le.PutUint32(at[4:], p.base+d.fids)
	}
	e.Put(b, p.version())
}

// putFile writes the file entry of a node that is not a directory.
func (p *Planner) putFile(b []byte, it item) {
	n := it.node
	e := p.entry(n, it.icb, firstID+uint64(it.name))
	e.Links = 1
	if s := sharedOf(n); s != nil {
		e.Links = p.shared[s].links
	}
	switch {
	case n.Mode&fs.ModeSymlink != 0:
		putTarget(b, p.head(), &e, n.Target(), ecma167.ADShort, ecma167.LongAD{Block: e.Block + 1})
	case hasContents(n):
		var one [1]run
		runs := p.runs(one[:0], it)
		e.Flags |= uint16(p.adKind())
		if len(runs) == 1 {
			e.Flags |= ecma167.FlagContiguous
		}
		e.Size, e.Recorded = n.Size, blocks(n.Size)
		e.ADs = p.putExtents(b, e.Block, runs)
	case n.Mode&fs.ModeDevice != 0:
		e.Flags |= ecma167.ADInline
		e.Attributes = ecma167.DeviceAttribute(n.Device(), e.Block, p.version())
	default:
		e.Flags |= ecma167.ADInline
	}
	e.Put(b, p.version())
}

// putTarget writes the target of a symbolic link into its file entry, whose fixed part has
// head bytes, or into the blocks after it. An allocation descriptor of the given kind refers
// to them; next is where they begin.
func putTarget(b []byte, head uint32, e *ecma167.Entry, target string, kind uint16, next ecma167.LongAD) {
	parts := ecma167.AppendTarget(nil, target)
	e.Size = int64(len(parts))
	at := b[head:]
	if len(b) == sectorSize {
		e.Flags |= ecma167.ADInline
		e.ADs = copy(at, parts)
		return
	}
	e.Flags |= kind
	e.Recorded = blocks(e.Size)
	e.ADs = ecma167.ADLength[kind]
	if kind == ecma167.ADLong {
		next.Length = uint32(len(parts))
		ecma167.PutLongAD(at, next)
	} else {
		le.PutUint32(at, uint32(len(parts)))
		le.PutUint32(at[4:], next.Block)
	}
	rest := b[sectorSize:]
	clear(rest[copy(rest, parts):])
}

// entry returns what the file entries of all kinds of nodes have in common.
func (p *Planner) entry(n *tree.Node, block uint32, unique uint64) ecma167.Entry {
	e := ecma167.Entry{
		Block: p.base + block, Kind: ecma167.FileType(n.Mode), Flags: ecma167.ModeFlags(n.Mode), UID: n.UID, GID: n.GID,
		Permissions: ecma167.Permissions(n.Mode), Time: n.ModTime(), Unique: unique,
	}
	if x := n.Extra(); x != nil {
		e.Accessed, e.Created, e.Changed = known(x.Accessed), known(x.Created), known(x.Changed)
	}
	return e
}

// known returns a time of a node, the zero time if it is not known.
func known(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

// A run is a contiguous part of the contents of a file.
type run struct {
	block uint32 // of the partition
	size  int64  // bytes
}

// runs appends the places of the contents of a file.
func (p *Planner) runs(list []run, it item) []run {
	if r := it.node.Recorded(); r != nil {
		for _, x := range r.Extents {
			list = append(list, run{uint32(int64(x.Start) - p.begin), x.Length})
		}
		return list
	}
	return append(list, run{uint32(p.at.Contents(it.node) - p.begin), it.node.Size})
}
