// Package raw opens and writes files of CD sectors that are larger than 2048 bytes, without
// a sheet that describes them (.bin, .img, .mdf, .raw). The name of the file does not matter.
//
// Sectors of 2352 bytes are recognized by the sync pattern and the header with the address
// (ECMA-130 14.2), also if sub-channels follow each of them: 96 bytes (2448), interleaved or
// planar, or 16 bytes of the Q sub-channel (2368), which their CRC shows. Sectors without
// sync pattern are recognized by the EDC of the first of them, or by a volume descriptor in
// sector 16:
//
//	2056  sub-header and user data of mode 2 form 1
//	2324  user data, EDC and the beginning of the ECC of mode 2 form 1, or user data of form 2
//	2328  the same with four more bytes: the EDC of form 2
//	2332  sub-header and 2324 bytes
//	2336  all but sync pattern and header: of mode 2, or of mode 1
//	2352  whole sectors whose sync patterns and headers are missing
//
// Programs that dump CDs as exactly as a drive can read them store the data sectors scrambled
// (ECMA-130 15 and annex B), and audio unchanged: redumper (.scram), which stores address 0
// after 45150 sectors, and DiscImageCreator (.scm). The sectors begin at any byte, because
// drives and recorders shift them; two headers that follow one another show where. They are
// searched for at the beginning and around address 0 of redumper, and throughout the file only
// if it has one of these names.
//
// Sectors alone identify the tracks only in part: a change of mode, audio after data, and,
// by the addresses in the headers, the beginning of a later session. Sub-channels identify
// all tracks, so files are written with them. A file of audio without sub-channels is not
// recognized.
package raw

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

// Format is the format of files of sectors without a sheet.
var Format = format.Format{
	Name: "raw", Extensions: []string{".bin"}, Open: open, Create: create,
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Sub | format.OnlyCD,
}

func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	head := make([]byte, min(f.Size, headBytes))
	n, err := f.ReadAt(head, 0)
	if err != nil && n < len(head) {
		return nil, fmt.Errorf("read the first sectors: %w", err)
	}
	l, ok := identify(head)
	if !ok {
		if l, ok, err = findScrambled(f, head); err != nil {
			return nil, err
		}
	}
	if !ok {
		return nil, format.ErrUnknown
	}
	size := f.Size - l.from
	s := &scanner{file: io.NewSectionReader(f, l.from, size), stored: l, count: size / int64(l.stride)}
	if l.Sub == runs.NoSub && s.count*int64(l.stride)+int64(l.at+l.Length) <= size {
		s.count++ // what would follow the last sector is missing
	}
	if s.count > format.MaxCDSectors {
		return nil, fmt.Errorf("it has %d sectors of %d bytes; a CD has at most %d", s.count, l.stride, format.MaxCDSectors)
	}
	toc, list := s.disc()
	// A dump that is shifted ends within a sector although all of it is there.
	if rest := size - s.count*int64(l.stride); rest > 0 && (!l.placed || f.Size%sector.Size != 0) {
		s.notices = append(s.notices, format.WithinSector(filepath.Base(f.Name()), rest))
	}
	if l.placed {
		s.notices = append(s.notices, l.descrambled(toc)...)
	}
	s.notices = append(s.notices, sheets(f, l.placed)...)
	return runs.New(f, runs.Codes(toc, list), list, s.notices...)
}

// sheets returns a notice if there is a sheet of the same name. What programs that dump
// scrambled sectors write as .toc is none.
func sheets(f *format.Files, dump bool) []disc.Notice {
	base := filepath.Base(f.Name())
	base = strings.TrimSuffix(base, filepath.Ext(base))
	defer f.CloseBeside()
	for _, ext := range []string{".cue", ".ccd", ".toc", ".mds"} {
		if dump && ext == ".toc" {
			continue
		}
		if p, _, err := f.Find(base + ext); err == nil && strings.EqualFold(p.Name, base+ext) {
			return []disc.Notice{{Severity: disc.Info, Text: fmt.Sprintf("There is a sheet beside the image, %q; open it to see all tracks of the disc.", p.Name)}}
		}
	}
	return nil
}

// scanner finds the tracks in a file of sectors.
type scanner struct {
	file    *io.SectionReader
	stored  stored
	count   int64 // sectors
	lost    bool  // the addresses in the headers are wrong
	notices []disc.Notice

	head [sector.XADataAt]byte // sync pattern, header and sub-header of the sector that look reads
}

func (s *scanner) warn(text string, args ...any) {
	s.notices = append(s.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(text, args...)})
}

// part is a run of sectors of one track.
type part struct {
	first, count int64      // sectors of the file
	start        disc.LBA   // address of the first sector
	kind         disc.Mode  // Audio, Mode1, or Mode2
	session      int        // number
	track        disc.Track // number, control bits and pre-gap, if the sub-channels contain them
}

// disc returns the table of contents and the runs.
func (s *scanner) disc() (disc.TOC, []runs.Run) {
	var parts []part
	switch {
	case s.stored.Sub != runs.NoSub:
		parts = s.byQ()
	case s.stored.sync:
		parts = s.bySync()
	}
	if len(parts) == 0 {
		parts = []part{{count: s.count, kind: s.stored.Mode, session: 1}}
	}
	var toc disc.TOC
	var list []runs.Run
	number := 0
	for _, p := range parts {
		if n := len(toc.Sessions); n == 0 || toc.Sessions[n-1].Number != p.session {
			toc.Sessions = append(toc.Sessions, disc.Session{Number: p.session})
		}
		number++
		k := p.track
		if k.Number == 0 {
			k.Number = number
		}
		if p.start < 0 { // the pre-gap before address 0 is stored
			k.Pregap = max(k.Pregap, min(-int64(p.start), p.count-1))
		}
		k.Start, k.Length = p.start+disc.LBA(k.Pregap), p.count-k.Pregap
		r := runs.Run{
			Layout: s.stored.Layout, Start: p.start, Count: p.count, From: s.file,
			Offset: p.first*int64(s.stored.stride) + int64(s.stored.at), Stride: s.stored.stride,
		}
		if r.Mode = p.kind; p.kind == disc.Mode2 {
			index1 := r
			index1.Offset += k.Pregap * int64(s.stored.stride)
			index1.Count = k.Length
			r.Mode = index1.Mode2()
		}
		k.Mode = r.Mode
		list = append(list, r)
		last := &toc.Sessions[len(toc.Sessions)-1]
		last.Tracks = append(last.Tracks, k)
	}
	return toc, list
}

// read returns the stored bytes of a sector, with its sub-channels. It returns nil if they
// cannot be read.
func (s *scanner) read(i int64) []byte {
	p := make([]byte, s.stored.stride)
	if n := s.readInto(p, i); n < s.stored.at+s.stored.Length {
		return nil
	}
	return p
}

// readInto reads the first bytes of what is stored of a sector. It returns the number of
// those that could be read.
func (s *scanner) readInto(p []byte, i int64) int {
	n, _ := s.file.ReadAt(p, i*int64(s.stored.stride))
	if s.stored.Scrambled {
		sector.Scramble(p)
	}
	return n
}

// sectors returns a number of sectors as text.
func sectors(n int64) string { return units.Count(int(n), "sector", "sectors") }
