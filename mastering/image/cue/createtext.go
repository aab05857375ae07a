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
	} else {
		text = commands(text, i == 0)
	}
	if i == 0 {
		b.Album, b.DiscID, b.Genre = text.Album, text.DiscID, text.Genre
	}
	return text, packs
}

// texts returns what is kept of the CD-TEXT of a session.
func texts(s disc.Session, first bool) ([]disc.CDText, []disc.Notice) {
	i := 0
	if !first {
		i = 1
	}
	b := builder{Sheet: &sheet.Sheet{}}
	kept, packs := b.text(i, s)
	if packs != nil {
		return sector.KeptCDText(s)
	}
	if want := without(s.Text[0]); reflect.DeepEqual(without(kept), want) {
		return []disc.CDText{kept}, nil
	}
	return []disc.CDText{kept}, []disc.Notice{{Severity: disc.Warning, Text: fmt.Sprintf(
		"The packs of CD-TEXT do not have all characters of the texts of session %d. They are written as commands of the sheet, which do not hold everything: such as the language, the code of the genre, and the album of a later session.", s.Number)}}
}

// commands returns the texts that the commands of a sheet hold.
func commands(t disc.CDText, first bool) disc.CDText {
	one := func(x disc.Text) disc.Text {
		for _, s := range []*string{&x.Title, &x.Performer, &x.Songwriter, &x.Composer, &x.Arranger, &x.Message, &x.Code} {
			*s = sheet.Printable(*s)
		}
		return x
	}
	c := disc.CDText{Language: english, Tracks: map[int]disc.Text{}}
	if first {
		c.Album, c.DiscID, c.Genre = one(t.Album), sheet.Printable(t.DiscID), sheet.Printable(t.Genre)
	}
	for n, x := range t.Tracks {
		c.Tracks[n] = one(x)
	}
	return c
}

// without returns CD-TEXT without empty texts of tracks.
func without(t disc.CDText) disc.CDText {
	t.Tracks = maps.Clone(t.Tracks)
	if t.Tracks == nil {
		t.Tracks = map[int]disc.Text{}
	}
	maps.DeleteFunc(t.Tracks, func(_ int, k disc.Text) bool { return k == disc.Text{} })
	return t
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
		want[i] = without(t)
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
