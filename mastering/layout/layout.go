// Package layout is a planned image: an ordered list of extents, each a run of
// bytes of known length that comes from memory, from a file, from another disc,
// or is zero.
//
// Metadata is computed once; the contents of files are only referred to. A
// layout can be read at any offset, so the same plan serves an image file, a
// recorder, a verification and a preview, without an image ever being stored.
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
	Start  int64  // byte offset in the image
	Length int64  // bytes
	Offset int64  // of the first byte in the source
	Source Source // nil: zeros
}

// End returns the offset behind the extent.
func (e Extent) End() int64 { return e.Start + e.Length }

// Layout is a planned image. It is safe for use by several goroutines.
type Layout struct {
	extents []Extent
	size    int64
	cache   cache
	onError func(*SourceError) error // of ReadAt; nil: every error ends the read
}

// New returns a layout of the given size in bytes. Extents are in the order of
// their offsets and do not overlap; what lies between them is zero.
func New(extents []Extent, size int64) (*Layout, error) {
	var end int64
	for i, e := range extents {
		if e.Start < end || e.Length < 0 || e.End() < e.Start {
			return nil, fmt.Errorf("layout: extent %d (bytes %d to %d) overlaps what ends at %d", i, e.Start, e.End(), end)
		}
		end = e.End()
	}
	if end > size {
		return nil, fmt.Errorf("layout: extents end at %d, behind the size %d", end, size)
	}
	return &Layout{extents: extents, size: size}, nil
}

// Size returns the size of the image in bytes.
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
