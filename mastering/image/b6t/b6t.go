// Package b6t reads the images of BlindWrite 5 to 7: a descriptor (.b5t, .b6t), and the
// sectors of the disc in files beside it (.b5i, .b6i, or .b00, .b01, ... of 2 GB each).
//
// The format is not published. This package follows the work of others: the parsers of
// libMirage (CDemu) and Aaru, which agree in the structures; the comments on these give the
// offsets. All numbers are little-endian.
package b6t

import (
	"context"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
)

// Format is the format of images of BlindWrite.
var Format = format.Format{
	Name: "BlindWrite", Extensions: []string{".b6t", ".b5t"},
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Text | format.Sub,
	Open:  open,
}

const (
	signature = "BWT5 STREAM SIGN"
	footer    = "BWT5 STREAM FOOT"
)

// maxDescriptor is the largest part of a descriptor that is read, in bytes. Only the
// positions of sectors on the disc (DPM), which are at its end, can be longer.
const maxDescriptor = 4 << 20

// open opens an image by its descriptor.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	var head [len(signature)]byte
	if n, _ := f.ReadAt(head[:], 0); n < len(head) || string(head[:]) != signature {
		return nil, format.ErrUnknown
	}
	p := make([]byte, min(f.Size, maxDescriptor))
	if n, err := f.ReadAt(p, 0); n < len(p) {
		return nil, fmt.Errorf("read the descriptor: %w", err)
	}
	c := &cursor{p: p}
	d := c.descriptor()
	if c.err != nil {
		return nil, c.err
	}
	b := &builder{files: f, d: d, opened: map[string]*io.SectionReader{}}
	if err := b.disc(); err != nil {
		return nil, err
	}
	toc, list, missing, err := runs.Shorten(b.toc, b.list)
	if err != nil {
		return nil, err
	}
	b.notices = append(b.notices, missing...)
	b.others()
	if b.d.dvd {
		toc.LayerBreak = format.LayerBreak(b.d.physical)
	}
	return runs.New(f, runs.Codes(toc, list), list, b.notices...)
}

// others adds notices about what the descriptor contains besides tracks.
func (b *builder) others() {
	var tail [len(footer)]byte
	if _, err := b.files.ReadAt(tail[:], b.files.Size-int64(len(tail))); err != nil || string(tail[:]) != footer {
		b.warn("The descriptor does not end with the signature of BlindWrite 5 to 7. It may be incomplete.")
	}
	if b.d.dpm {
		b.notices = append(b.notices, format.PositionsNotice())
	}
	if b.d.dvd {
		b.notices = append(b.notices, format.LeadInNotices(b.d.physical, b.d.bca)...)
	}
}
