package toc

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"glassmaster/mastering/disc"
)

// textWriter writes CD-TEXT.
type textWriter struct {
	b     *bytes.Buffer
	texts []languageText
}

// languageText is the CD-TEXT in one language.
type languageText struct {
	disc.CDText
	encoding string   // its statement; "" for ISO 8859-1, which is what is meant without one
	items    []string // names of the items that the disc and the tracks have
}

// names are the names of the items that the disc and the tracks have, with their texts.
var names = []struct {
	name string
	of   func(disc.Text) string
}{
	{"TITLE", func(t disc.Text) string { return t.Title }},
	{"PERFORMER", func(t disc.Text) string { return t.Performer }},
	{"SONGWRITER", func(t disc.Text) string { return t.Songwriter }},
	{"COMPOSER", func(t disc.Text) string { return t.Composer }},
	{"ARRANGER", func(t disc.Text) string { return t.Arranger }},
	{"MESSAGE", func(t disc.Text) string { return t.Message }},
	{"ISRC", func(t disc.Text) string { return t.Code }},
}

// maxLanguages is the largest number of languages.
const maxLanguages = 8

// newTextWriter returns a writer of the CD-TEXT of a session.
func newTextWriter(b *bytes.Buffer, s disc.Session) *textWriter {
	w := &textWriter{b: b}
	kept, _ := texts(s, true)
	for _, t := range kept {
		l := languageText{CDText: t}
		l.choose()
		w.texts = append(w.texts, l)
	}
	return w
}

// texts returns what is kept of the CD-TEXT of a session.
func texts(s disc.Session, first bool) (kept []disc.CDText, lost []disc.Notice) {
	warn := func(text string, args ...any) {
		lost = append(lost, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(text, args...)})
	}
	if !first {
		warn("The CD-TEXT of session %d is left out: a cdrdao image has one session.", s.Number)
		return nil, lost
	}
	list := s.Text
	if len(list) > maxLanguages {
		warn("CD-TEXT holds at most %d languages; the others are left out.", maxLanguages)
		list = list[:maxLanguages]
	}
	for _, t := range list {
		tracks := map[int]disc.Text{}
		for n, x := range t.Tracks {
			if slices.ContainsFunc(s.Tracks, func(k disc.Track) bool { return k.Number == n }) {
				tracks[n] = x
			} else {
				warn("The CD-TEXT of track %d is left out; the session has no such track.", n)
			}
		}
		t.Tracks = tracks
		if named(t.Packs) {
			warn("The CD-TEXT packs in language %02Xh that are not text lose their track numbers and positions.", t.Language)
		}
		if genre := genreText(t); genre != t.Genre {
			warn("The genre %q of the CD-TEXT in language %02Xh has characters that its numbers cannot contain; %q is written instead.", t.Genre, t.Language, genre)
			t.Genre = genre
		}
		kept = append(kept, t)
	}
	return kept, lost
}

// genreText returns the genre as it is read again: it is written as numbers, which are the
// bytes of the character set.
func genreText(t disc.CDText) string {
	l := languageText{CDText: t}
	l.choose()
	p, err := encoding.ReplaceUnsupported(l.chars().NewEncoder()).String(t.Genre)
	if err != nil {
		return ""
	}
	s, err := l.chars().NewDecoder().String(strings.ReplaceAll(p, "\x1a", "?"))
	if err != nil {
		return ""
	}
	return s
}

// named reports whether packs have track numbers or positions, which their items have not.
func named(packs []byte) bool {
	for ; len(packs) >= packSize; packs = packs[packSize:] {
		if packs[1] != 0 || packs[3]&15 != 0 {
			return true
		}
	}
	return false
}

// choose sets the items and the character set: ISO 8859-1 if it has all characters, since
// cdrdao before 1.2.5 knows no other, then MS-JIS and others. If none has, the text is
// UTF-8, as it is with the other ones.
func (l *languageText) choose() {
	all := l.Genre + l.DiscID + l.Closed
	for _, n := range names {
		text := n.of(l.Album)
		for _, t := range l.Tracks {
			text += n.of(t)
		}
		if text != "" {
			l.items = append(l.items, n.name)
		}
		all += text
	}
	for _, e := range []string{"", "ENCODING_MS_JIS", "ENCODING_KOREAN", "ENCODING_MANDARIN"} {
		if l.encoding = e; e == "" {
			e = "ENCODING_ISO_8859_1"
		}
		if _, err := encodings(e).NewEncoder().String(all); err == nil {
			return
		}
	}
	l.encoding = ""
}

// disc writes the CD-TEXT of the disc.
func (w *textWriter) disc() {
	if len(w.texts) == 0 {
		return
	}
	w.b.WriteString("CD_TEXT {\n  LANGUAGE_MAP {\n")
	for i, l := range w.texts {
		fmt.Fprintf(w.b, "    %d : %d\n", i, l.Language)
	}
	w.b.WriteString("  }\n")
	for i, l := range w.texts {
		fmt.Fprintf(w.b, "  LANGUAGE %d {\n", i)
		if l.encoding != "" {
			fmt.Fprintf(w.b, "    %s\n", l.encoding)
		}
		w.items(l, l.Album, "UPC_EAN")
		w.onlyDisc(l)
		w.b.WriteString("  }\n")
	}
	w.b.WriteString("}\n\n")
}

// track writes the CD-TEXT of a track.
func (w *textWriter) track(number int) {
	if len(w.texts) == 0 {
		return
	}
	w.b.WriteString("CD_TEXT {\n")
	for i, l := range w.texts {
		if len(l.items) > 0 {
			fmt.Fprintf(w.b, "  LANGUAGE %d {\n", i)
			w.items(l, l.Tracks[number], "ISRC")
			w.b.WriteString("  }\n")
		}
	}
	w.b.WriteString("}\n")
}

// items writes the items that the disc and the tracks have: each of them has all, if any
// has it.
func (w *textWriter) items(l languageText, t disc.Text, code string) {
	for _, n := range names {
		if !slices.Contains(l.items, n.name) {
			continue
		}
		name := n.name
		if name == "ISRC" {
			name = code
		}
		fmt.Fprintf(w.b, "    %s %s\n", name, l.quote(n.of(t)))
	}
}

// onlyDisc writes the items that only the disc has.
func (w *textWriter) onlyDisc(l languageText) {
	if l.DiscID != "" {
		fmt.Fprintf(w.b, "    DISC_ID %s\n", l.quote(l.DiscID))
	}
	if l.Closed != "" {
		fmt.Fprintf(w.b, "    RESERVED4 %s\n", l.quote(l.Closed))
	}
	if l.Genre != "" || l.GenreCode != 0 {
		text, _ := l.chars().NewEncoder().String(l.Genre) // has no other characters: see genreText
		w.numbers("GENRE", append([]byte{byte(l.GenreCode >> 8), byte(l.GenreCode)}, text+"\x00"...))
	}
	for _, t := range packTypes {
		var data []byte
		for p := l.Packs; len(p) >= packSize; p = p[packSize:] {
			if p[0] == t.kind {
				data = append(data, p[4:4+packData]...)
			}
		}
		if len(data) > 0 {
			w.numbers(t.name, data)
		}
	}
	if l.Copyright { // the rest is what cdrdao fills in
		w.numbers("SIZE_INFO", append([]byte{0, 0, 0, 3}, make([]byte, 32)...))
	}
}

// numbers writes an item of numbers.
func (w *textWriter) numbers(name string, data []byte) {
	fmt.Fprintf(w.b, "    %s {", name)
	for i, c := range data {
		switch {
		case i == 0:
		case i%packData == 0:
			w.b.WriteString(",\n     ")
		default:
			w.b.WriteString(",")
		}
		fmt.Fprintf(w.b, " %d", c)
	}
	w.b.WriteString(" }\n")
}

// chars returns the character set of the language.
func (l languageText) chars() encoding.Encoding {
	if e := encodings(l.encoding); e != nil {
		return e
	}
	return charmap.ISO8859_1
}

// quote returns a text in quotation marks. Characters of ISO 8859-1 that are not ASCII are
// octal numbers, which every version of cdrdao reads; others are UTF-8.
func (l languageText) quote(s string) string {
	if l.encoding != "" {
		return quote(s)
	}
	latin, err := charmap.ISO8859_1.NewEncoder().String(s)
	if err != nil {
		return quote(s)
	}
	var b strings.Builder
	for i := range len(latin) {
		if c := latin[i]; c < ' ' || c == '"' || c == '\\' || c > '~' {
			fmt.Fprintf(&b, `\%03o`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}
