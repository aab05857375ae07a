// Package image opens image files as discs, and lists the image formats. Package format
// says what an image format is.
package image

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/iso"
)

// formats are the known formats in the order in which they are tried. Those that have a
// signature of their own come first.
var formats = []format.Format{
	discfile.Format,
	iso.Format,
}

// ErrUnknown is in the chain of the error if a file has none of the known formats.
var ErrUnknown = format.ErrUnknown

// Plain is the name of what OpenPlain opens, in place of the name of a format.
const Plain = "plain sectors"

// Open opens an image file as a disc, and returns its format. Files are recognized by
// their contents.
func Open(ctx context.Context, path string) (disc.Disc, format.Format, error) {
	files, err := format.OpenFiles(path)
	if err != nil {
		return nil, format.Format{}, err
	}
	for _, f := range formats {
		d, err := f.Open(ctx, files)
		if err == nil {
			return d, f, nil
		}
		files.CloseBeside()
		if !errors.Is(err, ErrUnknown) {
			files.Close()
			return nil, f, fmt.Errorf("open image %s as %s: %w", path, f.Name, err)
		}
	}
	defer files.Close()
	e := &unknownError{path: path}
	e.kind, e.advice = identify(files, files.Size)
	return nil, format.Format{}, e
}

// OpenPlain opens a file as a disc of sectors of 2048 bytes, whatever its contents are.
func OpenPlain(path string) (disc.Disc, error) {
	files, err := format.OpenFiles(path)
	if err != nil {
		return nil, err
	}
	if files.Size == 0 {
		files.Close()
		return nil, fmt.Errorf("open image %s: the file is empty", path)
	}
	return disc.FromReaderAt(files.File, files.Size, files.Close), nil
}

// ByName returns the format with this name or file extension ("iso", ".iso").
func ByName(name string) (format.Format, bool) {
	for _, f := range formats {
		if strings.EqualFold(f.Name, name) {
			return f, true
		}
		for _, e := range f.Extensions {
			if strings.EqualFold(strings.TrimPrefix(e, "."), strings.TrimPrefix(name, ".")) {
				return f, true
			}
		}
	}
	return format.Format{}, false
}

// Writable returns the names of the formats that can be written, in alphabetical order.
func Writable() []string {
	var names []string
	for _, f := range formats {
		if f.Create != nil {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return names
}

// names returns the names of all formats, separated by commas.
func names() string {
	var n []string
	for _, f := range formats {
		n = append(n, f.Name)
	}
	return strings.Join(n, ", ")
}
