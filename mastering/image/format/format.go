// Package format defines what an image format is: how its files are recognized, opened
// and created, and what they can hold. Each format is implemented in a package of its own;
// package image lists them.
package format

import (
	"context"
	"errors"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
)

// ErrUnknown is returned by Format.Open and Format.Unpack for files that are not of the
// format.
var ErrUnknown = errors.New("not an image of a known format")

// Format is an image format. An image is a disc in one or more files.
type Format struct {
	Name       string   // "ISO"
	Extensions []string // ".iso"; the first is the usual one
	Holds      Holds

	// Open opens the files as a disc. If their contents do not have this format, it
	// returns an error that wraps ErrUnknown. Closing the disc closes the files. They
	// remain open if Open fails.
	Open func(ctx context.Context, f *Files) (disc.Disc, error)
	// Unpack is set instead of Open if the file contains the bytes of an image of another
	// format in another form, for example compressed. It returns files with those bytes:
	// see Files.Unpacked. If the file does not have this format, it returns an error that
	// wraps ErrUnknown.
	Unpack func(ctx context.Context, f *Files) (*Files, error)
	// Plain says that the contents which Unpack returns are sectors of 2048 bytes if they
	// have no known format: the format is one of images, not of any file.
	Plain bool
	// Create writes a disc as an image. What the format cannot hold is left out; Loss
	// lists it. Create is nil if the format can only be read.
	Create func(ctx context.Context, out *newfile.Set, d disc.Disc, o Options, rep progress.Reporter) error
	// Beside returns the names of the files that Create writes besides the main one, whose
	// name is main. It is nil if there are none.
	Beside func(main string, toc disc.TOC, o Options) []string
	// Texts returns what Create keeps of the CD-TEXT of a session, and a notice for each
	// thing that is changed or left out. It is nil if Create keeps all of it, or if the format
	// holds none.
	Texts func(s disc.Session, first bool) ([]disc.CDText, []disc.Notice)

	// Unmarked says that the format has no signature, so that Open recognizes an image only
	// by what is on the disc. Any file can be opened as one with Files.Flat.
	Unmarked bool
	// CopiesUserData says that Create uses UserDataCopier, if the disc is one.
	CopiesUserData bool
}

// Options are the options for creating an image. The zero value suits most uses.
type Options struct {
	FilePerTrack bool // write a file for each track instead of one for all (CUE, TOC)
}

// Holds is what images of a format can hold beyond a single data track of 2048-byte
// sectors that begins at address 0.
type Holds uint16

// What images can hold.
const (
	Audio    Holds = 1 << iota // audio tracks
	Tracks                     // several tracks
	Sessions                   // several sessions
	Raw                        // whole sectors, and so data tracks of mode 2
	Indexes                    // pre-gaps and indexes
	Codes                      // media catalogue number, ISRC and control bits
	Text                       // CD-TEXT
	Sub                        // the sub-channels P to W of every sector
	OnlyCD                     // nothing but a CD: at most MaxCDSectors
	Pregaps                    // pre-gaps, but no further indexes unless Indexes is set
)

// MaxCDSectors is the number of sectors that addresses in minutes, seconds and frames can
// tell apart: from 00:02:00 to 99:59:74.
const MaxCDSectors = 449850

// UserDataCopier is a disc that can write its user data faster than it can be read sector
// by sector. If w is a file, the kernel copies where it can, and zeros become holes.
type UserDataCopier interface {
	// CopyUserData writes all of the user data, from address 0 on.
	CopyUserData(ctx context.Context, w io.Writer, rep progress.Reporter) error
}
