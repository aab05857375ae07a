package udf

import (
	"fmt"
	"io"
	"sort"

	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/volume"
)

// An extent is a run of bytes of a file.
type extent struct {
	start     int64 // in the file
	block     uint32
	partition uint16
	kind      uint8
}

// contents are the bytes of a file, in its file entry or in extents.
type contents struct {
	v       reader
	inline  []byte // when not nil
	extents []extent
	end     int64 // of the extents, in the file
	size    int64 // information length

	outside []volume.Extent // if not empty, where they are according to another view
}

// locate returns where the byte at off of the file is recorded in the volume, and
// how many bytes are contiguous from there.
func (c *contents) locate(off int64) (at, n int64, err error) {
	if off < 0 || off >= c.end || c.inline != nil {
		return 0, 0, fmt.Errorf("byte %d is beyond the extents of the file, which hold %d bytes", off, c.end)
	}
	e, n := c.extentAt(off)
	if e.kind != ecma167.ExtentRecorded {
		return 0, 0, fmt.Errorf("byte %d is in an extent that is not recorded", off)
	}
	return c.place(e, off, n)
}

// extentAt returns the extent that holds the byte at off, and the number of bytes
// from there to its end.
func (c *contents) extentAt(off int64) (extent, int64) {
	i := sort.Search(len(c.extents), func(i int) bool { return c.extents[i].start > off }) - 1
	end := c.end
	if i+1 < len(c.extents) {
		end = c.extents[i+1].start
	}
	return c.extents[i], end - off
}

// place finds a recorded byte in the volume. n is the number of bytes left in its
// extent.
func (c *contents) place(e extent, off, n int64) (at, have int64, err error) {
	in := off - e.start
	block := int64(e.block) + in/c.v.block
	if block > 0xFFFFFFFF {
		return 0, 0, fmt.Errorf("an extent reaches beyond block %d", uint32(0xFFFFFFFF))
	}
	at, have, err = c.v.locate(ecma167.LongAD{Block: uint32(block), Partition: e.partition})
	rest := in % c.v.block
	return at + rest, min(have-rest, n), err
}

// ReadAt implements io.ReaderAt.
func (c *contents) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	if off >= c.size {
		return 0, io.EOF
	}
	var eof error
	if int64(len(p)) > c.size-off {
		p, eof = p[:c.size-off], io.EOF
	}
	if c.inline != nil {
		return copy(p, c.inline[off:]), eof
	}
	n := 0
	if len(c.outside) > 0 {
		n, err := c.readOutside(p, off)
		if err == nil {
			err = eof
		}
		return n, err
	}
	for n < len(p) {
		k, err := c.readSome(p[n:], off+int64(n))
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, eof
}

// readSome reads the first contiguous part.
func (c *contents) readSome(p []byte, off int64) (int, error) {
	if off >= c.end {
		return 0, fmt.Errorf("the extents of the file end at byte %d, before its length of %d bytes", c.end, c.size)
	}
	e, n := c.extentAt(off)
	if e.kind != ecma167.ExtentRecorded {
		p = p[:min(int64(len(p)), n)]
		clear(p)
		return len(p), nil
	}
	at, n, err := c.place(e, off, n)
	if err != nil {
		return 0, err
	}
	p = p[:min(int64(len(p)), n)]
	if len(p) < chunkSize {
		err = c.v.readMeta(p, at)
	} else {
		err = c.v.read(p, at)
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// readExtents decodes allocation descriptors, including those of continuation
// blocks. size is the information length of the file.
func (v reader) readExtents(ads []byte, kind int, partition uint16, size int64) (*contents, error) {
	c := &contents{v: v, size: size}
	visited := map[ecma167.LongAD]bool{}
	for ads != nil {
		next, err := c.addExtents(ads, kind, partition)
		if err != nil {
			return nil, err
		}
		if next.Length&ecma167.LengthMask == 0 {
			break
		}
		place := ecma167.LongAD{Block: next.Block, Partition: next.Partition}
		if visited[place] {
			return nil, fmt.Errorf("allocation extent at %s: the chain of allocation descriptors forms a loop", next)
		}
		visited[place] = true
		if ads, err = v.readContinuation(next); err != nil {
			return nil, err
		}
	}
	c.complete()
	return c, nil
}

// complete extends the last extent to the end of its block if the file is longer.
// Linux does not update the length of the extent when it appends to a file whose
// last block has room.
func (c *contents) complete() {
	if rest := c.end % c.v.block; rest != 0 && c.size > c.end {
		c.end = min(c.size, c.end+c.v.block-rest)
	}
}

// addExtents adds the extents of a sequence of allocation descriptors, and returns
// where it continues. A length of 0 means that it does not.
func (c *contents) addExtents(ads []byte, kind int, partition uint16) (ecma167.LongAD, error) {
	for n := ecma167.ADLength[kind]; len(ads) >= n; ads = ads[n:] {
		a := ecma167.LongAD{Length: le.Uint32(ads), Block: le.Uint32(ads[4:]), Partition: partition}
		length := int64(a.Length & ecma167.LengthMask)
		switch kind {
		case ecma167.ADLong:
			a = ecma167.DecodeLongAD(ads)
		case ecma167.ADExtended: // ECMA-167 4/14.14.3
			if info := int64(le.Uint32(ads[8:])); info < length && a.Length>>30 == ecma167.ExtentRecorded {
				if recorded := int64(le.Uint32(ads[4:]) & ecma167.LengthMask); recorded != info {
					return ecma167.LongAD{}, fmt.Errorf("an extent of %d bytes is compressed to %d bytes by an unknown method", info, recorded)
				}
				length = info
			}
			a.Block, a.Partition = le.Uint32(ads[12:]), le.Uint16(ads[16:])
		}
		if length == 0 {
			break
		}
		if a.Length>>30 == ecma167.ExtentContinues {
			return a, nil
		}
		c.extents = append(c.extents, extent{c.end, a.Block, a.Partition, uint8(a.Length >> 30)})
		c.end += length
	}
	return ecma167.LongAD{}, nil
}

// readContinuation returns the allocation descriptors of an allocation extent
// (ECMA-167 4/14.5): their length is at BP 20, they begin at BP 24.
func (v reader) readContinuation(a ecma167.LongAD) ([]byte, error) {
	p, _, err := v.readDescriptor(a, ecma167.TagAED)
	if err != nil {
		return nil, fmt.Errorf("allocation extent at %s: %w", a, err)
	}
	n := int64(le.Uint32(p[20:]))
	if n > int64(len(p)-24) {
		return nil, fmt.Errorf("allocation extent at %s: its length is %d bytes, but a block has room for %d", a, n, len(p)-24)
	}
	return p[24 : 24+n], nil
}
