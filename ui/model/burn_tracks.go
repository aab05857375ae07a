package model

import (
	"fmt"
	"strings"

	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// BurnTrack is a row of the list of tracks that will be written: a track, or the heading
// of a session.
type BurnTrack struct {
	Heading string // of a session; empty: a track
	Track   record.Track
}

// Tracks returns the tracks as they will be written or, while that is not known, those of
// the source. It is empty for a source of one data track, of which there is nothing to
// tell.
func (b *Burn) Tracks() []BurnTrack {
	tracks := b.preflight.Plan.Tracks
	if len(tracks) == 0 {
		tracks = sourceTracks(b.preflight.TOC)
	}
	if len(tracks) == 0 || len(tracks) == 1 && tracks[0].Mode == disc.Mode1 {
		return nil
	}
	several := tracks[0].Session != tracks[len(tracks)-1].Session
	var rows []BurnTrack
	for i, t := range tracks {
		if several && (i == 0 || tracks[i-1].Session != t.Session) {
			rows = append(rows, BurnTrack{Heading: fmt.Sprintf("Session %d", t.Session)})
		}
		rows = append(rows, BurnTrack{Track: t})
	}
	return rows
}

// sourceTracks returns the tracks of a table of contents.
func sourceTracks(toc disc.TOC) []record.Track {
	var all []record.Track
	for _, r := range TrackRows(toc) {
		if !r.Heading {
			all = append(all, record.Track{Session: r.Session.Number, Track: r.Track, Title: r.Title()})
		}
	}
	return all
}

// Length returns the length of the track: the playing time of an audio track, the size of
// a data track.
func (r BurnTrack) Length() string {
	if r.Track.Mode == disc.Audio {
		return PlayingTime(r.Track.Length)
	}
	return units.Size(r.Track.Length * disc.SectorSize)
}

// Gap returns the length of the pre-gap as a time, or "".
func (r BurnTrack) Gap() string {
	if r.Track.Pregap == 0 {
		return ""
	}
	return PlayingTime(r.Track.Pregap)
}

// Remarks returns what else the track has: pre-emphasis, copy permission, indexes.
func (r BurnTrack) Remarks() string {
	var parts []string
	t := r.Track
	if t.Mode == disc.Audio && t.Control&disc.PreEmphasis != 0 {
		parts = append(parts, "pre-emphasis")
	}
	if t.Control&disc.CopyPermitted != 0 {
		parts = append(parts, "copy permitted")
	}
	if n := len(t.Indexes); n > 0 {
		parts = append(parts, fmt.Sprintf("indexes to %d", n+1))
	}
	return strings.Join(parts, ", ")
}

// TracksSummary describes the tracks of the source in one line, and its album.
func (b *Burn) TracksSummary() string {
	toc := b.preflight.TOC
	if len(b.Tracks()) == 0 {
		return ""
	}
	text := DiscSummary(toc)
	if album := b.Album(); album != "" {
		text += ":  " + album
	}
	return text
}

// texts returns the CD-TEXT that will be written, or that of the source.
func (b *Burn) texts() []disc.CDText {
	if t := b.preflight.Plan.CDText; len(t) > 0 {
		return t
	}
	for _, s := range b.preflight.TOC.Sessions {
		if len(s.Text) > 0 {
			return s.Text
		}
	}
	return nil
}

// Album returns performer and title of the album according to CD-TEXT, or "".
func (b *Burn) Album() string {
	texts := b.texts()
	if len(texts) == 0 {
		return ""
	}
	return joinTitle(texts[0].Album)
}

func joinTitle(t disc.Text) string {
	switch {
	case t.Performer == "":
		return t.Title
	case t.Title == "":
		return t.Performer
	}
	return t.Performer + " – " + t.Title
}

// AlbumFacts returns what is recorded of the whole disc: the media catalogue number, and
// CD-TEXT in each language.
func (b *Burn) AlbumFacts() []Line {
	var out []Line
	add := func(name, value string) {
		if value != "" {
			out = append(out, Line{name, value})
		}
	}
	add("MCN", b.preflight.TOC.Catalog)
	texts := b.texts()
	for _, t := range texts {
		name := "CD-TEXT"
		if len(texts) > 1 {
			name += ", " + t.LanguageName()
		}
		add(name, joinTitle(t.Album))
		if t.Album == (disc.Text{}) && len(t.Tracks) > 0 {
			add(name, Count(len(t.Tracks), "track has a text", "tracks have texts"))
		}
	}
	return out
}
