package compact

import (
	"context"
	"slices"

	"glassmaster/mastering/udf/internal/ecma167"
)

// Offsets in a file set descriptor (ECMA-167 4/14.1), and in file entries (4/14.9, 4/14.17).
const (
	setRoot    = 400
	setNext    = 448
	setStreams = 464

	entryStrategy = 20
	entryType     = 27
	entryParent   = 28
	entryFlags    = 34
	entrySize     = 56
	entryEA       = 112 // ICB of extended attributes
	extendedEA    = 136
	extendedDir   = 152 // ICB of the stream directory
)

// maxChain is the number of allocation extents of a file that are followed.
const maxChain = 1 << 16

// walk visits the file set and all files.
func (v *Volume) walk(ctx context.Context) error {
	queue, err := v.fileSet()
	if err != nil {
		return err
	}
	for len(queue) > 0 {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		a := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if v.seen[a.Block] {
			continue
		}
		v.seen[a.Block] = true
		more, err := v.entry(a)
		if err != nil {
			return err
		}
		queue = append(queue, more...)
	}
	return nil
}

// check returns an error for an address outside of the partition.
func (v *Volume) check(a ecma167.LongAD) error {
	if end := int64(a.Block) + blocksOf(a.Length); a.Partition != 0 || end > v.s.Partitions[0].Blocks {
		return unsafef("its UDF volume refers to %s, which it does not have", a)
	}
	return nil
}

func blocksOf(length uint32) int64 {
	return (int64(length&ecma167.LengthMask) + blockSize - 1) / blockSize
}

// useBlocks adds blocks of the partition.
func (v *Volume) useBlocks(a ecma167.LongAD) error {
	if err := v.check(a); err != nil {
		return err
	}
	v.use(v.start+int64(a.Block), blocksOf(a.Length), false)
	return nil
}

// icb changes the address in an ICB, and returns what it refers to, if anything.
func (v *Volume) icb(p []byte) []ecma167.LongAD {
	a := ecma167.DecodeLongAD(p)
	if a.Length&ecma167.LengthMask == 0 {
		return nil
	}
	v.block(p[4:])
	return []ecma167.LongAD{a}
}

// fileSet visits the file set descriptor, and returns its ICBs.
func (v *Volume) fileSet() ([]ecma167.LongAD, error) {
	a := v.s.FileSet
	if err := v.useBlocks(a); err != nil {
		return nil, err
	}
	all, err := v.read(v.start+int64(a.Block), blocksOf(a.Length))
	if err != nil {
		return nil, err
	}
	var list []ecma167.LongAD
	for at := 0; at < len(all); at += blockSize {
		b := all[at:][:blockSize]
		id, err := ecma167.CheckTag(b)
		if err != nil {
			break
		}
		if id == ecma167.TagFSD {
			if le.Uint32(b[setNext:]) != 0 {
				return nil, unsafef("it has several file sets")
			}
			list = append(list, v.icb(b[setRoot:])...)
			list = append(list, v.icb(b[setStreams:])...)
		}
		v.relocateBlock(b)
	}
	return list, v.storeBlocks(a.Block, all)
}

// relocateBlock changes the location in the tag of a descriptor in the partition, and its
// checksums.
func (v *Volume) relocateBlock(b []byte) {
	if !v.write {
		return
	}
	v.block(b[12:])
	ecma167.Reseal(b[:ecma167.TagLength+min(int(le.Uint16(b[10:])), len(b)-ecma167.TagLength)])
}

func (v *Volume) storeBlocks(block uint32, b []byte) error {
	if !v.write {
		return nil
	}
	return v.store(v.start+int64(block), b)
}

// entry visits a file entry and the contents of the file. It returns the ICBs in it.
func (v *Volume) entry(a ecma167.LongAD) ([]ecma167.LongAD, error) {
	if err := v.useBlocks(a); err != nil {
		return nil, err
	}
	b, err := v.read(v.start+int64(a.Block), 1)
	if err != nil {
		return nil, err
	}
	id, err := ecma167.CheckTagAt(b, a.Block, ecma167.TagFE, ecma167.TagEFE)
	if err != nil {
		return nil, unsafef("file entry at %s: %v", a, err)
	}
	head := int64(ecma167.FELength)
	if id == ecma167.TagEFE {
		head = ecma167.EFELength
	}
	ea, ad := int64(le.Uint32(b[head-8:])), int64(le.Uint32(b[head-4:]))
	kind := int(le.Uint16(b[entryFlags:]) & 7)
	if le.Uint16(b[entryStrategy:]) != 4 || head+ea+ad > blockSize || kind > ecma167.ADInline || kind == ecma167.ADExtended {
		return nil, unsafef("file entry at %s: its form is not known", a)
	}
	if le.Uint32(b[entryParent:]) != 0 {
		v.block(b[entryParent:])
	}
	var list []ecma167.LongAD
	if id == ecma167.TagEFE {
		list = append(v.icb(b[extendedEA:]), v.icb(b[extendedDir:])...)
	} else {
		list = v.icb(b[entryEA:])
	}
	if p := b[head : head+ea]; len(p) >= ecma167.TagLength && le.Uint16(p) == ecma167.TagEAHD {
		if n := ecma167.TagLength + int(le.Uint16(p[10:])); n <= len(p) {
			v.relocateBlock(p[:n])
		}
	}
	inner, err := v.contents(a, b, kind, b[head+ea:head+ea+ad])
	if err != nil {
		return nil, err
	}
	v.relocateBlock(b)
	return append(list, inner...), v.storeBlocks(a.Block, b)
}

// contents visits the allocation descriptors of a file whose file entry is b, and the
// entries of a directory.
func (v *Volume) contents(a ecma167.LongAD, b []byte, kind int, ads []byte) ([]ecma167.LongAD, error) {
	t := b[entryType]
	dir := t == ecma167.TypeDirectory || t == ecma167.TypeStreams
	size := le.Uint64(b[entrySize:])
	if kind == ecma167.ADInline {
		if !dir {
			return nil, nil
		}
		if size > uint64(len(ads)) {
			return nil, unsafef("directory at %s: it is longer than its file entry", a)
		}
		at := func(int) uint32 { return a.Block }
		return v.identifiers(a, ads[:size], at)
	}
	extents, err := v.extents(a, kind, ads)
	if err != nil || !dir {
		return nil, err
	}
	return v.directory(a, size, extents)
}

// extents visits allocation descriptors, and those in allocation extents (ECMA-167 4/14.5),
// which have their length at 20. It returns the recorded extents as they were.
func (v *Volume) extents(file ecma167.LongAD, kind int, ads []byte) ([]ecma167.LongAD, error) {
	var list []ecma167.LongAD
	next, err := v.descriptors(kind, ads, &list)
	for n := 0; err == nil && next.Length != 0; n++ {
		if n > maxChain || v.seen[next.Block] {
			return nil, unsafef("file entry at %s: its chain of allocation extents has no end", file)
		}
		v.seen[next.Block] = true
		if err := v.useBlocks(next); err != nil {
			return nil, err
		}
		block := next.Block
		b, err := v.read(v.start+int64(block), blocksOf(next.Length))
		if err != nil {
			return nil, err
		}
		if len(b) < blockSize {
			return nil, unsafef("file entry at %s: an allocation extent has no block", file)
		}
		if _, err := ecma167.CheckTagAt(b, block, ecma167.TagAED); err != nil {
			return nil, unsafef("allocation extent at block %d: %v", block, err)
		}
		n := int64(le.Uint32(b[20:]))
		if n > int64(len(b))-ecma167.AEDLength {
			return nil, unsafef("allocation extent at block %d: its descriptors are longer than it", block)
		}
		if le.Uint32(b[16:]) != 0 { // the one before
			v.block(b[16:])
		}
		if next, err = v.descriptors(kind, b[ecma167.AEDLength:][:n], &list); err != nil {
			return nil, err
		}
		v.relocateBlock(b)
		if err := v.storeBlocks(block, b); err != nil {
			return nil, err
		}
	}
	return list, err
}

// descriptors visits allocation descriptors up to their end. It returns where the next ones
// are.
func (v *Volume) descriptors(kind int, p []byte, list *[]ecma167.LongAD) (next ecma167.LongAD, err error) {
	for n := ecma167.ADLength[kind]; len(p) >= n; p = p[n:] {
		a := ecma167.LongAD{Length: le.Uint32(p), Block: le.Uint32(p[4:])}
		if kind == ecma167.ADLong {
			a = ecma167.DecodeLongAD(p)
		}
		if a.Length&ecma167.LengthMask == 0 {
			return next, nil
		}
		switch a.Length >> 30 {
		case ecma167.ExtentHole:
			*list = append(*list, a)
			continue
		case ecma167.ExtentContinues:
			v.block(p[4:])
			return a, v.check(a)
		}
		if err := v.useBlocks(a); err != nil {
			return next, err
		}
		v.block(p[4:])
		*list = append(*list, a)
	}
	return next, nil
}

// directory visits the entries of a directory of size bytes in extents.
func (v *Volume) directory(file ecma167.LongAD, size uint64, extents []ecma167.LongAD) ([]ecma167.LongAD, error) {
	var b []byte
	var starts []int // of the blocks in b, by their order
	var blocks []uint32
	for _, a := range extents {
		if a.Length>>30 != ecma167.ExtentRecorded {
			return nil, unsafef("directory at %s: a part of it is not recorded", file)
		}
		p, err := v.read(v.start+int64(a.Block), blocksOf(a.Length))
		if err != nil {
			return nil, err
		}
		if len(b)+len(p) > int(v.size)*blockSize {
			return nil, unsafef("directory at %s: it is larger than the image", file)
		}
		for i := 0; i < int(a.Length&ecma167.LengthMask); i += blockSize {
			starts = append(starts, len(b)+i)
			blocks = append(blocks, a.Block+uint32(i/blockSize))
		}
		b = append(b, p[:a.Length&ecma167.LengthMask]...)
	}
	if size > uint64(len(b)) {
		return nil, unsafef("directory at %s: it is longer than its extents", file)
	}
	at := func(off int) uint32 {
		i, found := slices.BinarySearch(starts, off)
		if !found {
			i--
		}
		return blocks[i]
	}
	list, err := v.identifiers(file, b[:size], at)
	if err != nil || !v.write {
		return list, err
	}
	for i, start := range starts {
		end := len(b)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		if err := v.store(v.start+int64(blocks[i]), b[start:end]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// identifiers visits file identifier descriptors (ECMA-167 4/14.4). at returns the block
// with a byte of them.
func (v *Volume) identifiers(file ecma167.LongAD, p []byte, at func(off int) uint32) ([]ecma167.LongAD, error) {
	var list []ecma167.LongAD
	for off := 0; off < len(p); {
		b := p[off:]
		if len(b) < ecma167.FIDLength {
			return nil, unsafef("directory at %s: it ends within an entry", file)
		}
		n := (ecma167.FIDLength + int(b[19]) + int(le.Uint16(b[36:])) + 3) / 4 * 4
		if n > len(b) {
			return nil, unsafef("directory at %s: it ends within an entry", file)
		}
		if id, err := ecma167.CheckTag(b[:n]); err != nil || id != ecma167.TagFID || le.Uint32(b[12:]) != at(off) {
			return nil, unsafef("directory at %s: the entry at byte %d is not valid", file, off)
		}
		found := v.icb(b[20:])
		if b[18]&ecma167.FIDDeleted == 0 {
			list = append(list, found...)
		}
		v.relocateBlock(b[:n])
		off += n
	}
	return list, nil
}
