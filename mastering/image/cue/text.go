package cue

import (
	"glassmaster/mastering/disc"
)

// english is the language code of texts whose language the sheet does not say.
const english = 0x09

// texts sets the CD-TEXT of all sessions from the commands of the sheet. The texts of the
// album belong to the first session.
func (l *layout) texts() {
	i := 0
	for n := range l.toc.Sessions {
		s := &l.toc.Sessions[n]
		text := disc.CDText{Language: english, Tracks: map[int]disc.Text{}}
		if n == 0 {
			text.Album = l.sheet.Album
		}
		for range s.Tracks {
			if k := l.sheet.Tracks[i]; k.Text != (disc.Text{}) {
				text.Tracks[k.Number] = k.Text
			}
			i++
		}
		if text.Album != (disc.Text{}) || len(text.Tracks) > 0 {
			s.Text = []disc.CDText{text}
		}
	}
}
