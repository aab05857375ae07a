package cue

import (
	"fmt"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
)

// layout places the sectors of the files on the disc.
//
// The time of an index is a position in its file, in sectors. An index reaches to the next
// one in the same file, or to the end of the file. So nothing depends on whether the gap
// before a track is in its own file or, as EAC writes it, in that of the track before.
type layout struct {
	sheet   *sheet.Sheet
	sources []source
	notices []disc.Notice

	toc  disc.TOC
	runs []runs.Run
	at   disc.LBA // of the next sector on the disc
	file int      // file of the index before; -1 before the first
	pos  int64    // position in that file, in sectors
	off  int64    // the same in bytes

	silent  int64 // sectors that no file contains
	skipped int64 // sectors of the file between this session and the next one
}

func (l *layout) warn(line int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if line > 0 {
		text = fmt.Sprintf("Line %d: %s", line, text)
	}
	l.notices = append(l.notices, disc.Notice{Severity: disc.Warning, Text: text})
}

// place makes the table of contents and the runs.
func (l *layout) place() error {
	l.toc.Catalog = l.sheet.Catalog
	l.file = -1
	l.dropIndexes()
	for i := range l.sheet.Tracks {
		if err := l.track(i); err != nil {
			return err
		}
		if l.silent > format.MaxCDSectors {
			return fmt.Errorf("line %d: the gaps that no file contains have %d sectors up to track %d, more than a CD has", l.sheet.Tracks[i].Line, l.silent, l.sheet.Tracks[i].Number)
		}
	}
	if l.at > format.MaxCDSectors {
		l.warn(0, "The disc ends at address %d; a CD has at most %d sectors.", l.at, format.MaxCDSectors)
	}
	return nil
}

// dropIndexes drops indexes from 2 on that are not before the next track. EAC finds indexes
// and gaps in different ways, so that an index may be in the gap after its track. Where
// sectors belong does not depend on it.
func (l *layout) dropIndexes() {
	for i := range len(l.sheet.Tracks) - 1 {
		k, next := &l.sheet.Tracks[i], l.sheet.Tracks[i+1].Indexes[0]
		for n := len(k.Indexes); n > 0; n-- {
			x := k.Indexes[n-1]
			if x.Number < 2 || x.File != next.File || x.At < next.At {
				break
			}
			l.warn(x.Line, "INDEX %02d of track %d is not before track %d, and is ignored.", x.Number, k.Number, l.sheet.Tracks[i+1].Number)
			k.Indexes = k.Indexes[:n-1]
		}
	}
}

// track places a track.
func (l *layout) track(i int) error {
	k := &l.sheet.Tracks[i]
	mode, err := l.mode(k)
	if err != nil {
		return err
	}
	if err := l.session(i, mode); err != nil {
		return err
	}
	t := disc.Track{Number: k.Number, Mode: mode.Mode, Control: k.Control, ISRC: k.ISRC}
	first := l.at
	if !l.standardPregap(i, mode) {
		l.silence(k.Pregap, mode)
	}
	for j, x := range k.Indexes {
		if err := l.enter(k, x, mode); err != nil {
			return err
		}
		switch {
		case x.Number == 1:
			t.Start = l.at
		case x.Number > 1:
			t.Indexes = append(t.Indexes, l.at)
		}
		if err := l.take(i, j, mode); err != nil {
			return err
		}
	}
	l.silence(k.Postgap, mode)
	t.Pregap = int64(t.Start - first)
	t.Length = int64(l.at - t.Start)
	if t.Length == 0 {
		return fmt.Errorf("line %d: track %d has no sectors: the next track begins where it does, or the file ends there", k.Line, k.Number)
	}
	l.checkAddress(k, t, mode)
	s := &l.toc.Sessions[len(l.toc.Sessions)-1]
	s.Tracks = append(s.Tracks, t)
	s.CDI = s.CDI || strings.HasPrefix(k.Mode, "CDI/")
	return nil
}

// mode returns how the sectors of a track are stored.
func (l *layout) mode(k *sheet.Track) (runs.Layout, error) {
	switch k.Mode {
	case "AUDIO":
		return runs.AudioRaw, nil
	case "CDG":
		return runs.AudioRaw.WithSub(runs.Interleaved), nil
	case "MODE1/2048":
		return runs.Mode1User, nil
	case "MODE1/2352":
		return runs.Mode1Raw, nil
	case "MODE1/2448":
		return runs.Mode1Raw.WithSub(runs.Interleaved), nil
	case "MODE2/2048":
		return runs.XAForm1, nil
	case "MODE2/2324":
		return runs.XAForm2, nil
	case "MODE2/2336", "CDI/2336":
		return l.mode2(k, runs.Mode2Data), nil
	case "MODE2/2352", "CDI/2352":
		return l.mode2(k, runs.Mode2Raw), nil
	case "MODE2/2448":
		return l.mode2(k, runs.Mode2Raw.WithSub(runs.Interleaved)), nil
	}
	return runs.Layout{}, fmt.Errorf("line %d: track mode %s is not supported", k.Line, k.Mode)
}

// mode2 returns the layout of a track in mode 2, with sub-headers or without, as its first
// sectors have it.
func (l *layout) mode2(k *sheet.Track, m runs.Layout) runs.Layout {
	src, off := l.first(k, m)
	m.Mode = runs.Run{Layout: m, Count: max(0, (src.size-off)/int64(m.Size())), From: src, Offset: off}.Mode2()
	return m
}

// first returns the file of index 1 of a track that was not placed yet, and its offset in
// bytes.
func (l *layout) first(k *sheet.Track, m runs.Layout) (source, int64) {
	x := k.Index(1)
	size := int64(m.Size())
	if x.File == l.file && x.At >= l.pos {
		return l.sources[x.File], l.off + (x.At-l.pos)*size
	}
	return l.sources[x.File], x.At * size
}

// enter goes to the position of an index.
func (l *layout) enter(k *sheet.Track, x sheet.Index, mode runs.Layout) error {
	if x.File == l.file {
		if x.At < l.pos {
			return fmt.Errorf("line %d: INDEX %02d of track %d is before the one that precedes it in the file", x.Line, x.Number, k.Number)
		}
		return nil
	}
	l.file, l.pos, l.off = x.File, 0, 0
	if x.At == 0 {
		return nil
	}
	if x.Number <= 1 && len(l.runs) > 0 {
		l.warn(x.Line, "the first %d sectors of the file %q are before the first index; they are treated as the pre-gap of track %d.", x.At, l.sources[x.File].name, k.Number)
	}
	return l.add(k, x, x.At, mode)
}

// take places the sectors from index j of track i to the next index.
func (l *layout) take(i, j int, mode runs.Layout) error {
	k := &l.sheet.Tracks[i]
	x := k.Indexes[j]
	src := l.sources[x.File]
	size := int64(mode.Size())
	var next *sheet.Index
	switch {
	case j+1 < len(k.Indexes):
		next = &k.Indexes[j+1]
	case i+1 < len(l.sheet.Tracks):
		next = &l.sheet.Tracks[i+1].Indexes[0]
	}
	if next == nil || next.File != x.File {
		l.remainder(src, size)
		return l.add(k, x, max(0, src.size-l.off)/size, mode)
	}
	n := next.At - x.At
	if n < 0 {
		return fmt.Errorf("line %d: the index is before the one in line %d, in the same file", next.Line, x.Line)
	}
	gap, err := l.storedGap(i, j, next, mode)
	if err != nil {
		return err
	}
	if err := l.add(k, x, n-gap, mode); err != nil {
		return err
	}
	l.pos, l.off, l.skipped = l.pos+gap, l.off+gap*size, gap
	return nil
}

// remainder reports that a file ends within a sector.
func (l *layout) remainder(src source, size int64) {
	if n := (src.size - l.off) % size; n > 0 {
		l.notices = append(l.notices, format.WithinSector(src.name, n))
	}
}

// add adds n sectors of the file to the disc.
func (l *layout) add(k *sheet.Track, x sheet.Index, n int64, mode runs.Layout) error {
	src := l.sources[l.file]
	bytes := n * int64(mode.Size())
	if src.sound && mode != runs.AudioRaw {
		return fmt.Errorf("line %d: track %d has the mode %s, but %q is a sound file", k.Line, k.Number, k.Mode, src.name)
	}
	if l.off+bytes > src.size {
		return fmt.Errorf("line %d: the file %q has %d bytes, but INDEX %02d of track %d needs %d of them; it is truncated, or not the file of this sheet",
			x.Line, src.name, src.size, x.Number, k.Number, l.off+bytes)
	}
	if n > 0 {
		if mode.Mode == disc.Audio && src.swap {
			mode = mode.Swapped()
		}
		l.runs = append(l.runs, runs.Run{Layout: mode, Start: l.at, Count: n, From: src, Offset: l.off})
	}
	l.at += disc.LBA(n)
	l.pos += n
	l.off += bytes
	return nil
}

// silence adds sectors that no file contains.
func (l *layout) silence(n int64, mode runs.Layout) {
	if n == 0 {
		return
	}
	l.runs = append(l.runs, runs.Run{Layout: runs.Layout{Mode: mode.Mode}, Start: l.at, Count: n})
	l.at += disc.LBA(n)
	l.silent += n
}
