package sheet

import (
	"fmt"
	"strconv"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// newTrack parses TRACK number mode.
func (p *parser) newTrack(rest string) error {
	first, mode := cut(rest)
	n, err := strconv.Atoi(first)
	if err != nil || n < 1 || n > 99 {
		return fmt.Errorf("invalid track number %.20q; track numbers are 1 to 99", first)
	}
	mode = strings.ToUpper(unquote(mode))
	if !known(mode) {
		return fmt.Errorf("track %d: unknown track mode %.40q", n, mode)
	}
	if last := p.track(); last != nil {
		switch {
		case last.Number == n:
			return fmt.Errorf("two tracks have the number %d; the first one is in line %d", n, last.Line)
		case last.Number > n:
			return fmt.Errorf("track %d comes after track %d; tracks must be in the order of their numbers", n, last.Number)
		case last.Number+1 < n:
			p.warn("track %d follows track %d; the tracks between are missing.", n, last.Number)
		}
	}
	p.Tracks = append(p.Tracks, Track{Number: n, Mode: mode, Line: p.line, Session: p.session, HighArea: p.high})
	p.high = false
	return nil
}

// known reports whether a mode is known. The number after the slash is that of the bytes of
// a sector in the file; 2448 is a whole sector with its sub-channels.
func known(mode string) bool {
	switch mode {
	case "AUDIO", "CDG", "MODE1/2048", "MODE1/2352", "MODE1/2448",
		"MODE2/2048", "MODE2/2324", "MODE2/2336", "MODE2/2352", "MODE2/2448", "CDI/2336", "CDI/2352":
		return true
	}
	return false
}

// Audio reports whether the track is an audio track.
func (k *Track) Audio() bool { return k.Mode == "AUDIO" || k.Mode == "CDG" }

// index parses INDEX number time.
func (p *parser) index(rest string) error {
	k := p.track()
	if k == nil {
		return fmt.Errorf("INDEX comes before the first TRACK")
	}
	if len(p.Files) == 0 {
		return fmt.Errorf("INDEX comes before the first FILE")
	}
	first, rest := cut(rest)
	n, err := strconv.Atoi(first)
	if err != nil || n < 0 || n > 99 {
		return fmt.Errorf("invalid index number %.20q; index numbers are 0 to 99", first)
	}
	text, more := cut(rest)
	at, err := parseTime(text)
	if err != nil {
		return err
	}
	i := Index{n, at, len(p.Files) - 1, p.line}
	if l := len(k.Indexes); l > 0 {
		last := k.Indexes[l-1]
		switch {
		case last.Number >= n:
			return fmt.Errorf("INDEX %02d of track %d comes after INDEX %02d; indexes must be in the order of their numbers", n, k.Number, last.Number)
		case last.Number+1 < n:
			p.warn("INDEX %02d of track %d follows INDEX %02d; the indexes between are missing.", n, k.Number, last.Number)
		}
	} else if n > 1 {
		return fmt.Errorf("the first index of track %d is %02d; it must be 00 or 01", k.Number, n)
	}
	k.Indexes = append(k.Indexes, i)
	return p.more(more)
}

// more parses a further command on the line of another one.
func (p *parser) more(rest string) error {
	if rest == "" {
		return nil
	}
	switch name, _ := cut(rest); strings.ToUpper(name) {
	case "INDEX", "PREGAP", "POSTGAP", "ISRC", "FLAGS":
		p.warn("the line has several commands.")
		return p.command(rest)
	}
	p.warn("the text %.40q at the end of the line is ignored.", rest)
	return nil
}

// gap parses PREGAP time or POSTGAP time.
func (p *parser) gap(rest, name string) error {
	k := p.track()
	if k == nil {
		return fmt.Errorf("%s comes before the first TRACK", name)
	}
	text, more := cut(rest)
	n, err := parseTime(text)
	if err != nil {
		return err
	}
	if name == "POSTGAP" {
		k.Postgap = n
		return p.more(more)
	}
	if k.has(1) {
		return fmt.Errorf("PREGAP of track %d comes after its INDEX 01; it must come before", k.Number)
	}
	k.Pregap = n
	return p.more(more)
}

// parseTime parses minutes, seconds and frames, and returns sectors. The minutes of a long
// file may have three digits.
func parseTime(s string) (int64, error) {
	parts := strings.Split(unquote(s), ":")
	if len(parts) != 3 {
		return 0, fmt.Errorf("the time %.40q is not in the form MM:SS:FF (minutes, seconds, frames)", s)
	}
	var n [3]int
	for i, part := range parts {
		if len(part) == 0 || len(part) > 3 || strings.Trim(part, "0123456789") != "" {
			return 0, fmt.Errorf("the time %.40q is not in the form MM:SS:FF (minutes, seconds, frames)", s)
		}
		n[i], _ = strconv.Atoi(part)
	}
	switch {
	case n[1] >= 60:
		return 0, fmt.Errorf("the time %s has %d seconds; there are 00 to 59", s, n[1])
	case n[2] >= 75:
		return 0, fmt.Errorf("the time %s has %d frames; there are 00 to 74", s, n[2])
	}
	return disc.MSF{M: n[0], S: n[1], F: n[2]}.Sectors(), nil
}

// flags parses FLAGS with one or more flags.
func (p *parser) flags(rest string) error {
	k := p.track()
	if k == nil {
		return fmt.Errorf("FLAGS comes before the first TRACK")
	}
	for rest != "" {
		var one string
		all := rest
		one, rest = cut(rest)
		switch strings.ToUpper(one) {
		case "DCP":
			k.Control |= disc.CopyPermitted
		case "4CH":
			k.Control |= disc.FourChannels
		case "PRE":
			k.Control |= disc.PreEmphasis
		case "SCMS":
			p.notice(disc.Info, "the flag SCMS is ignored: a disc does not record it separately.")
		case "DATA":
			if k.Audio() {
				p.warn("the flag DATA contradicts the mode %s of track %d, and is ignored.", k.Mode, k.Number)
			}
		case "INDEX", "PREGAP", "POSTGAP", "ISRC":
			return p.more(all)
		default:
			p.warn("the flag %.40q is unknown, and is ignored.", one)
		}
	}
	return nil
}

// isrc parses ISRC code. Hyphens are not part of the code.
func (p *parser) isrc(rest string) error {
	k := p.track()
	if k == nil {
		return fmt.Errorf("ISRC comes before the first TRACK")
	}
	code := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(unquote(rest)))
	switch {
	case strings.Trim(code, "0") == "":
		// whatever wrote it means that there is none
	case !sector.ValidISRC(code):
		p.warn("the ISRC %.40q of track %d is invalid, and is ignored: an ISRC has 5 letters or digits, then 7 digits.", rest, k.Number)
	default:
		k.ISRC = code
	}
	return nil
}

// catalog parses CATALOG number. The number has 13 digits; of a UPC, which has 12, the
// first one is a zero that is not printed.
func (p *parser) catalog(rest string) error {
	n := strings.NewReplacer("-", "", " ", "").Replace(unquote(rest))
	switch {
	case n == "":
		return fmt.Errorf("CATALOG has no number; remove the line if the disc has none")
	case strings.Trim(n, "0123456789") != "":
		return fmt.Errorf("the media catalogue number %.40q has characters that are not digits", rest)
	case len(n) == 12:
		p.warn("the media catalogue number has 12 digits (a UPC); a zero is prefixed: 0%s.", n)
		n = "0" + n
	case len(n) != 13:
		return fmt.Errorf("the media catalogue number %.40q has %d digits instead of 13", rest, len(n))
	}
	if strings.Trim(n, "0") != "" {
		p.Catalog = n
	}
	return nil
}
