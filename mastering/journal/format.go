package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// Offsets and sizes in a journal; the documentation of the package has the fields.
const (
	magic       = "GLASSMASTER UNDO"
	version     = 1
	block       = 512 // of storage, which is written as a whole or not at all
	slotBase    = 4096
	slotStep    = 4096
	recordBase  = 12288
	recordHead  = 16
	maxRecord   = 64 << 10 // old bytes of a record
	crcOffset   = block - 4
	maxSize     = 1 << 50 // of an image, in bytes
	idOffset    = 24
	idBytes     = 16
	markMagic   = "GLASSMASTER MARK"
	markMessage = "An update of this image was broken off. Open it with Glassmaster beside its journal, whose name ends in .update."
)

// state says how far an update is.
type state uint32

const (
	active    state = 1 + iota // it is running: the image is the old one
	committed                  // it is complete: the image is the new one
	undoing                    // it is being taken back: the image is the old one as soon as it has a mark
)

// errDamaged is the error for a file that is not a complete journal.
var errDamaged = errors.New("the journal is damaged")

// errForeign is the error for a file that does not begin as a journal.
var errForeign = errors.New("the file is not a journal")

// header is the header of a journal.
type header struct {
	id       [idBytes]byte
	before   int64 // size of the image in bytes
	after    int64
	made     int64 // time of the update
	previous int64 // modification time of the image before the update
	image    identity
	records  uint32
	length   int64 // of all records
}

// identity says which file an image is. A value of 0 is not known.
type identity struct {
	inode uint64
	birth int64 // time of creation
}

// same reports whether a file is known to be the same one. The time of creation comes first,
// since some file systems number their files anew when they are mounted.
func (i identity) same(o identity) bool {
	if i.birth != 0 || o.birth != 0 {
		return i.birth == o.birth
	}
	return i.inode != 0 && i.inode == o.inode
}

// markAt returns the offset of the mark of an update after which the image has a size.
func markAt(size int64) int64 { return (size + block - 1) / block * block }

// checksum returns the CRC-32C (Castagnoli) of bytes.
func checksum(parts ...[]byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := uint32(0)
	for _, p := range parts {
		sum = crc32.Update(sum, table, p)
	}
	return sum
}

// sealed sets the checksum of a block.
func sealed(b []byte) []byte {
	binary.BigEndian.PutUint32(b[crcOffset:], checksum(b[:crcOffset]))
	return b
}

// isSealed reports whether a block has the right checksum.
func isSealed(b []byte) bool {
	return binary.BigEndian.Uint32(b[crcOffset:]) == checksum(b[:crcOffset])
}

func (h *header) encode() []byte {
	b := make([]byte, block)
	copy(b, magic)
	binary.BigEndian.PutUint32(b[16:], version)
	binary.BigEndian.PutUint32(b[20:], h.records)
	copy(b[idOffset:], h.id[:])
	for i, v := range []int64{h.before, h.after, h.made, h.previous, int64(h.image.inode), h.image.birth, h.length} {
		binary.BigEndian.PutUint64(b[40+8*i:], uint64(v))
	}
	return sealed(b)
}

func decodeHeader(b []byte) (header, error) {
	if !bytes.HasPrefix(b, []byte(magic)) {
		return header{}, errForeign
	}
	if !isSealed(b) {
		return header{}, fmt.Errorf("%w: its header has a wrong checksum", errDamaged)
	}
	if v := binary.BigEndian.Uint32(b[16:]); v != version {
		return header{}, fmt.Errorf("the journal has version %d, and this program supports version %d; use a newer version of this program", v, version)
	}
	n := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[40+8*i:])) }
	h := header{
		records: binary.BigEndian.Uint32(b[20:]), before: n(0), after: n(1), made: n(2), previous: n(3),
		image: identity{uint64(n(4)), n(5)}, length: n(6),
	}
	copy(h.id[:], b[idOffset:])
	if h.before < 0 || h.after < h.before || h.after > maxSize || h.length < 0 || h.length > maxSize {
		return header{}, fmt.Errorf("%w: its sizes are not valid", errDamaged)
	}
	return h, nil
}

// status is the content of a slot.
type status struct {
	seq      uint64
	state    state
	modified int64 // modification time of the image after the update
}

func (s status) encode(id [idBytes]byte) []byte {
	b := make([]byte, block)
	binary.BigEndian.PutUint64(b, s.seq)
	binary.BigEndian.PutUint32(b[8:], uint32(s.state))
	binary.BigEndian.PutUint64(b[16:], uint64(s.modified))
	copy(b[idOffset:], id[:])
	return sealed(b)
}

// book is an open journal.
type book struct {
	file
	path string
	header
	status
}

// openBook opens a journal for writing, or for reading only, and checks all of it.
func (d driver) openBook(path string, write bool, image file) (*book, error) {
	f, err := d.sys.Open(path, write)
	if err != nil && write {
		f, err = d.sys.Open(path, false)
	}
	if err != nil {
		return nil, err
	}
	b := &book{file: f, path: path}
	if err = b.parse(); err == nil {
		err = d.sys.Admit(f, image)
	}
	if err != nil {
		f.Close()
		return nil, own(path, err)
	}
	return b, nil
}

// parse reads and checks the whole journal.
func (b *book) parse() error {
	first := make([]byte, block)
	if _, err := b.ReadAt(first, 0); err != nil {
		return errForeign
	}
	var err error
	if b.header, err = decodeHeader(first); err != nil {
		return err
	}
	info, err := b.Stat()
	if err != nil {
		return err
	}
	if info.Size() != recordBase+b.length {
		return fmt.Errorf("%w: it has %d bytes instead of %d", errDamaged, info.Size(), recordBase+b.length)
	}
	if !b.readStatus() {
		return fmt.Errorf("%w: its state cannot be read", errDamaged)
	}
	return b.each(func(record) error { return nil })
}

// readStatus reads the newest state.
func (b *book) readStatus() bool {
	p := make([]byte, block)
	for i := range int64(2) {
		if _, err := b.ReadAt(p, slotBase+i*slotStep); err != nil || !isSealed(p) || !bytes.Equal(p[idOffset:idOffset+idBytes], b.id[:]) {
			continue
		}
		s := status{binary.BigEndian.Uint64(p), state(binary.BigEndian.Uint32(p[8:])), int64(binary.BigEndian.Uint64(p[16:]))}
		if s.seq > b.seq && s.state >= active && s.state <= undoing {
			b.status = s
		}
	}
	return b.seq > 0
}

// setStatus writes a new state into the slot that does not hold the newest one, and
// synchronizes the journal.
func (b *book) setStatus(s state, modified int64) error {
	next := status{b.seq + 1, s, modified}
	if _, err := b.WriteAt(next.encode(b.id), slotBase+int64(next.seq%2)*slotStep); err != nil {
		return err
	}
	if err := b.Sync(); err != nil {
		return err
	}
	b.status = next
	return nil
}

// reactivate makes the state of the journal known again after setStatus has failed: it becomes
// active, with a higher number and in the slot that may have been written. The other slot,
// which is active too, is not touched.
func (b *book) reactivate() error {
	b.seq += 2
	return b.setStatus(active, 0)
}

// record is a range of the image that is overwritten.
type record struct {
	off      int64
	old, new []byte
	at       int64 // offset of the old bytes in the journal
}

// encode returns the record as it is stored.
func (r *record) encode() []byte {
	b := make([]byte, recordHead, recordHead+len(r.old)+len(r.new))
	binary.BigEndian.PutUint64(b, uint64(r.off))
	binary.BigEndian.PutUint32(b[8:], uint32(len(r.old)))
	b = append(append(b, r.old...), r.new...)
	binary.BigEndian.PutUint32(b[12:], checksum(b[:12], b[recordHead:]))
	return b
}

// each calls do for every record, in the order of their offsets. Its bytes are valid during
// the call. Records that are damaged, overlap, or are not within the old image, are an error.
func (b *book) each(do func(record) error) error {
	at, from, end := int64(recordBase), int64(0), recordBase+b.length
	var head [recordHead]byte
	buf := make([]byte, 2*maxRecord)
	for i := range b.records {
		if at > end-recordHead {
			return fmt.Errorf("%w: it has only %d of %d records", errDamaged, i, b.records)
		}
		if _, err := b.ReadAt(head[:], at); err != nil {
			return noEOF(err)
		}
		off, n := int64(binary.BigEndian.Uint64(head[:])), int64(binary.BigEndian.Uint32(head[8:]))
		if n == 0 || n > maxRecord || off < from || off > b.before-n || off%block != 0 {
			return fmt.Errorf("%w: record %d is not valid", errDamaged, i)
		}
		p := buf[:2*n]
		if at > end-recordHead-int64(len(p)) {
			return fmt.Errorf("%w: record %d is not complete", errDamaged, i)
		}
		if _, err := b.ReadAt(p, at+recordHead); err != nil {
			return noEOF(err)
		}
		if binary.BigEndian.Uint32(head[12:]) != checksum(head[:12], p) {
			return fmt.Errorf("%w: record %d has a wrong checksum", errDamaged, i)
		}
		if err := do(record{off: off, old: p[:n], new: p[n:], at: at + recordHead}); err != nil {
			return err
		}
		from, at = off+n, at+recordHead+int64(len(p))
	}
	if at != end {
		return fmt.Errorf("%w: it is longer than its records", errDamaged)
	}
	return nil
}

// overwritten returns how many bytes the records hold.
func (b *book) overwritten() int64 {
	n := int64(0)
	_ = b.each(func(r record) error { n += int64(len(r.old)); return nil }) // was checked when it was opened
	return n
}

func (h *header) time() string { return time.Unix(0, h.made).Format("2006-01-02 15:04:05") }

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
