// Package image opens and writes image files: discs that live in files. It lists the
// formats that are known; package format says what one is.
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

// formats are the known formats in the order in which they are tried: those with a
// firm signature come before those that accept much.
var formats = []format.Format{
	discfile.Format,
	iso.Format,
}

// ErrUnknown is in the chain of the error of a file that no format recognises.
var ErrUnknown = format.ErrUnknown

// Plain is what a file of no known format is opened as by OpenPlain: sectors of 2048
// bytes.
const Plain = "plain sectors"

// Open opens an image file as a disc, and returns the format that it has. Formats
// recognise their files by the content.
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
	e := &UnknownError{Path: path}
	e.Looks, e.Advice = identify(files, files.Size)
	return nil, format.Format{}, e
}

// OpenPlain opens any file as a disc of plain sectors of 2048 bytes, whatever is in
// it.
func OpenPlain(path string) (disc.Disc, error) {
	files, err := format.OpenFiles(path)
	if err != nil {
		return nil, err
	}
	if files.Size == 0 {
		files.Close()
		return nil, fmt.Errorf("open image %s: it is empty", path)
	}
	return disc.FromReaderAt(files.File, files.Size, files.Close), nil
}

// ByName returns the format of that name or file extension ("iso", ".iso").
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

// Writable returns the names of the formats that can be written, sorted.
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

// names lists the formats for a message.
func names() string {
	var n []string
	for _, f := range formats {
		n = append(n, f.Name)
	}
	return strings.Join(n, ", ")
}
