package discfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// Format is the format of disc files. It has no Create: only a recorder writes them.
var Format = format.Format{
	Name: "virtual disc", Extensions: []string{".gmdisc"}, Open: open,
	Holds: format.Audio | format.Tracks | format.Sessions | format.Raw | format.Indexes | format.Codes | format.Text | format.Sub,
}

// Errors of a disc without a track that can be read.
var (
	ErrBlank     = errors.New("the virtual disc is blank; there is nothing to read")
	ErrNotClosed = errors.New("no track of the virtual disc is complete, so nothing on it can be read: a burn was interrupted, or is still running")
)

// ErrUnreadable is in the chain of the error of a disc whose only session was written raw, and
// cannot be read.
var ErrUnreadable = errors.New("no drive can read the session that was written to the virtual disc; write another disc")

// open opens a disc file as a disc. It does not lock the file, so that a disc can be read
// while it is in a recorder. The tracks are those at the time of opening.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	host, ok := f.Host()
	if !ok {
		return nil, format.ErrUnknown // compressed
	}
	if info, err := host.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, format.ErrUnknown // a device, for example
	}
	s := &File{f: host, readOnly: true}
	st, err := s.load()
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, format.ErrUnknown
	}
	toc := st.TOC(s.cd)
	switch {
	case len(toc.Sessions) > 0:
	case st.bad() != "":
		return nil, fmt.Errorf("%w: %s", ErrUnreadable, st.bad())
	case len(st.Sessions) > 0:
		return nil, ErrNotClosed
	default:
		return nil, ErrBlank
	}
	d := &recorded{file: s, st: st, toc: toc, files: f, overwritable: st.overwritten(), notices: st.notices()}
	if t, ok := onlyTrack(toc); ok && !d.overwritable && len(d.notices) == 0 && len(st.Areas) == 0 {
		size := t.Length * disc.SectorSize
		return disc.FromReaderAt(userData{io.NewSectionReader(f, 0, size), d}, size, f.Close), nil
	}
	return d, nil
}

// userData is the user data of a disc with one track.
type userData struct {
	*io.SectionReader
	disc *recorded
}

// ReadsFile implements the ability of disc.ReadsFile.
func (u userData) ReadsFile(file fs.FileInfo) bool { return u.disc.ReadsFile(file) }

// onlyTrack returns the track of a disc that has only one, which is a data track and
// starts at address 0.
func onlyTrack(toc disc.TOC) (disc.Track, bool) {
	if len(toc.Sessions) != 1 || len(toc.Sessions[0].Tracks) != 1 {
		return disc.Track{}, false
	}
	t := toc.Sessions[0].Tracks[0]
	return t, t.Start == 0 && t.Mode == disc.Mode1
}

// Characters of a media catalogue number, and with the capital letters of an ISRC.
const (
	digits   = "0123456789"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// overwritten reports whether the disc is formatted to be overwritten in place. It then
// has no sessions.
func (s *State) overwritten() bool { return s.Format.End() > 0 }

// TOC returns what can be read of a valid state: the tracks that are complete, or the
// formatted part of a disc that is overwritten in place. cd: the disc is a CD.
func (s *State) TOC(cd bool) disc.TOC {
	toc := s.tracks(cd)
	if len(toc.Sessions) > 0 && toc.Sessions[0].Number == 1 {
		toc.Sessions[0].Text = sector.DecodeCDText(s.CDText)
	}
	return toc
}

// tracks returns the table of contents without CD-TEXT, which takes long to decode.
func (s *State) tracks(cd bool) disc.TOC {
	toc := disc.TOC{}
	if only(s.MCN, 13, digits) {
		toc.Catalog = s.MCN
	}
	if s.overwritten() {
		t := disc.Track{Number: 1, Mode: disc.Mode1, Length: s.Format.End()}
		toc.Sessions = []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}
		return toc
	}
	if s.Jump != nil && s.Jump.On {
		return s.jumpTOC()
	}
	number := 0
	for i := range s.Sessions {
		one := disc.Session{Number: i + 1, CDI: cd && s.Sessions[i].Type == TypeCDI}
		for j := range s.Sessions[i].Tracks {
			number++
			if t := &s.Sessions[i].Tracks[j]; s.Sessions[i].Readable(t) && t.ReadableEnd() > t.Start {
				one.Tracks = append(one.Tracks, t.disc(number, cd))
			}
		}
		if len(one.Tracks) > 0 {
			toc.Sessions = append(toc.Sessions, one)
		}
	}
	return toc
}

// bad returns why the last session that cannot be read cannot be read, or "".
func (s *State) bad() string {
	for i := len(s.Sessions) - 1; i >= 0; i-- {
		if b := s.Sessions[i].Bad; b != "" {
			return b
		}
	}
	return ""
}

// notices says which session is not closed, if tracks of it were written, or cannot be read.
func (s *State) notices() []disc.Notice {
	if b := s.bad(); b != "" {
		return []disc.Notice{{Severity: disc.Error, Text: fmt.Sprintf("No drive can read one of the %d sessions of the disc: %s.", len(s.Sessions), b), Advice: "write another disc"}}
	}
	o := s.OpenSession()
	if o == nil || s.overwritten() {
		return nil
	}
	missing := 0
	for i := range o.Tracks {
		if !o.Readable(&o.Tracks[i]) {
			missing++
		}
	}
	text := fmt.Sprintf("Session %d of the disc is not closed: a burn was interrupted, or is still running.", len(s.Sessions))
	switch {
	case len(o.Tracks) == 0:
		return nil
	case missing > 0:
		text += " The part of it that is not complete is left out."
	default:
		text += " Other drives may not find its contents."
	}
	return []disc.Notice{{Severity: disc.Warning, Text: text}}
}

// disc returns the track with this number as the track of a disc. The control field of a
// DVD or BD track has no control bits.
func (t *Track) disc(number int, cd bool) disc.Track {
	d := disc.Track{Number: number, Mode: disc.Audio, Start: disc.LBA(t.Start), Length: t.ReadableEnd() - t.Start, Pregap: t.Pregap}
	if cd {
		d.Control = disc.Control(t.Control) & (disc.PreEmphasis | disc.CopyPermitted | disc.FourChannels)
	}
	if only(t.ISRC, 12, digits+capitals) {
		d.ISRC = t.ISRC
	}
	switch {
	case t.IsAudio():
	case t.XA:
		d.Mode = disc.XA
	case t.Mode2:
		d.Mode = disc.Mode2
	default:
		d.Mode = disc.Mode1
	}
	for _, at := range t.Indexes {
		if at <= t.ReadableEnd() {
			d.Indexes = append(d.Indexes, disc.LBA(at))
		}
	}
	return d
}

// only reports whether s consists of n of these characters.
func only(s string, n int, characters string) bool {
	return len(s) == n && strings.Trim(s, characters) == ""
}
