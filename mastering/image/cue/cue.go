// Package cue reads and writes CUE sheets: a text that describes the tracks of a CD, and
// the files that it names, which contain the sectors.
//
// The format has no standard. It is described in the user's guide of CDRWIN (Golden Hawk
// Technology); the GNU ccd2cue manual, appendix "CUE sheet format", contains the same
// description. Where programs differ from it or from each other, the comments say which program
// writes what.
//
// A sheet is opened in three steps: package sheet of this folder parses the text, source.go
// opens the files that it names, and layout.go places their sectors on the disc.
package cue

import (
	"context"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
)

// Format is the format of CUE sheets.
var Format = format.Format{
	Name: "CUE", Extensions: []string{".cue"}, Open: open, Create: create, Beside: beside, Texts: texts,
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Text | format.OnlyCD,
}

// maxSize is the largest size of a sheet in bytes. One with 99 tracks, 99 indexes each and
// long texts has less.
const maxSize = 1 << 20

// open opens a sheet as a disc.
func open(ctx context.Context, f *format.Files) (disc.Disc, error) {
	text, err := read(f)
	if err != nil {
		return nil, err
	}
	s, err := sheet.Parse(text)
	if err != nil {
		return nil, err
	}
	sources, err := openSources(ctx, f, s)
	if err != nil {
		return nil, err
	}
	l := layout{sheet: s, sources: sources.list, notices: append(s.Notices, sources.notices...)}
	if err := l.place(); err != nil {
		return nil, err
	}
	if err := l.texts(f); err != nil {
		return nil, err
	}
	return runs.New(f, l.toc, l.runs, l.notices...)
}

// read returns the text of a file if it is a CUE sheet.
func read(f *format.Files) ([]byte, error) {
	head := make([]byte, min(f.Size, 4096))
	n, err := f.ReadAt(head, 0)
	if n < len(head) {
		return nil, fmt.Errorf("read the sheet: %w", err)
	}
	if !sheet.IsText(head) {
		return nil, format.ErrUnknown
	}
	text := make([]byte, min(f.Size, maxSize))
	if n, err := f.ReadAt(text, 0); n < len(text) {
		return nil, fmt.Errorf("read the sheet: %w", err)
	}
	switch {
	case !sheet.Recognize(text):
		return nil, format.ErrUnknown
	case f.Size > maxSize:
		return nil, fmt.Errorf("the sheet has %d bytes, which is more than a CUE sheet can have", f.Size)
	}
	return text, nil
}
