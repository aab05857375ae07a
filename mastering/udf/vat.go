package udf

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"glassmaster/mastering/udf/internal/ecma167"
)

// vatSearch is the number of bytes at the end of the volume that are searched for the
// ICB of the virtual allocation table. It is in the last sector that was written (UDF
// 2.2.11), but drives add run-out blocks, and images have other padding. Zeros do not
// count, because images may be padded to the size of the medium.
const vatSearch = 4 << 20

// openVirtual finds the virtual allocation table.
func (v reader) openVirtual(base *physical, index uint16) (partition, error) {
	chunk := make([]byte, chunkSize+v.block)
	var damage error
	searched := int64(0)
	for end := v.size / v.block * v.block; end > 0 && searched < vatSearch; {
		begin := max(0, end-chunkSize) / v.block * v.block
		p := chunk[:end-begin]
		if v.read(p, begin) != nil { // an unreadable run-out block
			begin = end - v.block
			if p = p[:v.block]; v.read(p, begin) != nil {
				searched += v.block
				end = begin
				continue
			}
		}
		if allZero(p) {
			end = begin
			continue
		}
		searched += int64(len(p))
		for at := int64(len(p)) - v.block; at >= 0; at -= v.block {
			found, err := v.tryVAT(base, index, p[at:at+v.block], (begin+at)/v.block)
			if found != nil {
				return found, nil
			}
			if err != nil && damage == nil {
				damage = err
			}
		}
		end = begin
	}
	if damage == nil {
		damage = errors.New("there is none near the end; the image may be truncated")
	}
	return nil, fmt.Errorf("virtual allocation table: %w", damage)
}

// tryVAT opens the table if its ICB is the block p at the given sector. In revision
// 1.50 the entries come first, and 36 bytes follow. Since revision 2.00 there is a
// header, with its length at BP 0, and a file type for the table.
func (v reader) tryVAT(base *physical, index uint16, p []byte, sector int64) (*virtual, error) {
	id := le.Uint16(p)
	if id != ecma167.TagFE && id != ecma167.TagEFE || p[27] != ecma167.TypeVAT && p[27] != ecma167.TypeUnspecified {
		return nil, nil
	}
	block := sector - int64(base.start)
	if block < 0 || block > 0xFFFFFFFF {
		return nil, nil
	}
	if _, err := ecma167.CheckTagAt(p, uint32(block), id); err != nil {
		return nil, nil
	}
	under := v.mapOf(base, index)
	e, err := decodeEntry(p, id, ecma167.LongAD{Length: uint32(v.block), Block: uint32(block), Partition: under})
	if err != nil {
		return nil, fmt.Errorf("sector %d: %w", sector, err)
	}
	c, err := v.flat().contents(e)
	if err != nil {
		return nil, fmt.Errorf("sector %d: %w", sector, err)
	}
	found := &virtual{physical: base, table: c, file: c, icb: e}
	if e.kind == ecma167.TypeVAT {
		var head [4]byte
		if _, err := c.ReadAt(head[:], 0); err != nil {
			return nil, fmt.Errorf("sector %d: %w", sector, err)
		}
		found.first = int64(le.Uint16(head[:]))
		found.entries = max(0, c.size-found.first) / 4
		return found, nil
	}
	var tail [36]byte
	if c.size < int64(len(tail)) {
		return nil, nil
	}
	if _, err := c.ReadAt(tail[:], c.size-int64(len(tail))); err != nil || ecma167.EntityID(tail[:]) != "*UDF Virtual Alloc Tbl" {
		return nil, nil
	}
	found.entries = (c.size - int64(len(tail))) / 4
	found.extension = extensionOf(p, id, e.unique)
	return found, nil
}

// extensionOf returns the logical volume extended information in the ICB of a table (DCN-5003
// for UDF 1.50), from its checksum on, nil if there is none for the unique identifier of the
// ICB.
func extensionOf(p []byte, id uint16, unique uint64) []byte {
	const use = 48 // BP of what the implementation recorded
	head := 176
	if id == ecma167.TagEFE {
		head = 216
	}
	for a := range extendedAttributes(p[head:][:le.Uint32(p[head-8:])]) { // its length was checked
		if len(a) >= use+146 && le.Uint32(a) == 2048 && ecma167.EntityID(a[16:]) == "*UDF VAT LVExtension" && le.Uint64(a[use+2:]) == unique {
			return clone(a[use:])
		}
	}
	return nil
}

// tableHead is what the header of a virtual allocation table says about the volume.
type tableHead struct {
	virtual     bool // there is a table
	label       string
	modified    time.Time
	counts      bool // whether files and dirs are recorded
	files, dirs uint32
}

// head returns what the table says about the volume. In revision 2.00 and later, its
// header has the label at BP 4, the number of files at BP 136 and that of directories at
// BP 140. In revision 1.50, the extension has them at BP 18, 10 and 14.
func (v *virtual) head() tableHead {
	h := tableHead{virtual: true}
	if v.icb == nil {
		return h
	}
	h.modified = v.icb.modified
	if x := v.extension; x != nil {
		h.label = ecma167.DecodeDString(x[18:146])
		h.counts, h.files, h.dirs = true, le.Uint32(x[10:]), le.Uint32(x[14:])
		return h
	}
	var b [144]byte
	if v.first < 152 {
		return h
	}
	if _, err := v.table.ReadAt(b[:], 0); err != nil {
		return h
	}
	h.label = ecma167.DecodeDString(b[4:132])
	h.counts, h.files, h.dirs = true, le.Uint32(b[136:]), le.Uint32(b[140:])
	return h
}

// mapOf returns the reference number of the physical partition. If the volume has no
// map for it, it returns that of the virtual partition, which is treated as physical
// while it is being opened.
func (v reader) mapOf(base *physical, index uint16) uint16 {
	for i, p := range v.parts {
		if q, ok := p.(*physical); ok && q.number == base.number {
			return uint16(i)
		}
	}
	return index
}

// flat returns a reader for which every partition is physical, because the table
// cannot be found through itself.
func (v reader) flat() reader {
	parts := make([]partition, len(v.parts))
	for i, p := range v.parts {
		parts[i] = p
		if l, ok := p.(*lateMap); ok {
			parts[i] = l.physical
		}
	}
	return reader{state: &state{medium: v.medium, parts: parts}}
}

// allZero reports whether all bytes of p are zero.
func allZero(p []byte) bool {
	return len(p) == 0 || p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1])
}
