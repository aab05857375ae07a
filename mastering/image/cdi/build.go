package cdi

import (
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// builder makes a table of contents and runs of the blocks of a descriptor.
type builder struct {
	files   *format.Files
	data    int64 // the sectors end before this offset
	toc     disc.TOC
	list    []runs.Run
	notices []disc.Notice
	number  int      // of the last track
	offset  int64    // of the next track in the file
	shift   int64    // added to the addresses
	end     disc.LBA // after the last track
}

func (b *builder) warn(format string, a ...any) {
	b.notices = append(b.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, a...)})
}

// disc reads the sessions, and then what concerns the whole disc.
func (b *builder) disc(c *cursor) error {
	for range c.short() {
		one := disc.Session{Number: len(b.toc.Sessions) + 1}
		for range c.short() {
			t := c.track()
			if c.err != nil {
				return c.err
			}
			if err := b.track(&one, t); err != nil {
				return fmt.Errorf("track %d, whose block ends at byte %d of the file: %w", b.number, c.base+int64(c.at), err)
			}
		}
		c.endSession()
		if len(one.Tracks) > 0 { // otherwise the session is open
			b.toc.Sessions = append(b.toc.Sessions, one)
		}
	}
	if c.err != nil {
		return c.err
	}
	if c.version == version35 {
		catalog, text := c.whole()
		b.toc.Catalog = catalog
		if len(b.toc.Sessions) > 0 {
			b.toc.Sessions[0].Text = text
		}
	}
	return nil
}

// first is the address that the descriptor counts as zero: the beginning of the pre-gap of
// the first track.
const first = -disc.Pregap

// track adds a track.
func (b *builder) track(s *disc.Session, t track) error {
	b.number++
	if b.number > 99 {
		return fmt.Errorf("there are more than 99 tracks")
	}
	l, ok := t.layout()
	if !ok {
		return fmt.Errorf("unknown track mode %d with read mode %d", t.mode, t.read)
	}
	pregap, sum := t.indexes[0], int64(0)
	for _, n := range t.indexes {
		sum += n
	}
	stored := t.length * int64(l.Size())
	switch {
	case t.length > disc.MaxSectors || t.start > disc.MaxSectors || pregap >= t.length || sum > disc.MaxSectors:
		return fmt.Errorf("it has %d sectors from address %d on and a pre-gap of %d, which is impossible", t.length, t.start, pregap)
	case stored > b.data-b.offset:
		return fmt.Errorf("its %d sectors of %d bytes do not fit between byte %d and the descriptor at byte %d", t.length, l.Size(), b.offset, b.data)
	case sum > t.length:
		b.notices = append(b.notices, disc.Notice{
			Text:   fmt.Sprintf("The image is truncated: track %d has %d sectors, but the image contains only %d of them.", b.number, sum, t.length),
			Advice: "copy or download the image again",
		})
	case sum < t.length:
		b.warn("The indexes of track %d add up to %d sectors, but the track has %d.", b.number, sum, t.length)
	}
	if b.number == 1 && t.start+pregap < -first { // not written by DiscJuggler
		b.shift = -first - t.start - pregap
		b.warn("The addresses in the image begin %d sectors before address 0, and are shifted to begin there.", b.shift)
	}
	r := runs.Run{
		Layout: l, Start: disc.LBA(t.start + first + b.shift), Count: t.length,
		From: io.NewSectionReader(b.files, 0, b.data), Offset: b.offset,
	}
	if r.Start < b.end && b.number > 1 {
		return fmt.Errorf("it begins at address %d, but the track before it ends at %d", r.Start, b.end)
	}
	if r.Mode == disc.Mode2 {
		r.Mode = afterGap(r, pregap).Mode2()
	}
	k := disc.Track{
		Number: b.number, Mode: r.Mode, Start: r.Start + disc.LBA(pregap), Length: t.length - pregap, Pregap: pregap,
		Control: disc.Control(t.control&15) &^ sector.QData, ISRC: t.isrc,
	}
	at := k.Start
	for _, n := range t.indexes[1 : len(t.indexes)-1] {
		if at += disc.LBA(n); n > 0 && at < k.End() {
			k.Indexes = append(k.Indexes, at)
		}
	}
	b.offset += stored
	b.end = r.End()
	b.list = append(b.list, r)
	s.Tracks = append(s.Tracks, k)
	return nil
}

// afterGap returns the run without the pre-gap, whose sectors can be of another kind.
func afterGap(r runs.Run, gap int64) runs.Run {
	r.Start += disc.LBA(gap)
	r.Count -= gap
	r.Offset += gap * int64(r.Size())
	return r
}

// layout returns how the sectors of a track are stored, by its mode and the way in which
// they were read: 0 user data, 1 with sub-header, 2 whole, 3 with P and Q, 4 with P to W.
func (t track) layout() (runs.Layout, bool) {
	if t.mode < 0 || t.mode > 2 || t.read < 0 || t.read > 4 {
		return runs.Layout{}, false
	}
	mode := [...]disc.Mode{disc.Audio, disc.Mode1, disc.Mode2}[t.mode]
	size := [...]int{disc.SectorSize, sector.Mode2Size, sector.Size, sector.Size, sector.Size}[t.read]
	l, _, ok := runs.BySize(mode, size)
	return l.WithSub([...]runs.Sub{3: runs.PQ, 4: runs.Interleaved}[t.read]), ok
}
