// Package layout is a planned image: an ordered list of extents, each a run of
// bytes of known length that comes from memory, from a file, from another disc,
// or is zero.
//
// Metadata is computed once; the contents of files are only referred to. A
// layout can be read at any offset, so the same plan serves an image file, a
// recorder, a verification and a preview, without an image ever being stored.
//
// A layout may begin at another address than 0: what a session adds to a disc.
// Offsets always count from address 0 of the disc. [Layout.WriteTo] writes from
// the start of the layout on; [Layout.ReadAt] also reads what is on the disc
// before the start, if the layout was given that disc. Contents that the disc
// holds already, [Recorded], have no extent in the layout.
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
	// String names the source in messages: a path.
	String() string
}

// Opener is a Source that is opened to be read, such as a file.
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

// Renderer is a Source whose bytes are computed when they are wanted, such as
// the records of a directory. Render fills p, which is as long as the extent; it
// always gives the same bytes.
type Renderer interface {
	Source
	Render(p []byte)
}

// Extent is a run of bytes of the image.
type Extent struct {
	Start  int64  // byte offset from address 0 of the disc
	Length int64  // bytes
	Offset int64  // of the first byte in the source
	Source Source // nil: zeros
}

// End returns the offset behind the extent.
func (e Extent) End() int64 { return e.Start + e.Length }

// Layout is a planned image. It is safe for use by several goroutines.
type Layout struct {
	extents  []Extent
	start    int64
	size     int64       // offset of the end
	previous io.ReaderAt // what is before the start; nil: unknown
	cache    cache
	onError  func(*SourceError) error // of ReadAt; nil: every error ends the read
}

// New returns a layout of the given size in bytes. Extents are in the order of
// their offsets and do not overlap; what lies between them is zero.
func New(extents []Extent, size int64) (*Layout, error) {
	return NewSession(extents, 0, size, nil)
}

// NewSession returns a layout that begins at offset start of a disc and ends at
// offset end, both in bytes. Its extents are in the order of their offsets, do not
// overlap, and begin at start or behind it; what lies between them is zero. previous
// is the disc as it is before the layout is written; it is read for offsets before
// start. With nil, reading those gives ErrBefore.
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

// Start returns the offset of the first byte that the layout writes, 0 for a whole
// image.
func (l *Layout) Start() int64 { return l.start }

// Size returns the offset of the end of the layout in bytes: the size of the disc
// when the layout has been written. It writes Size()-Start() of them.
func (l *Layout) Size() int64 { return l.size }

// Extents returns the extents; the caller does not change them.
func (l *Layout) Extents() []Extent { return l.extents }

// Find returns the extent that holds the byte at off, or false where the image
// is zero between extents.
func (l *Layout) Find(off int64) (Extent, bool) {
	i := l.search(off)
	if i == len(l.extents) || l.extents[i].Start > off {
		return Extent{}, false
	}
	return l.extents[i], true
}

// search returns the index of the first extent that ends behind off.
func (l *Layout) search(off int64) int {
	return sort.Search(len(l.extents), func(i int) bool { return l.extents[i].End() > off })
}

// SourceError is a source that did not deliver its bytes, or that is not what it
// was when the layout was planned.
type SourceError struct {
	Source string // its name
	Err    error
	// Delivered reports that all bytes that were planned are there all the same: the
	// file has grown, or was written to. Whoever goes on loses nothing of the plan.
	Delivered bool
}

// sourceError names the source in an error of the operating system, which names
// the file too: once is enough.
func sourceError(s Source, err error, delivered bool) *SourceError {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return &SourceError{s.String(), err, delivered}
}

func (e *SourceError) Error() string { return fmt.Sprintf("read %s: %v", e.Source, e.Err) }

func (e *SourceError) Unwrap() error { return e.Err }

// ErrShrunk and ErrGrew say that a source is not as long as it was when the
// layout was planned, ErrChanged that it was written to since then, ErrReplaced
// that it is no regular file any more.
var (
	ErrShrunk  = errors.New("the file has become shorter since it was planned")
	ErrGrew    = errors.New("the file has become longer since it was planned")
	ErrChanged = errors.New("the file has been changed since it was planned")

	// ErrBefore says that an offset is before the start of the layout, whose previous
	// disc is not known.
	ErrBefore = errors.New("the address is before the planned session, on a disc that is not there")

	ErrReplaced = errors.New("something else than a regular file stands in its place")
)

// delivers reports whether a file of which check gave that error still holds as
// many bytes as were planned.
func delivers(err error) bool {
	return errors.Is(err, ErrGrew) || errors.Is(err, ErrChanged)
}

// check compares what a file of the host is now with what was planned: its size in
// bytes and the time of its last change. An extent that is a part of its source
// only asks for enough.
func (e Extent) check(size int64, modified time.Time) error {
	switch want := e.Offset + e.Length; {
	case size < want:
		return ErrShrunk
	case size > want && e.Offset == 0:
		return ErrGrew
	}
	if f, ok := e.Source.(*File); ok {
		return f.checkTime(modified)
	}
	return nil
}
