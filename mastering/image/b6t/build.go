package b6t

import (
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// builder makes a table of contents and runs of a descriptor.
type builder struct {
	files   *format.Files
	d       descriptor
	toc     disc.TOC
	list    []runs.Run
	notices []disc.Notice
	opened  map[string]*io.SectionReader
	numbers [100]bool // of the tracks
	end     disc.LBA  // after the last track
}

func (b *builder) warn(format string, a ...any) {
	b.notices = append(b.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, a...)})
}

// disc adds the sessions.
func (b *builder) disc() error {
	b.toc.Catalog = b.d.catalog
	for i, s := range b.d.sessions {
		if s.number != i+1 {
			b.warn("Session %d has the number %d in the image, which is ignored.", i+1, s.number)
		}
		one := disc.Session{Number: i + 1, CDI: s.cdi}
		if i == 0 {
			one.Text = b.d.text
		}
		for _, t := range s.tracks {
			if err := b.track(&one, t); err != nil {
				return fmt.Errorf("track %d: %w", t.number, err)
			}
		}
		if !b.d.dvd && s.end != int64(b.end) {
			b.warn("The lead-out of session %d begins at address %d according to the image, but its tracks end at %d, which is used.", i+1, s.end, b.end)
		}
		b.toc.Sessions = append(b.toc.Sessions, one)
	}
	return nil
}

// kinds are the modes of the kinds of tracks.
var kinds = [7]disc.Mode{1: disc.Audio, 2: disc.Mode1, 3: disc.Mode2, 4: disc.XA, 5: disc.XA, 6: disc.Mode1}

// track adds a track, whose sectors are in one data block or several.
func (b *builder) track(s *disc.Session, t track) error {
	limit := int64(disc.MaxSectors)
	if !b.d.dvd {
		limit = format.MaxCDSectors
	}
	first, end := t.start+t.pregap, t.start+t.length // of index 1, and after the last sector
	switch {
	case t.number < 1 || t.number > 99:
		return errors.New("track numbers are 1 to 99")
	case b.numbers[t.number]:
		return errors.New("two tracks have this number")
	case t.kind < 1 || t.kind >= len(kinds):
		return fmt.Errorf("unknown track mode %d", t.kind)
	case first < 0 || first >= end || end > limit:
		return fmt.Errorf("it has %d sectors from address %d on and a pre-gap of %d, which is impossible", t.length, t.start, t.pregap)
	case len(b.list) > 0 && disc.LBA(t.start) < b.end:
		return fmt.Errorf("it begins at address %d, but the track before it ends at %d", t.start, b.end)
	}
	b.numbers[t.number] = true
	k := disc.Track{
		Number: t.number, Mode: kinds[t.kind], Start: disc.LBA(first), Length: end - first, Pregap: t.pregap,
		Control: disc.Control(t.control) &^ sector.QData,
	}
	from := len(b.list)
	for at := t.start; at < end; {
		r, err := b.run(k.Mode, at, min(b.nextBlock(at), end))
		switch {
		case err != nil:
			return err
		case r.From == nil && int64(r.End()) > first:
			return fmt.Errorf("no data file contains its sectors from address %d on", max(at, first))
		case r.From == nil && (at < 0 || len(s.Tracks) == 0): // the pre-gap after a lead-in is not stored
			k.Pregap = first - int64(r.End())
		default:
			b.list = append(b.list, r)
		}
		at = int64(r.End())
	}
	b.settle(b.list[from:], &k)
	b.end = k.End()
	s.Tracks = append(s.Tracks, k)
	if (t.control&sector.QData != 0) != (k.Mode != disc.Audio) {
		b.warn("The control bits of track %d contradict its mode, %v, which is used.", t.number, k.Mode)
	}
	return nil
}

// settle gives the runs of a track the mode that its first sector shows, if the kind of the
// track leaves it open whether there are sub-headers.
func (b *builder) settle(list []runs.Run, k *disc.Track) {
	if k.Mode != disc.Mode2 {
		return
	}
	for _, r := range list {
		if r.End() <= k.Start {
			continue
		}
		skip := max(0, k.Start-r.Start)
		r.Start, r.Count, r.Offset = r.Start+skip, r.Count-int64(skip), r.Offset+int64(skip)*int64(r.Size())
		k.Mode = r.Mode2()
		break
	}
	for i := range list {
		list[i].Mode = k.Mode
	}
}

// blockAt returns the data block that contains a sector.
func (b *builder) blockAt(lba int64) (block, bool) {
	for _, k := range b.d.blocks {
		if lba >= k.start && lba < k.end() {
			return k, true
		}
	}
	return block{}, false
}

// nextBlock returns the address at which another data block begins, or the one with the
// sector ends.
func (b *builder) nextBlock(lba int64) int64 {
	if k, ok := b.blockAt(lba); ok {
		return k.end()
	}
	next := int64(disc.MaxSectors)
	for _, k := range b.d.blocks {
		if k.start > lba {
			next = min(next, k.start)
		}
	}
	return next
}

// run returns the run of sectors from start to before end, which are in one data block. It
// has no From if they are in none.
func (b *builder) run(m disc.Mode, start, end int64) (runs.Run, error) {
	r := runs.Run{Layout: runs.Layout{Length: sector.Size, Mode: m}, Start: disc.LBA(start), Count: end - start}
	k, ok := b.blockAt(start)
	if !ok {
		return r, nil
	}
	size, sub := int(k.bytes/k.sectors), runs.NoSub
	switch size {
	case sector.Size + runs.PQ.Size():
		size, sub = sector.Size, runs.PQ
	case sector.Size + sector.SubSize:
		size, sub = sector.Size, runs.Planar
	}
	l, _, ok := runs.BySize(m, size)
	if !ok || b.d.dvd && size != disc.SectorSize {
		return r, fmt.Errorf("sectors of %d bytes are not possible in %v", k.bytes/k.sectors, m)
	}
	src, err := b.source(k.name)
	if err != nil {
		return r, err
	}
	r.Layout = l.WithSub(sub)
	r.From, r.Offset = src, k.offset+(start-k.start)*int64(r.Size())
	return r, nil
}

// source opens a data file.
func (b *builder) source(name string) (*io.SectionReader, error) {
	if s, ok := b.opened[name]; ok {
		return s, nil
	}
	p, n, err := b.files.FindBase(name)
	b.notices = append(b.notices, n...)
	if err != nil {
		return nil, err
	}
	s := io.NewSectionReader(p, 0, p.Size)
	b.opened[name] = s
	return s, nil
}
