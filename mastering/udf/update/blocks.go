package update

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
)

var le = binary.LittleEndian

// blockSize is the size of the logical blocks of volumes that can be changed, in bytes.
const blockSize = disc.SectorSize

// unsafe returns the error for a volume that cannot be changed.
func unsafe(format string, a ...any) error {
	return &patch.UnsafeError{Why: "UDF: " + fmt.Sprintf(format, a...)}
}

// place is where an ICB begins.
type place struct {
	block     uint32
	partition uint16
}

func placeOf(a ecma167.LongAD) place { return place{a.Block, a.Partition} }

// blocks returns the number of blocks for n bytes.
func blocks(n int64) int64 { return (n + blockSize - 1) / blockSize }

// blockMap translates addresses of a volume. It reads the image without the changes, and
// writes into the Set.
type blockMap struct {
	set   *patch.Set
	old   []udf.Partition // as in the image
	parts []udf.Partition // with the changes

	owners map[int64]owner // of the sectors of the image that were overwritten
	now    owner           // of what is written
}

// maxSteps is the number of partitions between an address and its sector: a block of the
// metadata partition or a virtual block is in a physical one.
const maxSteps = 2

// sector returns the sector of a block, in the second copy of a metadata partition if
// mirror is set.
func sector(parts []udf.Partition, a ecma167.LongAD, mirror bool) (int64, error) {
	for range maxSteps {
		if int(a.Partition) >= len(parts) {
			return 0, fmt.Errorf("%s: the number of partitions is %d", a, len(parts))
		}
		p := &parts[a.Partition]
		switch p.Kind {
		case udf.Metadata:
			files := p.Files[0]
			if mirror {
				files = p.Files[1]
			}
			block, ok := find(files, int64(a.Block))
			if !ok {
				return 0, fmt.Errorf("%s is not in the metadata file", a)
			}
			a = ecma167.LongAD{Block: uint32(block), Partition: p.Holder}
			continue
		case udf.Virtual:
			if int64(a.Block) >= int64(len(p.Table)) || int64(p.Table[a.Block]) >= p.Blocks {
				return 0, fmt.Errorf("%s is not in the virtual allocation table", a)
			}
			return p.Start + int64(p.Table[a.Block]), nil
		case udf.Sparable:
			if int64(a.Block) >= p.Blocks {
				return 0, errBeyond(a, p)
			}
			in := a.Block % p.Packet
			if to, ok := p.Moved[a.Block-in]; ok {
				return int64(to) + int64(in), nil
			}
		}
		if int64(a.Block) >= p.Blocks {
			return 0, errBeyond(a, p)
		}
		return p.Start + int64(a.Block), nil
	}
	return 0, fmt.Errorf("%s: the partitions form a loop", a)
}

func errBeyond(a ecma167.LongAD, p *udf.Partition) error {
	return fmt.Errorf("%s is beyond the end of the partition, which has %d blocks", a, p.Blocks)
}

// find returns the block that holds a block of a file of whole blocks.
func find(runs []udf.Run, n int64) (int64, bool) {
	for _, r := range runs {
		if n < r.Blocks {
			return r.Block + n, true
		}
		n -= r.Blocks
	}
	return 0, false
}

// length returns the number of blocks of a file.
func length(runs []udf.Run) (n int64) {
	for _, r := range runs {
		n += r.Blocks
	}
	return n
}

// read reads a block of the image without the changes.
func (v *blockMap) read(a ecma167.LongAD) ([]byte, error) {
	at, err := sector(v.old, a, false)
	if err != nil {
		return nil, err
	}
	return v.readSector(at)
}

func (v *blockMap) readSector(at int64) ([]byte, error) {
	b := make([]byte, blockSize)
	if at >= v.set.BaseSectors() {
		return nil, fmt.Errorf("sector %d is beyond the end of the image", at)
	}
	if n, err := v.set.Base().ReadAt(b, at*blockSize); n < len(b) {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("sector %d: %w", at, err)
	}
	return b, nil
}

// write writes a block, into both copies of a metadata partition. Blocks that do not change
// are not written.
func (v *blockMap) write(a ecma167.LongAD, b []byte) error {
	first, err := sector(v.parts, a, false)
	if err != nil {
		return err
	}
	if err := v.writeSector(first, b); err != nil || v.parts[a.Partition].Kind != udf.Metadata {
		return err
	}
	second, err := sector(v.parts, a, true)
	if err != nil || second == first {
		return err
	}
	return v.writeSector(second, b)
}

func (v *blockMap) writeSector(at int64, b []byte) error {
	if at < v.set.BaseSectors() {
		old := make([]byte, blockSize)
		if n, _ := v.set.ReadAt(old, at*blockSize); n == blockSize && string(old) == string(b) {
			return nil
		}
		if o, known := v.owners[at]; known && o != v.now {
			return unsafe("it is damaged: sector %d belongs to several of its structures", at)
		}
		v.owners[at] = v.now
	}
	_, err := v.set.WriteAt(b, at*blockSize)
	return err
}

// writeAs writes a block as a part of a structure.
func (v *blockMap) writeAs(o owner, a ecma167.LongAD, b []byte) error {
	v.now = o
	defer func() { v.now = owner{} }()
	return v.write(a, b)
}

// block returns the block of a physical partition that is at a sector.
func (v *blockMap) block(sector int64, partition uint16) (uint32, error) {
	p := &v.parts[partition]
	if p.Kind == udf.Sparable {
		for from, to := range p.Moved {
			if in := sector - int64(to); in >= 0 && in < int64(p.Packet) {
				return from + uint32(in), nil
			}
		}
	}
	block := sector - p.Start
	if block < 0 || block >= p.Blocks {
		return 0, unsafe("the contents at sector %d are outside of the partition, which begins at sector %d and has %d blocks", sector, p.Start, p.Blocks)
	}
	return uint32(block), nil
}
