package model

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// TrackRow is a row of the list of tracks: a track, or the heading of a session.
type TrackRow struct {
	Session disc.Session
	Heading bool
	Track   disc.Track // unless it is a heading
	Text    disc.Text  // CD-TEXT of the track in the default language
	Album   disc.Text  // of the session
}

// TrackRows lists the tracks of a disc. Sessions have headings if there are several.
func TrackRows(toc disc.TOC) []TrackRow {
	var rows []TrackRow
	for _, s := range toc.Sessions {
		if len(toc.Sessions) > 1 {
			rows = append(rows, TrackRow{Session: s, Heading: true})
		}
		for _, t := range s.Tracks {
			r := TrackRow{Session: s, Track: t}
			if len(s.Text) > 0 {
				r.Text, r.Album = s.Text[0].Tracks[t.Number], s.Text[0].Album
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// Title returns the title of a track, and its performer unless that is the one of the
// album.
func (r TrackRow) Title() string {
	parts := []string{r.Text.Title}
	if r.Text.Performer != r.Album.Performer {
		parts = append(parts, r.Text.Performer)
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	return strings.Join(parts, " – ")
}

// PlayingTime returns the length of sectors as minutes, seconds and frames.
func PlayingTime(sectors int64) string {
	return fmt.Sprintf("%02d:%02d:%02d", sectors/75/60, sectors/75%60, sectors%75)
}

// DiscSummary describes the tracks of a disc in one line. The playing time has no frames: in
// a sentence they would be read as seconds.
func DiscSummary(toc disc.TOC) string {
	var audio, data int
	var playing, size int64
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio {
				audio++
				playing += t.Length
				continue
			}
			data++
			size += t.Length * disc.SectorSize
		}
	}
	var parts []string
	if n := len(toc.Sessions); n > 1 {
		parts = append(parts, Count(n, "session", "sessions"))
	}
	if data > 0 {
		parts = append(parts, Count(data, "data track", "data tracks")+" ("+units.Size(size)+")")
	}
	if audio > 0 {
		parts = append(parts, Count(audio, "audio track", "audio tracks")+" ("+units.Duration(time.Duration(playing)*time.Second/75)+")")
	}
	return strings.Join(parts, ", ")
}

// HasSeveralTracks reports whether a disc has more than the one track of most images.
func HasSeveralTracks(toc disc.TOC) bool {
	return len(toc.Sessions) > 1 || len(toc.Sessions) == 1 && len(toc.Sessions[0].Tracks) > 1
}

// SavedTrack is the result of writing a track to a file.
type SavedTrack struct {
	Text    string        // what was written
	Notices []disc.Notice // what the user has to know about the file
}
