// Package disc defines what an optical disc is: sessions, tracks, sectors and their
// addresses, the codes and texts that are recorded about them (media catalogue number,
// ISRC, CD-TEXT), the capacities of media, and notices about all of these.
//
// An image file, the medium in a drive and a planned compilation are each opened as a
// [Disc], so that the same code reads all of them.
//
// The terms are those of ECMA-130 and IEC 60908 (CD), and of MMC-6 for all media.
package disc

import (
	"context"
	"errors"
)

// Form is how much of a sector a read delivers. The size of a form does not depend on the
// track, so that one read can continue from one track to the next.
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
	SectorSize     = 2048
	RawSectorSize  = 2352
	subChannelSize = 96
)

// Size returns the size of a sector in this form, in bytes.
func (f Form) Size() int {
	switch f {
	case Raw:
		return RawSectorSize
	case RawSub:
		return RawSectorSize + subChannelSize
	}
	return SectorSize
}

// ErrForm is returned by ReadSectors if the disc, or this sector, cannot be read in the
// form.
var ErrForm = errors.New("the sector cannot be read in this form")

// ErrGone is in the chain of an error of ReadSectors after which nothing more can be read:
// the drive does not answer, or the drive or the disc was removed. It says nothing about
// the sectors.
var ErrGone = errors.New("the disc was removed")

// Disc is a disc whose sectors can be read at any address. Implementations are safe for
// concurrent use.
type Disc interface {
	// TOC returns the table of contents. The caller must not change it.
	TOC() TOC
	// ReadSectors fills p with whole sectors of form f from address lba on, and returns
	// the number of sectors. len(p) is a multiple of the size of the form. It returns
	// io.EOF at the end of the disc, and ErrForm at a sector that cannot be read in this
	// form, with the sectors before it.
	ReadSectors(ctx context.Context, p []byte, lba LBA, f Form) (int, error)
	// Close closes the disc and the files that it uses.
	Close() error
}

// Planned is a disc whose sectors are produced when they are read, from files that can
// change in the meantime.
type Planned interface {
	Disc
	// Check checks that every file can be opened, and that its size and time are those
	// of when the disc was planned. It does not read contents.
	Check(ctx context.Context) error
	// Changes describes the files that have changed since the disc was planned, as far as
	// Check and reads have found out, and what the disc contains of them.
	Changes() []Notice
}

// Overwritable is a disc that may be a medium that is overwritten in place (DVD+RW, DVD-RAM,
// BD-RE), or the image of one. Such a medium has one track. Its sectors after the end of
// the volume are unused, and may contain remains of earlier contents.
type Overwritable interface {
	Disc
	Overwritable() bool
}

// IsOverwritable reports whether the disc is a medium that is overwritten in place.
func IsOverwritable(d Disc) bool {
	o, ok := Unwrap(d).(Overwritable)
	return ok && o.Overwritable()
}

// SubChanneler is a disc that may store the sub-channels P to W of its sectors.
type SubChanneler interface {
	Disc
	HasSubChannels() bool
}

// HasSubChannels reports whether the disc stores sub-channels, so that the form RawSub
// delivers what was recorded and not what follows from the table of contents.
func HasSubChannels(d Disc) bool {
	s, ok := Unwrap(d).(SubChanneler)
	return ok && s.HasSubChannels()
}

// Storer is a disc that knows which of its sectors are stored as a whole.
type Storer interface {
	Disc
	// StoresRaw reports whether the sector at an address is stored with its EDC and ECC,
	// so that the form Raw delivers them as they were recorded and does not generate them.
	StoresRaw(lba LBA) bool
}

// StoresRaw reports whether a data sector is stored with its EDC and ECC, so that they can be
// checked. It returns false if that is unknown.
func StoresRaw(d Disc, lba LBA) bool {
	s, ok := Unwrap(d).(Storer)
	return ok && s.StoresRaw(lba)
}

// DeliversRaw reports whether a disc delivers the sectors of a track as a whole. If not, they
// have to be generated from their user data.
func DeliversRaw(ctx context.Context, d Disc, t Track) bool {
	_, err := d.ReadSectors(ctx, make([]byte, RawSectorSize), t.Start, Raw)
	return !errors.Is(err, ErrForm)
}

// Corrector is a disc that corrects damaged sectors by their ECC when their user data is
// read.
type Corrector interface {
	Disc
	// Corrected returns how many different sectors were corrected since the disc was
	// opened, and the address of the first one.
	Corrected() (int64, LBA)
}

// Corrected returns how many different sectors were corrected when user data was read, and
// the address of the first one.
func Corrected(d Disc) (int64, LBA) {
	if c, ok := Unwrap(d).(Corrector); ok {
		return c.Corrected()
	}
	return 0, 0
}

// Noticer is a disc that has notices about its own state, such as a session that is not
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

// Unwrap returns the disc that d wraps, or d. A wrapper adds something such as a name; the
// optional interfaces of this package are implemented by the disc in it.
func Unwrap(d Disc) Disc {
	if w, ok := d.(interface{ Unwrap() Disc }); ok {
		return w.Unwrap()
	}
	return d
}
