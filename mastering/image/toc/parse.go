package toc

import (
	"fmt"
	"strconv"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// sheet is what a description says.
type sheet struct {
	catalog   string
	cdi       bool
	first     int // number of the first track
	languages map[int]byte
	text      map[int]*language
	textLine  int
	tracks    []track
}

// track is what it says about a track.
type track struct {
	line    int
	mode    mode
	sub     string // "", RW or RW_RAW
	control disc.Control
	isrc    string
	text    map[int]*language
	pieces  []piece
	start   mark
	end     mark
	indexes []amount
}

// mark is a place in a track: START and END.
type mark struct {
	line   int // 0: not set
	at     amount
	pieces int // if at is not set: the number of pieces before it
}

// piece is a part of the sectors of a track.
type piece struct {
	line   int
	word   string // SILENCE, ZERO, FILE or DATAFILE
	name   string // of the file
	swap   bool
	offset int64 // in bytes
	start  amount
	length amount
	mode   mode
	sub    string
}

// amount is a length or a position: frames of a second, or samples or bytes.
type amount struct {
	n      int64
	frames bool
	line   int // 0: not given
}

// Limits of numbers.
const (
	maxTracks  = 99
	maxIndexes = 98 // from 2 on
	maxNumber  = 1 << 40
)

// parser reads a description. After an error it does not go on: next returns the end.
type parser struct {
	lexer
	tok     token
	err     error
	sheet   sheet
	notices []disc.Notice
}

// fail sets the error, unless there is one.
func (p *parser) fail(line int, text string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("line %d: %s", line, fmt.Sprintf(text, args...))
	}
	p.tok = token{kind: end, line: line}
}

// warn adds a warning.
func (p *parser) warn(line int, text string, args ...any) {
	p.notices = append(p.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("Line %d: %s", line, fmt.Sprintf(text, args...))})
}

// advance goes to the next token, and returns the one before.
func (p *parser) advance() token {
	t := p.tok
	if p.err == nil {
		p.tok = p.next()
	}
	return t
}

// is reports whether the next token is this keyword or sign.
func (p *parser) is(text string) bool {
	return (p.tok.kind == word || p.tok.kind == sign) && p.tok.text == text
}

// accept skips a keyword or sign if it is the next token.
func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.advance()
		return true
	}
	return false
}

// expect skips a keyword or sign, which has to be there.
func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail(p.tok.line, "expected %q, found %v", text, p.tok)
	}
}

// quoted returns a string, which has to be there.
func (p *parser) quoted(what string) token {
	if p.tok.kind != quoted {
		p.fail(p.tok.line, "expected %s in quotation marks, found %v", what, p.tok)
	}
	return p.advance()
}

// number returns a number, which has to be there.
func (p *parser) number(what string) int64 {
	base, digits := 10, p.tok.text
	if s, ok := strings.CutPrefix(digits, "0x"); ok {
		base, digits = 16, s
	}
	n, err := strconv.ParseInt(digits, base, 64)
	if p.tok.kind != number || err != nil || n > maxNumber {
		p.fail(p.tok.line, "expected %s, found %v", what, p.tok)
		return 0
	}
	p.advance()
	return n
}

// amount returns a time, or a number of samples or bytes if single is set.
func (p *parser) amount(what string, single bool) amount {
	line := p.tok.line
	n := p.number(what)
	if single && !p.is(":") {
		return amount{n: n, line: line}
	}
	p.expect(":")
	s := p.number("the seconds of a time")
	p.expect(":")
	f := p.number("the frames of a time")
	switch {
	case s > 59:
		p.fail(line, "the time %02d:%02d:%02d has %d seconds; there are at most 59", n, s, f, s)
	case f > 74:
		p.fail(line, "the time %02d:%02d:%02d has %d frames; there are at most 74", n, s, f, f)
	case n > maxNumber/(60*75):
		p.fail(line, "a time of %d minutes is too long", n)
	}
	return amount{disc.MSF{M: int(n), S: int(s), F: int(f)}.Sectors(), true, line}
}

// isAmount reports whether the next token can be an amount.
func (p *parser) isAmount() bool { return p.tok.kind == number }

// parse reads the description.
func (p *parser) parse() (sheet, error) {
	p.sheet.first = 1
	p.advance()
	for p.header() {
	}
	for p.is("TRACK") {
		p.track()
	}
	switch {
	case p.err != nil:
	case p.tok.kind != end:
		p.fail(p.tok.line, "expected TRACK, found %v", p.tok)
	case len(p.sheet.tracks) == 0:
		p.fail(p.tok.line, "the sheet describes no tracks")
	}
	return p.sheet, p.err
}

// header reads a statement that is before the tracks. It returns false if there is none.
func (p *parser) header() bool {
	line := p.tok.line
	switch {
	case p.accept("CATALOG"):
		c := p.quoted("the media catalogue number").text
		if p.err == nil && !sector.ValidCatalog(c) {
			p.fail(line, "the media catalogue number %q does not have 13 digits", c)
		}
		p.sheet.catalog = c
	case p.is("CD_DA") || p.is("CD_ROM") || p.is("CD_ROM_XA") || p.is("CD_I"):
		p.sheet.cdi = p.advance().text == "CD_I"
	case p.accept("FIRST_TRACK_NO"):
		n := p.number("the number of the first track")
		if p.err == nil && (n < 1 || n > maxTracks) {
			p.fail(line, "invalid track number %d; track numbers are 1 to %d", n, maxTracks)
		}
		p.sheet.first = int(n)
	case p.accept("CD_TEXT"):
		p.sheet.textLine = line
		p.sheet.text = p.text(true)
	default:
		return false
	}
	return true
}

// track reads a track.
func (p *parser) track() {
	t := track{line: p.advance().line}
	if p.sheet.first+len(p.sheet.tracks) > maxTracks {
		p.fail(t.line, "there are more than %d tracks", maxTracks)
	}
	var ok bool
	if t.mode, ok = modeOf(p.tok.text); !ok || p.tok.kind != word || t.mode == "MODE0" {
		p.fail(p.tok.line, "unknown track mode: expected AUDIO, MODE1, MODE1_RAW, MODE2, MODE2_RAW, MODE2_FORM1, MODE2_FORM2 or MODE2_FORM_MIX, found %v", p.tok)
	}
	p.advance()
	t.sub = p.subMode()
	for p.flag(&t) {
	}
	if line := p.tok.line; p.accept("PREGAP") {
		length := p.amount("a time", false)
		if p.err == nil && length.n == 0 {
			p.fail(line, "the pre-gap has no length")
		}
		t.pieces = append(t.pieces, piece{line: line, word: "ZERO", length: length, mode: t.mode, sub: t.sub})
		t.start = mark{line: line, pieces: 1}
	}
	for p.piece(&t) || p.mark(&t) {
	}
	for p.is("INDEX") {
		line := p.advance().line
		if len(t.indexes) == maxIndexes {
			p.fail(line, "the track has more than %d indexes", maxIndexes+1)
		}
		at := p.amount("a time", false)
		at.line = line
		t.indexes = append(t.indexes, at)
	}
	if p.err == nil && len(t.pieces) == 0 {
		p.fail(p.tok.line, "the track in line %d has no data: expected FILE, DATAFILE, SILENCE or ZERO, found %v", t.line, p.tok)
	}
	p.sheet.tracks = append(p.sheet.tracks, t)
}

// subMode reads the mode of the sub-channels, if there is one.
func (p *parser) subMode() string {
	if p.is("RW") || p.is("RW_RAW") {
		return p.advance().text
	}
	return ""
}

// flag reads a statement about a whole track. It returns false if there is none.
func (p *parser) flag(t *track) bool {
	line := p.tok.line
	no := p.accept("NO")
	set := func(c disc.Control) {
		t.control |= c
		if no {
			t.control &^= c
		}
	}
	switch {
	case p.accept("COPY"):
		set(disc.CopyPermitted)
	case p.accept("PRE_EMPHASIS"):
		set(disc.PreEmphasis)
	case no:
		p.fail(line, "expected COPY or PRE_EMPHASIS after NO, found %v", p.tok)
	case p.accept("TWO_CHANNEL_AUDIO"):
		t.control &^= disc.FourChannels
	case p.accept("FOUR_CHANNEL_AUDIO"):
		t.control |= disc.FourChannels
	case p.accept("ISRC"):
		t.isrc = p.quoted("the ISRC").text
		if p.err == nil && !sector.ValidISRC(t.isrc) {
			p.fail(line, "the ISRC %q is invalid: an ISRC has 5 capital letters or digits, then 7 digits", t.isrc)
		}
	case p.accept("CD_TEXT"):
		t.text = p.text(false)
	default:
		return false
	}
	return true
}

// mark reads START or END. It returns false if there is neither.
func (p *parser) mark(t *track) bool {
	m := &t.start
	if p.is("END") {
		m = &t.end
	} else if !p.is("START") {
		return false
	}
	w := p.advance()
	if m.line != 0 {
		p.fail(w.line, "%s of the track is already in line %d", w.text, m.line)
	}
	*m = mark{line: w.line, pieces: len(t.pieces)}
	if p.isAmount() {
		m.at = p.amount("a time", false)
	}
	return true
}

// piece reads a part of the sectors. It returns false if there is none.
func (p *parser) piece(t *track) bool {
	x := piece{line: p.tok.line, word: p.tok.text, mode: t.mode, sub: t.sub}
	switch {
	case p.accept("FILE") || p.accept("AUDIOFILE"):
		x.word = "FILE"
		x.name = p.quoted("the name of a file").text
		x.swap = p.accept("SWAP")
		x.offset = p.offset()
		x.start = p.amount("the start in the file", true)
		if p.isAmount() {
			x.length = p.amount("a length", true)
		}
		if t.mode != "AUDIO" || t.sub != "" {
			p.warn(x.line, "FILE is for sound without sub-channels; it is read like DATAFILE.")
		}
	case p.accept("DATAFILE"):
		x.name = p.quoted("the name of a file").text
		x.offset = p.offset()
		if p.isAmount() {
			x.length = p.amount("a length", true)
		}
	case p.accept("SILENCE"):
		x.length = p.amount("a length", true)
	case p.accept("ZERO"):
		if m, ok := modeOf(p.tok.text); ok && p.tok.kind == word {
			x.mode = m
			p.advance()
		}
		if s := p.subMode(); s != "" {
			x.sub = s
		}
		x.length = p.amount("a length", true)
	case p.accept("FIFO"):
		p.fail(x.line, "FIFO names a pipe, whose data is not part of the image; only files can be read")
	default:
		return false
	}
	if x.name == "-" {
		p.fail(x.line, "the file \"-\" stands for the standard input of cdrdao, which is not part of the image")
	}
	if x.name == "" && x.length.n == 0 {
		p.fail(x.line, "%s has no length", x.word)
	}
	t.pieces = append(t.pieces, x)
	return true
}

// offset reads an offset in a file, if there is one.
func (p *parser) offset() int64 {
	if !p.accept("#") {
		return 0
	}
	return p.number("an offset in bytes")
}
