package format

import (
	"fmt"

	"glassmaster/mastering/disc"
)

// Loss returns what of a disc an image of this format cannot hold, in one notice for each
// kind.
func (f Format) Loss(toc disc.TOC) []disc.Notice {
	var has content
	has.count(toc)
	var lost []disc.Notice
	for _, l := range []struct {
		needs Holds
		n     int
		text  string
	}{
		{Audio, has.audio, "audio tracks are left out: %d"},
		{Sessions, has.sessions - 1, "the bounds of sessions are left out, and all become one run of sectors: %d sessions"},
		{Tracks, has.data - has.sessions, "the bounds of tracks are left out, and all become one run of sectors: %d tracks"},
		{Raw, has.mode2, "of sectors of mode 2 only the user data is kept: %d tracks"},
		{Indexes, has.indexes, "pre-gaps and indexes are left out: %d tracks have them"},
		{Codes, has.codes, "catalogue number, ISRC and control bits are left out: %d are recorded"},
		{Text, has.texts, "CD-TEXT is left out: %d languages"},
	} {
		if l.n < 1 || f.Holds&l.needs != 0 {
			continue
		}
		if l.needs == Sessions || l.needs == Tracks {
			l.n = map[Holds]int{Sessions: has.sessions, Tracks: has.data}[l.needs]
		}
		lost = append(lost, disc.Notice{
			Severity: disc.Warning,
			Text:     fmt.Sprintf("an image of format %s cannot hold all of the disc: "+l.text, f.Name, l.n),
		})
	}
	return lost
}

// content counts what a disc holds.
type content struct{ sessions, audio, data, mode2, indexes, codes, texts int }

func (c *content) count(toc disc.TOC) {
	if toc.Catalog != "" {
		c.codes++
	}
	for _, s := range toc.Sessions {
		c.sessions++
		c.texts += len(s.Text)
		for _, t := range s.Tracks {
			c.track(t)
		}
	}
}

func (c *content) track(t disc.Track) {
	switch t.Mode {
	case disc.Audio:
		c.audio++
	case disc.Mode2, disc.XA:
		c.mode2++
		c.data++
	default:
		c.data++
	}
	if t.Mode == disc.Audio && (t.Pregap > 0 || len(t.Indexes) > 0) {
		c.indexes++
	}
	if t.ISRC != "" || t.Mode == disc.Audio && t.Control != 0 {
		c.codes++
	}
}
