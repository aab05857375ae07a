package cue

import (
	"errors"
	"fmt"
	"io/fs"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// english is the language code of texts whose language the sheet does not say.
const english = 0x09

// texts sets the CD-TEXT of all sessions: that of the files with packs, and of other
// sessions that of the commands. Those for the album belong to the first session.
func (l *layout) texts(f *format.Files) error {
	i := 0
	for n := range l.toc.Sessions {
		s := &l.toc.Sessions[n]
		text := disc.CDText{Language: english, Tracks: map[int]disc.Text{}}
		if n == 0 {
			text.Album, text.DiscID, text.Genre = l.sheet.Album, l.sheet.DiscID, l.sheet.Genre
		}
		for range s.Tracks {
			if k := l.sheet.Tracks[i]; k.Text != (disc.Text{}) {
				text.Tracks[k.Number] = k.Text
			}
			i++
		}
		if !text.Empty() {
			s.Text = []disc.CDText{text}
		}
	}
	for _, c := range l.sheet.CDText {
		packs, err := l.packs(f, c.Name, c.Line)
		if err != nil {
			return fmt.Errorf("line %d: %w", c.Line, err)
		}
		for n := range l.toc.Sessions {
			if s := &l.toc.Sessions[n]; s.Number == c.Session && len(packs) > 0 {
				s.Text = packs
			}
		}
	}
	return nil
}

// maxPacks is the largest size of a file of packs, in bytes: 8 languages of 256 packs, and a
// header of 4 bytes or a NUL at the end, which some programs write.
const maxPacks = 8*256*18 + 4

// packs reads a file with the packs of CD-TEXT. A file that is missing is not an error,
// since the disc is complete without it.
func (l *layout) packs(f *format.Files, name string, line int) ([]disc.CDText, error) {
	part, notice, err := f.Find(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.warn(line, "the CD-TEXT file %q is missing; the texts of the sheet are used.", name)
		return nil, nil
	case err != nil:
		return nil, err
	case notice.Text != "":
		l.notices = append(l.notices, notice)
	}
	if part.Size > maxPacks {
		l.warn(line, "the file %q has %d bytes, which is more than CD-TEXT can have, and is ignored.", part.Name, part.Size)
		return nil, nil
	}
	p := make([]byte, part.Size)
	if n, err := part.ReadAt(p, 0); n < len(p) {
		return nil, fmt.Errorf("read %s: %w", part.Name, err)
	}
	text := sector.DecodeCDText(p)
	if len(text) == 0 {
		l.warn(line, "the file %q has no readable CD-TEXT.", part.Name)
	}
	return text, nil
}
