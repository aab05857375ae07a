package cue

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// part is a run of sectors of the disc that goes into a file.
type part struct {
	start, end disc.LBA
	file       int // index in sheet.Files
	mode       disc.Mode
}

// create writes a disc as a sheet and one file of sectors of 2352 bytes, or one for each
// track.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, o format.Options, rep progress.Reporter) error {
	s, parts, packs := describe(filepath.Base(out.Path()), d.TOC(), o)
	total := int64(0)
	for _, p := range parts {
		total += int64(p.end-p.start) * sector.Size
	}
	rep.Phase(progress.Writing, total)
	for name, p := range packs {
		f, err := out.CreateBeside(name)
		if err != nil {
			return err
		}
		if _, err := f.Write(p); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	for i, f := range s.Files {
		if err := write(ctx, out, d, f.Name, parts, i, rep); err != nil {
			return err
		}
	}
	w, err := out.Create()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, s.String()); err != nil {
		return fmt.Errorf("write the CUE sheet: %w", err)
	}
	return nil
}

// write writes a file of sectors.
func write(ctx context.Context, out *newfile.Set, d disc.Disc, name string, parts []part, file int, rep progress.Reporter) error {
	f, err := out.CreateBeside(name)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.file != file {
			continue
		}
		l := runs.Layout{Length: sector.Size, Mode: p.mode}
		if err := runs.Write(ctx, f, d, p.start, p.end, l, rep); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// beside returns the names of the files besides the sheet.
func beside(main string, toc disc.TOC, o format.Options) []string {
	s, _, _ := describe(main, toc, o)
	var names []string
	for _, f := range s.Files {
		names = append(names, f.Name)
	}
	for _, c := range s.CDText {
		names = append(names, c.Name)
	}
	return names
}

// describe makes the sheet of a disc, and lists the sectors of its files. packs are the
// contents of the files with CD-TEXT. main is the name of the sheet.
func describe(main string, toc disc.TOC, o format.Options) (s *sheet.Sheet, parts []part, packs map[string][]byte) {
	b := builder{Sheet: &sheet.Sheet{Catalog: toc.Catalog}, stem: strings.TrimSuffix(main, filepath.Ext(main)), split: o.FilePerTrack}
	for _, s := range toc.Sessions {
		b.tracks += len(s.Tracks)
	}
	packs = map[string][]byte{}
	for i, s := range toc.Sessions {
		text, p := b.text(i, s)
		if p != nil {
			packs[b.CDText[len(b.CDText)-1].Name] = p
		}
		for j, t := range s.Tracks {
			b.track(t, sheet.Session{Number: i + 1}, j == 0, s.CDI, text.Tracks[t.Number])
		}
	}
	return b.Sheet, b.parts, packs
}

// builder makes a sheet.
type builder struct {
	*sheet.Sheet
	stem   string // of the names of the files
	split  bool   // a file for each track
	tracks int
	parts  []part
	at     disc.LBA // after the track before
	pos    int64    // sectors in the file
}

// name returns the name of the file of a track, as Redump has them.
func (b *builder) name(track int) string {
	switch {
	case !b.split:
		return b.stem + ".bin"
	case b.tracks < 10:
		return fmt.Sprintf("%s (Track %d).bin", b.stem, track)
	}
	return fmt.Sprintf("%s (Track %02d).bin", b.stem, track)
}

// track adds a track. first says that it is the first one of its session.
func (b *builder) track(t disc.Track, s sheet.Session, first, cdi bool, text disc.Text) {
	if b.split || len(b.Files) == 0 {
		b.Files = append(b.Files, sheet.File{Name: b.name(t.Number), Type: "BINARY"})
		b.pos = 0
	}
	k := sheet.Track{Number: t.Number, Mode: modeName(t.Mode, cdi), Session: s, Control: t.Control, ISRC: t.ISRC, Text: text}
	start := max(0, t.Start-disc.LBA(t.Pregap))
	switch gap := int64(t.Start - b.at); {
	case first && s.Number > 1:
		k.Session.LeadOut.Sectors, k.Session.LeadIn.Sectors, k.Session.Pregap.Sectors = gap, 0, 0
		if gap > disc.LeadIn+disc.Pregap {
			k.Session.LeadOut.Sectors, k.Session.LeadIn.Sectors, k.Session.Pregap.Sectors = gap-disc.LeadIn-disc.Pregap, disc.LeadIn, disc.Pregap
		}
	case start > b.at: // sectors that the disc does not contain
		k.Pregap = int64(start - b.at)
	}
	file := len(b.Files) - 1
	if start < t.Start {
		k.Indexes = append(k.Indexes, sheet.Index{Number: 0, At: b.pos, File: file})
	}
	for i, at := range append([]disc.LBA{t.Start}, t.Indexes...) {
		k.Indexes = append(k.Indexes, sheet.Index{Number: i + 1, At: b.pos + int64(at-start), File: file})
	}
	b.Tracks = append(b.Tracks, k)
	b.parts = append(b.parts, part{start, t.End(), file, t.Mode})
	b.pos += int64(t.End() - start)
	b.at = t.End()
}

// modeName returns the mode of a track whose sectors are stored whole.
func modeName(m disc.Mode, cdi bool) string {
	switch {
	case m == disc.Audio:
		return "AUDIO"
	case m == disc.Mode1:
		return "MODE1/2352"
	case cdi:
		return "CDI/2352"
	}
	return "MODE2/2352"
}
