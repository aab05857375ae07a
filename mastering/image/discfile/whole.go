package discfile

import (
	"context"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// Sizes in the file of a CD.
const (
	subBytes    = sector.SubSize
	mode2Bytes  = sector.Mode2Size
	leadOutRoom = 7500 // sectors after the end of the medium whose sub-channels are stored
)

// subBase returns the offset of the sub-channels of a CD with that many sectors.
func subBase(sectors int64) int64 { return sectors*rawBytes + Pregap*rawBytes }

// subSectors returns the number of sectors whose sub-channels are stored.
func subSectors(sectors int64) int64 { return sectors + leadOutRoom - LeadInStart }

// HasSub reports whether the file has space for sub-channels: it is that of a CD, and not of
// version 1 of the format.
func (s *File) HasSub() bool { return s.cd && s.version > 1 }

// WriteWhole writes a whole sector of a CD, 2352 bytes: of audio (AtAudio), or of an area with
// this value of At.
func (s *File) WriteWhole(p []byte, lba int64, at int) error {
	if lba < 0 {
		return s.writePregap(p, lba)
	}
	if _, err := s.f.WriteAt(p[at:at+userBytes], lba*userBytes); err != nil {
		return err
	}
	rest := p[userBytes:rawBytes]
	if at > 0 {
		rest = append(append(make([]byte, 0, restBytes), p[:at]...), p[at+userBytes:rawBytes]...)
	}
	_, err := s.f.WriteAt(rest, s.sectors*userBytes+lba*restBytes)
	return err
}

// readWhole fills p with a whole sector that WriteWhole has written.
func (s *File) readWhole(p []byte, lba int64, at int) error {
	if lba < 0 {
		return s.readPregap(p, lba)
	}
	var rest [restBytes]byte
	if _, err := s.f.ReadAt(p[at:at+userBytes], lba*userBytes); err != nil {
		return err
	}
	if _, err := s.f.ReadAt(rest[:], s.sectors*userBytes+lba*restBytes); err != nil {
		return err
	}
	copy(p, rest[:at])
	copy(p[at+userBytes:rawBytes], rest[at:])
	return nil
}

// WriteSub writes the sub-channels P to W of sectors from lba on, interleaved, 96 bytes each.
func (s *File) WriteSub(p []byte, lba int64) error {
	_, err := s.f.WriteAt(p, subBase(s.sectors)+(lba-LeadInStart)*subBytes)
	return err
}

// ReadSub fills p with sub-channels that WriteSub has written.
func (s *File) ReadSub(p []byte, lba int64) error {
	_, err := s.f.ReadAt(p, subBase(s.sectors)+(lba-LeadInStart)*subBytes)
	return err
}

// Reader reads the sectors of a CD, or of a pressed disc, in all forms. What is not stored is
// generated.
type Reader struct {
	file *File
	st   *State
	toc  disc.TOC
}

// NewReader returns a reader of the sectors of a disc in a state.
func NewReader(f *File, st *State) *Reader { return &Reader{f, st, st.tracks(true)} }

// TOC returns the table of contents of the disc, without CD-TEXT.
func (r *Reader) TOC() disc.TOC { return r.toc }

// Whole fills p, 2352 bytes, with the whole sector at lba, which must be part of a track or
// of a pre-gap. It returns disc.ErrForm if that is not stored and cannot be generated.
func (r *Reader) Whole(p []byte, lba int64) error {
	if r.file.image != nil {
		return pressedForm(r.file.image, p[:rawBytes], lba, disc.Raw)
	}
	if a, ok := r.st.AreaAt(lba); ok {
		return r.file.readWhole(p, lba, a.At)
	}
	mode := disc.Mode1
	if t, ok := r.toc.TrackAt(disc.LBA(lba)); ok {
		mode = t.Mode
	}
	if mode == disc.Audio {
		return r.file.readWhole(p, lba, AtAudio)
	}
	var user [rawBytes]byte // before address 0, the place of a whole sector
	var err error
	if lba < 0 {
		err = r.file.readPregap(user[:], lba)
	} else {
		err = r.file.ReadUser(user[:userBytes], lba)
	}
	switch {
	case err != nil:
	case mode == disc.XA:
		sector.EncodeForm1(p[:rawBytes], user[:userBytes], disc.LBA(lba))
	default:
		sector.EncodeMode1(p[:rawBytes], user[:userBytes], disc.LBA(lba))
	}
	return err
}

// Sub fills p, 96 bytes, with the sub-channels P to W of the sector at lba, interleaved.
func (r *Reader) Sub(p []byte, lba int64) error {
	if r.file.image != nil {
		var whole [rawBytes + subBytes]byte
		err := pressedForm(r.file.image, whole[:], lba, disc.RawSub)
		copy(p, whole[rawBytes:])
		return err
	}
	if a, ok := r.st.AreaAt(lba); ok && a.Sub {
		return r.file.ReadSub(p[:subBytes], lba)
	}
	sector.PutSubChannels(p, r.toc, disc.LBA(lba))
	return nil
}

// pressedForm reads one sector of an image.
func pressedForm(d disc.Disc, p []byte, lba int64, f disc.Form) error {
	n, err := d.ReadSectors(context.Background(), p, disc.LBA(lba), f)
	if n == 1 {
		return nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return err
}
