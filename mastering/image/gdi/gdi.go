// Package gdi reads the images of GD-ROMs, the discs of the Dreamcast: a sheet (.gdi), and a
// file for each track beside it.
//
// The format is that of emulators. The first line of the sheet is the number of tracks. Each
// other line is a track: its number, the address of its first sector, 4 for data or 0 for
// audio (the control bits), the bytes of each sector, the name of the file, in quotation
// marks if it has spaces, and the offset of the first sector in the file.
//
// Tracks 1 and 2 are on the inner area of the disc, which has the density of a CD. The area
// of high density begins at address 45000. It is treated as a second session.
package gdi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// Format is the format of images of GD-ROMs.
var Format = format.Format{
	Name: "GDI", Extensions: []string{".gdi"},
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes,
	Open:  open,
}

// maxSheet is the largest size of a sheet, in bytes: 99 lines with the longest names.
const maxSheet = 64 << 10

// open opens an image by its sheet.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	if f.Size > maxSheet {
		return nil, format.ErrUnknown
	}
	p := make([]byte, f.Size)
	if n, err := f.ReadAt(p, 0); n < len(p) {
		return nil, fmt.Errorf("read the sheet: %w", err)
	}
	lines := strings.Split(string(bytes.TrimPrefix(p, []byte("\xef\xbb\xbf"))), "\n")
	count, first, ok := recognize(lines)
	if !ok {
		return nil, format.ErrUnknown
	}
	b := &builder{files: f}
	for i, l := range lines[first:] {
		if strings.TrimSpace(l) == "" {
			continue
		}
		if err := b.line(l); err != nil {
			return nil, fmt.Errorf("line %d: %w", first+i+1, err)
		}
	}
	if b.number != count {
		return nil, fmt.Errorf("the sheet has %d tracks, but its first line says %d", b.number, count)
	}
	return runs.New(f, b.toc, b.list, b.notices...)
}

// recognize returns the number of tracks that a sheet begins with, and the line after it. It
// is a sheet if the line after that can be track 1.
func recognize(lines []string) (count, first int, ok bool) {
	for first < len(lines) && strings.TrimSpace(lines[first]) == "" {
		first++
	}
	if first+1 >= len(lines) {
		return 0, 0, false
	}
	count, err := strconv.Atoi(strings.TrimSpace(lines[first]))
	if err != nil || count < 1 || count > 99 {
		return 0, 0, false
	}
	for _, l := range lines[first+1:] {
		if strings.TrimSpace(l) != "" {
			t, err := parse(l)
			return count, first + 1, err == nil && t.number == 1
		}
	}
	return 0, 0, false
}

// track is a line of a sheet.
type track struct {
	number, control, size int
	start, offset         int64
	name                  string
}

// parse reads a line of a track.
func parse(line string) (track, error) {
	var n [4]int64
	rest := strings.TrimSpace(line)
	for i := range n {
		word, after := rest, ""
		if at := strings.IndexAny(rest, " \t"); at >= 0 {
			word, after = rest[:at], rest[at:]
		}
		var err error
		if n[i], err = strconv.ParseInt(word, 10, 32); err != nil || n[i] < 0 {
			return track{}, fmt.Errorf("%q is not a track: a number was expected instead of %q", strings.TrimSpace(line), word)
		}
		rest = strings.TrimSpace(after)
	}
	i := strings.LastIndexAny(rest, " \t")
	if i < 0 {
		return track{}, fmt.Errorf("%q is not a track: the file or its offset is missing", strings.TrimSpace(line))
	}
	offset, err := strconv.ParseInt(rest[i+1:], 10, 64)
	if err != nil || offset < 0 {
		return track{}, fmt.Errorf("the offset %q is not a number", rest[i+1:])
	}
	name := strings.Trim(strings.TrimSpace(rest[:i]), `"`)
	if name == "" || n[2] > 15 || n[3] > sector.Size {
		return track{}, fmt.Errorf("%q is not a track", strings.TrimSpace(line))
	}
	return track{int(n[0]), int(n[2]), int(n[3]), n[1], offset, name}, nil
}

// highDensity is the address of the area of high density. lastSector is the last address of
// a GD-ROM.
const (
	highDensity = 45000
	lastSector  = 549299
)

// builder makes a table of contents and runs of the lines of a sheet.
type builder struct {
	files   *format.Files
	toc     disc.TOC
	list    []runs.Run
	notices []disc.Notice
	number  int      // of the last track
	end     disc.LBA // after it
}

// line adds the track of a line.
func (b *builder) line(l string) error {
	t, err := parse(l)
	if err != nil {
		return err
	}
	if b.number++; t.number != b.number || t.number > 99 {
		return fmt.Errorf("track %d was expected instead of track %d", b.number, t.number)
	}
	p, n, err := b.files.FindBase(t.name)
	if err != nil {
		return err
	}
	b.notices = append(b.notices, n...)
	r, err := b.run(t, p)
	if err != nil {
		return err
	}
	if r.Start < b.end {
		return fmt.Errorf("track %d begins at address %d, but the track before it ends at %d", t.number, r.Start, b.end)
	}
	sessions := len(b.toc.Sessions)
	if sessions == 0 || r.Start >= highDensity && b.end <= highDensity {
		sessions++
		b.toc.Sessions = append(b.toc.Sessions, disc.Session{Number: sessions})
	}
	s := &b.toc.Sessions[sessions-1]
	k := disc.Track{Number: t.number, Mode: r.Mode, Start: r.Start, Length: r.Count, Control: disc.Control(t.control) &^ sector.QData}
	if gap := r.Start - b.end; len(s.Tracks) > 0 && gap > 0 { // not in the files
		k.Pregap = int64(gap)
		b.list = append(b.list, runs.Run{Layout: runs.Layout{Mode: r.Mode}, Start: b.end, Count: k.Pregap})
	}
	b.list = append(b.list, r)
	s.Tracks = append(s.Tracks, k)
	b.end = r.End()
	return nil
}

// run returns the run of the sectors of a track, which are all that the file has.
func (b *builder) run(t track, p format.Part) (runs.Run, error) {
	mode := disc.Audio
	if t.control&sector.QData != 0 {
		mode = disc.Mode1
	}
	r := runs.Run{Start: disc.LBA(t.start), From: io.NewSectionReader(p, 0, p.Size), Offset: t.offset}
	if mode != disc.Audio && t.size == sector.Size {
		var head [sector.Size]byte
		_, _ = p.ReadAt(head[:], t.offset) // a file that is too short is found below
		if k, ok := sector.Identify(head[:]); ok && k >= sector.Mode2 {
			mode = disc.Mode2
		}
	}
	if t.size == sector.Mode2Size {
		mode = disc.Mode2
	}
	l, guess, ok := runs.BySize(mode, t.size)
	if !ok {
		return r, fmt.Errorf("sectors of %d bytes are not possible in a track of type %d", t.size, t.control)
	}
	r.Layout = l
	r.Count = max(0, p.Size-t.offset) / int64(t.size)
	switch end := r.End(); {
	case r.Count == 0:
		return r, fmt.Errorf("the file %q has no whole sector after byte %d", p.Name, t.offset)
	case end > lastSector+1:
		return r, fmt.Errorf("track %d ends at address %d; a GD-ROM ends at %d", t.number, end-1, lastSector)
	case r.Start < highDensity && end > highDensity:
		return r, fmt.Errorf("track %d is in both areas of the disc: from address %d to %d", t.number, r.Start, end-1)
	}
	if rest := (p.Size - t.offset) % int64(t.size); rest != 0 {
		b.notices = append(b.notices, format.WithinSector(p.Name, rest))
	}
	if guess {
		r.Mode = r.Mode2()
	}
	return r, nil
}
