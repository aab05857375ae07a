package mds

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// plan is what is written.
type plan struct {
	dvd      bool
	sub      runs.Sub
	sessions []plannedSession
	size     int64 // of the data file
}

type plannedSession struct {
	kind   byte // as at point A0h: 10h of a CD-i, 20h if there are tracks of mode 2
	tracks []plannedTrack
}

// plannedTrack is a track, with the layout in which it is written. Of its pre-gap, stored
// sectors are in the data file.
type plannedTrack struct {
	track
	layout runs.Layout
	stored int64
}

// newPlan places the tracks in the data file.
func newPlan(ctx context.Context, d disc.Disc) (*plan, error) {
	toc := d.TOC()
	p := &plan{dvd: isDVD(d)}
	if disc.HasSubChannels(d) || needsSub(toc) {
		p.sub = runs.Interleaved
	}
	for _, s := range toc.Sessions {
		if len(s.Tracks) == 0 {
			return nil, fmt.Errorf("write Alcohol image: session %d has no tracks", s.Number)
		}
		one := plannedSession{}
		for i, t := range s.Tracks {
			switch {
			case s.CDI:
				one.kind = 0x10
			case t.Mode == disc.XA || t.Mode == disc.Mode2:
				one.kind = 0x20
			}
			k := p.track(t)
			switch {
			case i == 0 && s.Number == 1:
				k.first(t)
			case i == 0 && k.pregap == 0:
				k.pregap = 150
			case i > 0 && t.Pregap > 0 && t.Mode == s.Tracks[i-1].Mode && inQ(ctx, d, t):
				one.tracks[i-1].length += t.Pregap // as Alcohol does: other readers make silence of a pre-gap
				k.pregap, k.stored = 0, 0
			}
			p.size = k.offset + k.length*int64(k.size)
			one.tracks = append(one.tracks, k)
		}
		p.sessions = append(p.sessions, one)
	}
	switch {
	case len(p.sessions) == 0:
		return nil, errors.New("write Alcohol image: the disc has no tracks")
	case !p.dvd && disc.Sectors(d) > format.MaxCDSectors:
		return nil, fmt.Errorf("write Alcohol image: the disc has %d sectors; an image of a CD has at most %d, and one of a DVD only one data track", disc.Sectors(d), format.MaxCDSectors)
	}
	return p, nil
}

// track places a track after those before it.
func (p *plan) track(t disc.Track) plannedTrack {
	l := layoutOf(t.Mode, p.dvd).WithSub(p.sub)
	m := t.Start.MSF()
	k := plannedTrack{layout: l, stored: t.Pregap, track: track{
		point: t.Number, mode: modeOf(t.Mode, p.dvd), control: int(sector.ControlOf(t)), size: l.Size(), msf: [3]byte{byte(m.M), byte(m.S), byte(m.F)},
		start: int64(t.Start), pregap: t.Pregap, length: t.Length, offset: p.size + t.Pregap*int64(l.Size()),
	}}
	if p.sub != runs.NoSub {
		k.sub = 8
	}
	return k
}

// first changes the first track of a disc, whose pre-gap counts the 150 sectors before
// address 0. Audio that is hidden before index 1 is counted into the track, as Aaru does;
// then only the table of contents says where index 1 is.
func (k *plannedTrack) first(t disc.Track) {
	k.pregap = int64(t.Start) + 150
	if t.Pregap == int64(t.Start) {
		k.start, k.pregap, k.stored = 0, 150, 0
		k.length += t.Pregap
		k.offset -= t.Pregap * int64(k.size)
	}
}

// needsSub reports whether the disc has what only the Q sub-channel can record: the media
// catalogue number, ISRCs, indexes after the first one, and pre-gaps between tracks of one
// mode.
func needsSub(toc disc.TOC) bool {
	for _, s := range toc.Sessions {
		for i, t := range s.Tracks {
			if t.ISRC != "" || len(t.Indexes) > 0 || i > 0 && t.Pregap > 0 && t.Mode == s.Tracks[i-1].Mode {
				return true
			}
		}
	}
	return toc.Catalog != ""
}

// inQ reports whether the Q sub-channel that is written says where the pre-gap of a track
// begins. That of a disc without stored sub-channels is generated.
func inQ(ctx context.Context, d disc.Disc, t disc.Track) bool {
	if !disc.HasSubChannels(d) {
		return true
	}
	p := make([]byte, disc.RawSub.Size())
	if n, _ := d.ReadSectors(ctx, p, t.Start-disc.LBA(t.Pregap), disc.RawSub); n == 0 {
		return false
	}
	q := sector.ReadQ(p[sector.Size:])
	is, ok := sector.DecodeQ(q[:])
	return ok && is.Mode == sector.QPosition && is.Track == t.Number && is.Index == 0
}

// isDVD reports whether the disc is too large for a CD and has nothing but user data.
func isDVD(d disc.Disc) bool {
	s := d.TOC().Sessions
	return disc.Sectors(d) > format.MaxCDSectors && len(s) == 1 && len(s[0].Tracks) == 1 && s[0].Tracks[0].Mode == disc.Mode1
}

func layoutOf(m disc.Mode, dvd bool) runs.Layout {
	if dvd {
		return runs.Mode1User
	}
	return runs.Layout{Length: sector.Size, Mode: m}
}

// modeOf returns the mode as Alcohol writes it.
func modeOf(m disc.Mode, dvd bool) int {
	switch {
	case dvd:
		return 0x02
	case m == disc.Audio:
		return 0xA9
	case m == disc.Mode1:
		return 0xAA
	}
	return 0xAB // sectors of form 1 and 2, or without a form
}
