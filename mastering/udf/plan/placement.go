package plan

import (
	"errors"
	"fmt"
	"math"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// Fixed sectors, relative to the start of the session, and sizes in sectors.
const (
	mainSequence    = 32 // main volume descriptor sequence
	sequenceLength  = 16 // UDF 2.2.3.1
	integrityStart  = 64
	integrityLength = 4 // at least 8 KiB (UDF 2.2.4.6)
	anchorSector    = 256
	// FirstSector is the first sector after the structures with a fixed place. On a
	// bridge disc, only the volume descriptors of ISO 9660 come before it, up to sector
	// 31.
	FirstSector        = anchorSector + 1
	recognitionSectors = 3 // volume recognition sequence
	// TailSectors is the number of sectors at the end of the volume for the reserve
	// volume descriptor sequence and two anchors, in the last sector and 256 before it.
	TailSectors = 257
)

// A Placement is where the parts of a volume are placed, in sectors of 2048 bytes from
// address 0 of the disc.
type Placement struct {
	// Start is where the session of the volume begins, 0 for a whole image.
	Start int64
	// Recognition is where the volume recognition sequence begins: Start+16, or after
	// the volume descriptors of ISO 9660.
	Recognition int64
	// Metadata is where the file entries and directories begin, which have
	// Planner.MetadataSectors. It is at least Start+FirstSector. The partition begins
	// there too, or with the first contents that are on the disc already.
	Metadata int64
	// Mirror is where the contents end. If the volume has a copy of its metadata, it begins
	// there.
	Mirror int64
	// End is the address after the volume, as Planner.End returns it.
	End int64
	// Contents returns the first sector of the contents of a file, which must be
	// contiguous. It is called for regular files with contents that are not on the disc
	// already, for hard links only with the first name. It must always return the same
	// sector, and be safe for use by several goroutines.
	Contents func(n *tree.Node) int64
}

// Extents places the structures, and returns their extents in the order of their
// addresses: before has those up to the end of the metadata, after those from the
// mirror. The caller places the contents between them. Extents is called once.
func (p *Planner) Extents(at Placement) (before, after []layout.Extent, err error) {
	switch {
	case at.Contents == nil:
		err = errors.New("Placement.Contents is not set")
	case at.Start < 0 || at.Recognition < at.Start+16 || at.Recognition+recognitionSectors > at.Start+mainSequence:
		err = fmt.Errorf("the recognition sequence at sector %d is not between %d and %d", at.Recognition, at.Start+16, at.Start+mainSequence)
	case at.Metadata < at.Start+FirstSector:
		err = fmt.Errorf("the metadata at sector %d overlaps the anchor at %d", at.Metadata, at.Start+anchorSector)
	case at.End-TailSectors < at.Metadata+p.MetadataSectors():
		err = errors.New("the metadata overlaps the end of the volume")
	case p.MirrorSectors() > 0 && (at.Mirror < at.Metadata+p.MetadataSectors() || at.Mirror+p.MirrorSectors() > at.End-TailSectors):
		err = fmt.Errorf("the mirror at sector %d overlaps the metadata or the end of the volume", at.Mirror)
	case at.End > math.MaxUint32:
		err = fmt.Errorf("the volume ends at sector %d, but the last one that UDF can address is %d (8 TiB)", at.End, uint32(math.MaxUint32))
	case p.endRecorded > at.Start:
		err = fmt.Errorf("contents that are on the disc already end at sector %d, but the session begins at %d", p.endRecorded, at.Start)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("plan UDF volume: %w", err)
	}
	p.at, p.begin = at, at.Metadata
	if p.firstRecorded >= 0 {
		p.begin = p.firstRecorded
	}
	if !p.hasMetadata() {
		p.base = uint32(at.Metadata - p.begin)
	}
	add := func(list *[]layout.Extent, sector int64, b []byte) {
		*list = append(*list, layout.Extent{Start: sector * sectorSize, Length: int64(len(b)), Source: layout.Bytes(b)})
	}
	tail := at.End - TailSectors
	add(&before, at.Recognition, p.recognition())
	add(&before, at.Start+mainSequence, p.sequence(at.Start+mainSequence))
	add(&before, at.Start+integrityStart, p.integrity(at.Start+integrityStart))
	add(&before, at.Start+anchorSector, p.anchor(at.Start+anchorSector))
	if p.hasMetadata() {
		add(&before, at.Metadata, p.metadataFile(ecma167.TypeMetadata, p.metadataEntry(), p.metadataStart()))
		before = p.metadata(before, p.metadataStart())
		after = p.metadata(after, p.mirrorStart())
		add(&after, p.begin+p.mirrorEntry(), p.metadataFile(ecma167.TypeMirror, p.mirrorEntry(), p.mirrorStart()))
	} else {
		before = p.metadata(before, int64(p.base))
	}
	add(&after, tail, p.anchor(tail))
	add(&after, tail+1, p.sequence(tail+1))
	add(&after, at.End-1, p.anchor(at.End-1))
	return before, after, nil
}

// HeadSectors returns the number of sectors from the beginning of the session to its
// metadata.
func (p *Planner) HeadSectors() int64 { return FirstSector }

// End returns the address after a volume whose contents end at a sector.
func (p *Planner) End(contents int64) int64 { return contents + p.MirrorSectors() + TailSectors }

// Places of the metadata files, as blocks of the partition. The file entry of the main
// file is before its contents, that of the mirror after them. The contents of both
// begin at multiples of metadataUnit.
func (p *Planner) metadataEntry() int64 { return p.at.Metadata - p.begin }
func (p *Planner) metadataStart() int64 { return wholeUnits(p.metadataEntry() + 1) }
func (p *Planner) mirrorStart() int64   { return wholeUnits(p.at.Mirror - p.begin) }
func (p *Planner) mirrorEntry() int64   { return p.mirrorStart() + p.metadataBlocks() }

// wholeUnits rounds n up to a multiple of metadataUnit.
func wholeUnits(n int64) int64 { return (n + metadataUnit - 1) / metadataUnit * metadataUnit }

// partitionLength returns the length of the partition in blocks.
func (p *Planner) partitionLength() int64 {
	if p.virtual {
		return p.length
	}
	return p.at.End - TailSectors - p.begin
}

// batchBytes is roughly how many bytes of metadata are rendered at once.
const batchBytes = 256 * 1024

// metadata appends the file set, directories and file entries. Block 0 of the metadata
// is the given block of the partition.
func (p *Planner) metadata(list []layout.Extent, first int64) []layout.Extent {
	start := func(block uint32) int64 { return (p.begin + first + int64(block)) * sectorSize }
	add := func(at, length int64, r layout.Source) {
		if length > 0 {
			list = append(list, layout.Extent{Start: at, Length: length, Source: r})
		}
	}
	add(start(fileSetBlock), 2*sectorSize, layout.Bytes(p.fileSet()))
	add(start(rootBlock), sectorSize, &rootSource{p})
	for i := range p.dirs {
		d := &p.dirs[i]
		if d.fids != 0 {
			p.batches(d, func(c cursor) int64 { return int64(c.fid) }, func(from, to cursor) {
				begin := from.fid
				if from.entry == 0 {
					begin = 0 // includes the parent
				}
				add(start(d.fids)+int64(begin), int64(to.fid-begin), &namesSource{p, uint32(i), from})
			})
		}
		p.batches(d, func(c cursor) int64 { return int64(c.icb) * sectorSize }, func(from, to cursor) {
			add(start(from.icb), int64(to.icb-from.icb)*sectorSize, &entriesSource{p, uint32(i), from})
		})
	}
	return list
}

// batches divides the entries of a directory into parts of roughly batchBytes, as
// counted by position.
func (p *Planner) batches(d *planned, position func(cursor) int64, f func(from, to cursor)) {
	from, c := d.from, d.from
	for range d.entries() {
		p.next(d, &c)
		if position(c)-position(from) >= batchBytes {
			f(from, c)
			from = c
		}
	}
	if c != from || d.entries() == 0 {
		f(from, c)
	}
}
