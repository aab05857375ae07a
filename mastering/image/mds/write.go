package mds

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// beside returns the name of the data file.
func beside(main string, _ disc.TOC, _ format.Options) []string {
	return []string{strings.TrimSuffix(main, filepath.Ext(main)) + ".mdf"}
}

// create writes a descriptor and a data file. Sectors of a CD are written whole, with the
// sub-channels if the disc stores them or has codes or indexes, for which the descriptor has
// no place. The pre-gaps are in the data file, before index 1 of
// their tracks: see builder.gap.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, o format.Options, rep progress.Reporter) error {
	p, err := newPlan(d)
	if err != nil {
		return err
	}
	main, err := out.Create()
	if err != nil {
		return err
	}
	if _, err := main.Write(p.descriptor()); err != nil {
		return err
	}
	data, err := out.CreateBeside(beside(filepath.Base(out.Path()), d.TOC(), o)[0])
	if err != nil {
		return err
	}
	rep.Phase(progress.Writing, p.size)
	for _, s := range p.sessions {
		for _, t := range s.tracks {
			if err := runs.Write(ctx, data, d, disc.LBA(t.start-t.stored), disc.LBA(t.start+t.length), t.layout, rep); err != nil {
				return err
			}
		}
	}
	return nil
}

// plan is what is written.
type plan struct {
	dvd      bool
	sessions []plannedSession
	size     int64 // of the data file
}

type plannedSession struct {
	cdi    byte // 10h, or 20h if there are tracks of mode 2, as at point A0h
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
func newPlan(d disc.Disc) (*plan, error) {
	toc := d.TOC()
	p := &plan{dvd: isDVD(d)}
	sub := runs.NoSub
	if disc.HasSubChannels(d) || needsSub(toc) {
		sub = runs.Interleaved
	}
	for _, s := range toc.Sessions {
		one := plannedSession{}
		for i, t := range s.Tracks {
			l := layoutOf(t.Mode, p.dvd).WithSub(sub)
			k := plannedTrack{layout: l, stored: t.Pregap, track: track{
				point: t.Number, mode: modeOf(t.Mode, p.dvd), control: int(t.Control), size: l.Size(),
				start: int64(t.Start), pregap: t.Pregap, length: t.Length, offset: p.size + t.Pregap*int64(l.Size()),
			}}
			if t.Mode != disc.Audio {
				k.control |= 4
			}
			if sub != runs.NoSub {
				k.sub = 8
			}
			switch {
			case i > 0:
			case s.Number == 1: // the 150 sectors before address 0 count
				k.pregap = int64(t.Start) + 150
			case k.pregap == 0:
				k.pregap = 150
			}
			switch {
			case s.CDI:
				one.cdi = 0x10
			case t.Mode == disc.XA || t.Mode == disc.Mode2:
				one.cdi = 0x20
			}
			p.size += (k.stored + k.length) * int64(l.Size())
			one.tracks = append(one.tracks, k)
		}
		if len(one.tracks) == 0 {
			return nil, fmt.Errorf("write Alcohol image: session %d has no tracks", s.Number)
		}
		p.sessions = append(p.sessions, one)
	}
	if len(p.sessions) == 0 {
		return nil, fmt.Errorf("write Alcohol image: the disc has no tracks")
	}
	if !p.dvd && disc.Sectors(d) > format.MaxCDSectors {
		return nil, fmt.Errorf("write Alcohol image: the disc has %d sectors; an image of a CD has at most %d, and one of a DVD only one data track", disc.Sectors(d), format.MaxCDSectors)
	}
	return p, nil
}

// needsSub reports whether the disc has what only the Q sub-channel can record: the media
// catalogue number, ISRCs, and indexes after the first one.
func needsSub(toc disc.TOC) bool {
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			if t.ISRC != "" || len(t.Indexes) > 0 {
				return true
			}
		}
	}
	return toc.Catalog != ""
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

// descriptor returns the bytes of the descriptor: the header, the session blocks, the track
// blocks, the extra blocks, the footer of all tracks, and the name of the data file.
func (p *plan) descriptor() []byte {
	blocks := 0
	for _, s := range p.sessions {
		blocks += p.leadIn() + len(s.tracks)
	}
	tracksAt := headerSize + len(p.sessions)*sessionSize
	extraAt := tracksAt + blocks*trackSize
	extraBlocks := blocks * extraSize
	if p.dvd {
		extraBlocks = 0
	}
	footerAt := extraAt + extraBlocks
	const name = "*.mdf\x00"
	b := make([]byte, footerAt+footerSize, footerAt+footerSize+len(name))
	copy(b, signature)
	b[17] = 3
	if p.dvd {
		b[18] = mediumDVD
	}
	le.PutUint16(b[20:], uint16(len(p.sessions)))
	b[22] = 2 // what Alcohol writes, and DAEMON Tools expects (Aaru)
	le.PutUint32(b[80:], headerSize)
	at := tracksAt
	for i, s := range p.sessions {
		q := b[headerSize+i*sessionSize:]
		first, last := s.tracks[0], s.tracks[len(s.tracks)-1]
		if !p.dvd {
			le.PutUint32(q, uint32(int32(first.start-first.pregap)))
		}
		le.PutUint32(q[4:], uint32(last.start+last.length))
		le.PutUint16(q[8:], uint16(i+1))
		q[10], q[11] = byte(p.leadIn()+len(s.tracks)), byte(p.leadIn())
		le.PutUint16(q[12:], uint16(first.point))
		le.PutUint16(q[14:], uint16(last.point))
		le.PutUint32(q[20:], uint32(at))
		at = p.putTracks(b, at, extraAt, footerAt, s)
		extraAt += (p.leadIn() + len(s.tracks)) * extraSize
	}
	le.PutUint32(b[footerAt:], uint32(len(b)))
	return append(b, name...)
}

// leadIn returns the number of track blocks of a session for the points A0h to A2h.
func (p *plan) leadIn() int {
	if p.dvd {
		return 0
	}
	return 3
}

// putTracks writes the track blocks of a session from at on, and returns the offset after
// them. Their extra blocks begin at extraAt.
func (p *plan) putTracks(b []byte, at, extraAt, footerAt int, s plannedSession) int {
	first, last := s.tracks[0], s.tracks[len(s.tracks)-1]
	if !p.dvd {
		end := disc.LBA(last.start + last.length).MSF()
		for i, m := range [][3]byte{{byte(first.point), s.cdi}, {byte(last.point)}, {byte(end.M), byte(end.S), byte(end.F)}} {
			q := b[at:]
			q[2], q[4] = 0x10|byte(first.control), byte(0xA0+i)
			if i == 1 {
				q[2] = 0x10 | byte(last.control)
			}
			copy(q[9:], m[:])
			at += trackSize
			extraAt += extraSize
		}
	}
	for _, t := range s.tracks {
		q := b[at:]
		q[0], q[1], q[2], q[4] = byte(t.mode), byte(t.sub), 0x10|byte(t.control), byte(t.point)
		le.PutUint16(q[16:], uint16(t.size))
		le.PutUint32(q[36:], uint32(t.start))
		le.PutUint64(q[40:], uint64(t.offset))
		le.PutUint32(q[48:], 1)
		le.PutUint32(q[52:], uint32(footerAt))
		if p.dvd {
			le.PutUint32(q[12:], uint32(t.length))
		} else {
			m := disc.LBA(t.start).MSF()
			q[9], q[10], q[11], q[18] = byte(m.M), byte(m.S), byte(m.F), 2
			le.PutUint32(q[12:], uint32(extraAt))
			le.PutUint32(b[extraAt:], uint32(t.pregap))
			le.PutUint32(b[extraAt+4:], uint32(t.length))
		}
		at += trackSize
		extraAt += extraSize
	}
	return at
}
