package cue

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"unicode"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue/sheet"
	"glassmaster/mastering/sector"
)

// text sets the CD-TEXT of the album from a session, number i from 0 on. It returns the
// texts that commands hold, and the packs for a file if there is more than that.
func (b *builder) text(i int, s disc.Session) (disc.CDText, []byte) {
	if len(s.Text) == 0 {
		return disc.CDText{}, nil
	}
	text := s.Text[0]
	var packs []byte
	if !simple(i, s.Text) {
		packs, _ = sector.EncodeCDText(s)
		if len(s.Text) == 1 && !holds(packs, s.Text) { // commands have all characters
			packs = nil
		}
	}
	if packs != nil {
		name := b.stem + ".cdt"
		if i > 0 {
			name = fmt.Sprintf("%s (Session %d).cdt", b.stem, i+1)
		}
		b.CDText = append(b.CDText, sheet.CDTextFile{Name: name, Session: i + 1})
		text = plain(text)
	}
	if i == 0 {
		b.Album = text.Album
	}
	return text, packs
}

// simple reports whether commands hold all texts, so that every program reads them:
// titles, performers and songwriters in one language, of one album, without quotation
// marks. Some programs, such as cdrdao, refuse a sheet with other commands.
func simple(session int, list []disc.CDText) bool {
	t := list[0]
	if len(list) > 1 || t.Language != english || session > 0 && t.Album != (disc.Text{}) {
		return false
	}
	rest := t
	rest.Language, rest.Album, rest.Tracks = 0, disc.Text{}, nil
	if !rest.Empty() || rest.Copyright || !simpleText(t.Album) {
		return false
	}
	for _, k := range t.Tracks {
		if !simpleText(k) {
			return false
		}
	}
	return true
}

func simpleText(t disc.Text) bool {
	all := t.Title + t.Performer + t.Songwriter
	return t == disc.Text{Title: t.Title, Performer: t.Performer, Songwriter: t.Songwriter} && !strings.ContainsFunc(all, func(r rune) bool { return r == '"' || unicode.IsControl(r) })
}

// holds reports whether packs hold all texts as they are.
func holds(packs []byte, list []disc.CDText) bool {
	want := make([]disc.CDText, len(list))
	for i, t := range list {
		t.Tracks = maps.Clone(t.Tracks)
		if t.Tracks == nil {
			t.Tracks = map[int]disc.Text{}
		}
		maps.DeleteFunc(t.Tracks, func(_ int, k disc.Text) bool { return k == disc.Text{} })
		want[i] = t
	}
	return reflect.DeepEqual(sector.DecodeCDText(packs), want)
}

// plain returns texts for the commands of a sheet whose texts are in a file too, so that
// every program reads them.
func plain(t disc.CDText) disc.CDText {
	r := strings.NewReplacer(`"`, "'")
	one := func(x disc.Text) disc.Text {
		return disc.Text{Title: r.Replace(x.Title), Performer: r.Replace(x.Performer), Songwriter: r.Replace(x.Songwriter)}
	}
	p := disc.CDText{Language: t.Language, Album: one(t.Album), Tracks: map[int]disc.Text{}}
	for n, x := range t.Tracks {
		p.Tracks[n] = one(x)
	}
	return p
}
