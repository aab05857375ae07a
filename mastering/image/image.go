// Package image opens image files as discs, and lists the image formats. Package format
// says what an image format is.
package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/b6t"
	"glassmaster/mastering/image/ccd"
	"glassmaster/mastering/image/cdi"
	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/compressed"
	"glassmaster/mastering/image/cso"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/dmg"
	"glassmaster/mastering/image/ecm"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/gdi"
	"glassmaster/mastering/image/iso"
	"glassmaster/mastering/image/isz"
	"glassmaster/mastering/image/mds"
	"glassmaster/mastering/image/nrg"
	"glassmaster/mastering/image/raw"
	"glassmaster/mastering/image/toc"
)

// formats are the known formats in the order in which they are tried. Those that have a
// signature of their own come first.
var formats = []format.Format{
	discfile.Format,
	mds.Format,
	b6t.Format,
	nrg.Format,
	chd.Format,
	cso.Format,
	ecm.Format,
	isz.Format,
	dmg.Format, // before those that are compressed: it may begin with a chunk
	compressed.Gzip,
	compressed.XZ,
	compressed.Zstandard,
	compressed.Bzip2,
	cdi.Format,
	ccd.Format,
	toc.Format,
	gdi.Format,
	cue.Format,
	raw.Format,
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
	files.UnpackWith(func(f *format.Files) (*format.Files, error) { return contents(ctx, f) })
	d, f, err := open(ctx, files, 0)
	if err != nil {
		files.Close()
	}
	return d, f, err
}

// contents returns the contents of a packed file.
func contents(ctx context.Context, files *format.Files) (*format.Files, error) {
	for _, f := range formats {
		if f.Unpack == nil {
			continue
		}
		u, err := f.Unpack(ctx, files)
		if !errors.Is(err, ErrUnknown) {
			return u, err
		}
	}
	return nil, ErrUnknown
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
	case err == nil:
		err = readable(unpacked)
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

// readable returns an error if the end of unpacked contents cannot be read. Formats look for
// their signatures there, and would report the damage as their own.
func readable(files *format.Files) error {
	var p [1]byte
	if n, err := files.ReadAt(p[:], max(files.Size-1, 0)); n == 0 && err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("unpack its contents: %w", err)
	}
	return nil
}

// OpenAs opens an image file that is known to have a format, such as one that was just
// written. It is not opened as any other.
func OpenAs(ctx context.Context, path string, f format.Format) (disc.Disc, error) {
	files, err := format.OpenFiles(path)
	if err != nil {
		return nil, err
	}
	d, err := openAs(ctx, files, f)
	if err != nil {
		files.Close()
		return nil, fmt.Errorf("open image %s as %s: %w", path, f.Name, err)
	}
	return d, nil
}

func openAs(ctx context.Context, files *format.Files, f format.Format) (disc.Disc, error) {
	if f.Unpack != nil {
		unpacked, err := f.Unpack(ctx, files)
		if err != nil {
			return nil, err
		}
		return unpacked.Flat(), nil
	}
	d, err := f.Open(ctx, files)
	if errors.Is(err, ErrUnknown) && f.Unmarked && files.Size > 0 {
		return files.Flat(), nil
	}
	return d, err
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
func Writable() []string { return writable(0) }

// WritableLarge returns the names of the formats that can be written and hold more than a CD.
func WritableLarge() []string { return writable(format.OnlyCD) }

// writable returns the names of the formats that can be written and do not have the property.
func writable(without format.Holds) []string {
	var names []string
	for _, f := range formats {
		if f.Create != nil && f.Holds&without == 0 {
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
