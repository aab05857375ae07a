package model

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/units"
)

// Verdict is what has come of a burn, in one word.
type Verdict uint8

// Verdicts.
const (
	Verified   Verdict = iota // written, read again, equal
	Unverified                // written; nobody has looked whether it can be read
	Simulated                 // nothing was written
	Failed
	Stopped // by the person
)

func (v Verdict) String() string {
	return [...]string{"verified", "not verified", "simulated", "failed", "stopped"}[v]
}

// Outcome is what has come of a burn, in words.
type Outcome struct {
	Verdict  Verdict
	Headline string // VERIFIED
	Text     string // what that means, and what to do
	Result   record.Result
	Err      error
}

// Judge tells what has come of a burn. Only a disc that was read again and found
// equal is verified; nothing else looks like success.
func Judge(r record.Result, err error, o record.Options) Outcome {
	out := Outcome{Result: r, Err: err}
	switch {
	case errors.Is(err, context.Canceled):
		out.Verdict, out.Headline = Stopped, "STOPPED"
		out.Text = "The burn was stopped before its end. " + aftermath(err)
	case err != nil && r.Equal && r.SourceChanged != nil:
		out.Verdict, out.Headline, out.Text = Unverified, "DISC GOOD, SOURCE CHANGED", failure(r, err)
	case err != nil:
		out.Verdict, out.Headline, out.Text = Failed, "FAILED", failure(r, err)
	case r.Mismatch != nil:
		out.Verdict, out.Headline, out.Text = Failed, "FAILED", sentence(r.Mismatch.Error())+" Do not trust this disc."
	case o.Simulate:
		out.Verdict, out.Headline = Simulated, "SIMULATED"
		out.Text = "The simulation went well. Nothing was written: the disc is as it was."
	case r.Equal && r.Plan.Incomplete() != "":
		out.Verdict, out.Headline = Unverified, "EQUAL TO A SOURCE THAT IS INCOMPLETE"
		out.Text = "The disc was read back and is equal to its source, and lacks what that lacks: " + r.Plan.Incomplete() + "." + doubts(r)
	case r.Equal && len(r.Changes) > 0:
		out.Verdict, out.Headline = Unverified, "EQUAL, BUT FILES HAD CHANGED"
		out.Text = fmt.Sprintf("The disc was read back and is equal to what was sent. But %s not any more what had been planned: see the details.",
			Count(len(r.Changes), "file was", "files were")) + doubts(r)
	case r.Equal && r.Plan.Damaged() != "":
		out.Verdict, out.Headline = Unverified, "EQUAL TO A SOURCE THAT IS DAMAGED"
		out.Text = "The disc was read back and is equal to its source, and is damaged as that is: " + r.Plan.Damaged() + "." + doubts(r)
	case r.Verified:
		out.Verdict, out.Headline = Verified, "VERIFIED"
		out.Text = fmt.Sprintf("All %s sectors were read back and are equal to the source.", units.Thousands(r.Plan.Sectors))
	case r.Equal:
		out.Verdict, out.Headline = Unverified, "READ BACK, NOT ASSURED"
		out.Text = "The disc was read back and is equal to the source." + doubts(r)
	default:
		out.Verdict, out.Headline = Unverified, "WRITTEN, NOT VERIFIED"
		out.Text = "The drive reported no error, but the disc was not read back. Whether it is good is not known." + doubts(r)
	}
	return out
}

// doubts says what could not be assured.
func doubts(r record.Result) string {
	var s string
	for _, why := range r.NotAssured {
		s += " But " + why + "."
	}
	return s
}

// failure says what has failed, in which state the disc is, and what to do.
func failure(r record.Result, err error) string {
	var e *record.Error
	if !errors.As(err, &e) {
		return sentence(err.Error())
	}
	if r.SourceChanged != nil && r.Mismatch == nil {
		return sentence(e.Err.Error()) + spaced(e.Left) + spaced(e.Advice)
	}
	what := e.Step
	if e.LBA >= 0 && !strings.Contains(e.Err.Error(), fmt.Sprintf("LBA %d", e.LBA)) {
		what += fmt.Sprintf(" at LBA %s", units.Thousands(int64(e.LBA)))
	}
	text := sentence(fmt.Sprintf("%s: %v", what, e.Err))
	if m := r.Mismatch; m != nil {
		text = fmt.Sprintf("The disc was read back and is not equal to its source: %s, the first is LBA %s",
			Count(int(m.Count), "sector is bad", "sectors are bad"), units.Thousands(int64(m.LBA)))
		if m.File != "" {
			text += ", in " + m.File
		}
		text += "."
	}
	var sense *scsi.Error
	if errors.As(e.Err, &sense) {
		text += spaced(sense.Hint())
	}
	return text + spaced(e.Left) + spaced(e.Advice)
}

// aftermath says in which state a burn that was stopped has left the disc.
func aftermath(err error) string {
	var e *record.Error
	if !errors.As(err, &e) {
		return "Nothing is left of it."
	}
	return strings.TrimSpace(spaced(e.Left) + spaced(e.Advice))
}

// spaced makes a further sentence.
func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + sentence(s)
}

// Reason says why something cannot be planned. That it was planned goes without
// saying where the plan would stand.
func Reason(err error) string {
	return sentence(strings.TrimPrefix(err.Error(), "plan disc: "))
}

// sentence makes a message of an error: a capital letter, a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	r := []rune(s)
	if r[0] >= 'a' && r[0] <= 'z' {
		r[0] -= 'a' - 'A'
	}
	if last := r[len(r)-1]; last != '.' && last != '!' && last != '?' {
		r = append(r, '.')
	}
	return string(r)
}

// Line is a name and a value.
type Line struct{ Name, Value string }

// Lines are the facts of the outcome: the first bad sector and its file before
// everything else.
func (o Outcome) Lines() []Line {
	r := o.Result
	var out []Line
	add := func(name, value string) {
		if value != "" {
			out = append(out, Line{name, value})
		}
	}
	if m := r.Mismatch; m != nil {
		add("First bad", fmt.Sprintf("LBA %s, byte %d of the sector", units.Thousands(int64(m.LBA)), m.Offset))
		file := m.File
		if file == "" {
			file = "not part of a file"
		}
		add("In file", file)
		add("Bad sectors", units.Thousands(m.Count))
		if m.Err != nil {
			add("Reason", m.Err.Error())
		}
	}
	add("Medium", r.Plan.Profile)
	if r.Written > 0 {
		add("Written", fmt.Sprintf("%s sectors, %s", units.Thousands(r.Written), Sectors(r.Written)))
	}
	if r.Seconds > 0 {
		rate := float64(r.Written) * 2048 / r.Seconds
		add("Time", fmt.Sprintf("%s, on average %s/s", Clock(time.Duration(r.Seconds*float64(time.Second))), Bytes(int64(rate))))
	}
	if r.Retried > 0 {
		add("Retried", Count(int(r.Retried), "sector was not read at the first attempt", "sectors were not read at the first attempt"))
	}
	for _, c := range r.Changes {
		add("Changed", c.String())
	}
	add("SHA-256", r.SHA256)
	for _, w := range r.Notices {
		add("Remark", w.String())
	}
	return out
}
