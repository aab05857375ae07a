package chd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
)

// Tags of metadata that describe a disc, or say that the image is none.
const (
	tagTrack     = "CHT2" // a track of a CD
	tagTrackOld  = "CHTR" // the same without gaps
	tagTracksOld = "CHCD" // all tracks, binary
	tagGD        = "CHGD" // a track of a GD-ROM
	tagGDOld     = "CHGT" // the same, with little-endian audio
	tagSession   = "CHSE" // the following tracks are in this session
	tagDVD       = "DVD "
	tagHardDisk  = "GDDD"
	tagLaserDisc = "AVAV"
)

// trackPadding is the number of sectors of which each track occupies a multiple.
const trackPadding = 4

// maxTracks is the number of tracks that a CD can have, and maxSectors more than the number
// of sectors of a GD-ROM.
const (
	maxTracks  = 99
	maxSectors = 1 << 20
)

// track is a track as the metadata describe it.
type track struct {
	number  int
	session int // 0: not said
	layout  runs.Layout
	frames  int64 // stored sectors, without the padding to trackPadding
	pad     int64 // of these are the last ones padding too (GD-ROM)
	pregap  int64
	stored  bool // the pre-gap is stored: it is a part of frames
	postgap int64
}

// disc returns the disc that the metadata describe.
func (m *image) disc(f *format.Files, list []metadatum) (disc.Disc, error) {
	tracks, gd, err := parseTracks(list)
	switch {
	case err != nil:
		return nil, err
	case len(tracks) > 0:
		return m.cd(f, tracks, gd)
	}
	for _, d := range list {
		switch d.tag {
		case tagHardDisk:
			return nil, errors.New("it is the image of a hard disk, not of a disc; convert it with chdman (extracthd)")
		case tagLaserDisc:
			return nil, errors.New("it is the image of a LaserDisc, which is not supported")
		}
	}
	if m.unit != disc.SectorSize {
		return nil, fmt.Errorf("it has units of %d bytes and describes no tracks: it is not the image of a CD or DVD", m.unit)
	}
	return m.dvd(f)
}

// dvd returns a disc of one data track.
func (m *image) dvd(f *format.Files) (disc.Disc, error) {
	var notices []disc.Notice
	if rest := m.size % disc.SectorSize; rest != 0 {
		notices = append(notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The image ends within a sector; its last %d bytes are ignored.", rest)})
	}
	count := m.size / disc.SectorSize
	t := disc.Track{Number: 1, Mode: disc.Mode1, Length: count}
	toc := disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}}
	return runs.New(f, toc, []runs.Run{{Layout: runs.Mode1User, Count: count, From: m.contents}}, append(notices, m.notices()...)...)
}

// parseTracks returns the tracks in their order. gd says that they are those of a GD-ROM.
func parseTracks(list []metadatum) (tracks []track, gd bool, err error) {
	session := 0
	for _, d := range list {
		var t track
		switch d.tag {
		case tagTrack, tagTrackOld, tagGD, tagGDOld:
			t, err = parseTrack(text(d.data))
			gd = gd || d.tag == tagGD || d.tag == tagGDOld
			t.layout.Swap = t.layout.Mode == disc.Audio && d.tag != tagGDOld
			t.session = session
		case tagSession:
			session, err = strconv.Atoi(strings.TrimPrefix(text(d.data), "SESSION:"))
			if err != nil || session < 1 || session > maxTracks {
				err = fmt.Errorf("the session %q of the metadata has no number", text(d.data))
			}
		case tagTracksOld:
			if len(tracks) == 0 {
				tracks, err = parseOldTracks(d.data)
			}
		}
		if err != nil {
			return nil, false, err
		}
		if t.number == 0 {
			continue
		}
		if n := len(tracks); n > 0 && tracks[n-1].number >= t.number {
			return nil, false, fmt.Errorf("track %d is described after track %d", t.number, tracks[n-1].number)
		}
		tracks = append(tracks, t)
	}
	return tracks, gd, nil
}

// text returns the text of metadata.
func text(p []byte) string { return strings.TrimRight(string(p), "\x00") }

// parseTrack parses the description of a track, such as
//
//	TRACK:2 TYPE:AUDIO SUBTYPE:NONE FRAMES:4503 PREGAP:150 PGTYPE:VAUDIO PGSUB:NONE POSTGAP:0
//
// PAD, for a GD-ROM, is after FRAMES. A type of a pre-gap with a V says that it is stored.
func parseTrack(s string) (track, error) {
	var t track
	bad := func(what string) (track, error) {
		return track{}, fmt.Errorf("the track %q of the metadata %s", s, what)
	}
	seen := make(map[string]bool)
	for _, field := range strings.Fields(s) {
		key, value, ok := strings.Cut(field, ":")
		if !ok || seen[key] {
			return bad(fmt.Sprintf("has an unreadable field %q", field))
		}
		seen[key] = true
		switch key {
		case "TYPE":
			if t.layout, ok = layoutOf(value); !ok {
				return bad("has an unknown track mode")
			}
			continue
		case "SUBTYPE":
			switch value {
			case "NONE":
			case "RW", "RW_RAW":
				t.layout.Sub = runs.Interleaved
			default:
				return bad("has an unknown sub-channel type")
			}
			continue
		case "PGTYPE":
			t.stored = strings.HasPrefix(value, "V")
			continue
		case "PGSUB":
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > maxSectors {
			return bad(fmt.Sprintf("has an invalid %s", key))
		}
		switch key {
		case "TRACK":
			t.number = n
		case "FRAMES":
			t.frames = int64(n)
		case "PAD":
			t.pad = int64(n)
		case "PREGAP":
			t.pregap = int64(n)
		case "POSTGAP":
			t.postgap = int64(n)
		}
	}
	switch {
	case !seen["TRACK"] || !seen["TYPE"] || !seen["FRAMES"]:
		return bad("lacks its number, type or length")
	case t.number < 1 || t.number > maxTracks:
		return bad("has an invalid number")
	}
	t.stored = t.stored && t.pregap > 0
	used := t.pad
	if t.stored {
		used += t.pregap
	}
	if used >= t.frames {
		return bad("is shorter than its gaps")
	}
	return t, nil
}

// layoutOf returns how the sectors of a type of track are stored.
func layoutOf(name string) (runs.Layout, bool) {
	switch name {
	case "MODE1", "MODE1/2048":
		return runs.Mode1User, true
	case "MODE1_RAW", "MODE1/2352":
		return runs.Mode1Raw, true
	case "MODE2", "MODE2/2336":
		return runs.Mode2Data, true
	case "MODE2_FORM1", "MODE2/2048":
		return runs.XAForm1, true
	case "MODE2_FORM2", "MODE2/2324":
		return runs.XAForm2, true
	case "MODE2_FORM_MIX":
		return runs.XAData, true
	case "MODE2_RAW", "MODE2/2352", "CDI/2352":
		return runs.Mode2Raw, true
	case "AUDIO":
		return runs.AudioRaw, true
	}
	return runs.Layout{}, false
}

// oldTrack is the size of a track in the metadata CHCD: type, sub-channels, size of the data,
// size of the sub-channels, sectors, and sectors of padding, 4 bytes each. Before the tracks
// is their number. The order of the bytes is that of the computer that wrote them.
const oldTrack = 24

// parseOldTracks parses the metadata CHCD.
func parseOldTracks(p []byte) ([]track, error) {
	if len(p) < 4+oldTrack {
		return nil, errors.New("the CHCD metadata ends too early")
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if order.Uint32(p) > maxTracks {
		order = binary.BigEndian
	}
	count := int(order.Uint32(p))
	if count < 1 || count > maxTracks || 4+count*oldTrack > len(p) {
		return nil, fmt.Errorf("the CHCD metadata describes %d tracks", count)
	}
	types := []string{"MODE1", "MODE1_RAW", "MODE2", "MODE2_FORM1", "MODE2_FORM2", "MODE2_FORM_MIX", "MODE2_RAW", "AUDIO"}
	var tracks []track
	for i := range count {
		q := p[4+i*oldTrack:]
		kind, sub, frames := order.Uint32(q), order.Uint32(q[4:]), order.Uint32(q[16:])
		if kind >= uint32(len(types)) || sub > 2 || frames == 0 || frames > maxSectors {
			return nil, fmt.Errorf("track %d of the CHCD metadata has an unknown mode or an invalid length", i+1)
		}
		t := track{number: i + 1, frames: int64(frames)}
		t.layout, _ = layoutOf(types[kind])
		t.layout.Swap = t.layout.Mode == disc.Audio
		if sub < 2 {
			t.layout.Sub = runs.Interleaved
		}
		tracks = append(tracks, t)
	}
	return tracks, nil
}

// cd returns the disc of tracks.
func (m *image) cd(f *format.Files, tracks []track, gd bool) (disc.Disc, error) {
	if m.unit != cdUnit {
		return nil, fmt.Errorf("offset 60: the image describes tracks of a CD, but its units have %d bytes instead of %d", m.unit, cdUnit)
	}
	b := builder{image: m, gd: gd}
	for _, t := range tracks {
		b.add(t)
	}
	if b.stored*cdUnit > m.size {
		return nil, fmt.Errorf("the tracks have %d sectors, but the image contains only %d", b.stored, m.size/cdUnit)
	}
	if b.lba > maxSectors {
		return nil, fmt.Errorf("the tracks have %d sectors, which is more than a CD can have", b.lba)
	}
	return runs.New(f, b.toc, b.runs, m.notices()...)
}

// builder makes a disc of tracks.
type builder struct {
	*image
	gd     bool
	lba    disc.LBA // after the last track
	stored int64    // sectors in the image before the next track
	toc    disc.TOC
	runs   []runs.Run
}

// add adds the next track.
func (b *builder) add(t track) {
	s := b.session(t)
	k := disc.Track{Number: t.number, Mode: t.layout.Mode, Start: b.lba + disc.LBA(t.pregap), Length: t.frames - t.pad + t.postgap, Pregap: t.pregap}
	r := runs.Run{Layout: t.layout, Start: b.lba, Count: t.frames - t.pad, From: b.contents, Offset: b.stored * cdUnit, Stride: cdUnit}
	if t.stored {
		k.Length -= t.pregap
	} else {
		r.Start = k.Start
	}
	if t.layout.Mode == disc.Mode2 {
		k.Mode = r.Mode2()
		r.Mode = k.Mode
	}
	gap := runs.Run{Layout: runs.Layout{Mode: k.Mode}}
	if t.pregap > 0 && !t.stored {
		gap.Start, gap.Count = b.lba, t.pregap
		b.runs = append(b.runs, gap)
	}
	b.runs = append(b.runs, r)
	if t.postgap > 0 {
		gap.Start, gap.Count = r.End(), t.postgap
		b.runs = append(b.runs, gap)
	}
	s.Tracks = append(s.Tracks, k)
	b.lba = k.End() + disc.LBA(t.pad)
	b.stored += (t.frames + trackPadding - 1) / trackPadding * trackPadding
}

// session returns the session of a track, and begins it. The tracks of a GD-ROM from the
// third one on are on its area of high density, which computers take for a second session.
func (b *builder) session(t track) *disc.Session {
	n := len(b.toc.Sessions)
	next := n == 0 || t.session > b.toc.Sessions[n-1].Number || b.gd && n == 1 && t.number >= 3
	if !next {
		return &b.toc.Sessions[n-1]
	}
	number := n + 1
	if n > 0 && !b.gd && !b.recordedGap() {
		b.lba += disc.SessionGap(n)
	}
	b.toc.Sessions = append(b.toc.Sessions, disc.Session{Number: max(number, t.session)})
	return &b.toc.Sessions[n]
}

// recordedGap takes the post-gap of the last track for the gap between two sessions, if it is
// long enough. There is no other place for it in the metadata. It returns false otherwise.
func (b *builder) recordedGap() bool {
	last := len(b.runs) - 1
	if gap := b.runs[last]; gap.From != nil || gap.Count < int64(disc.SessionGap(2)) {
		return false
	}
	tracks := b.toc.Sessions[len(b.toc.Sessions)-1].Tracks
	tracks[len(tracks)-1].Length -= b.runs[last].Count
	b.runs = b.runs[:last]
	return true
}
