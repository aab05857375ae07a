package plan

import (
	"errors"
	"fmt"
	"io"
	"math"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// Sectors that are where they are, from the start of the session.
const (
	mainSequence    = 32 // the main volume descriptor sequence of 16 sectors
	sequenceLength  = 16 // UDF 2.2.3.1
	integrityStart  = 64
	integrityLength = 4 // at least 8 KiB (UDF 2.2.4.6)
	anchorSector    = 256
	// FirstSector is the first sector behind the structures with a fixed place, from
	// the start of the session. On a bridge disc only the ISO 9660 descriptors, up to
	// sector 31, stand before it.
	FirstSector = anchorSector + 1
	// RecognitionSectors is what Placement.Recognition takes.
	RecognitionSectors = 3
	// TailSectors is what is at the end of the volume, Placement.Sectors: the
	// reserve volume descriptor sequence and two anchors, in the last sector and
	// 256 before it.
	TailSectors = 257
)

// A Placement says where the parts of a volume go, in sectors of 2048 bytes from
// address 0 of the disc.
type Placement struct {
	// Start is where the session begins that holds the volume, 0 for a whole image.
	Start int64
	// Recognition is where the volume recognition sequence begins: Start+16, or behind
	// the volume descriptors of ISO 9660.
	Recognition int64
	// Metadata is where the file entries and directories begin, Start+FirstSector or
	// later: Planner.MetadataSectors. The partition begins there too, unless there are
	// contents on the disc before it.
	Metadata int64
	// Mirror is where the copy of the metadata goes: Planner.MirrorSectors. It does
	// not matter where that is 0.
	Mirror int64
	// End is where the volume ends. The last TailSectors are UDF's; the partition ends
	// before them.
	End int64
	// Contents returns the first sector of a file's contents, which are contiguous. It
	// is called for regular files with contents that are not on the disc yet; of hard
	// links for the first name in the order of the volume. It must always return the
	// same, and be safe for use by several goroutines.
	Contents func(n *tree.Node) int64
}

// Volume returns the layout of a volume of UDF alone that begins at a sector of the
// disc. previous reads what is on the disc before it, and may be nil.
func (p *Planner) Volume(start int64, previous io.ReaderAt) (*layout.Layout, error) {
	data := p.dataStart(start)
	mirror := data + p.data
	before, behind, err := p.extents(Placement{
		Start: start, Recognition: start + 16, Metadata: start + FirstSector, Mirror: mirror, End: mirror + p.MirrorSectors() + TailSectors,
	})
	if err != nil {
		return nil, err
	}
	extents := append(append(before, p.extentsOf(data)...), behind...)
	return layout.NewSession(extents, start*sectorSize, p.at.End*sectorSize, previous)
}

// Extents places the structures and returns them as extents, in the order of
// their addresses: those up to the end of the metadata, and those behind the
// contents of the files, from the mirror on. The contents are the caller's. It
// is called once.
func (p *Planner) Extents(at Placement) (before, behind []layout.Extent, err error) {
	if at.Contents == nil {
		return nil, nil, errors.New("plan UDF volume: nobody says where the contents are")
	}
	return p.extents(at)
}

// extents is Extents; without Placement.Contents the contents are where Volume puts
// them.
func (p *Planner) extents(at Placement) (before, behind []layout.Extent, err error) {
	switch {
	case at.Start < 0 || at.Recognition < at.Start+16 || at.Recognition+RecognitionSectors > at.Start+mainSequence:
		err = fmt.Errorf("the recognition sequence at sector %d is not between %d and %d", at.Recognition, at.Start+16, at.Start+mainSequence)
	case at.Metadata < at.Start+FirstSector:
		err = fmt.Errorf("the metadata at sector %d overlaps the anchor at %d", at.Metadata, at.Start+anchorSector)
	case at.End-TailSectors < at.Metadata+p.MetadataSectors():
		err = errors.New("the metadata overlaps the end of the volume")
	case p.MirrorSectors() > 0 && (at.Mirror < at.Metadata+p.MetadataSectors() || at.Mirror+p.MirrorSectors() > at.End-TailSectors):
		err = fmt.Errorf("the mirror at sector %d overlaps the metadata or the end of the volume", at.Mirror)
	case at.End > math.MaxUint32:
		err = fmt.Errorf("the volume ends at sector %d; UDF ends at %d (8 TiB)", at.End, uint32(math.MaxUint32))
	case p.highest > at.Start:
		err = fmt.Errorf("contents that are on the disc already end at sector %d, but the session begins at %d", p.highest, at.Start)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("plan UDF volume: %w", err)
	}
	p.at, p.begin = at, at.Metadata
	if p.lowest >= 0 {
		p.begin = p.lowest
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
		behind = p.metadata(behind, p.mirrorStart())
		add(&behind, p.begin+p.mirrorEntry(), p.metadataFile(ecma167.TypeMirror, p.mirrorEntry(), p.mirrorStart()))
	} else {
		before = p.metadata(before, int64(p.base))
	}
	add(&behind, tail, p.anchor(tail))
	add(&behind, tail+1, p.sequence(tail+1))
	add(&behind, at.End-1, p.anchor(at.End-1))
	return before, behind, nil
}

// The places of the metadata files, as blocks of the partition: the entry of the
// main file before it, that of the mirror behind it; both files begin at multiples
// of the unit.
func (p *Planner) metadataEntry() int64 { return p.at.Metadata - p.begin }
func (p *Planner) metadataStart() int64 { return wholeUnits(p.metadataEntry() + 1) }
func (p *Planner) mirrorStart() int64   { return wholeUnits(p.at.Mirror - p.begin) }
func (p *Planner) mirrorEntry() int64   { return p.mirrorStart() + p.metadataBlocks() }

// wholeUnits returns the first multiple of metadataUnit that is not below n.
func wholeUnits(n int64) int64 { return (n + metadataUnit - 1) / metadataUnit * metadataUnit }

// partitionLength returns the blocks of the partition.
func (p *Planner) partitionLength() int64 { return p.at.End - TailSectors - p.begin }

// batchBytes is about how much of the metadata is rendered at once.
const batchBytes = 256 * 1024

// metadata appends the file set, directories and file entries, with block 0 of
// the metadata at the given block of the partition.
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
					begin = 0 // with the parent
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

// batches divides the entries of a directory into runs of about batchBytes, as
// position counts them.
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
