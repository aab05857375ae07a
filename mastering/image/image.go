// Package image opens and writes image files: discs that live in files.
//
// Container formats register themselves, as formats do with package image of
// the standard library. A file is recognised by its content, never by its
// ending.
package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// ErrUnknown is returned when no format recognises a file.
var ErrUnknown = errors.New("not an image of a known format")

// Format is one kind of image file.
type Format struct {
	Name    string   // "ISO"
	Endings []string // ".iso"; the first is the usual one
	// Open opens the file as a disc, or returns an error that wraps ErrUnknown when
	// the content is not of this format. The disc takes over f when it succeeds.
	Open func(f *os.File) (disc.Disc, error)
	// Write writes a disc to w as an image. Nil when the format is only read.
	Write func(ctx context.Context, w io.Writer, d disc.Disc, rep progress.Reporter) error
}

var formats []Format

// Register makes a format known. Formats with a firm signature register before
// those that accept much.
func Register(f Format) { formats = append(formats, f) }

// Formats returns the known formats.
func Formats() []Format { return append([]Format(nil), formats...) }

// Open opens an image file as a disc.
func Open(path string) (disc.Disc, Format, error) {
	f, size, err := openFile(path)
	if err != nil {
		return nil, Format{}, err
	}
	for _, format := range formats {
		d, err := format.Open(f)
		if errors.Is(err, ErrUnknown) {
			continue
		}
		if err != nil {
			f.Close()
			return nil, format, fmt.Errorf("open image %s as %s: %w", path, format.Name, err)
		}
		return d, format, nil
	}
	defer f.Close()
	e := &UnknownError{Path: path}
	e.Looks, e.Advice = identify(f, size)
	return nil, Format{}, e
}

// OpenPlain opens any file as a disc of plain sectors of 2048 bytes, whatever is in
// it.
func OpenPlain(path string) (disc.Disc, error) {
	f, size, err := openFile(path)
	if err != nil {
		return nil, err
	}
	if size == 0 {
		f.Close()
		return nil, fmt.Errorf("open image %s: it is empty", path)
	}
	return disc.FromReaderAt(f, size, f.Close), nil
}

// openFile opens a file that can hold an image, and returns its size in bytes. It
// does not wait for what is no such file: a named pipe blocks whoever opens it.
func openFile(path string) (*os.File, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|nonblock, 0)
	if err != nil {
		if info, e := os.Stat(path); e == nil && unfit(info.Mode()) != "" {
			err = errors.New(unfit(info.Mode()))
			return nil, 0, fmt.Errorf("open image %s: %w", path, err)
		}
		return nil, 0, fmt.Errorf("open image: %w", err)
	}
	info, err := f.Stat()
	if err == nil && unfit(info.Mode()) != "" {
		err = errors.New(unfit(info.Mode()))
	}
	var size int64
	if err == nil {
		size, err = f.Seek(0, io.SeekEnd) // a block device has no size otherwise
	}
	if err != nil {
		f.Close()
		return nil, 0, fmt.Errorf("open image %s: %w", path, err)
	}
	return f, size, nil
}

// unfit says why a file of that kind can hold no image, and is empty when it can.
func unfit(m fs.FileMode) string {
	const anyOrder = ", and an image is read in any order: copy it into a file first"
	switch {
	case m.IsRegular():
		return ""
	case m.IsDir():
		return "it is a folder; build it into an image first"
	case m&fs.ModeNamedPipe != 0:
		return "it is a named pipe (FIFO)" + anyOrder
	case m&fs.ModeSocket != 0:
		return "it is a socket, not an image file"
	case m&fs.ModeCharDevice != 0:
		return "it is a character device" + anyOrder
	case m&fs.ModeDevice != 0:
		return ""
	}
	return "it is no regular file"
}

// ByName returns the format of that name or ending ("iso", ".iso").
func ByName(name string) (Format, bool) {
	for _, f := range formats {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
		for _, e := range f.Endings {
			if strings.EqualFold(strings.TrimPrefix(e, "."), strings.TrimPrefix(name, ".")) {
				return f, true
			}
		}
	}
	return Format{}, false
}

func names() string {
	var n []string
	for _, f := range formats {
		n = append(n, f.Name)
	}
	return strings.Join(n, ", ")
}
