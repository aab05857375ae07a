package discfile

import (
	"context"
	"errors"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// Pressed returns the file and the state of a pressed disc with the contents of an image.
// Closing the file closes the image. cd: it is a CD.
func Pressed(d disc.Disc, cd bool) (*File, *State) {
	toc := d.TOC()
	n := disc.Sectors(d)
	st := &State{Sectors: n, Final: true, MCN: toc.Catalog}
	for i, s := range toc.Sessions {
		one := Session{Closed: true}
		xa := false
		for _, t := range s.Tracks {
			k := Track{
				Start: int64(t.Start), Size: t.Length, Next: int64(t.End()), Closed: true, Pregap: t.Pregap,
				Control: sector.ControlOf(t), XA: t.Mode == disc.XA, Mode2: t.Mode == disc.Mode2, ISRC: t.ISRC,
			}
			for _, at := range t.Indexes {
				k.Indexes = append(k.Indexes, int64(at))
			}
			xa = xa || k.XA
			one.Tracks = append(one.Tracks, k)
			one.LeadOut = k.Next
		}
		switch {
		case s.CDI:
			one.Type = TypeCDI
		case xa:
			one.Type = TypeXA
		}
		if i == 0 && len(s.Text) > 0 {
			st.CDText, _ = sector.EncodeCDText(s)
		}
		st.Sessions = append(st.Sessions, one)
	}
	return &File{image: sector.AllForms(d), sectors: n, cd: cd, base: -1, readOnly: true}, st
}

// Types of a session in its lead-in (MMC-6 6.25).
const (
	TypeROM = 0x00 // CD-DA and CD-ROM
	TypeCDI = 0x10
	TypeXA  = 0x20
)

// readImage fills p with the user data of sectors of a pressed disc from lba on. It returns
// disc.ErrForm at a sector without such data.
func (s *File) readImage(p []byte, lba int64) error {
	n, err := s.image.ReadSectors(context.Background(), p, disc.LBA(lba), disc.User)
	if n*userBytes == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return err
}
