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
	"glassmaster/mastering/image/compressed"
	"glassmaster/mastering/image/cso"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/iso"
)

// formats are the known formats in the order in which they are tried. Those that have a
// signature of their own come first.
var formats = []format.Format{
	discfile.Format,
	cso.Format,
	compressed.Gzip,
	compressed.XZ,
	compressed.Zstandard,
	compressed.Bzip2,
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
	d, f, err := open(ctx, files, 0)
	if err != nil {
		files.Close()
	}
	return d, f, err
}

// maxPacked is how many times an image may be packed: CSO in gzip, for example.
const maxPacked = 4

// open opens files as a disc.
func open(ctx context.Context, files *format.Files, depth int) (disc.Disc, format.Format, error) {
	for _, f := range formats {
		d, inner, err := try(ctx, files, f, depth)
		if err == nil || !errors.Is(err, ErrUnknown) || inner.Name != f.Name {
			return d, inner, err
		}
		if depth == 0 {
			files.CloseBeside()
		}
	}
	e := &unknownError{path: files.Name()}
	e.kind, e.advice = identify(files, files.Size)
	return nil, format.Format{}, e
}

// try opens files as a disc of one format, or unpacks them and opens what they contain. The
// format returned is f itself if the files do not have it.
func try(ctx context.Context, files *format.Files, f format.Format, depth int) (disc.Disc, format.Format, error) {
	if f.Unpack == nil {
		d, err := f.Open(ctx, files)
		if err != nil && !errors.Is(err, ErrUnknown) {
			err = fmt.Errorf("open image %s as %s: %w", files.Name(), f.Name, err)
		}
		return d, f, err
	}
	unpacked, err := f.Unpack(ctx, files)
	switch {
	case errors.Is(err, ErrUnknown):
		return nil, f, err
	case err == nil && depth == maxPacked:
		err = fmt.Errorf("it is packed more than %d times", maxPacked)
	}
	if err != nil {
		return nil, f, fmt.Errorf("open image %s as %s: %w", files.Name(), f.Name, err)
	}
	d, inner, err := open(ctx, unpacked, depth+1)
	inner.Name = strings.TrimPrefix(inner.Name+" in "+f.Name, " in ")
	if errors.Is(err, ErrUnknown) && f.Plain {
		return unpacked.Flat(), format.Format{Name: Plain + " in " + f.Name}, nil
	}
	if errors.Is(err, ErrUnknown) {
		err = fmt.Errorf("open the contents of the %s image: %w", f.Name, err)
		inner.Name = f.Name + " of an unknown format"
	}
	return d, inner, err
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
	return files.Flat(), nil
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
