package ccd

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/sector"
)

// sheet is the contents of a sheet.
type sheet struct {
	catalog   string
	cdText    []byte     // packs of 18 bytes; without CRC
	sessions  []*session // in their order
	scrambled int        // 1: the data tracks are scrambled
	stored    int64      // sectors of the pre-gaps of later sessions that the file has although the sheet does not say so
	notices   []disc.Notice
}

// session is a session of the lead-in entries.
type session struct {
	number  int
	kind    int // disc type of point A0h
	leadOut disc.LBA
	line    int      // of its first entry
	tracks  []*track // in the order of their addresses
}

// track is a track. Its indexes count from the first stored sector of the session.
type track struct {
	number  int
	start   disc.LBA
	control byte
	mode    int // 0 to 2, -1: unknown
	isrc    string
	indexes []int64 // INDEX 0, 1, ...; -1: missing
	line    int
}

// pregap returns the number of sectors of index 0. That of the first track of a session
// begins with the first stored sector, even if the sheet does not mention it.
func (t *track) pregap(first bool) int64 {
	switch {
	case len(t.indexes) < 2 || t.indexes[1] < 0:
		return 0
	case t.indexes[0] >= 0:
		return t.indexes[1] - t.indexes[0]
	case first && t.indexes[1] != int64(t.start): // not the address on the disc, which some programs write
		return t.indexes[1]
	}
	return 0
}

// parser reads a sheet.
type parser struct {
	sheet
	line    int
	section string // in capital letters, without number
	number  int    // of the section, -1: none

	version, entries, count int // what [CloneCD] and [Disc] say; -1: nothing
	entry                   map[string]int64
	points                  map[int]*track // by track number
	modes                   map[int]*track // of sections [TRACK n]
	seen                    map[string]bool
	found                   int // entries
}

// parse reads the text of a sheet.
func parse(text string) (*sheet, error) {
	p := &parser{entries: -1, count: -1, version: -1, points: map[int]*track{}, modes: map[int]*track{}, seen: map[string]bool{}}
	for line := range strings.Lines(text) {
		p.line++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == ';' {
			continue
		}
		if err := p.read(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	if err := p.endSection(); err != nil {
		return nil, fmt.Errorf("line %d: %w", p.line, err)
	}
	if err := p.finish(); err != nil {
		return nil, err
	}
	return &p.sheet, nil
}

func (p *parser) warn(text string, args ...any) {
	p.notices = append(p.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("Line %d: ", p.line) + fmt.Sprintf(text, args...)})
}

// read reads a line.
func (p *parser) read(line string) error {
	if name, ok := strings.CutPrefix(line, "["); ok {
		if err := p.endSection(); err != nil {
			return err
		}
		return p.begin(strings.TrimSpace(strings.TrimSuffix(name, "]")))
	}
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		p.warn("%q is neither a section nor a setting, and is ignored.", line)
		return nil
	}
	key, value = strings.ToUpper(strings.Join(strings.Fields(key), " ")), strings.TrimSpace(value)
	switch p.section {
	case "CLONECD":
		return p.set(&p.version, key, value, "VERSION")
	case "DISC":
		return p.disc(key, value)
	case "CDTEXT":
		return p.text(key, value)
	case "ENTRY":
		return p.entryValue(key, value)
	case "TRACK":
		return p.trackValue(key, value)
	}
	return nil // of an unknown section, or one of a session, which does not matter
}

// begin begins a section.
func (p *parser) begin(name string) error {
	fields := strings.Fields(name)
	p.section, p.number = "", -1
	if len(fields) > 0 {
		p.section = strings.ToUpper(fields[0])
	}
	if len(fields) > 1 {
		n, err := strconv.Atoi(fields[1])
		if err != nil || n < 0 {
			return fmt.Errorf("the section [%s] has no number", name)
		}
		p.number = n
	}
	id := fmt.Sprint(p.section, " ", p.number)
	if p.seen[id] {
		return fmt.Errorf("there are two sections [%s]", name)
	}
	p.seen[id] = true
	switch p.section {
	case "CLONECD", "DISC", "CDTEXT", "SESSION":
	case "ENTRY":
		p.entry = map[string]int64{}
	case "TRACK":
		if p.number < 1 || p.number > 99 {
			return fmt.Errorf("the section [%s] has an invalid track number; track numbers are 1 to 99", name)
		}
		p.modes[p.number] = &track{mode: -1, line: p.line}
	default:
		p.warn("the section [%s] is unknown, and is ignored.", name)
	}
	return nil
}

// set reads a number if the key is the wanted one.
func (p *parser) set(dst *int, key, value, wanted string) error {
	if key != wanted {
		return nil
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("%s=%s is not a number", key, value)
	}
	*dst = n
	return nil
}

// disc reads a line of [Disc].
func (p *parser) disc(key, value string) error {
	switch key {
	case "TOCENTRIES":
		return p.set(&p.entries, key, value, key)
	case "SESSIONS":
		return p.set(&p.count, key, value, key)
	case "DATATRACKSSCRAMBLED":
		return p.set(&p.scrambled, key, value, key)
	case "CATALOG":
		if !sector.ValidCatalog(value) {
			return fmt.Errorf("the media catalogue number %q does not have 13 digits", value)
		}
		if strings.Trim(value, "0") != "" {
			p.catalog = value
		}
	}
	return nil
}

// text reads a line of [CDText].
func (p *parser) text(key, value string) error {
	if !strings.HasPrefix(key, "ENTRY ") {
		return nil
	}
	pack, err := hex.DecodeString(strings.ReplaceAll(value, " ", ""))
	if err != nil || len(pack) != 16 && len(pack) != 18 {
		return fmt.Errorf("%q is not a CD-TEXT pack of 16 bytes in hexadecimal", value)
	}
	p.cdText = append(append(p.cdText, pack...), make([]byte, 18-len(pack))...)
	return nil
}

// entryValue reads a line of [Entry n].
func (p *parser) entryValue(key, value string) error {
	n, err := strconv.ParseInt(strings.ToLower(value), 0, 32)
	if err != nil { // a decimal number with zeros before it
		n, err = strconv.ParseInt(value, 10, 32)
	}
	if err != nil {
		return fmt.Errorf("%s=%s is not a number", key, value)
	}
	p.entry[key] = n
	return nil
}

// trackValue reads a line of [TRACK n].
func (p *parser) trackValue(key, value string) error {
	t := p.modes[p.number]
	index, isIndex := strings.CutPrefix(key, "INDEX ")
	switch {
	case isIndex:
		n, err := strconv.Atoi(index)
		if err != nil || n < 0 || n > 99 {
			return fmt.Errorf("%q is not an index; index numbers are 0 to 99", key)
		}
		at, err := strconv.ParseInt(value, 10, 32)
		if err != nil || at < -150 || at > format.MaxCDSectors {
			return fmt.Errorf("%s=%s is out of range", key, value)
		}
		return t.setIndex(n, at)
	case key == "MODE":
		if err := p.set(&t.mode, key, value, key); err != nil {
			return err
		}
		if t.mode < 0 || t.mode > 2 {
			return fmt.Errorf("unknown track mode %s; MODE is 0 (audio), 1 or 2", value)
		}
	case key == "ISRC":
		if t.isrc = strings.ToUpper(strings.ReplaceAll(value, "-", "")); !sector.ValidISRC(t.isrc) {
			p.warn("the ISRC %q of track %d is invalid, and is ignored.", value, p.number)
			t.isrc = ""
		}
	}
	return nil
}

// setIndex sets the position of an index. They are in their order.
func (t *track) setIndex(n int, at int64) error {
	for len(t.indexes) < min(n, 2) {
		t.indexes = append(t.indexes, -1)
	}
	switch {
	case n != len(t.indexes):
		return fmt.Errorf("INDEX %d does not follow the index before it", n)
	case n > 0 && t.indexes[n-1] >= 0 && at < t.indexes[n-1], n > 1 && t.indexes[1] < 0:
		return fmt.Errorf("INDEX %d begins before the preceding index, or INDEX 1 is missing", n)
	}
	t.indexes = append(t.indexes, at)
	return nil
}

// endSection evaluates an entry of a lead-in.
func (p *parser) endSection() error {
	if p.section != "ENTRY" {
		return nil
	}
	p.section = ""
	p.found++
	s := p.sessionOf(int(p.entry["SESSION"]))
	point := p.entry["POINT"]
	switch {
	case s == nil:
		return fmt.Errorf("the entry has session number %d; session numbers are 1 to 99", p.entry["SESSION"])
	case p.entry["ADR"] != sector.QPosition:
		return nil // about further sessions, and others
	case point == sector.PointFirst:
		s.kind = int(p.entry["PSEC"])
	case point == sector.PointLeadOut:
		at, err := p.address()
		if err != nil {
			return fmt.Errorf("lead-out of session %d: %w", s.number, err)
		}
		s.leadOut = at
	case point >= 1 && point <= 99:
		if p.points[int(point)] != nil {
			return fmt.Errorf("two entries describe track %d", point)
		}
		at, err := p.address()
		if err != nil {
			return fmt.Errorf("track %d: %w", point, err)
		}
		t := &track{number: int(point), start: at, control: byte(p.entry["CONTROL"]) & 15, mode: -1, line: p.line}
		p.points[t.number] = t
		s.tracks = append(s.tracks, t)
	}
	return nil
}

// sessionOf returns a session. It returns nil if no disc has the number.
func (p *parser) sessionOf(n int) *session {
	if n < 1 || n > 99 {
		return nil
	}
	for _, s := range p.sessions {
		if s.number == n {
			return s
		}
	}
	s := &session{number: n, line: p.line}
	p.sessions = append(p.sessions, s)
	return s
}

// address returns the address of an entry: PLBA, which has to be the time.
func (p *parser) address() (disc.LBA, error) {
	m, s, f := p.entry["PMIN"], p.entry["PSEC"], p.entry["PFRAME"]
	lba, ok := p.entry["PLBA"]
	if m < 0 || m > 99 || s < 0 || s > 59 || f < 0 || f > 74 {
		return 0, fmt.Errorf("the time %02d:%02d:%02d is out of range", m, s, f)
	}
	time := (m*60+s)*75 + f - 150
	if !ok {
		lba = time
	}
	if lba < 0 || lba > format.MaxCDSectors {
		return 0, fmt.Errorf("the address %d is out of range", lba)
	}
	if lba != time {
		return 0, fmt.Errorf("the address %d and the time %02d:%02d:%02d differ", lba, m, s, f)
	}
	return disc.LBA(lba), nil
}

// finish checks the sheet, and joins the entries of tracks and their sections.
func (p *parser) finish() error {
	switch {
	case len(p.points) == 0:
		return fmt.Errorf("the sheet describes no tracks")
	case p.entries >= 0 && p.entries != p.found:
		p.notices = append(p.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The sheet states that it has %d entries, but has %d.", p.entries, p.found)})
	}
	p.sessions = slices.DeleteFunc(p.sessions, func(s *session) bool { return len(s.tracks) == 0 })
	slices.SortFunc(p.sessions, func(a, b *session) int { return a.number - b.number })
	if p.count >= 0 && p.count != len(p.sessions) {
		p.notices = append(p.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf("The sheet states that it has %d sessions, but has %d.", p.count, len(p.sessions))})
	}
	for n, m := range p.modes {
		t := p.points[n]
		if t == nil {
			return fmt.Errorf("line %d: track %d has no entry with its address", m.line, n)
		}
		t.mode, t.isrc, t.indexes = m.mode, m.isrc, m.indexes
	}
	return p.order()
}

// order checks that sessions and tracks do not overlap.
func (p *parser) order() error {
	number, at := 0, disc.LBA(-1)
	for _, s := range p.sessions {
		slices.SortFunc(s.tracks, func(a, b *track) int { return int(a.start - b.start) })
		if s.leadOut <= s.tracks[len(s.tracks)-1].start {
			return fmt.Errorf("line %d: the lead-out of session %d is missing, or is before the end of its tracks", s.line, s.number)
		}
		for j, t := range s.tracks {
			begin := t.start - disc.LBA(t.pregap(j == 0))
			switch {
			case t.number <= number:
				return fmt.Errorf("line %d: track %d comes after track %d on the disc", t.line, t.number, number)
			case begin < at || t.start <= at, begin < 0:
				return fmt.Errorf("line %d: track %d begins before the track before it ends", t.line, t.number)
			case t.last() > int64(s.leadOut-t.start):
				return fmt.Errorf("line %d: an index of track %d is after the end of the session", t.line, t.number)
			}
			if j > 0 && s.tracks[j-1].last() > int64(begin-s.tracks[j-1].start) {
				return fmt.Errorf("line %d: an index of track %d is after the end of the track", t.line, number)
			}
			number, at = t.number, t.start
		}
		at = s.leadOut
	}
	return nil
}

// last returns how many sectors after index 1 the last index begins.
func (t *track) last() int64 {
	if len(t.indexes) < 3 {
		return 0
	}
	return t.indexes[len(t.indexes)-1] - t.indexes[1]
}
