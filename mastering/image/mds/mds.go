// Package mds reads and writes the images of Alcohol 120%: a descriptor (.mds), and the
// sectors of the disc in a file beside it (.mdf), which may be split (.mdf, .md1, ...).
// Other programs write them too: DAEMON Tools, UltraISO; ImgBurn and DVD Decrypter write a
// descriptor beside an ISO image of a DVD.
//
// The format is not published. This package follows the work of others about version 1:
// the parsers of libMirage (CDemu) and Aaru, which agree in the structures; the comments on
// these give the offsets. All numbers are little-endian.
//
// Version 2 (.mdx, and .mds of newer versions of DAEMON Tools) has the same signature, but
// is compressed and can be encrypted. It is not supported.
package mds

import (
	"context"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
)

// Format is the format of images of Alcohol 120%.
var Format = format.Format{
	Name: "Alcohol", Extensions: []string{".mds"},
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Sub,
	Open:  open, Create: create, Beside: beside,
}

// open opens an image by its descriptor.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	d := descriptor{f, f.Size}
	h, err := d.header()
	if err != nil {
		return nil, err
	}
	b := &builder{files: f, dvd: h.medium >= mediumDVD, sources: map[string]*source{}}
	if err := b.disc(d, h); err != nil {
		return nil, err
	}
	toc, list, missing, err := runs.Shorten(b.toc, b.list)
	if err != nil {
		return nil, err
	}
	b.notices = append(b.notices, missing...)
	toc.LayerBreak = b.others(d, h)
	return runs.New(f, runs.Codes(toc, list), list, b.notices...)
}

// others adds notices about what the descriptor contains besides tracks, and returns the
// number of sectors on the first layer of a DVD with two.
func (b *builder) others(d descriptor, h header) int64 {
	if h.dpm != 0 {
		b.notices = append(b.notices, format.PositionsNotice())
	}
	if !b.dvd {
		return 0
	}
	var pfi []byte
	if h.structures != 0 {
		pfi, _ = d.block(h.structures+physicalAt, 16, "the physical format information")
	}
	b.notices = append(b.notices, format.LeadInNotices(pfi, h.bca)...)
	return format.LayerBreak(pfi)
}
