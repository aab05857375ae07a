package discfile

import (
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// Format is the format of disc files. They are made by a recorder, not by copying a
// disc.
var Format = format.Format{
	Name: "virtual disc", Extensions: []string{".gmdisc"}, Open: open,
	Holds: format.Audio | format.Tracks | format.Sessions | format.Codes | format.Text,
}

// ErrBlank is returned for a disc on which nothing was burned.
var ErrBlank = errors.New("the virtual disc is blank: there is nothing on it to read")

// open opens a disc file as a disc. It takes no lock: what a recorder has burned does not
// change, but by blanking or overwriting the disc.
func open(_ context.Context, f *format.Files) (disc.Disc, error) {
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, format.ErrUnknown // such as a drive
	}
	s := &File{f: f.File, locked: true}
	st, err := s.load()
	if err != nil {
		return nil, err
	}
	if st == nil {
		return nil, format.ErrUnknown
	}
	toc := st.TOC()
	if len(toc.Sessions) == 0 {
		return nil, ErrBlank
	}
	if t, ok := oneTrack(toc); ok && st.Format.End() == 0 {
		size := t.Length * disc.SectorSize
		return disc.FromReaderAt(io.NewSectionReader(f, 0, size), size, f.Close), nil
	}
	return &recorded{s, toc, f, st.Format.End() > 0}, nil
}

// oneTrack returns the only track of a disc, where that is data from address 0 on.
func oneTrack(toc disc.TOC) (disc.Track, bool) {
	if len(toc.Sessions) != 1 || len(toc.Sessions[0].Tracks) != 1 {
		return disc.Track{}, false
	}
	t := toc.Sessions[0].Tracks[0]
	return t, t.Start == 0 && t.Mode == disc.Mode1
}

// TOC returns what can be read of a disc in that state: closed tracks, and all of a
// medium that is overwritten in place.
func (s *State) TOC() disc.TOC {
	toc := disc.TOC{Catalog: s.MCN}
	if n := s.Format.End(); n > 0 {
		t := disc.Track{Number: 1, Mode: disc.Mode1, Length: n}
		toc.Sessions = []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}
		return toc
	}
	number := 0
	for i := range s.Sessions {
		one := disc.Session{Number: i + 1}
		for j := range s.Sessions[i].Tracks {
			number++
			t := &s.Sessions[i].Tracks[j]
			if n := t.Next - t.RunOut - t.Start; t.Complete() && n > 0 && (s.Sessions[i].Closed || !s.Sessions[i].AtOnce) {
				one.Tracks = append(one.Tracks, t.disc(number, n))
			}
		}
		if len(one.Tracks) > 0 {
			toc.Sessions = append(toc.Sessions, one)
		}
	}
	if len(toc.Sessions) > 0 {
		toc.Sessions[0].Text = sector.DecodeCDText(s.CDText)
	}
	return toc
}

// disc returns the track of that number as the track of a disc, n sectors long.
func (t *Track) disc(number int, n int64) disc.Track {
	d := disc.Track{
		Number: number, Mode: disc.Audio, Start: disc.LBA(t.Start), Length: n, Pregap: t.Pregap, ISRC: t.ISRC,
		Control: disc.Control(t.Control) & (disc.PreEmphasis | disc.CopyPermitted | disc.FourChannels),
	}
	switch {
	case t.Control&4 == 0:
	case t.XA:
		d.Mode = disc.XA
	default:
		d.Mode = disc.Mode1
	}
	return d
}

// recorded is a disc of several tracks.
type recorded struct {
	file  *File
	toc   disc.TOC
	files *format.Files

	overwritable bool
}

func (r *recorded) TOC() disc.TOC { return r.toc }

// Overwritable implements disc.Overwritable.
func (r *recorded) Overwritable() bool { return r.overwritable }

func (r *recorded) Close() error { return r.files.Close() }

// ReadSectors delivers the user data of data tracks and the whole sectors of audio
// tracks: no other part of a sector is certain to have been written.
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
			return n, fmt.Errorf("read sector %d: it is in no track of the disc", at)
		case (t.Mode == disc.Audio) != (f == disc.Raw):
			return n, disc.ErrForm
		}
		k := min(len(p)/size-n, int(t.End()-at))
		if at < t.Start {
			k = min(k, int(t.Start-at))
		}
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
	for size := f.Size(); len(p) > 0; p, lba = p[size:], lba+1 {
		var one [disc.RawSectorSize]byte
		if err := r.file.ReadRaw(one[:], int64(lba)); err != nil {
			return err
		}
		copy(p[:size], one[:])
	}
	return nil
}
