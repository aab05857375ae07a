package boot

import (
	"encoding/binary"
	"errors"
	"io"

	"glassmaster/mastering/layout"
)

// Offsets in boot images of what boot loaders need filled in.
const (
	infoStart = 8    // of the boot information table
	infoEnd   = 64   // of its end
	grubInfo  = 2548 // of the block address in GRUB's image
)

// Patched is a boot image with a boot information table, or the address that GRUB
// needs, filled in. The file itself is not changed, only the bytes that are written
// to the disc. It is a layout.Opener.
type Patched struct {
	Base      layout.Source
	Size      int64  // bytes
	LBA       uint32 // of the image, known before it is opened
	Volume    uint32 // sector of the primary volume descriptor
	InfoTable bool
	GRUBInfo  bool
}

func (p *Patched) String() string { return p.Base.String() }

// Origin returns the source of the image as it is without the changes.
func (p *Patched) Origin() layout.Source { return p.Base }

// Open implements layout.Opener. It reads the whole image if the boot information
// table needs a checksum.
func (p *Patched) Open() (layout.Reader, error) {
	r, err := layout.OpenSource(p.Base, p.Size)
	if err != nil {
		return nil, err
	}
	q := &patchedReader{Reader: r}
	if p.GRUBInfo {
		b := make([]byte, 8)
		binary.LittleEndian.PutUint64(b, uint64(p.LBA)*blocksPerSector+5)
		q.patches = append(q.patches, patch{grubInfo, b})
	}
	if p.InfoTable {
		sum, err := checksum(q, p.Size) // of the bytes on the disc
		if err != nil {
			r.Close()
			return nil, err
		}
		b := make([]byte, infoEnd-infoStart)
		binary.LittleEndian.PutUint32(b[0:], p.Volume)
		binary.LittleEndian.PutUint32(b[4:], p.LBA)
		binary.LittleEndian.PutUint32(b[8:], uint32(p.Size))
		binary.LittleEndian.PutUint32(b[12:], sum)
		q.patches = append(q.patches, patch{infoStart, b})
	}
	return q, nil
}

// Unchanged implements layout.Watcher.
func (p *Patched) Unchanged() error {
	if w, ok := p.Base.(layout.Watcher); ok {
		return w.Unchanged()
	}
	return nil
}

// checksum adds the 32-bit words of an image from byte 64 on; the last word is
// padded with zeros.
func checksum(r io.ReaderAt, size int64) (uint32, error) {
	var sum uint32
	buf := make([]byte, 64<<10)
	for at := int64(infoEnd); at < size; {
		k := int(min(int64(len(buf)), size-at))
		n, err := r.ReadAt(buf[:k], at)
		if n < k {
			if err == nil || errors.Is(err, io.EOF) {
				err = layout.ErrShrunk
			}
			return 0, err
		}
		clear(buf[k:min(len(buf), k+3)])
		for i := 0; i < k; i += 4 {
			sum += binary.LittleEndian.Uint32(buf[i:])
		}
		at += int64(k)
	}
	return sum, nil
}

type patch struct {
	off int64
	b   []byte
}

type patchedReader struct {
	layout.Reader
	patches []patch
}

// ReadAt implements io.ReaderAt.
func (r *patchedReader) ReadAt(p []byte, off int64) (int, error) {
	n, err := r.Reader.ReadAt(p, off)
	for _, q := range r.patches {
		from, to := max(off, q.off), min(off+int64(n), q.off+int64(len(q.b)))
		if from < to {
			copy(p[from-off:to-off], q.b[from-q.off:])
		}
	}
	return n, err
}
