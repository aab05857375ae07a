package command

import (
	"errors"

	"glassmaster/app/terminal"
	"glassmaster/mastering/verify"
)

// mismatch returns the difference that an error reports, or nil if it reports none.
func mismatch(err error) *verify.Mismatch {
	var m *verify.Mismatch
	errors.As(err, &m)
	return m
}

// differs is the first difference between two discs, for --json.
type differs struct {
	LBA    int64  `json:"lba"`
	Offset int    `json:"offset"` // of the byte within the sector
	File   string `json:"file,omitempty"`
	Error  string `json:"error,omitempty"` // the sector cannot be read
	Count  int64  `json:"bad_sectors"`
}

func difference(m *verify.Mismatch) *differs {
	if m == nil {
		return nil
	}
	d := &differs{LBA: int64(m.LBA), Offset: m.Offset, File: terminal.Valid(m.File), Count: m.Count}
	if m.Err != nil {
		d.Error = m.Err.Error()
	}
	return d
}
