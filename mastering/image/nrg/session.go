package nrg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// image is an image while it is opened.
type image struct {
	files    *format.Files
	end      int64 // of the sectors in the file
	sessions []session
	points   []point // of the next session
	counts   []int   // tracks of each session, of SINF
	media    uint32
	number   int // of the last track
	toc      disc.TOC
	runs     []runs.Run
	notices  []disc.Notice
}

// session is what the chunks say about a session.
type session struct {
	dao    bool // disc-at-once
	cdi    bool
	points []point
	tracks []track
	text   []disc.CDText
}

// point is an entry of CUES or CUEX.
type point struct {
	control byte
	track   int // 0: the lead-in, leadOut
	index   int
	lba     disc.LBA
	bcd     disc.LBA // of version 1: the address if its numbers are decimal digits (BCD)
	isBCD   bool
}

// track is an entry of DAOI, DAOX, ETNF or ETN2.
type track struct {
	number              int // 0: the next one
	isrc                string
	code                byte
	layout              runs.Layout
	index0, index1, end int64    // offsets in the file
	lba                 disc.LBA // of ETNF and ETN2
}

// The most tracks of a disc, and the most entries of CUES and CUEX: indexes 0 to 99 of each
// track, the lead-in, and the lead-out.
const (
	maxTracks = 99
	maxPoints = 99*100 + 2
)

// size returns the size of a stored sector in bytes.
func (t track) size() int64 { return int64(t.layout.Size()) }

// count returns the number of sectors from index 1 on.
func (t track) count() int64 { return (t.end - t.index1) / t.size() }

// add adds what a chunk says.
func (i *image) add(c chunk) error {
	p := c.data
	switch c.name {
	case "CUES", "CUEX":
		return i.addPoints(p, c.name == "CUES")
	case "DAOI":
		return i.addDAO(p, 4)
	case "DAOX":
		return i.addDAO(p, 8)
	case "ETNF":
		return i.addTAO(p, 4)
	case "ETN2":
		return i.addTAO(p, 8)
	case "CDTX":
		if len(i.sessions) == 0 {
			return errors.New("its CD-TEXT precedes the tracks")
		}
		last := &i.sessions[len(i.sessions)-1]
		last.text = sector.DecodeCDText(p)
	case "SINF":
		if len(p) < 4 {
			return fmt.Errorf("it has %d bytes instead of 4", len(p))
		}
		i.counts = append(i.counts, int(binary.BigEndian.Uint32(p)))
	case "MTYP":
		if len(p) >= 4 {
			i.media = binary.BigEndian.Uint32(p)
		}
	case "DINF", "RELO", "TOCT":
	default:
		i.warn("The chunk %q at byte %d is unknown, and is ignored.", c.name, c.at)
	}
	return nil
}

// addPoints adds the entries of CUES or CUEX.
func (i *image) addPoints(p []byte, old bool) error {
	if len(p)%8 != 0 {
		return fmt.Errorf("its length, %d bytes, is not a multiple of the entry size", len(p))
	}
	if len(p)/8 > maxPoints {
		return fmt.Errorf("it has %d entries, more than a disc can have", len(p)/8)
	}
	if len(i.points) > 0 {
		return errors.New("the tracks of the session before it are not described")
	}
	for n := 0; n < len(p); n += 8 {
		e := p[n : n+8]
		track, ok := sector.FromBCD(e[1])
		if e[1] == leadOut {
			track, ok = leadOut, true
		}
		index, ok2 := sector.FromBCD(e[2])
		if !ok || !ok2 {
			return fmt.Errorf("entry %d: track %02Xh, index %02Xh, which are not BCD", n/8+1, e[1], e[2])
		}
		one := point{control: e[0], track: track, index: index, lba: disc.LBA(int32(binary.BigEndian.Uint32(e[4:])))}
		if old {
			one.lba = disc.LBA(disc.MSF{M: int(e[5]), S: int(e[6]), F: int(e[7])}.Sectors()) - pregap
			m, ok := sector.FromBCD(e[5])
			s, ok2 := sector.FromBCD(e[6])
			f, ok3 := sector.FromBCD(e[7])
			one.bcd, one.isBCD = disc.LBA(disc.MSF{M: m, S: s, F: f}.Sectors())-pregap, ok && ok2 && ok3
		}
		i.points = append(i.points, one)
	}
	return nil
}

// addDAO adds a session that is recorded disc-at-once. width is the size of an offset.
func (i *image) addDAO(p []byte, width int) error {
	const head, fixed = 22, 18
	entry := fixed + 3*width
	if len(p) < head+entry || (len(p)-head)%entry != 0 {
		return fmt.Errorf("its length, %d bytes, is not a multiple of the entry size", len(p))
	}
	if (len(p)-head)/entry > maxTracks {
		return fmt.Errorf("it describes %d tracks; a disc has at most %d", (len(p)-head)/entry, maxTracks)
	}
	if len(i.sessions) == 0 {
		i.catalog(p[4:18])
	}
	s := session{dao: true, cdi: p[18] == 0x10, points: i.points}
	i.points = nil
	number := int(p[20])
	for e := p[head:]; len(e) > 0; e = e[entry:] {
		t := track{number: number, code: e[14]}
		t.isrc = i.isrc(e[:12], number)
		o := e[fixed:]
		t.index0, t.index1, t.end = offset(o, width), offset(o[width:], width), offset(o[2*width:], width)
		if err := i.store(&t, int64(binary.BigEndian.Uint16(e[12:]))); err != nil {
			return fmt.Errorf("track %d: %w", number, err)
		}
		s.tracks = append(s.tracks, t)
		number++
	}
	if last := number - 1; last != int(p[21]) {
		return fmt.Errorf("it describes tracks %d to %d, but states that the last one is %d", p[20], last, p[21])
	}
	i.sessions = append(i.sessions, s)
	return nil
}

// addTAO adds a session that is recorded track-at-once.
func (i *image) addTAO(p []byte, width int) error {
	entry := 2*width + 12
	if width == 8 {
		entry += 4
	}
	if len(p) == 0 || len(p)%entry != 0 {
		return fmt.Errorf("its length, %d bytes, is not a multiple of the entry size", len(p))
	}
	if len(p)/entry > maxTracks {
		return fmt.Errorf("it describes %d tracks; a disc has at most %d", len(p)/entry, maxTracks)
	}
	s := session{points: i.points}
	i.points = nil
	for n := 1; len(p) > 0; n, p = n+1, p[entry:] {
		t := track{index0: offset(p, width), code: p[2*width+3], lba: disc.LBA(int32(binary.BigEndian.Uint32(p[2*width+4:])))}
		t.index1, t.end = t.index0, t.index0+offset(p[width:], width)
		if err := i.store(&t, 0); err != nil {
			return fmt.Errorf("entry %d: %w", n, err)
		}
		s.tracks = append(s.tracks, t)
	}
	i.sessions = append(i.sessions, s)
	return nil
}

// offset returns a number of 4 or 8 bytes. One that no file can have is -1.
func offset(p []byte, width int) int64 {
	if width == 4 {
		return int64(binary.BigEndian.Uint32(p))
	}
	if v := binary.BigEndian.Uint64(p); v < 1<<62 {
		return int64(v)
	}
	return -1
}

// store checks where a track is stored, and sets its layout. size is the size of a sector
// that is recorded, or 0.
func (i *image) store(t *track, size int64) error {
	var ok bool
	t.layout, ok = layout(t.code)
	switch {
	case !ok:
		return fmt.Errorf("unknown track mode %02Xh", t.code)
	case size != 0 && size != t.size():
		return fmt.Errorf("its sectors have %d bytes, but those of mode %02Xh have %d", size, t.code, t.size())
	case t.index0 < 0 || t.index1 < t.index0 || t.end <= t.index1 || t.end > i.end:
		return fmt.Errorf("it is stored in bytes %d (index 0), %d (index 1) to %d, but the sectors of the image end at byte %d", t.index0, t.index1, t.end, i.end)
	case (t.index1-t.index0)%t.size() != 0 || (t.end-t.index1)%t.size() != 0:
		return fmt.Errorf("its data, from byte %d (index 0) and %d (index 1) to %d, is not whole sectors of %d bytes", t.index0, t.index1, t.end, t.size())
	}
	return nil
}

// catalog sets the media catalogue number.
func (i *image) catalog(p []byte) {
	s := strings.Trim(string(p), "\x00 ")
	switch {
	case s == "":
	case sector.ValidCatalog(s):
		i.toc.Catalog = s
	default:
		i.warn("The media catalogue number %q does not have 13 digits, and is ignored.", s)
	}
}

// isrc returns the ISRC of a track.
func (i *image) isrc(p []byte, track int) string {
	s := strings.Trim(string(p), "\x00 ")
	if s != "" && !sector.ValidISRC(s) {
		i.warn("The ISRC %q of track %d is invalid, and is ignored.", s, track)
		return ""
	}
	return s
}

// split divides the tracks into the sessions of SINF, where that fits.
func (i *image) split() {
	same, sum, all := len(i.counts) == len(i.sessions), 0, []track(nil)
	for n, s := range i.sessions {
		same = same && i.counts[n] == len(s.tracks)
		all = append(all, s.tracks...)
	}
	for _, c := range i.counts {
		if c <= 0 || c > len(all)-sum {
			sum = -1
			break
		}
		sum += c
	}
	switch {
	case same || len(i.sessions) == 0:
	case sum == len(all) && len(i.sessions) == 1 && !i.sessions[0].dao:
		one := i.sessions[0]
		i.sessions = nil
		for _, c := range i.counts {
			s := session{points: one.points, text: one.text, tracks: all[:c]}
			i.sessions = append(i.sessions, s)
			all, one.text = all[c:], nil
		}
	case len(i.counts) == 0:
		i.warn("The image does not state which tracks belong to a session (SINF); it describes %d sessions with %d tracks.", len(i.sessions), len(all))
	default:
		i.warn("The image states that its sessions have %d tracks, but describes %d sessions with %d tracks, which are used.", i.counts, len(i.sessions), len(all))
	}
}
