package format

import (
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// Loss returns a notice for each kind of thing on a disc that an image of this format
// cannot hold.
func (f Format) Loss(d disc.Disc) []disc.Notice {
	var has content
	has.count(d.TOC())
	sub := disc.HasSubChannels(d)
	var lost []disc.Notice
	for _, l := range []struct {
		needs Holds
		lost  bool
		what  string
	}{
		{Audio, has.audio > 0, units.Count(has.audio, "audio track is", "audio tracks are") + " left out"},
		{Sessions, has.sessions > 1, fmt.Sprintf("the image does not record where its %d sessions begin and end", has.sessions)},
		{Tracks, has.data > has.sessions, fmt.Sprintf("the image does not record where its %d data tracks begin and end", has.data)},
		{Raw, has.mode2 > 0, "of " + units.Count(has.mode2, "track", "tracks") + " in mode 2 only the user data is kept"},
		{Indexes, has.indexes > 0, "pre-gaps and indexes are left out, which " + units.Count(has.indexes, "track has", "tracks have")},
		{Codes, has.codes > 0, "the catalogue number, ISRCs and control bits are left out"},
		{Text, has.texts > 0, "CD-TEXT is left out"},
		{Sub, sub, "the sub-channels are left out"},
	} {
		if l.lost && f.Holds&l.needs == 0 {
			lost = append(lost, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The format %s cannot hold everything on the disc: %s.", f.Name, l.what)})
		}
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
