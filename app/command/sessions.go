package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/units"
)

type sessionInfo struct {
	Number    int         `json:"number"`
	CDI       bool        `json:"cd_i,omitempty"`
	Title     string      `json:"title,omitempty"`
	Performer string      `json:"performer,omitempty"`
	Texts     []textInfo  `json:"cd_text,omitempty"` // of all languages
	Tracks    []trackInfo `json:"tracks"`
}

type trackInfo struct {
	Number    int      `json:"number"`
	Mode      string   `json:"mode"`
	Kinds     []string `json:"sector_kinds,omitempty"` // of a track in mode 2, as far as sectors were looked at
	Start     int64    `json:"lba"`
	StartMSF  string   `json:"msf,omitempty"` // CD only
	Sectors   int64    `json:"sectors"`
	Length    string   `json:"length_msf,omitempty"` // CD only
	Pregap    int64    `json:"pregap_sectors,omitempty"`
	Indexes   []int64  `json:"indexes,omitempty"` // addresses of indexes 2, 3, ...
	Control   []string `json:"control,omitempty"` // of an audio track, or the copy bit of a data track
	ISRC      string   `json:"isrc,omitempty"`
	Title     string   `json:"title,omitempty"`
	Performer string   `json:"performer,omitempty"`
}

// textInfo is CD-TEXT in one language.
type textInfo struct {
	Language string            `json:"language"`
	Code     int               `json:"language_code"`
	Album    trackText         `json:"album"`
	Tracks   map[int]trackText `json:"tracks,omitempty"` // by number
}

// trackText is the CD-TEXT of an album or of a track.
type trackText struct {
	Title      string `json:"title,omitempty"`
	Performer  string `json:"performer,omitempty"`
	Songwriter string `json:"songwriter,omitempty"`
	Composer   string `json:"composer,omitempty"`
	Arranger   string `json:"arranger,omitempty"`
	Message    string `json:"message,omitempty"`
	Code       string `json:"code,omitempty"` // UPC or EAN of an album, ISRC of a track
}

// rows adds a row for each text.
func (t trackText) rows(f facts, of, language string) {
	for _, x := range []struct{ name, text string }{
		{"title", t.Title},
		{"performer", t.Performer},
		{"songwriter", t.Songwriter},
		{"composer", t.Composer},
		{"arranger", t.Arranger},
		{"message", t.Message},
		{"code", t.Code},
	} {
		f.row(of+" "+x.name+language, x.text)
	}
}

func describeSessions(all []disc.Session) []sessionInfo {
	list := []sessionInfo{}
	cd := isCD(all)
	for _, ses := range all {
		si := sessionInfo{Number: ses.Number, CDI: ses.CDI}
		for _, x := range ses.Text {
			si.Texts = append(si.Texts, describeText(x))
		}
		var text disc.CDText
		if len(ses.Text) > 0 {
			text = ses.Text[0] // in the default language
		}
		si.Title, si.Performer = text.Album.Title, text.Album.Performer
		for _, t := range ses.Tracks {
			ti := trackInfo{
				Number: t.Number, Mode: t.Mode.String(), Start: int64(t.Start), Sectors: t.Length, Pregap: t.Pregap, ISRC: t.ISRC,
				Title: text.Tracks[t.Number].Title, Performer: text.Tracks[t.Number].Performer,
			}
			for _, at := range t.Indexes {
				ti.Indexes = append(ti.Indexes, int64(at))
			}
			if cd {
				ti.StartMSF, ti.Length = t.Start.MSF().String(), duration(t.Length)
			}
			if t.Mode == disc.Audio {
				ti.Control = t.Control.Names()
			} else {
				ti.Control = (t.Control & disc.CopyPermitted).Names()
			}
			si.Tracks = append(si.Tracks, ti)
		}
		list = append(list, si)
	}
	return list
}

// isCD reports whether the tracks can only be those of a CD.
func isCD(all []disc.Session) bool {
	for _, s := range all {
		for _, t := range s.Tracks {
			if t.Mode != disc.Mode1 || t.Pregap > 0 || t.ISRC != "" {
				return true
			}
		}
	}
	return false
}

// duration returns a number of sectors of a CD as minutes, seconds and frames.
func duration(sectors int64) string {
	return disc.Duration(sectors).String()
}

func describeText(x disc.CDText) textInfo {
	t := textInfo{Language: x.LanguageName(), Code: int(x.Language), Album: trackText(x.Album)}
	for n, text := range x.Tracks {
		if text != (disc.Text{}) {
			if t.Tracks == nil {
				t.Tracks = map[int]trackText{}
			}
			t.Tracks[n] = trackText(text)
		}
	}
	return t
}

// sampledSectors is how many sectors of a track in mode 2 are looked at for their kinds.
const sampledSectors = 32

// addKinds adds the kinds of sectors of the tracks in mode 2 of an image, of which a few are
// read.
func addKinds(ctx context.Context, src *source.Source, list []sessionInfo) {
	one := make([]byte, sector.Size)
	for i, s := range src.TOC().Sessions {
		for j, t := range s.Tracks {
			if t.Mode != disc.Mode2 && t.Mode != disc.XA || !disc.StoresRaw(src.Disc, t.Start) {
				continue
			}
			found := map[sector.Kind]bool{}
			step := max(t.Length/sampledSectors, 1)
			for n := int64(0); n*step < t.Length; n++ {
				at := min(n*step+n*7919%step, t.Length-1) // not at regular distances, as interleaved sectors are
				if k, err := src.ReadSectors(ctx, one, t.Start+disc.LBA(at), disc.Raw); k < 1 || err != nil {
					break
				}
				if kind, ok := sector.Identify(one); ok {
					found[kind] = true
				}
			}
			for _, kind := range slices.Sorted(maps.Keys(found)) {
				list[i].Tracks[j].Kinds = append(list[i].Tracks[j].Kinds, kind.String())
			}
		}
	}
}

// sessions adds a row for each track, and rows for its CD-TEXT.
func (f facts) sessions(all []sessionInfo) {
	for _, ses := range all {
		if ses.CDI {
			f.row(fmt.Sprintf("Session %d", ses.Number), "CD-i")
		}
		for i, x := range ses.Texts {
			x.Album.rows(f, "CD", x.suffix(i))
		}
		for _, tr := range ses.Tracks {
			f.row(fmt.Sprintf("Session %d track %d", ses.Number, tr.Number), tr.text())
			for i, x := range ses.Texts {
				x.Tracks[tr.Number].rows(f, fmt.Sprintf("Track %d", tr.Number), x.suffix(i))
			}
		}
	}
}

// suffix returns the language for the name of a row, "" for the default one.
func (t textInfo) suffix(i int) string {
	if i == 0 {
		return ""
	}
	return " (" + t.Language + ")"
}

// text describes a track in one line.
func (t trackInfo) text() string {
	in := func(msf string) string {
		if msf == "" {
			return ""
		}
		return " (" + msf + ")"
	}
	parts := []string{t.Mode, fmt.Sprintf("%s%s from %d%s", units.Count(t.Sectors, "sector", "sectors"), in(t.Length), t.Start, in(t.StartMSF))}
	if len(t.Kinds) > 0 {
		parts = append(parts, "with sectors of "+strings.Join(t.Kinds, " and "))
	}
	if t.Pregap > 0 {
		parts = append(parts, fmt.Sprintf("pre-gap of %s%s", units.Count(t.Pregap, "sector", "sectors"), in(duration(t.Pregap))))
	}
	for i, at := range t.Indexes {
		parts = append(parts, fmt.Sprintf("index %d at %d", i+2, at))
	}
	parts = append(parts, t.Control...)
	if t.ISRC != "" {
		parts = append(parts, "ISRC "+t.ISRC)
	}
	return strings.Join(parts, ", ")
}
