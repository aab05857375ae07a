package sheet

import (
	"fmt"
	"strconv"
	"strings"
)

// remark parses REM. Most remarks are comments; some tell what the sheet has no command
// for.
//
//	REM SESSION 02                  the tracks that follow are in session 2
//	REM LEAD-OUT 01:30:00           of the session before; see package cue for what it means
//	REM LEAD-IN 01:00:00            of the session that follows
//	REM PREGAP 00:02:00             of its first track
//	REM MSF: 02:34:00 = LBA: 11400  of index 1 of the track (IsoBuster)
//	REM HIGH-DENSITY AREA           the tracks that follow are in the second area of a GD-ROM (Redump)
func (p *parser) remark(rest string) error {
	name, value := cut(rest)
	switch strings.ToUpper(strings.TrimSuffix(name, ":")) {
	case "SESSION":
		return p.newSession(value)
	case "LEAD-OUT":
		return p.remarkTime(&p.leadOut, value)
	case "LEAD-IN":
		return p.remarkTime(&p.session.LeadIn, value)
	case "PREGAP":
		return p.remarkTime(&p.session.Pregap, value)
	case "MSF":
		if k := p.track(); k != nil {
			first, _ := cut(value)
			return p.remarkTime(&k.MSF, first)
		}
	case "HIGH-DENSITY":
		p.high = true
		p.session = Session{Number: p.session.Number + 1}
		if len(p.Tracks) == 0 {
			return fmt.Errorf("the high-density area of a GD-ROM comes before the first track")
		}
	}
	return nil
}

// remarkTime parses the time of a remark. Text that is no time is a comment.
func (p *parser) remarkTime(t *Time, value string) error {
	n, err := parseTime(value)
	if err != nil {
		p.warn("the remark is ignored: %v.", err)
		return nil
	}
	*t = Time{n, p.line}
	return nil
}

// newSession parses REM SESSION number.
func (p *parser) newSession(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil {
		p.warn("the remark is ignored: %.40q is not a session number.", value)
		return nil
	}
	last := p.session.Number
	switch {
	case n == last: // of the first session, for example
	case n == last+1 && len(p.Tracks) > 0 && p.track().Session.Number == last:
		p.session = Session{Number: n, LeadOut: p.leadOut}
		p.leadOut = Time{}
	default:
		return fmt.Errorf("session %d follows session %d; sessions must be numbered from 1 on, and each needs a track", n, last)
	}
	return nil
}
