package cue

import (
	"context"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/image/format"
)

// source is a file that the sheet names.
type source struct {
	io.ReaderAt
	size int64 // in bytes
	swap bool  // audio samples are big-endian
	name string
}

// sources are all of them, in the order of the sheet.
type sources struct {
	list    []source
	notices []disc.Notice
}

// openSources opens the files that a sheet names.
func openSources(ctx context.Context, f *format.Files, s *sheet.Sheet) (*sources, error) {
	all := &sources{}
	for _, one := range s.Files {
		part, notice, err := f.Find(one.Name)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", one.Line, err)
		}
		if notice.Text != "" {
			all.notices = append(all.notices, notice)
		}
		switch one.Type {
		case "BINARY", "MOTOROLA":
		default:
			return nil, fmt.Errorf("line %d: files of the type %.20q are not supported", one.Line, one.Type)
		}
		all.list = append(all.list, source{part, part.Size, one.Type == "MOTOROLA", part.Name})
	}
	return all, nil
}
