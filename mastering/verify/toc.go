package verify

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"glassmaster/mastering/disc"
)

// TOCMismatch is the error of two discs whose tables of contents differ.
type TOCMismatch struct {
	Where     string // "track 3"
	What      string // "start"
	Want, Got any
}

func (m *TOCMismatch) Error() string {
	return fmt.Sprintf("the table of contents differs from that of its source: the %s of %s is %v instead of %v", m.What, m.Where, m.Got, m.Want)
}

// TOC compares two tables of contents. It returns a *TOCMismatch with the first difference,
// or nil. Whether a session is that of a CD-i disc is not compared.
func TOC(want, got disc.TOC) error {
	var c tocComparison
	c.compare("the disc", "catalogue number", want.Catalog, got.Catalog)
	c.compare("the disc", "number of sessions", len(want.Sessions), len(got.Sessions))
	for i := range min(len(want.Sessions), len(got.Sessions)) {
		c.session(want.Sessions[i], got.Sessions[i])
	}
	if c.first == nil {
		return nil
	}
	return c.first
}

type tocComparison struct{ first *TOCMismatch }

func (c *tocComparison) compare(where, what string, want, got any) {
	if c.first == nil && !reflect.DeepEqual(want, got) {
		c.first = &TOCMismatch{where, what, want, got}
	}
}

func (c *tocComparison) session(want, got disc.Session) {
	where := fmt.Sprintf("session %d", want.Number)
	c.compare(where, "number", want.Number, got.Number)
	c.compare(where, "number of tracks", len(want.Tracks), len(got.Tracks))
	for i := range min(len(want.Tracks), len(got.Tracks)) {
		c.track(want.Tracks[i], got.Tracks[i])
	}
	c.compare(where, "number of languages of CD-TEXT", len(want.Text), len(got.Text))
	for i := range min(len(want.Text), len(got.Text)) {
		c.text(want.Text[i], got.Text[i])
	}
}

func (c *tocComparison) track(want, got disc.Track) {
	where := fmt.Sprintf("track %d", want.Number)
	c.compare(where, "number", want.Number, got.Number)
	c.compare(where, "mode", want.Mode, got.Mode)
	c.compare(where, "start", want.Start, got.Start)
	c.compare(where, "length", want.Length, got.Length)
	c.compare(where, "pre-gap", want.Pregap, got.Pregap)
	c.compare(where, "control bits", want.Control.Names(), got.Control.Names())
	c.compare(where, "ISRC", want.ISRC, got.ISRC)
	c.compare(where, "number of indexes", len(want.Indexes), len(got.Indexes))
	for i := range min(len(want.Indexes), len(got.Indexes)) {
		c.compare(where, fmt.Sprintf("index %d", i+2), want.Indexes[i], got.Indexes[i])
	}
}

func (c *tocComparison) text(want, got disc.CDText) {
	c.compare("the CD-TEXT", "language", want.Language, got.Language)
	c.compare("the album", "CD-TEXT", want.Album, got.Album)
	c.compare("the CD-TEXT", "genre", want.Genre, got.Genre)
	c.compare("the CD-TEXT", "code of the genre", want.GenreCode, got.GenreCode)
	c.compare("the CD-TEXT", "disc identification", want.DiscID, got.DiscID)
	c.compare("the CD-TEXT", "closed information", want.Closed, got.Closed)
	c.compare("the CD-TEXT", "copyright", want.Copyright, got.Copyright)
	numbers := slices.Sorted(maps.Keys(want.Tracks))
	for n := range got.Tracks {
		if _, ok := want.Tracks[n]; !ok {
			numbers = append(numbers, n)
		}
	}
	for _, n := range numbers {
		c.compare(fmt.Sprintf("track %d", n), "CD-TEXT", want.Tracks[n], got.Tracks[n])
	}
}
