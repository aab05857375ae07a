package sheet

import (
	"fmt"
	"strings"
	"unicode"

	"glassmaster/mastering/disc"
)

// String returns the text of the sheet: UTF-8 without a byte order mark, and lines that end
// with CR LF, as most programs write them.
func (s *Sheet) String() string {
	var w writer
	if s.Catalog != "" {
		w.line("CATALOG %s", s.Catalog)
	}
	for _, c := range s.CDText {
		if c.Session == 1 {
			w.line("CDTEXTFILE \"%s\"", c.Name)
		}
	}
	w.text("", s.Album)
	w.item("", "DISC_ID", s.DiscID)
	w.item("", "GENRE", s.Genre)
	file := -1
	for i := range s.Tracks {
		k := &s.Tracks[i]
		if i == 0 || s.Tracks[i-1].Session.Number != k.Session.Number {
			s.session(&w, i)
		}
		if x := k.Indexes[0]; x.File != file {
			file = x.File
			w.line("FILE \"%s\" %s", s.Files[file].Name, s.Files[file].Type)
		}
		w.track(k)
	}
	return w.String()
}

// session writes the remarks about the session that begins with track i.
func (s *Sheet) session(w *writer, i int) {
	k := &s.Tracks[i]
	if k.Session.Number == 1 {
		if s.Tracks[len(s.Tracks)-1].Session.Number > 1 {
			w.line("REM SESSION 01")
		}
		return
	}
	w.line("REM LEAD-OUT %s", disc.Duration(k.Session.LeadOut.Sectors))
	w.line("REM SESSION %02d", k.Session.Number)
	w.line("REM LEAD-IN %s", disc.Duration(k.Session.LeadIn.Sectors))
	w.line("REM PREGAP %s", disc.Duration(k.Session.Pregap.Sectors))
	for _, c := range s.CDText {
		if c.Session == k.Session.Number {
			w.line("CDTEXTFILE \"%s\"", c.Name)
		}
	}
}

// writer collects the lines of a sheet.
type writer struct{ strings.Builder }

func (w *writer) line(format string, args ...any) {
	fmt.Fprintf(w, format+"\r\n", args...)
}

// track writes a track.
func (w *writer) track(k *Track) {
	w.line("  TRACK %02d %s", k.Number, k.Mode)
	w.text("    ", k.Text)
	var flags string
	for _, f := range []struct {
		bit  disc.Control
		name string
	}{{disc.CopyPermitted, " DCP"}, {disc.FourChannels, " 4CH"}, {disc.PreEmphasis, " PRE"}} {
		if k.Control&f.bit != 0 {
			flags += f.name
		}
	}
	if flags != "" {
		w.line("    FLAGS%s", flags)
	}
	if k.ISRC != "" {
		w.line("    ISRC %s", k.ISRC)
	}
	if k.Pregap > 0 {
		w.line("    PREGAP %s", disc.Duration(k.Pregap))
	}
	for _, x := range k.Indexes {
		w.line("    INDEX %02d %s", x.Number, disc.Duration(x.At))
	}
	if k.Postgap > 0 {
		w.line("    POSTGAP %s", disc.Duration(k.Postgap))
	}
}

// text writes the texts of the album or of a track.
func (w *writer) text(indent string, t disc.Text) {
	for _, x := range []struct{ name, value string }{
		{"TITLE", t.Title},
		{"PERFORMER", t.Performer},
		{"SONGWRITER", t.Songwriter},
		{"COMPOSER", t.Composer},
		{"ARRANGER", t.Arranger},
		{"MESSAGE", t.Message},
		{"UPC_EAN", t.Code},
	} {
		w.item(indent, x.name, x.value)
	}
}

// item writes a text.
func (w *writer) item(indent, name, value string) {
	if value != "" {
		w.line("%s%s \"%s\"", indent, name, Printable(value))
	}
}

// Printable returns a text with spaces in place of control characters, which would end the
// line.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
