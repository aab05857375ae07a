package ecm

import (
	"encoding/binary"
	"fmt"

	"glassmaster/mastering/image/packed"
	"glassmaster/mastering/sector"
)

// Find implements packed.Blocks. A unit of a record is a block: a sector, or, in a record
// of bytes, all of them.
func (m *image) Find(off int64) (packed.Block, error) {
	r, err := m.find(off)
	if err != nil {
		return packed.Block{}, err
	}
	if r.number == 0 {
		return packed.Block{Index: int(r.out), Start: r.out, End: r.past}, nil
	}
	i := (off - r.out) / int64(r.size)
	start := r.out + i*int64(r.size)
	return packed.Block{Index: int(start), Start: start, End: start + int64(r.size)}, nil
}

// Plain implements packed.Blocks: sectors are never read in parts, so bytes are left.
func (m *image) Plain(b packed.Block) bool {
	n := b.End - b.Start
	if n != sector.Size && n != sector.Mode2Size {
		return true
	}
	r, err := m.find(b.Start)
	return err == nil && r.number == 0
}

// Unpack implements packed.Blocks.
func (m *image) Unpack(b packed.Block, p []byte, start int64) error {
	r, err := m.find(b.Start)
	if err != nil {
		return err
	}
	at := r.in + (start-r.out)/int64(r.size)*int64(r.stored)
	if r.number == 0 {
		if n, err := m.r.ReadAt(p, at); n < len(p) {
			return packed.NoEOF(err)
		}
		return nil
	}
	var src [4 + sector.Form2Size]byte
	s := src[:r.stored]
	if n, err := m.r.ReadAt(s, at); n < len(s) {
		return fmt.Errorf("the sector at byte %d of the contents: %w", b.Start, packed.NoEOF(err))
	}
	restore(p, s, r.number)
	return nil
}

// restore makes the bytes of a sector from what is stored of it.
func restore(p, s []byte, number int) {
	if number == 1 {
		sector.PutHeader(p, 0, 1)
		copy(p[sector.HeaderAt:], s[:3])
		copy(p[sector.DataAt:], s[3:])
		sector.Complete(p, sector.Mode1)
		return
	}
	var whole [sector.Size]byte
	copy(whole[sector.SubheadAt:], s[:4])
	copy(whole[sector.SubheadAt+4:], s)
	kind := sector.Form1
	if number == 3 {
		kind = sector.Form2
	}
	sector.Complete(whole[:], kind)
	copy(p, whole[sector.SubheadAt:])
}

// edcHash is the EDC as a hash.Hash.
type edcHash uint32

// Write implements hash.Hash, and so do the other methods.
func (h *edcHash) Write(p []byte) (int, error) {
	*h = edcHash(sector.UpdateEDC(uint32(*h), p))
	return len(p), nil
}

// Sum appends the EDC in the order in which it is stored.
func (h *edcHash) Sum(b []byte) []byte { return binary.LittleEndian.AppendUint32(b, uint32(*h)) }

func (h *edcHash) Reset()         { *h = 0 }
func (h *edcHash) Size() int      { return 4 }
func (h *edcHash) BlockSize() int { return 1 }
