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
	Holds: format.Audio | format.Tracks | format.Sessions | format.Codes | format.Text,
}

// Errors of a disc without a track that can be read.
var (
	ErrBlank     = errors.New("the virtual disc is blank; there is nothing to read")
	ErrNotClosed = errors.New("no track of the virtual disc is complete, so nothing on it can be read: a burn was interrupted, or is still running")
)

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
	case len(st.Sessions) > 0:
		return nil, ErrNotClosed
	default:
		return nil, ErrBlank
	}
	d := &recorded{file: s, toc: toc, files: f, overwritable: st.overwritten(), notices: st.notices()}
	if t, ok := onlyTrack(toc); ok && !d.overwritable && len(d.notices) == 0 {
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
	toc := disc.TOC{}
	if only(s.MCN, 13, digits) {
		toc.Catalog = s.MCN
	}
	if s.overwritten() {
		t := disc.Track{Number: 1, Mode: disc.Mode1, Length: s.Format.End()}
		toc.Sessions = []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}
		return toc
	}
	number := 0
	for i := range s.Sessions {
		one := disc.Session{Number: i + 1}
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
	if len(toc.Sessions) > 0 && toc.Sessions[0].Number == 1 {
		toc.Sessions[0].Text = sector.DecodeCDText(s.CDText)
	}
	return toc
}

// notices says which session is not closed, if tracks of it were written.
func (s *State) notices() []disc.Notice {
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
	default:
		d.Mode = disc.Mode1
	}
	return d
}

// only reports whether s consists of n of these characters.
func only(s string, n int, characters string) bool {
	return len(s) == n && strings.Trim(s, characters) == ""
}

// recorded is a disc of any number of tracks.
type recorded struct {
	disc.Memo
	file         *File
	toc          disc.TOC
	files        *format.Files
	overwritable bool
	notices      []disc.Notice
}

func (r *recorded) TOC() disc.TOC { return r.toc }

// Overwritable implements disc.Overwritable.
func (r *recorded) Overwritable() bool { return r.overwritable }

// Notices implements disc.Noticer.
func (r *recorded) Notices() []disc.Notice { return r.notices }

// ReadsFile implements the ability of disc.ReadsFile.
func (r *recorded) ReadsFile(file fs.FileInfo) bool {
	return r.files.ReadsFile(file)
}

func (r *recorded) Close() error { return r.files.Close() }

// ReadSectors delivers the user data of data tracks and the whole sectors of audio
// tracks. A recorder does not store the other parts of a sector.
func (r *recorded) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if f != disc.User && f != disc.Raw {
		return 0, disc.ErrForm
	}
	size := f.Size()
	for n := 0; n*size < len(p); {
		if err := ctx.Err(); err != nil {
			return n, err
		}
		at := lba + disc.LBA(n)
		t, ok := r.toc.TrackAt(at)
		switch {
		case int64(at) >= disc.Sectors(r):
			return n, io.EOF
		case !ok:
			return n, fmt.Errorf("read sector %d: it is not part of a track", at)
		case (t.Mode == disc.Audio) != (f == disc.Raw):
			return n, disc.ErrForm
		}
		end := t.End()
		if at < t.Start { // in the pre-gap
			end = t.Start
		}
		k := min(len(p)/size-n, int(end-at))
		if err := r.read(p[n*size:(n+k)*size], at, f); err != nil {
			return n, fmt.Errorf("read sector %d: %w", at, err)
		}
		n += k
	}
	return len(p) / size, nil
}

// read fills p with sectors of one track.
func (r *recorded) read(p []byte, lba disc.LBA, f disc.Form) error {
	if f == disc.User && lba >= 0 {
		return r.file.ReadUser(p, int64(lba))
	}
	var one [disc.RawSectorSize]byte
	for size := f.Size(); len(p) > 0; p, lba = p[size:], lba+1 {
		if err := r.file.ReadRaw(one[:], int64(lba)); err != nil {
			return err
		}
		copy(p[:size], one[:])
	}
	return nil
}
