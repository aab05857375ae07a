package mds

import (
	"context"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
)

// beside returns the name of the data file.
func beside(main string, _ disc.TOC, _ format.Options) []string {
	return []string{strings.TrimSuffix(main, filepath.Ext(main)) + ".mdf"}
}

// create writes a descriptor and a data file. Sectors of a CD are written whole, with the
// sub-channels if the disc stores them, or has what only they can record. All sectors of
// pre-gaps are in the data file, so that no other reader has to invent them.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, o format.Options, rep progress.Reporter) error {
	p, err := newPlan(ctx, d)
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
		for i, m := range [][3]byte{{byte(first.point), s.kind}, {byte(last.point)}, {byte(end.M), byte(end.S), byte(end.F)}} {
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
			copy(q[9:], t.msf[:])
			q[18] = 2 // what Alcohol writes (Aaru)
			le.PutUint32(q[12:], uint32(extraAt))
			le.PutUint32(b[extraAt:], uint32(t.pregap))
			le.PutUint32(b[extraAt+4:], uint32(t.length))
		}
		at += trackSize
		extraAt += extraSize
	}
	return at
}
