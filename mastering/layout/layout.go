// Package layout describes a planned image: an ordered list of extents. An extent
// is a range of bytes of known length, from memory, from a file or from another
// disc, or it is zero.
//
// Metadata is computed once; the contents of files are only referred to. A layout
// can be read at any offset, so that the same plan serves an image file, a recorder,
// a verification and a preview, and no image needs to be stored.
//
// A layout can begin at an address other than 0: it is then what a session adds to a
// disc. Offsets always count from address 0 of the disc. [Layout.WriteTo] writes from
// the start of the layout. [Layout.ReadAt] also reads what is on the disc before the
// start, if that disc was passed to [NewSession]. Contents that are on the disc
// already, [Recorded], have no extent in the layout.
package layout

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sort"
	"time"
)

// Source is where the bytes of an extent come from: Bytes, an Opener or a
// Renderer.
type Source interface {
	// String returns the name of the source for messages, such as a path.
	String() string
}

// Opener is a Source that must be opened for reading, such as a file.
type Opener interface {
	Source
	// Open opens the source. Offset 0 is its first byte.
	Open() (Reader, error)
}

// Reader reads an open source.
type Reader interface {
	io.ReaderAt
	io.Closer
}

// Renderer is a Source whose bytes are computed when they are needed, such as the
// records of a directory. Render fills p, which is as long as the extent, and always
// with the same bytes.
type Renderer interface {
	Source
	Render(p []byte)
}

// Extent is a range of bytes of the image.
type Extent struct {
	Start  int64  // byte offset from address 0 of the disc
	Length int64  // bytes
	Offset int64  // of the first byte in the source
	Source Source // nil: zeros
}

// End returns the offset after the extent.
func (e Extent) End() int64 { return e.Start + e.Length }

// Layout is a planned image. It is safe for use by several goroutines.
type Layout struct {
	extents  []Extent
	start    int64
	size     int64       // offset of the end
	previous io.ReaderAt // what is before the start; nil: unknown
	cache    cache
	onError  func(*SourceError) error // for ReadAt; nil: every error ends the read
}

// New returns a layout of the given size in bytes. Extents must be in the order of
// their offsets and must not overlap. The bytes between them are zero.
func New(extents []Extent, size int64) (*Layout, error) {
	return NewSession(extents, 0, size, nil)
}

// NewSession returns a layout that begins at offset start of a disc and ends at
// offset end, both in bytes. Extents must be in the order of their offsets, must not
// overlap, and must not begin before start. The bytes between them are zero. previous
// is the disc before the layout is written, and is read for offsets before start. If
// it is nil, reading these gives ErrBefore.
func NewSession(extents []Extent, start, end int64, previous io.ReaderAt) (*Layout, error) {
	at := start
	for i, e := range extents {
		if e.Start < at || e.Length < 0 || e.End() < e.Start {
			return nil, fmt.Errorf("layout: extent %d (bytes %d to %d) overlaps what ends at %d", i, e.Start, e.End(), at)
		}
		at = e.End()
	}
	if start < 0 || at > end {
		return nil, fmt.Errorf("layout: extents from %d to %d do not fit between %d and %d", start, at, start, end)
	}
	return &Layout{extents: extents, start: start, size: end, previous: previous}, nil
}

// Size returns the size of the disc in bytes after the layout was written, which is
// the offset of its end. WriteTo writes the bytes from the start of the layout on.
func (l *Layout) Size() int64 { return l.size }

// Extents returns the extents in the order of their offsets. The caller must not change
// them.
func (l *Layout) Extents() []Extent { return l.extents }

// Find returns the extent that holds the byte at off, or false if that byte is zero
// because it is between extents.
func (l *Layout) Find(off int64) (Extent, bool) {
	i := l.search(off)
	if i == len(l.extents) || l.extents[i].Start > off {
		return Extent{}, false
	}
	return l.extents[i], true
}

// search returns the index of the first extent that ends after off.
func (l *Layout) search(off int64) int {
	return sort.Search(len(l.extents), func(i int) bool { return l.extents[i].End() > off })
}

// SourceError is the error for a source that did not deliver its bytes, or that has
// changed since the layout was planned.
type SourceError struct {
	Source string // its name
	Err    error
	// Delivered means that the planned number of bytes was read nevertheless: the file
	// has grown, or was written to.
	Delivered bool
}

// sourceError returns a SourceError. It removes the path from an error of the
// operating system, so that the message has it only once.
func sourceError(s Source, err error, delivered bool) *SourceError {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return &SourceError{s.String(), err, delivered}
}

func (e *SourceError) Error() string { return fmt.Sprintf("read %s: %v", e.Source, e.Err) }

func (e *SourceError) Unwrap() error { return e.Err }

// Errors for sources that have changed since the layout was planned.
var (
	ErrShrunk   = errors.New("the file has become shorter since the disc was planned")
	ErrGrew     = errors.New("the file has become longer since the disc was planned")
	ErrChanged  = errors.New("the file was written to since the disc was planned")
	ErrReplaced = errors.New("it is no longer a regular file")
)

// ErrBefore is the error for an offset before the start of a layout that was planned
// without the disc to which it is added.
var ErrBefore = errors.New("the address is before the planned session, in a session that is not available")

// delivers reports whether a file for which check returned err has at least the
// planned number of bytes.
func delivers(err error) bool {
	return errors.Is(err, ErrGrew) || errors.Is(err, ErrChanged)
}

// check compares the size of a source file, in bytes, and the time of its last
// modification with what was planned. For an extent that is a part of its source, the
// file may be longer.
func (e Extent) check(size int64, modified time.Time) error {
	f, isFile := e.Source.(*File)
	want, whole := e.Offset+e.Length, e.Offset == 0
	if isFile && f.Size != 0 {
		want, whole = f.Size, true
	}
	switch {
	case size < want:
		return ErrShrunk
	case size > want && whole:
		return ErrGrew
	case isFile:
		return f.checkTime(modified)
	}
	return nil
}
