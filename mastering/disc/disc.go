// Package disc is the vocabulary of optical discs: discs, sessions, tracks,
// sectors and their addresses, and the media that hold them.
//
// A disc is a disc wherever it lives. An image file, the medium in a drive and
// a planned compilation all come as a [Disc], and whatever reads one reads them
// all.
package disc

import (
	"context"
	"errors"
)

// Sizes of the parts of a sector, in bytes.
const (
	SectorSize    = 2048 // user data of a data sector (ECMA-130 mode 1, ECMA-267, BD)
	RawSectorSize = 2352 // a whole CD sector (ECMA-130 14)
)

// Mode is what the sectors of a track hold.
type Mode uint8

// Track modes.
const (
	Audio Mode = iota // CD-DA, 2352 bytes of samples (IEC 60908)
	Mode1             // 2048 bytes of user data with EDC and ECC (ECMA-130 14.2); also every DVD and BD track
	Mode2             // 2336 bytes, formless
	XA                // mode 2 with sub-headers, form 1 or 2
)

func (m Mode) String() string {
	switch m {
	case Audio:
		return "audio"
	case Mode1:
		return "mode 1"
	case Mode2:
		return "mode 2"
	case XA:
		return "mode 2 XA"
	}
	return "unknown mode"
}

// Form is the part of a sector that a read delivers.
type Form uint8

// Forms of a sector.
const (
	// User is the payload: 2048 bytes of a data sector, 2352 of an audio one.
	User Form = iota
	// Raw is the whole 2352-byte CD sector with sync, header, EDC and ECC.
	Raw
)

// ErrForm is returned by ReadSectors for a form that the disc cannot deliver.
var ErrForm = errors.New("this disc does not deliver sectors in that form")

// ErrGone is in the chain of an error of ReadSectors that says nothing of the sectors:
// the drive hangs, or it or the disc in it is not there any more. Nothing more can be
// read.
var ErrGone = errors.New("the disc is not there any more")

// Track is a run of sectors of one mode.
type Track struct {
	Number int   // 1 to 99 on CD
	Mode   Mode  //
	Start  LBA   // of index 1, the first sector of the track proper
	Length int64 // in sectors, from Start
}

// End returns the address behind the last sector of the track.
func (t Track) End() LBA { return t.Start + LBA(t.Length) }

// Session is a run of tracks between a lead-in and a lead-out.
type Session struct {
	Number int
	Tracks []Track
}

// Disc is a disc: sessions of tracks whose sectors can be read at any address.
// Implementations are safe for use by several goroutines.
type Disc interface {
	// Sessions returns the sessions in the order of their addresses. The caller
	// does not change them.
	Sessions() []Session
	// ReadSectors fills p with whole sectors of form f from address lba on, and
	// returns how many sectors were delivered. len(p) is a multiple of the size of
	// a sector in that form. It returns io.EOF, with what there was, at the end of
	// the disc.
	ReadSectors(p []byte, lba LBA, f Form) (int, error)
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
	// Changes describes the files that Check and the reads so far have found to be
	// not any more what was planned, and what the disc holds of them, a line each.
	Changes() []string
}

// Unwrap returns the disc itself, where d is one with something around it, such as
// the name that it was opened by: what else it implements is known of the disc alone.
func Unwrap(d Disc) Disc {
	if w, ok := d.(interface{ Unwrap() Disc }); ok {
		return w.Unwrap()
	}
	return d
}

// DataTrack returns the track whose file system a reader sees first: the last
// data track of the disc.
func DataTrack(d Disc) (Track, bool) {
	s := d.Sessions()
	for i := len(s) - 1; i >= 0; i-- {
		for j := len(s[i].Tracks) - 1; j >= 0; j-- {
			if t := s[i].Tracks[j]; t.Mode != Audio {
				return t, true
			}
		}
	}
	return Track{}, false
}

// Sectors returns the number of sectors from address 0 to the end of the last
// track.
func Sectors(d Disc) int64 {
	var end LBA
	for _, s := range d.Sessions() {
		for _, t := range s.Tracks {
			end = max(end, t.End())
		}
	}
	return int64(end)
}
