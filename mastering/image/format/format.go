// Package format says what an image format is: how its files are recognised, opened
// and created, and what they can hold. Each format has a package of its own beside this
// one; package image lists them.
package format

import (
	"context"
	"errors"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
)

// ErrUnknown is returned by Format.Open for files that are not of the format.
var ErrUnknown = errors.New("not an image of a known format")

// Format is one kind of image: a disc in one or several files.
type Format struct {
	Name       string   // "ISO"
	Extensions []string // ".iso"; the first is the usual one
	Holds      Holds

	// Open opens the files as a disc, or returns an error that wraps ErrUnknown when
	// their content is not of this format; names are only a hint. The disc closes the
	// files when it is closed; they stay open when Open fails.
	Open func(ctx context.Context, f *Files) (disc.Disc, error)
	// Create writes a disc as an image, its main file under the path that the set was
	// made for. What the format cannot hold is left out, as Loss says. Nil when the
	// format is only read.
	Create func(ctx context.Context, out *newfile.Set, d disc.Disc, rep progress.Reporter) error
}

// Holds is what images of a format can hold beyond a single data track of 2048-byte
// sectors that begins at address 0.
type Holds uint8

// What images can hold.
const (
	Audio    Holds = 1 << iota // audio tracks
	Tracks                     // several tracks
	Sessions                   // several sessions
	Raw                        // whole sectors, and so data tracks of mode 2
	Indexes                    // pre-gaps and indexes
	Codes                      // media catalogue number, ISRC and control bits
	Text                       // CD-TEXT
)

// UserDataCopier is a disc that writes its user data itself, faster than sector by
// sector: with copies that the kernel makes and with holes, where w is a file.
type UserDataCopier interface {
	// CopyUserData writes all of the user data, from address 0 on.
	CopyUserData(ctx context.Context, w io.Writer, rep progress.Reporter) error
}
