// Package compact changes the addresses in a UDF volume whose contents move towards the start
// of the image, so that nothing else of it changes. It knows volumes with one physical
// partition and no record of its free blocks, as they are written for discs that are not
// rewritten in place (ECMA-167 3rd edition, UDF 1.02 to 2.01).
package compact

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

const blockSize = disc.SectorSize

var le = binary.LittleEndian

func unsafef(format string, args ...any) error {
	return &patch.UnsafeError{Why: fmt.Sprintf(format, args...)}
}

// errSpace is the error of a volume that records its free blocks.
var errSpace = errors.New("the UDF volume records its free blocks, into which later changes are written, and keeps its size: there is nothing to drop")

// Use is a run of sectors of a volume.
type Use struct {
	Start, Sectors int64
	Fixed          bool // it cannot move
}

// Volume is what a UDF volume consists of.
type Volume struct {
	r       io.ReaderAt
	size    int64 // sectors of the image
	s       udf.Structure
	start   int64 // sector of the partition
	used    []Use
	anchors []int64 // sectors of the anchors that are kept
	seen    map[uint32]bool
	write   bool // addresses are changed, rather than surveyed
	set     *patch.Set
	moved   func(lba int64) (int64, bool)
}

// Survey finds everything that a UDF volume of an image of size bytes consists of. It returns
// nil if there is none. An *patch.UnsafeError says why it cannot be moved.
func Survey(ctx context.Context, r io.ReaderAt, size int64) (*Volume, error) {
	f, err := udf.Open(r, size, volume.Options{})
	if errors.Is(err, volume.ErrUnknown) {
		return nil, nil
	}
	if err != nil {
		return nil, unsafef("its UDF volume: %v", err)
	}
	s, err := f.Structure()
	if err != nil {
		return nil, unsafef("its UDF volume: %v", err)
	}
	v := &Volume{r: r, size: (size + blockSize - 1) / blockSize, s: s, seen: map[uint32]bool{}}
	switch {
	case s.Block != blockSize:
		return nil, unsafef("its UDF volume has blocks of %d bytes", s.Block)
	case len(s.Partitions) != 1 || s.Partitions[0].Kind != udf.Physical:
		return nil, unsafef("the structures of its UDF volume of several partitions cannot be moved")
	case s.Start != 0 || len(s.Anchors) == 0:
		return nil, unsafef("its UDF volume does not have the usual anchors")
	}
	v.start = s.Partitions[0].Start
	v.use(0, 16, true)
	v.use(v.start, 1, true) // blocks cannot move to before the partition
	if err := v.surveyVolume(); err != nil {
		return nil, err
	}
	return v, v.walk(ctx)
}

// Used returns the runs of sectors of the volume.
func (v *Volume) Used() []Use { return v.used }

func (v *Volume) use(start, sectors int64, fixed bool) {
	if sectors > 0 {
		v.used = append(v.used, Use{start, sectors, fixed})
	}
}

// Write changes the addresses in the new image, which has what Used lists at its new place.
// moved returns the new address of a sector; for one that is not used, the end of the last
// run before it, and false.
func (v *Volume) Write(ctx context.Context, set *patch.Set, moved func(lba int64) (int64, bool)) error {
	v.write, v.set, v.moved = true, set, moved
	v.used, v.seen = nil, map[uint32]bool{}
	if err := v.surveyVolume(); err != nil {
		return err
	}
	return v.walk(ctx)
}

// read reads n sectors.
func (v *Volume) read(lba, n int64) ([]byte, error) {
	if lba < 0 || n < 0 || n > v.size-lba {
		return nil, unsafef("its UDF volume refers to sectors %d to %d, which the image does not have", lba, lba+n-1)
	}
	b := make([]byte, n*blockSize)
	if k, err := v.r.ReadAt(b, lba*blockSize); k < len(b) {
		return nil, fmt.Errorf("read sector %d: %w", lba, err)
	}
	return b, nil
}

// store writes the sectors that were at lba to their new place.
func (v *Volume) store(lba int64, b []byte) error {
	to, ok := v.moved(lba)
	if !ok {
		return fmt.Errorf("sector %d has addresses, but is not used", lba)
	}
	_, err := v.set.WriteAt(b, to*blockSize)
	return err
}

// sector changes the address of a sector.
func (v *Volume) sector(p []byte) {
	if !v.write {
		return
	}
	if to, ok := v.moved(int64(le.Uint32(p))); ok {
		le.PutUint32(p, uint32(to))
	}
}

// block changes the number of a block of the partition.
func (v *Volume) block(p []byte) {
	if v.write {
		le.PutUint32(p, v.movedBlock(le.Uint32(p)))
	}
}

func (v *Volume) movedBlock(n uint32) uint32 {
	if to, ok := v.moved(v.start + int64(n)); ok {
		return uint32(to - v.start)
	}
	return n
}

// surveyVolume visits what is outside of the partition: recognition sequence, anchors,
// descriptor sequences, and integrity descriptors.
func (v *Volume) surveyVolume() error {
	for at := int64(16); at < 16+64; at++ {
		b, err := v.read(at, 1)
		if err != nil {
			return err
		}
		if !slices.Contains([]string{"CD001", "BEA01", "NSR02", "NSR03", "TEA01", "BOOT2", "CDW02"}, string(b[1:6])) {
			break
		}
		v.use(at, 1, true)
	}
	if !v.write {
		v.chooseAnchors()
	}
	for _, at := range v.anchors {
		if err := v.anchor(at); err != nil {
			return err
		}
	}
	a := v.s.Anchors[0]
	for i, e := range []ecma167.ExtentAD{a.Main, a.Reserve} {
		if i == 1 && e == a.Main {
			break
		}
		if err := v.sequence(e); err != nil {
			return err
		}
	}
	return v.integrity()
}

// chooseAnchors keeps the anchor at sector 256 and the last one. One that is 256 sectors
// before the end would no longer be there.
func (v *Volume) chooseAnchors() {
	last := int64(0)
	for _, a := range v.s.Anchors {
		if last = max(last, a.Sector); a.Sector == 256 {
			v.anchors = append(v.anchors, a.Sector)
		}
	}
	if last != 256 {
		v.anchors = append(v.anchors, last)
	}
}

// anchor visits an anchor (ECMA-167 3/10.2): extents of the sequences at 16 and 24.
func (v *Volume) anchor(at int64) error {
	b, err := v.read(at, 1)
	if err != nil {
		return err
	}
	v.use(at, 1, at == 256)
	if !v.write {
		return nil
	}
	v.sector(b[20:])
	v.sector(b[28:])
	v.relocate(b, at)
	return v.store(at, b)
}

// relocate changes the location in the tag of a descriptor at a sector outside of the
// partition, and its checksums.
func (v *Volume) relocate(b []byte, at int64) {
	if to, ok := v.moved(at); ok {
		le.PutUint32(b[12:], uint32(to))
	}
	ecma167.Reseal(b[:ecma167.TagLength+min(int(le.Uint16(b[10:])), len(b)-ecma167.TagLength)])
}

// sequence visits a volume descriptor sequence.
func (v *Volume) sequence(e ecma167.ExtentAD) error {
	n := (int64(e.Length) + blockSize - 1) / blockSize
	if n == 0 {
		return nil
	}
	at := int64(e.Location)
	v.use(at, n, false)
	all, err := v.read(at, n)
	if err != nil {
		return err
	}
	for i := range n {
		b := all[i*blockSize:][:blockSize]
		id, err := ecma167.CheckTag(b)
		if err == ecma167.ErrNoTag {
			break
		}
		if err != nil {
			return unsafef("the volume descriptor at sector %d: %v", at+i, err)
		}
		if err := v.descriptor(id, b); err != nil {
			return err
		}
		if v.write {
			v.relocate(b, at+i)
		}
		if id == ecma167.TagTD {
			break
		}
	}
	if !v.write {
		return nil
	}
	return v.store(at, all)
}

// descriptor visits a volume descriptor. A partition descriptor (ECMA-167 3/10.5) has the
// partition's records of free blocks from 56 on (4/14.3) and its length at 192; a logical
// volume descriptor (3/10.6) the file set at 248 and the integrity sequence at 432; an
// unallocated space descriptor (3/10.8) the number of its extents at 20.
func (v *Volume) descriptor(id uint16, b []byte) error {
	switch id {
	case ecma167.TagVDP:
		return unsafef("its volume descriptor sequence continues elsewhere")
	case ecma167.TagUSD:
		if le.Uint32(b[20:]) > 0 {
			return unsafef("its UDF volume lists unallocated space outside of the partition")
		}
	case ecma167.TagPD:
		for at := 56; at < 56+5*8; at += 8 {
			if le.Uint32(b[at:]) != 0 {
				return errSpace
			}
		}
		if int64(le.Uint32(b[188:])) != v.start {
			return unsafef("its partition descriptors differ")
		}
		if v.write {
			le.PutUint32(b[192:], v.length(le.Uint32(b[192:])))
		}
	case ecma167.TagLVD:
		v.block(b[248+4:])
		v.sector(b[432+4:])
	}
	return nil
}

// length returns the new length of the partition in blocks.
func (v *Volume) length(old uint32) uint32 {
	end, _ := v.moved(v.start + int64(old))
	return uint32(end - v.start)
}

// integrity visits the integrity descriptors (ECMA-167 3/10.10): the next extent at 32, the
// number of partitions at 72, and from 80 on their free blocks and their sizes.
func (v *Volume) integrity() error {
	e := v.s.Integrity
	for range 256 {
		n := (int64(e.Length) + blockSize - 1) / blockSize
		if n == 0 {
			return nil
		}
		at := int64(e.Location)
		v.use(at, n, false)
		all, err := v.read(at, n)
		if err != nil {
			return err
		}
		var next ecma167.ExtentAD
		for i := range n {
			b := all[i*blockSize:][:blockSize]
			id, err := ecma167.CheckTag(b)
			if err != nil || id != ecma167.TagLVID && id != ecma167.TagTD {
				break
			}
			if id == ecma167.TagLVID {
				next = ecma167.DecodeExtentAD(b[32:])
				if le.Uint32(b[72:]) != 1 {
					return unsafef("its integrity descriptor is for several partitions")
				}
				if v.write {
					le.PutUint32(b[84:], v.length(le.Uint32(b[84:])))
					v.sector(b[36:])
				}
			}
			if v.write {
				v.relocate(b, at+i)
			}
		}
		if v.write {
			if err := v.store(at, all); err != nil {
				return err
			}
		}
		e = next
	}
	return unsafef("its chain of integrity descriptors has no end")
}
