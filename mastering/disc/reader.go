package disc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
)

// Reader reads the user data of a disc at byte offsets. Offset 0 is address 0 of the disc,
// since file systems contain absolute addresses. So sectors before the track, which
// belong to earlier sessions, can be read too.
type Reader struct {
	ctx  context.Context // ReadAt has no context
	d    Disc
	size int64
}

// NewReader returns a reader of the user data of a disc up to the end of track t. Its reads
// use ctx.
func NewReader(ctx context.Context, d Disc, t Track) *Reader {
	return &Reader{ctx, d, int64(t.End()) * SectorSize}
}

// Size returns the number of bytes from address 0 to the end of the track.
func (r *Reader) Size() int64 { return r.size }

// ReadAt implements io.ReaderAt. Whole sectors are read into p directly, parts of sectors
// through a buffer.
func (r *Reader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	for n < len(p) {
		at := off + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		k, err := r.readSome(p[n:min(int64(len(p)), int64(n)+r.size-at)], at)
		n += k
		if err != nil {
			return n, err
		}
		if k == 0 {
			return n, io.ErrUnexpectedEOF
		}
	}
	return n, nil
}

// readSome reads either whole sectors or a part of one.
func (r *Reader) readSome(p []byte, off int64) (int, error) {
	lba, in := LBA(off/SectorSize), int(off%SectorSize)
	if in == 0 && len(p) >= SectorSize {
		k, err := r.d.ReadSectors(r.ctx, p[:len(p)/SectorSize*SectorSize], lba, User)
		if k > 0 && errors.Is(err, io.EOF) {
			err = nil
		}
		return k * SectorSize, err
	}
	var one [SectorSize]byte
	k, err := r.d.ReadSectors(r.ctx, one[:], lba, User)
	if k == 0 {
		return 0, err
	}
	return copy(p, one[in:]), nil
}

// flat is a disc with one data track, whose user data is read from an io.ReaderAt.
type flat struct {
	io.ReaderAt
	sectors int64
	close   func() error
	toc     TOC
	notices []Notice
	Memo
}

// FromReaderAt returns a disc with one data track. Its user data is that of r, size bytes
// long. If the last sector is not complete, it is padded with zeros. The disc implements
// io.ReaderAt. Its Close calls close, if that is not nil.
func FromReaderAt(r io.ReaderAt, size int64, close func() error, notices ...Notice) Disc {
	n := (size + SectorSize - 1) / SectorSize
	t := Track{Number: 1, Mode: Mode1, Length: n}
	return &flat{ReaderAt: r, sectors: n, close: close, notices: notices, toc: TOC{Sessions: []Session{{Number: 1, Tracks: []Track{t}}}}}
}

func (f *flat) TOC() TOC { return f.toc }

// Notices implements Noticer: what was noticed when the disc was opened, and what the reader
// has to say of its contents.
func (f *flat) Notices() []Notice {
	if n, ok := f.ReaderAt.(interface{ Notices() []Notice }); ok {
		return slices.Concat(f.notices, n.Notices())
	}
	return f.notices
}

// Checksums implements Checksummed: those of the reader.
func (f *flat) Checksums() []Checksum {
	if c, ok := f.ReaderAt.(interface{ Checksums() []Checksum }); ok {
		return c.Checksums()
	}
	return nil
}

// HostFile returns the file whose bytes, from offset 0 on, are the user data that r
// delivers, so that the kernel can copy it and its holes can be skipped. r is a disc, or
// the reader of its user data. It returns false if there is no such file.
func HostFile(r any) (*os.File, bool) {
	if d, ok := r.(Disc); ok {
		r = Unwrap(d)
	}
	if f, ok := r.(*flat); ok {
		r = f.ReaderAt
	}
	switch r := r.(type) {
	case *os.File:
		return r, true
	case interface{ HostFile() (*os.File, bool) }: // a wrapper of such a reader
		return r.HostFile()
	}
	return nil, false
}

// Files returns the paths of the files that a disc is read from, as far as they are known.
func Files(d Disc) []string {
	u := Unwrap(d)
	if f, ok := u.(interface{ Files() []string }); ok {
		return f.Files()
	}
	if f, ok := u.(*flat); ok {
		if r, ok := f.ReaderAt.(interface{ Files() []string }); ok {
			return r.Files()
		}
	}
	if f, ok := HostFile(u); ok {
		return []string{f.Name()}
	}
	return nil
}

// ReadsFile reports whether r, a disc or what the user data of one is read from, reads a
// file of the host. Writing to that file would change the disc.
func ReadsFile(r any, file fs.FileInfo) bool {
	if d, ok := r.(Disc); ok {
		r = Unwrap(d)
	}
	if f, ok := r.(*flat); ok {
		r = f.ReaderAt
	}
	switch r := r.(type) {
	case *os.File:
		info, err := r.Stat()
		return err == nil && os.SameFile(info, file)
	case interface{ ReadsFile(fs.FileInfo) bool }:
		return r.ReadsFile(file)
	}
	return false
}

func (f *flat) Close() error {
	if f.close == nil {
		return nil
	}
	return f.close()
}

func (f *flat) ReadSectors(ctx context.Context, p []byte, lba LBA, form Form) (int, error) {
	if form != User {
		return 0, ErrForm
	}
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	want := int64(len(p) / SectorSize)
	if lba < 0 {
		return 0, fmt.Errorf("read sector %d: it is before the first sector of the disc", lba)
	}
	have := min(want, f.sectors-int64(lba))
	if have <= 0 {
		return 0, io.EOF
	}
	p = p[:have*SectorSize]
	n, err := f.ReadAt(p, int64(lba)*SectorSize)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF) && int64(n) > (have-1)*SectorSize:
		clear(p[n:]) // the last sector of the image is not complete
		err = nil
	default:
		return n / SectorSize, err
	}
	if have < want {
		err = io.EOF
	}
	return int(have), err
}
