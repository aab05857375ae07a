package sheet

import (
	"fmt"
	"strings"

	"glassmaster/mastering/disc"
)

// Parse parses the text of a sheet. Errors name the line.
func Parse(text []byte) (*Sheet, error) {
	p := parser{Sheet: &Sheet{}, session: Session{Number: 1}}
	for i, line := range lines(p.decode(text)) {
		p.line = i + 1
		if err := p.command(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	if err := p.check(); err != nil {
		return nil, err
	}
	return p.Sheet, nil
}

// lines splits a text into lines, which end with CR LF, LF or CR.
func lines(s string) []string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(s, "\r", "\n"), "\n")
}

// parser parses a sheet line by line.
type parser struct {
	*Sheet
	line    int
	session Session // of the next track
	leadOut Time    // of that session
	high    bool    // the next track begins the high-density area
}

// track returns the track to which a command belongs, or nil before the first one.
func (p *parser) track() *Track {
	if len(p.Tracks) == 0 {
		return nil
	}
	return &p.Tracks[len(p.Tracks)-1]
}

// warn adds a notice about the line.
func (p *parser) warn(format string, args ...any) {
	p.notice(disc.Warning, format, args...)
}

func (p *parser) notice(s disc.Severity, format string, args ...any) {
	const most = 100 // more lines than that would hide what matters
	if len(p.Notices) < most {
		p.Notices = append(p.Notices, disc.Notice{Severity: s, Text: fmt.Sprintf("Line %d: ", p.line) + fmt.Sprintf(format, args...)})
	}
}

// command parses a line.
func (p *parser) command(line string) error {
	line = strings.Trim(line, " \t\x00\x1a")
	name, rest := cut(line)
	switch strings.ToUpper(name) {
	case "":
		return nil
	case "REM":
		return p.remark(rest)
	case "CATALOG":
		return p.catalog(rest)
	case "CDTEXTFILE":
		return p.cdTextFile(rest)
	case "FILE":
		return p.file(rest)
	case "TRACK":
		return p.newTrack(rest)
	case "INDEX":
		return p.index(rest)
	case "PREGAP":
		return p.gap(rest, "PREGAP")
	case "POSTGAP":
		return p.gap(rest, "POSTGAP")
	case "FLAGS":
		return p.flags(rest)
	case "ISRC":
		return p.isrc(rest)
	}
	if p.text(strings.ToUpper(name), unquote(rest)) {
		return nil
	}
	p.warn("the command %.40q is unknown, and is ignored.", name)
	return nil
}

// cut returns the first word of a line and the rest.
func cut(line string) (word, rest string) {
	if i := strings.IndexAny(line, " \t"); i >= 0 {
		return line[:i], strings.Trim(line[i:], " \t")
	}
	return line, ""
}

// unquote removes quotation marks around a text. A mark in the text stays: rippers write
// titles such as "12" mix" as they are.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return strings.TrimPrefix(s, `"`)
}

// cdTextFile parses CDTEXTFILE "name".
func (p *parser) cdTextFile(rest string) error {
	name := unquote(rest)
	if name == "" {
		return fmt.Errorf("CDTEXTFILE names no file")
	}
	if n := len(p.CDText); n > 0 && p.CDText[n-1].Session == p.session.Number {
		return fmt.Errorf("CDTEXTFILE names a second file; line %d names %q", p.CDText[n-1].Line, p.CDText[n-1].Name)
	}
	p.CDText = append(p.CDText, CDTextFile{name, p.session.Number, p.line})
	return nil
}

// splitFile splits the name of a file and its type. Without quotation marks the type is the
// last word.
func splitFile(rest string) (name, kind string) {
	if i := strings.LastIndexByte(rest, '"'); i > 0 && rest[0] == '"' {
		return rest[1:i], strings.Trim(rest[i+1:], " \t")
	}
	if i := strings.LastIndexAny(rest, " \t"); i >= 0 {
		return strings.Trim(rest[:i], " \t"), rest[i+1:]
	}
	return rest, ""
}

// file parses FILE "name" TYPE.
func (p *parser) file(rest string) error {
	name, kind := splitFile(rest)
	if name == "" {
		return fmt.Errorf("FILE names no file")
	}
	if n := len(p.Files); n > 0 && p.Files[n-1].Name == name {
		return nil // the same file for each track
	}
	p.Files = append(p.Files, File{name, strings.ToUpper(kind), p.line})
	return nil
}

// text sets a text of CD-TEXT. It returns false if the command is another one.
func (p *parser) text(name, value string) bool {
	t := &p.Album
	if k := p.track(); k != nil {
		t = &k.Text
	}
	switch name {
	case "TITLE":
		t.Title = value
	case "PERFORMER":
		t.Performer = value
	case "SONGWRITER":
		t.Songwriter = value
	case "COMPOSER":
		t.Composer = value
	case "ARRANGER":
		t.Arranger = value
	case "MESSAGE":
		t.Message = value
	case "UPC_EAN":
		t.Code = value
	case "DISC_ID":
		p.DiscID = value
	case "GENRE":
		p.Genre = value
	case "TOC_INFO", "TOC_INFO2", "SIZE_INFO":
		p.notice(disc.Info, "%s is ignored.", name)
	default:
		return false
	}
	return true
}

// check checks a sheet that was read to its end.
func (p *parser) check() error {
	if len(p.Files) == 0 {
		return fmt.Errorf("the sheet names no file: the command FILE is missing")
	}
	if len(p.Tracks) == 0 {
		return fmt.Errorf("the sheet describes no tracks")
	}
	for _, k := range p.Tracks {
		if !k.has(1) {
			return fmt.Errorf("line %d: track %d has no INDEX 01, so its start is unknown", k.Line, k.Number)
		}
	}
	return nil
}

// has reports whether the track has an index of this number.
func (k *Track) has(index int) bool { return k.Index(index).Line > 0 }

// Index returns the index of this number, with Line 0 if the track has none.
func (k *Track) Index(number int) Index {
	for _, i := range k.Indexes {
		if i.Number == number {
			return i
		}
	}
	return Index{}
}
