package ccd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// beside returns the names of the files of sectors and of sub-channels.
func beside(main string, _ disc.TOC, _ format.Options) []string {
	return []string{stem(main) + ".img", stem(main) + ".sub"}
}

// create writes the sheet, and all sectors with their sub-channels. Sub-channels that the
// disc does not store follow from its table of contents.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, o format.Options, rep progress.Reporter) error {
	toc := d.TOC()
	if n := disc.Sectors(d); n > format.MaxCDSectors {
		return fmt.Errorf("write CloneCD image: the disc has %d sectors; a CD has at most %d", n, format.MaxCDSectors)
	}
	main, err := out.Create()
	if err != nil {
		return err
	}
	var packs []byte
	if len(toc.Sessions) > 0 {
		packs, _ = sector.EncodeCDText(toc.Sessions[0])
	}
	if _, err := io.WriteString(main, describe(toc, packs)); err != nil {
		return fmt.Errorf("write the sheet: %w", err)
	}
	names := beside(filepath.Base(out.Path()), toc, o)
	var files [2]*bufio.Writer
	for i, name := range names {
		f, err := out.CreateBeside(name)
		if err != nil {
			return err
		}
		files[i] = bufio.NewWriterSize(f, 1<<20)
	}
	total := int64(0)
	for i := range toc.Sessions {
		start, end := span(toc, i)
		total += int64(end-start) * int64(disc.RawSub.Size())
	}
	rep.Phase(progress.Writing, total)
	for i := range toc.Sessions {
		start, end := span(toc, i)
		w := &splitter{sectors: files[0], sub: files[1]}
		if err := runs.Write(ctx, w, d, start, end, runs.Layout{Length: sector.Size, Sub: runs.Planar}, rep); err != nil {
			return err
		}
	}
	for i, f := range files {
		if err := f.Flush(); err != nil {
			return fmt.Errorf("write %s: %w", names[i], err)
		}
	}
	return nil
}

// texts returns what is kept of the CD-TEXT of a session.
func texts(s disc.Session, first bool) ([]disc.CDText, []disc.Notice) {
	if first {
		return sector.KeptCDText(s)
	}
	return nil, []disc.Notice{{Severity: disc.Warning, Text: fmt.Sprintf("The CD-TEXT of session %d is left out: a CloneCD image holds that of the first session only.", s.Number)}}
}

// span returns the addresses of the sectors of a session that are stored: with the pre-gap
// of its first track, from address 0 on.
func span(toc disc.TOC, index int) (start, end disc.LBA) {
	tracks := toc.Sessions[index].Tracks
	if len(tracks) == 0 {
		return 0, 0
	}
	if index > 0 {
		start = tracks[0].Start - disc.LBA(tracks[0].Pregap)
	}
	return start, tracks[len(tracks)-1].End()
}

// splitter writes sectors of 2448 bytes to two files.
type splitter struct {
	sectors, sub io.Writer
	done         int // bytes of the sector that were written
}

// Write implements io.Writer.
func (s *splitter) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		w, end := s.sectors, sector.Size
		if s.done >= sector.Size {
			w, end = s.sub, sector.Size+sector.SubSize
		}
		k, err := w.Write(p[n:min(len(p), n+end-s.done)])
		n += k
		if err != nil {
			return n, err
		}
		s.done = (s.done + k) % (sector.Size + sector.SubSize)
	}
	return n, nil
}

// describe makes the text of the sheet. packs are those of the CD-TEXT.
func describe(toc disc.TOC, packs []byte) string {
	var b strings.Builder
	line := func(text string, args ...any) { fmt.Fprintf(&b, text+"\r\n", args...) }
	var entries []sector.Entry
	for i := range toc.Sessions {
		entries = append(entries, sector.Entries(toc, i)...)
	}
	const packSize = 18
	line("[CloneCD]\r\nVersion=3\r\n[Disc]")
	line("TocEntries=%d\r\nSessions=%d\r\nDataTracksScrambled=0\r\nCDTextLength=%d", len(entries), len(toc.Sessions), len(packs))
	if toc.Catalog != "" {
		line("CATALOG=%s", toc.Catalog)
	}
	if len(packs) > 0 {
		line("[CDText]\r\nEntries=%d", len(packs)/packSize)
		for i := range len(packs) / packSize {
			line("Entry %d=% x", i, packs[i*packSize:i*packSize+16])
		}
	}
	for _, s := range toc.Sessions {
		mode := 0
		if len(s.Tracks) > 0 {
			mode = modeNumber(s.Tracks[0].Mode)
		}
		line("[Session %d]\r\nPreGapMode=%d\r\nPreGapSubC=%d", s.Number, mode, mode/2)
	}
	for i, e := range entries {
		line("[Entry %d]\r\nSession=%d\r\nPoint=0x%02x\r\nADR=0x%02x\r\nControl=0x%02x\r\nTrackNo=0", i, e.Session, e.Point, e.Mode, e.Control)
		line("AMin=%d\r\nASec=%d\r\nAFrame=%d\r\nALBA=%d\r\nZero=%d", e.Time.M, e.Time.S, e.Time.F, frames(e.Time), e.Zero)
		line("PMin=%d\r\nPSec=%d\r\nPFrame=%d\r\nPLBA=%d", e.Value.M, e.Value.S, e.Value.F, frames(e.Value))
	}
	for i, s := range toc.Sessions {
		base, _ := span(toc, i)
		for _, t := range s.Tracks {
			describeTrack(line, t, base)
		}
	}
	return b.String()
}

// describeTrack writes the section of a track. base is the first stored sector of its
// session.
func describeTrack(line func(string, ...any), t disc.Track, base disc.LBA) {
	line("[TRACK %d]\r\nMODE=%d", t.Number, modeNumber(t.Mode))
	if t.ISRC != "" {
		line("ISRC=%s", t.ISRC)
	}
	if flags := flagNames(t.Control); flags != "" {
		line("FLAGS=%s", flags)
	}
	start := t.Start - base
	if pregap := min(t.Pregap, int64(start)); pregap > 0 {
		line("INDEX 0=%d", int64(start)-pregap)
	}
	line("INDEX 1=%d", start)
	for i, at := range t.Indexes {
		line("INDEX %d=%d", i+2, at-base)
	}
}

// frames returns a time as the address that the sheet has for it, even if it is not a time.
func frames(m disc.MSF) int64 { return m.Sectors() - disc.Pregap }

// modeNumber returns the mode of a track as the sheet has it.
func modeNumber(m disc.Mode) int {
	switch m {
	case disc.Audio:
		return 0
	case disc.Mode1:
		return 1
	}
	return 2
}

// flagNames returns the control bits as the sheet has them: " DCP PRE".
func flagNames(c disc.Control) string {
	s := ""
	for _, f := range []struct {
		bit  disc.Control
		name string
	}{{disc.FourChannels, " 4CH"}, {disc.CopyPermitted, " DCP"}, {disc.PreEmphasis, " PRE"}} {
		if c&f.bit != 0 {
			s += f.name
		}
	}
	return s
}
