package mds

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// builder makes a table of contents and runs of the blocks of a descriptor.
type builder struct {
	files   *format.Files
	dvd     bool
	toc     disc.TOC
	list    []runs.Run
	notices []disc.Notice
	sources map[string]*source // by the names of their files
	opened  int                // data files
	numbers [100]bool          // of the tracks
	end     disc.LBA           // after the last track
}

// source is the data of tracks: a file, or several that are read as one.
type source struct {
	sized
	used int64 // the tracks so far end at this offset
}

type sized interface {
	io.ReaderAt
	Size() int64
}

func (b *builder) warn(format string, a ...any) {
	b.notices = append(b.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, a...)})
}

// disc adds the sessions.
func (b *builder) disc(d descriptor, h header) error {
	for i := range h.sessions {
		s, err := d.session(h, i)
		if err != nil {
			return err
		}
		if s.number != i+1 {
			b.warn("Session %d has the number %d in the image, which is ignored.", i+1, s.number)
		}
		one := disc.Session{Number: i + 1}
		for j := range s.blocks {
			at := s.tracksAt + int64(j)*trackSize
			t, err := d.track(at, b.dvd)
			if err != nil {
				return err
			}
			switch {
			case t.point == 0xA0:
				one.CDI = t.msf[1] == 0x10
			case t.point > 0 && t.point < 100:
				if err := b.track(d, &one, t); err != nil {
					return fmt.Errorf("the block of track %d at byte %d: %w", t.point, at, err)
				}
			}
		}
		if len(one.Tracks) == 0 {
			return fmt.Errorf("session %d has no tracks", i+1)
		}
		if !b.dvd && s.end != int(b.end) {
			b.warn("The lead-out of session %d begins at address %d according to the image, but its tracks end at %d, which is used.", i+1, s.end, b.end)
		}
		b.toc.Sessions = append(b.toc.Sessions, one)
	}
	return nil
}

// track adds a track.
func (b *builder) track(d descriptor, s *disc.Session, t track) error {
	limit := int64(format.MaxCDSectors)
	if b.dvd {
		limit = disc.MaxSectors
	}
	switch {
	case b.numbers[t.point]:
		return errors.New("two tracks have this number")
	case t.start+t.length > limit || t.pregap > limit:
		return fmt.Errorf("it has %d sectors from address %d on and a pre-gap of %d, which is impossible", t.length, t.start, t.pregap)
	case disc.LBA(t.start) < b.end:
		return fmt.Errorf("it begins at address %d, but the track before it ends at %d", t.start, b.end)
	}
	b.numbers[t.point] = true
	l, guess, err := t.layout(b.dvd)
	if err != nil {
		return err
	}
	if !b.dvd && len(b.list) == 0 && t.start == 0 { // Aaru counts audio hidden before track 1 into the track
		if at := int64(address(t.msf)); at > 0 && at < t.length {
			t.start, t.length, t.offset = at, t.length-at, t.offset+at*int64(l.Size())
		}
	}
	src, err := b.source(d, t)
	if err != nil {
		return err
	}
	if b.dvd && t.length == 0 {
		t.length = max(0, min(src.Size()-t.offset, disc.MaxSectors*disc.SectorSize)) / disc.SectorSize
		b.warn("The image does not record the length of track %d, which is derived from the size of the data file.", t.point)
	}
	if t.length == 0 {
		return errors.New("it has no sectors")
	}
	if t.offset < src.used {
		return fmt.Errorf("its data begins at byte %d of the data file, but that of the track before it ends at %d", t.offset, src.used)
	}
	r := runs.Run{Layout: l, Start: disc.LBA(t.start), Count: t.length, From: src.sized, Offset: t.offset}
	if guess {
		r.Mode = r.Mode2()
	}
	gap := b.gap(s, t, src, r)
	src.used = t.offset + r.Bytes()
	b.end = r.End()
	b.list = append(b.list, r)
	s.Tracks = append(s.Tracks, disc.Track{
		Number: t.point, Mode: r.Mode, Start: r.Start, Length: r.Count, Pregap: gap,
		Control: disc.Control(t.control) &^ 4,
	})
	b.check(t, r.Mode)
	return nil
}

// gap adds the pre-gap of a track, and returns its length in sectors. Alcohol does not store
// the pre-gaps that it records, but Aaru does: the data file then has room for them before
// index 1.
func (b *builder) gap(s *disc.Session, t track, src *source, r runs.Run) int64 {
	room := (t.offset - src.used) / int64(r.Size())
	gap := min(t.pregap, t.start-int64(b.end))
	first := len(s.Tracks) == 0
	switch {
	case b.dvd:
		return 0
	case first && s.Number == 1 && room == t.pregap:
		gap = t.pregap
	case first && s.Number == 1: // all sectors from address 0 on; those before it are not stored
		gap = t.start
	case first && room != gap: // the 150 sectors after the lead-in, which can be read only if they are stored
		return 0
	case !first && gap != t.start-int64(b.end):
		b.warn("%d sectors between tracks %d and %d belong to neither; they are treated as the pre-gap.", t.start-int64(b.end)-gap, t.point-1, t.point)
		gap = t.start - int64(b.end)
	}
	if room > 0 && room != gap {
		b.warn("The data of track %d begins %d sectors after that of the track before it in the data file, which does not match its pre-gap of %d sectors. They are ignored.", t.point, room, gap)
	}
	if gap == 0 {
		return 0
	}
	r.Start, r.Count, r.Offset = r.Start-disc.LBA(gap), gap, r.Offset-gap*int64(r.Size())
	if room != gap {
		r.From = nil
		if first {
			b.warn("The image does not contain the %d sectors before track %d. They are read as silence.", gap, t.point)
		}
	}
	b.list = append(b.list, r)
	return gap
}

// check warns of what contradicts the rest of a track block.
func (b *builder) check(t track, m disc.Mode) {
	if b.dvd {
		return
	}
	if (t.control&4 != 0) != (m != disc.Audio) {
		b.warn("The control bits of track %d contradict its mode, %v, which is used.", t.point, m)
	}
	if at := address(t.msf); at != disc.LBA(t.start) && decimal(t.msf) != disc.LBA(t.start) {
		b.warn("Track %d begins at address %d according to the table of contents in the image, but its data is that of address %d.", t.point, at, t.start)
	}
}

// decimal returns the address of an MSF in BCD, as some programs write it.
func decimal(msf [3]byte) disc.LBA {
	var n [3]int
	for i, b := range msf {
		n[i], _ = sector.FromBCD(b)
	}
	return disc.MSF{M: n[0], S: n[1], F: n[2]}.LBA()
}

// maxFiles is the largest number of files that the data of a track is split into.
const maxFiles = 100

// source opens the data files of a track.
func (b *builder) source(d descriptor, t track) (*source, error) {
	names := []string{"*.mdf"}
	if t.footer != 0 && t.files > 0 {
		if t.files > maxFiles {
			return nil, fmt.Errorf("its data is in %d files; at most %d are supported", t.files, maxFiles)
		}
		names = nil
		for i := range int(t.files) {
			n, err := d.name(t, i)
			if err != nil {
				return nil, err
			}
			names = append(names, n)
		}
	}
	key := strings.Join(names, "\x00")
	if s, ok := b.sources[key]; ok {
		return s, nil
	}
	if b.opened += len(names); b.opened > 2*maxFiles {
		return nil, fmt.Errorf("the image has more than %d data files", 2*maxFiles)
	}
	var all []format.Part
	for _, n := range names {
		p, err := b.open(n)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	s := &source{sized: format.Join(all...)}
	b.sources[key] = s
	return s, nil
}

// open opens a data file. An asterisk stands for the name of the descriptor.
func (b *builder) open(name string) (format.Part, error) {
	if strings.HasPrefix(name, "*.") {
		base := filepath.Base(b.files.Name())
		name = strings.TrimSuffix(base, filepath.Ext(base)) + name[1:]
	}
	p, n, err := b.files.FindBase(name)
	b.notices = append(b.notices, n...)
	return p, err
}

// layout returns how the sectors of the track are stored. The second result says that the
// descriptor leaves open whether sectors of mode 2 have a sub-header.
func (t track) layout(dvd bool) (runs.Layout, bool, error) {
	size, sub := t.size, runs.NoSub
	switch t.sub {
	case 0:
	case 8:
		size, sub = size-sector.SubSize, runs.Interleaved
	default:
		return runs.Layout{}, false, fmt.Errorf("unknown sub-channel mode %02Xh; 0 and 8 are supported", t.sub)
	}
	if dvd {
		if size == disc.SectorSize && sub == runs.NoSub {
			return runs.Mode1User, false, nil
		}
		return runs.Layout{}, false, fmt.Errorf("its sectors have %d bytes; those of a DVD have 2048", t.size)
	}
	if t.mode&7 == 6 {
		return runs.Layout{}, false, fmt.Errorf("unknown track mode %02Xh", t.mode)
	}
	l, guess, ok := runs.BySize(modes[t.mode&7], size)
	if !ok {
		return runs.Layout{}, false, fmt.Errorf("unknown track mode %02Xh with sectors of %d bytes", t.mode, t.size)
	}
	return l.WithSub(sub), guess, nil
}

// modes are the modes of tracks by the lower bits of the mode in their blocks, of which 6 is
// not used. 4 and 5 stand for sectors of form 1 and of form 2.
var modes = [8]disc.Mode{disc.Mode2, disc.Audio, disc.Mode1, disc.Mode2, disc.XA, disc.XA, 0, disc.Mode2}
