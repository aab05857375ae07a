// Package compressed reads images in files that gzip (RFC 1952), xz (the .xz file format,
// version 1.2), zstd (RFC 8878) or bzip2 compressed. They are read at any offset without being
// unpacked first:
//
//   - gzip: a pass over the file finds the size, verifies the checksums, and keeps points
//     where unpacking can start, with the 32 KiB before each.
//   - xz: the index at the end of the file says where the blocks are.
//   - zstd: frames are found by their headers and those of their blocks.
//   - bzip2: blocks are found by their signature, at any bit. Their size is
//     known only after unpacking, so a pass over the file unpacks them.
//
// A large block of xz or frame of zstd can only be read from its beginning on; a notice
// says so.
package compressed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sort"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/packed"
	"glassmaster/mastering/units"
)

// span is a unit of a file.
type span struct {
	start, end int64 // of the contents, in bytes
	from       int64 // where the unit begins: a byte of the file, or the index of a place
	cut        bool  // end is before the end of the unit
	partial    bool  // the unit is not complete in the file
}

// spans implements the method Find of packed.Streams.
type spans []span

// Find returns the unit that contains the byte at off.
func (s spans) Find(off int64) (packed.Block, error) {
	i := sort.Search(len(s), func(i int) bool { return s[i].end > off })
	if i == len(s) {
		return packed.Block{}, io.EOF
	}
	return packed.Block{Index: i, Start: s[i].start, End: s[i].end}, nil
}

// size returns the size of the contents, in bytes.
func (s spans) size() int64 {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].end
}

// cutToSectors shortens truncated contents to whole sectors, and adds a notice.
func (s spans) cutToSectors(f *format.Files, name string) (spans, error) {
	size := s.size() / disc.SectorSize * disc.SectorSize
	for len(s) > 0 && s[len(s)-1].start >= size {
		s = s[:len(s)-1]
	}
	if size == 0 {
		return nil, fmt.Errorf("the file is truncated before the end of the first sector of its contents")
	}
	last := &s[len(s)-1]
	last.end, last.cut = size, true
	f.Note(format.Truncated(name, 0, size))
	return s, nil
}

// checksums says when the checksums of a file are verified.
type checksums uint8

const (
	noChecksums checksums = iota
	byReading             // when a unit is read to its end
	byOpening             // by the pass over the file that finds its units
)

// open returns the contents of a file that consists of units.
func open(f *format.Files, name string, s packed.Streams, list spans, sums checksums) (*format.Files, error) {
	size := list.size()
	if err := packed.CheckSize(size); err != nil {
		return nil, err
	}
	for _, u := range list {
		if u.end-u.start > packed.MaxWhole {
			f.Note(disc.Notice{
				Severity: disc.Info, Text: fmt.Sprintf(
					"The %s file contains a unit of %s that can only be decompressed from its start. Random access to it is slow, and its checksum is verified only when its end is read.", name, units.Size(u.end-u.start)),
				Advice: "to read many files, unpack the image first",
			})
			break
		}
	}
	r := packed.NewStreams(s, size)
	sum := disc.Checksum{Name: fmt.Sprintf("the checksums of the %s file", name), Check: func(context.Context, func(int64)) error { return nil }}
	if sums == byReading {
		sum.Size, sum.Check = size, r.Verify
	}
	if sums != noChecksums && !list[len(list)-1].cut {
		f.AddChecksums(func() []disc.Checksum { return []disc.Checksum{sum} })
	}
	return f.Unpacked(r, size, nil), nil
}

// trailing is the notice of bytes that follow the compressed data.
func trailing(f *format.Files, name string, at int64) {
	if at < f.Size {
		f.Note(disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The last %d bytes of the file, from byte %d on, are not part of the %s data and are ignored.", f.Size-at, at, name)})
	}
}

// head returns whether the file begins with a text.
func head(f *format.Files, text string) (bool, error) {
	p := make([]byte, len(text))
	if _, err := f.ReadAt(p, 0); err != nil {
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return false, err
	}
	return string(p) == text, nil
}

// limited ends after the bytes of a unit that is cut.
type limited struct {
	io.ReadCloser
	left    int64
	partial bool
}

// Read implements io.Reader.
func (l *limited) Read(p []byte) (int, error) {
	if l.left > 0 {
		n, err := l.ReadCloser.Read(p[:min(int64(len(p)), l.left)])
		if l.left -= int64(n); l.left == 0 {
			err = nil
		}
		return n, err
	}
	if !l.partial {
		if _, err := io.Copy(io.Discard, l.ReadCloser); err != nil { // the checksum is at the end
			return 0, err
		}
	}
	return 0, io.EOF
}

func (s span) limit(r io.ReadCloser) io.ReadCloser {
	if !s.cut {
		return r
	}
	return &limited{r, s.end - s.start, s.partial}
}
