// Package ccd opens and writes images of CloneCD: a sheet (.ccd), whole sectors of 2352
// bytes (.img) and planar sub-channels of 96 bytes (.sub). There is no public standard; the
// package follows existing images, the programs libmirage, Disc Image Creator and Aaru, and
// the emulator documentation of nocash.
//
// The sheet is a text of sections in brackets with lines KEY=VALUE:
//
//	[CloneCD]    Version: 3; 2 has no sections [TRACK n]
//	[Disc]       TocEntries, Sessions, DataTracksScrambled, CDTextLength, CATALOG (MCN)
//	[CDText]     Entries, Entry n: a pack of CD-TEXT, 16 bytes in hexadecimal, without CRC
//	[Session n]  PreGapMode: mode of the pre-gap; PreGapSubC
//	[Entry n]    an entry of a lead-in: Session, Point, ADR, Control (hexadecimal), TrackNo,
//	             AMin, ASec, AFrame, ALBA, Zero, PMin, PSec, PFrame, PLBA (not BCD)
//	[TRACK n]    MODE: 0 audio, 1, 2; ISRC; FLAGS; INDEX n
//
// PLBA and ALBA are the times as addresses, also if the fields contain no times. PLBA is the
// address on the disc; INDEX counts sectors from the first one of the session that is
// stored. The first session is stored from address 0 on. Further sessions follow without
// the lead-out, lead-in and pre-gap between them; some programs store all sectors of the
// disc instead, which the size of the file shows.
package ccd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

// Format is the format of CloneCD.
var Format = format.Format{
	Name: "CloneCD", Extensions: []string{".ccd"}, Open: open, Create: create, Beside: beside, Texts: texts,
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Text | format.Sub | format.OnlyCD,
}

// maxSheet is more than the largest sheet has, in bytes: 2048 packs of CD-TEXT, and 99 tracks
// with 99 indexes.
const maxSheet = 1 << 20

func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	p := make([]byte, min(f.Size, maxSheet))
	n, err := f.ReadAt(p, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the sheet: %w", err)
	}
	text := strings.TrimPrefix(string(p[:n]), "\ufeff")
	const first = "[CloneCD]"
	if start := strings.TrimLeft(text, " \t\r\n"); len(start) < len(first) || !strings.EqualFold(start[:len(first)], first) {
		return nil, format.ErrUnknown
	}
	if f.Size > maxSheet {
		return nil, fmt.Errorf("the sheet has %d bytes, which is more than a CloneCD sheet can have", f.Size)
	}
	s, err := parse(text)
	if err != nil {
		return nil, err
	}
	b := builder{sheet: s, notices: s.notices}
	if err := b.files(f); err != nil {
		return nil, err
	}
	if err := b.build(); err != nil {
		return nil, err
	}
	toc, list, short, err := runs.Shorten(b.toc, b.runs)
	if err != nil {
		return nil, err
	}
	return runs.New(f, runs.Codes(toc, list), list, append(b.notices, short...)...)
}

// builder makes a disc of a sheet.
type builder struct {
	*sheet
	img, sub *io.SectionReader // sub is nil if there are no sub-channels
	toc      disc.TOC
	runs     []runs.Run
	notices  []disc.Notice
}

func (b *builder) notice(s disc.Severity, text string, args ...any) {
	b.notices = append(b.notices, disc.Notice{Severity: s, Text: fmt.Sprintf(text, args...)})
}

// stem returns the name of a file without its extension.
func stem(name string) string { return strings.TrimSuffix(name, filepath.Ext(name)) }

// files opens the files of sectors and of sub-channels.
func (b *builder) files(f *format.Files) error {
	base := stem(filepath.Base(f.Name()))
	img, n, err := f.Find(base + ".img")
	if err != nil {
		return err
	}
	if n.Text != "" {
		b.notices = append(b.notices, n)
	}
	b.img = io.NewSectionReader(img, 0, img.Size)
	sub, n, err := f.Find(base + ".sub")
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && sub.Size == 0:
		b.notice(disc.Info, "The image has no sub-channels: the file %q is missing or empty.", base+".sub")
		return nil
	case err != nil:
		return err
	}
	if n.Text != "" {
		b.notices = append(b.notices, n)
	}
	if sectors := img.Size / sector.Size; sub.Size < sectors*sector.SubSize {
		b.notice(disc.Warning, "The sub-channel file has %d bytes instead of %d, and is ignored.", sub.Size, sectors*sector.SubSize)
		return nil
	}
	b.sub = io.NewSectionReader(sub, 0, sub.Size)
	return nil
}

// build makes the table of contents and the runs.
func (b *builder) build() error {
	b.toc.Catalog = b.catalog
	stored, err := b.place()
	if err != nil {
		return err
	}
	for i, s := range b.sessions {
		one := disc.Session{Number: s.number, CDI: s.kind == 0x10}
		if i == 0 {
			one.Text = sector.DecodeCDText(b.cdText)
		}
		for j := range s.tracks {
			one.Tracks = append(one.Tracks, b.track(s, j, stored[i]))
		}
		b.toc.Sessions = append(b.toc.Sessions, one)
	}
	return nil
}

// place returns for each session which sector of the file would have the address 0.
func (b *builder) place() ([]int64, error) {
	size := b.img.Size() / sector.Size
	if rest := b.img.Size() % sector.Size; rest > 0 {
		b.notice(disc.Warning, "The data file ends within a sector; its last %d bytes are ignored.", rest)
	}
	last := b.sessions[len(b.sessions)-1]
	if len(b.sessions) > 1 && size >= int64(last.leadOut) { // with all that is between sessions
		return make([]int64, len(b.sessions)), nil
	}
	for _, gap := range []int64{0, 150} { // of later sessions whose tracks have no INDEX 0
		at := int64(0)
		var list []int64
		for i, s := range b.sessions {
			start := s.first(i, gap)
			list = append(list, at-int64(start))
			at += int64(s.leadOut - start)
		}
		if gap > 0 && at != size {
			continue
		}
		if size == at || gap > 0 || len(b.sessions) == 1 || size < at {
			if gap > 0 {
				b.stored = gap
			}
			if size > at {
				b.notice(disc.Warning, "The data file is longer than the disc that the sheet describes; its last %s are ignored.", units.Count(int(size-at), "sector", "sectors"))
			}
			return list, nil
		}
	}
	return nil, fmt.Errorf("the data file has %d sectors, which do not match the %d sessions that the sheet describes", size, len(b.sessions))
}

// first returns the address of the first sector of the session in the file. gap is how many
// sectors before the first track are stored if the sheet does not say it.
func (s *session) first(index int, gap int64) disc.LBA {
	if index == 0 {
		return 0
	}
	t := s.tracks[0]
	if p := t.pregap(true); p > 0 {
		gap = p
	}
	return t.start - disc.LBA(gap)
}

// track adds a track and its run. base is the sector of the file with the address 0.
func (b *builder) track(s *session, j int, base int64) disc.Track {
	t := s.tracks[j]
	k := disc.Track{Number: t.number, Start: t.start, Control: disc.Control(t.control) &^ disc.Control(sector.QData), ISRC: t.isrc, Pregap: t.pregap(j == 0)}
	end := s.leadOut
	if j+1 < len(s.tracks) {
		next := s.tracks[j+1]
		end = next.start - disc.LBA(next.pregap(false))
	}
	if j == 0 {
		switch {
		case s == b.sessions[0]:
			k.Pregap = int64(t.start) // all that is stored before it
		case k.Pregap == 0:
			k.Pregap = b.stored
		}
	}
	k.Length = int64(end - t.start)
	for _, i := range t.indexes[min(len(t.indexes), 2):] {
		k.Indexes = append(k.Indexes, t.start+disc.LBA(i-t.indexes[1]))
	}
	start := k.Start - disc.LBA(k.Pregap)
	r := runs.Run{
		Layout: runs.Layout{Length: sector.Size, Scrambled: b.scrambled == 1}, Start: start, Count: k.Pregap + k.Length,
		From: b.img, Offset: (base + int64(start)) * sector.Size,
	}
	if b.sub != nil {
		r.Sub, r.SubFrom, r.SubOffset = runs.Planar, b.sub, (base+int64(start))*sector.SubSize
	}
	k.Mode = b.mode(t, r, k)
	r.Mode = k.Mode
	b.runs = append(b.runs, r)
	return k
}

// mode returns the mode of a track. The sectors know it best: sheets of some programs have
// a wrong one.
func (b *builder) mode(t *track, r runs.Run, k disc.Track) disc.Mode {
	data := t.control&sector.QData != 0
	said := disc.Audio
	switch {
	case t.mode == 2:
		said = disc.Mode2
	case t.mode == 1 || t.mode < 0 && data:
		said = disc.Mode1
	}
	at := r.Offset + k.Pregap*sector.Size
	var p [sector.Size]byte
	if n, _ := b.img.ReadAt(p[:], at); n < len(p) {
		return said
	}
	if r.Scrambled {
		sector.Scramble(p[:])
	}
	kind, ok := sector.Identify(p[:])
	found := disc.Audio
	switch {
	case ok && kind == sector.Mode1:
		found = disc.Mode1
	case ok && kind == sector.Mode0, !ok && data: // zeros, or damaged
		found = said
	case ok:
		found = disc.Mode2
	}
	if found == disc.Mode2 {
		index1 := r
		index1.Offset, index1.Count = at, k.Length
		index1.Mode = disc.Mode2
		found = index1.Mode2()
	}
	if found != said && (said != disc.Mode2 || found != disc.XA) {
		b.notice(disc.Warning, "Track %d has sectors of %v, but the sheet states %v.", t.number, found, said)
	}
	return found
}
