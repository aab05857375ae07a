package model

import (
	"fmt"

	"glassmaster/mastering/disc"
)

// ImageFormat is an image format that can be written.
type ImageFormat struct {
	Name         string // "CUE"
	Extension    string // of its main file, without the dot
	Description  string // what it is for, in a sentence
	FilePerTrack bool   // it can have a file for each track
}

// Converted is the result of a conversion that wrote an image.
type Converted struct {
	Text    string // what was written, and whether it was compared with its source
	Good    bool   // it was compared and is equal, and nothing is missing
	Notices []disc.Notice
}

// Checked is the result of a check of all sectors of a disc.
type Checked struct {
	Text        string        // what was checked, or what is wrong
	Good        bool          // nothing is wrong
	Faults      []disc.Notice // the first damaged sectors
	Correctable int64         // damaged sectors that parity can correct
}

// LossError is the error of a disc or image that would not hold everything of its source,
// if the user has not agreed to that.
type LossError struct {
	Format string // of the image; empty: a disc is burned
	Lost   []disc.Notice
}

func (e *LossError) Error() string {
	if e.Format == "" {
		return "nothing was written, because the disc would not hold everything of the source: " + e.Lost[0].String()
	}
	return fmt.Sprintf("the format %s cannot hold everything on the disc: %s", e.Format, e.Lost[0].Text)
}
