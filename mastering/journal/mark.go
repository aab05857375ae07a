package journal

import (
	"bytes"
	"encoding/binary"
	"io"
)

// mark is what an update puts at the end of the image until it is complete.
type mark struct {
	id     [idBytes]byte
	at     int64 // its offset in the image
	before int64 // size of the image before the update
}

func (m mark) encode() []byte {
	b := make([]byte, block)
	copy(b, markMagic)
	copy(b[16:], m.id[:])
	binary.BigEndian.PutUint64(b[32:], uint64(m.at))
	binary.BigEndian.PutUint64(b[40:], uint64(m.before))
	copy(b[48:crcOffset], markMessage)
	return sealed(b)
}

// readMark reads the mark at the end of an image of this size. It returns false if there is
// none.
func readMark(r io.ReaderAt, size int64) (mark, bool) {
	b := make([]byte, block)
	if size < block || size%block != 0 {
		return mark{}, false
	}
	if n, _ := r.ReadAt(b, size-block); n < block || !bytes.HasPrefix(b, []byte(markMagic)) || !isSealed(b) {
		return mark{}, false
	}
	m := mark{at: int64(binary.BigEndian.Uint64(b[32:])), before: int64(binary.BigEndian.Uint64(b[40:]))}
	copy(m.id[:], b[16:])
	return m, m.at == size-block
}

// belongs reports whether the mark is that of the update of a journal.
func (m mark) belongs(h *header) bool {
	return m.id == h.id && m.at == markAt(h.after) && m.before == h.before
}

// putMark writes the mark of an update and synchronizes the image.
func putMark(image file, h *header) error {
	m := mark{h.id, markAt(h.after), h.before}
	if _, err := image.WriteAt(m.encode(), m.at); err != nil {
		return err
	}
	return image.Sync()
}

// isTorn reports whether an image has, from an offset up to its end, what a mark leaves that
// was not written completely: zeros, and in its place bytes of the mark or zeros.
func isTorn(image io.ReaderAt, from, size int64, h *header) bool {
	at := markAt(h.after)
	if size <= at || size > at+block || from > at {
		return false
	}
	whole := mark{h.id, at, h.before}.encode()
	p := make([]byte, 64<<10)
	for off := from; off < size; off += int64(len(p)) {
		p = p[:min(int64(len(p)), size-off)]
		if n, _ := image.ReadAt(p, off); n < len(p) {
			return false
		}
		for i, b := range p {
			if k := off + int64(i) - at; b != 0 && (k < 0 || b != whole[k]) {
				return false
			}
		}
	}
	return true
}
