// Package disc is the vocabulary of optical discs: sessions, tracks, sectors and
// their addresses, what a disc says of itself (media catalogue number, ISRC,
// CD-TEXT), the media that can be bought, and what was noticed about any of them.
//
// A disc is a disc wherever it lives. An image file, the medium in a drive and
// a planned compilation all come as a [Disc], and whatever reads one reads them
// all.
//
// The terms are those of ECMA-130 and IEC 60908 (CD), and of MMC-6 for all media.
package disc

import (
	"context"
	"errors"
)

// Form is how much of a sector a read delivers. Its size is the same for every
// sector, whatever track the sector is in, so that one read may go over the bounds
// of tracks.
type Form uint8

// Forms of a sector.
const (
	// User is the user data of a data sector, 2048 bytes (mode 1, ECMA-130 14.2;
	// mode 2 form 1; every sector of a DVD or BD). An audio sector has none.
	User Form = iota
	// Raw is the whole sector of a CD, 2352 bytes: the samples of an audio sector,
	// or sync, header, user data, EDC and ECC of a data sector (ECMA-130 14).
	Raw
	// RawSub is the whole sector of a CD and its sub-channels P to W, interleaved as
	// drives deliver them: 2352 and 96 bytes (MMC-6 6.19, table 359).
	RawSub
)

// Sizes of sectors in their forms, in bytes.
const (
	SectorSize       = 2048
	RawSectorSize    = 2352
	SubChannelSize   = 96
	RawSubSectorSize = RawSectorSize + SubChannelSize
)

// Size returns the bytes of a sector in that form.
func (f Form) Size() int {
	switch f {
	case Raw:
		return RawSectorSize
	case RawSub:
		return RawSubSectorSize
	}
	return SectorSize
}

// ErrForm is returned by ReadSectors for a form that the disc cannot deliver, at all
// or of that sector.
var ErrForm = errors.New("this disc does not deliver sectors in that form")

// ErrGone is in the chain of an error of ReadSectors that says nothing about the
// sectors: the drive does not answer, or the drive or the disc was removed. Nothing
// more can be read.
var ErrGone = errors.New("the disc is not there any more")

// Disc is a disc: sessions of tracks whose sectors can be read at any address.
// Implementations are safe for use by several goroutines.
type Disc interface {
	// TOC returns the table of contents. The caller does not change it.
	TOC() TOC
	// ReadSectors fills p with whole sectors of form f from address lba on, and
	// returns how many sectors were delivered. len(p) is a multiple of the size of
	// the form. It returns io.EOF, with the sectors before it, at the end of the
	// disc, and ErrForm, with the sectors before it, at a sector that has not that
	// form.
	ReadSectors(ctx context.Context, p []byte, lba LBA, f Form) (int, error)
	// Close releases what the disc holds.
	Close() error
}

// Planned is a disc whose sectors are put together when they are read, out of
// files that can change meanwhile.
type Planned interface {
	Disc
	// Check looks at every file once more: whether it can be opened, and is as long
	// and as old as it was when the disc was planned. No contents are read.
	Check(ctx context.Context) error
	// Changes describes the files that Check and the reads so far have found to
	// differ from the plan, and what the disc holds of them.
	Changes() []Notice
}

// Overwritable is a disc that may be a medium, or the image of one, that is overwritten in
// place (DVD+RW, DVD-RAM, BD-RE). It has one track of all its sectors, of which those
// behind the end of the volume hold nothing, or what is left of older contents.
type Overwritable interface {
	Disc
	Overwritable() bool
}

// IsOverwritable reports whether the disc is such a medium.
func IsOverwritable(d Disc) bool {
	o, ok := Unwrap(d).(Overwritable)
	return ok && o.Overwritable()
}

// Noticer is a disc that knows something of its own state, such as a session that is not
// closed.
type Noticer interface {
	Disc
	Notices() []Notice
}

// Notices returns what the disc knows of its own state.
func Notices(d Disc) []Notice {
	if n, ok := Unwrap(d).(Noticer); ok {
		return n.Notices()
	}
	return nil
}

// Unwrap returns the disc itself, where d is one with something around it, such as
// the name that it was opened by: what else it implements is known of the disc alone.
func Unwrap(d Disc) Disc {
	if w, ok := d.(interface{ Unwrap() Disc }); ok {
		return w.Unwrap()
	}
	return d
}
