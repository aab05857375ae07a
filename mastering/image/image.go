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
	// A pipe would have to be waited for until somebody writes to it.
	if s, err := os.Stat(path); err == nil && s.Mode()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeCharDevice) != 0 {
		return nil, Format{}, fmt.Errorf("open image %s: it is a pipe, a socket or a device for streams, in which nothing has an address; store the image in a file first", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, Format{}, fmt.Errorf("open image: %w", err)
	}
	if s, err := f.Stat(); err == nil && s.IsDir() {
		f.Close()
		return nil, Format{}, fmt.Errorf("open image %s: it is a folder; build it into an image first", path)
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
	f.Close()
	return nil, Format{}, fmt.Errorf("open image %s: %w (known: %s)", path, ErrUnknown, names())
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
