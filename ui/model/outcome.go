package model

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
	"glassmaster/mastering/verify"
)

// Verdict is the outcome of a burn.
type Verdict uint8

// Verdicts.
const (
	Verified   Verdict = iota // written, read back, equal to a source without defects
	Unverified                // written, but not known to be good
	Simulated                 // nothing was written
	Failed
	Stopped // by the user
)

func (v Verdict) String() string {
	return [...]string{"verified", "not verified", "simulated", "failed", "stopped"}[v]
}

// Outcome is the outcome of a burn in words.
type Outcome struct {
	Verdict  Verdict
	Headline string // VERIFIED
	Text     string // what that means, and what to do
	Result   job.Result
	Err      error
	Disc     job.Outcome // of the disc in its drive, for a report
	// Simulated is set if nothing was written, whatever the verdict is.
	Simulated bool
}

// Judge returns the outcome of a burn. Only a disc that was read back and is equal to a
// source without defects is verified; nothing else is shown as a success.
func Judge(r job.Result, err error, o record.Options) Outcome {
	out := Outcome{Result: r, Err: err, Simulated: o.Simulate}
	set := func(v Verdict, headline, text string) Outcome {
		out.Verdict, out.Headline, out.Text = v, headline, text
		return out
	}
	flaws := flawsOf(r)
	switch {
	case errors.Is(err, context.Canceled):
		return set(Stopped, "STOPPED", stopped(r, err))
	case err != nil && r.Equal && r.SourceChanged != nil:
		return set(Unverified, "DISC GOOD, SOURCE CHANGED", failure(r, err))
	case err != nil:
		return set(Failed, "FAILED", failure(r, err))
	case r.Mismatch != nil:
		return set(Failed, "FAILED", mismatch(r.Mismatch)+" Do not rely on it.")
	case o.Simulate:
		return set(Simulated, "SIMULATED", "The simulation was successful. Nothing was written: the disc is unchanged.")
	case len(flaws) > 0:
		return set(Unverified, flawed(r), flawedText(r, flaws))
	case unexpected(r) != "":
		return set(Unverified, "NOT AS PLANNED", "The disc differs from what was planned: "+unexpected(r)+". The details show what was expected and found."+doubts(r))
	case r.Verified:
		all := Count(int(r.Plan.Sectors), "sector", "sectors")
		if n := len(r.Plan.Tracks); n > 1 {
			all = fmt.Sprintf("%d tracks", n)
		}
		if lost := LossTexts(r.Plan.Lost); len(lost) > 0 {
			return set(Verified, "VERIFIED, WITH DIFFERENCES", fmt.Sprintf("All %s were read back and are as planned. The disc differs from the source as you agreed: %s.", all, strings.Join(lost, "; ")))
		}
		return set(Verified, "VERIFIED", fmt.Sprintf("All %s were read back and are equal to the source.", all))
	case r.Equal:
		return set(Unverified, "READ BACK, NOT ASSURED", "The data was read back and is equal to the source."+doubts(r))
	}
	return set(Unverified, "WRITTEN, NOT VERIFIED", "No error was reported, but the data was not read back. It is unknown whether it is good."+doubts(r))
}

// flawsOf returns the reasons why a result is not good although no step of it failed.
func flawsOf(r job.Result) []disc.Notice {
	flaws := r.Flaws()
	if text := r.Plan.Incomplete(); text != "" && r.Short == nil {
		flaws = append(flaws, disc.Notice{Severity: disc.Error, Text: "the source is incomplete: " + text})
	}
	return flaws
}

// flawed returns the headline of a result whose source is flawed.
func flawed(r job.Result) string {
	what := "DAMAGED"
	switch {
	case r.Short != nil, r.Plan.Incomplete() != "", r.Unread != nil, len(r.Missing) > 0:
		what = "INCOMPLETE"
	case len(r.Changes) > 0 && r.Equal:
		return "EQUAL, BUT FILES HAD CHANGED"
	case len(r.Changes) > 0:
		return "WRITTEN, BUT FILES HAD CHANGED"
	}
	if r.Equal {
		return "EQUAL TO A SOURCE THAT IS " + what
	}
	return "WRITTEN FROM A SOURCE THAT IS " + what
}

// flawedText describes what is wrong with a result whose source is flawed.
func flawedText(r job.Result, flaws []disc.Notice) string {
	text := "The data was not read back, and "
	if r.Equal {
		text = "The data was read back and is equal to the source, but "
	}
	text += "it is only as good as the source: "
	if slices.Contains(r.Missing, flaws[0]) {
		text += "missing is "
	}
	text += flaws[0].String() + "."
	if n := len(flaws) - 1; n > 0 {
		text += " " + Count(n, "more problem is", "more problems are") + " listed in the details."
	}
	return text + doubts(r)
}

// doubts describes what could not be assured.
func doubts(r job.Result) string {
	var s string
	for _, why := range r.NotAssured {
		s += " But " + why + "."
	}
	return s
}

// failure describes what has failed, the state of the disc, and what to do.
func failure(r job.Result, err error) string {
	var e *record.Error
	switch {
	case errors.As(err, &e) && r.SourceChanged != nil && r.Mismatch == nil:
		return sentence(e.Err.Error()) + further(e.Left) + further(e.Advice)
	case r.Mismatch != nil && e != nil:
		return mismatch(r.Mismatch) + further(e.Left) + further(e.Advice)
	case r.Mismatch != nil:
		return mismatch(r.Mismatch) + " Do not rely on it."
	}
	return Explain(err)
}

// mismatch describes a difference found in the comparison.
func mismatch(m *verify.Mismatch) string {
	text := "The data was read back and is not equal to the source: " + Count(int(m.Count), "sector is bad", "sectors are bad")
	switch {
	case m.File != "" && m.Count == 1:
		text += ", in " + m.File
	case m.File != "":
		text += ", the first in " + m.File
	}
	return text + "."
}

// stopped describes the state in which a stopped burn has left its target.
func stopped(r job.Result, err error) string {
	var e *record.Error
	switch {
	case errors.As(err, &e):
		return "The burn was stopped before its end." + further(e.Left) + further(e.Advice)
	case r.Plan.Profile == "":
		return "The burn was stopped before it began. Nothing was written."
	}
	return "Writing was stopped before its end. The unfinished file was removed."
}

// Line is a name and a value.
type Line struct{ Name, Value string }

// writtenText returns how much was written, and how fast. The sectors of a CD with tracks are
// of several sizes, so that its speed is that of playing.
func writtenText(r job.Result) (written, rate string) {
	perSecond := float64(r.Written) / max(r.Seconds, 0.001)
	if len(r.Plan.Tracks) > 0 {
		rate = fmt.Sprintf("%.0fx", perSecond/75)
		written = Count(int(r.Written), "sector", "sectors")
	} else {
		rate = units.Size(int64(perSecond*disc.SectorSize)) + "/s"
		written = Count(int(r.Written), "sector", "sectors") + ", " + units.Size(r.Written*disc.SectorSize)
	}
	if r.Written <= 0 {
		written = ""
	}
	return written, rate
}

// signed returns a number with its sign, and zero without one.
func signed[T int | int64](n T) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", n)
}

// Lines are the details of the outcome, the first bad sector and its file before
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
	if r.Mismatch == nil && (o.Verdict == Failed || o.Verdict == Stopped) {
		out = append(out, ErrorDetails(o.Err)...)
	}
	for _, n := range flawsOf(r) {
		add("Problem", n.String())
	}
	add("Medium", r.Plan.Profile)
	add("Medium ID", r.MediumID)
	add("Mode", r.Plan.Recipe)
	written, rate := writtenText(r)
	if o.Simulated {
		add("Simulated", written)
	} else {
		add("Written", written)
	}
	if r.Seconds > 0 {
		add("Time", fmt.Sprintf("%s, on average %s", units.Duration(time.Duration(r.Seconds*float64(time.Second))), rate))
	}
	if r.LeastSeconds >= 1 {
		add("At least", units.Duration(time.Duration(r.LeastSeconds*float64(time.Second)))+" at the speed of the disc")
	}
	if r.Levels.Host >= 0 && r.Levels.Size > 0 {
		add("Buffer", fmt.Sprintf("%s, never below %.0f %%", units.Size(r.Levels.Size), r.Levels.Host*100))
	}
	if r.Levels.Drive >= 0 && r.Levels.Size > 0 {
		add("Drive buffer", fmt.Sprintf("never below %.0f %%", r.Levels.Drive*100))
	}
	if r.ReadOffset != nil {
		add("Read offset", fmt.Sprintf("%s samples", signed(*r.ReadOffset)))
	}
	if r.Retried > 0 {
		add("Retried", Count(int(r.Retried), "sector was not read at the first attempt", "sectors were not read at the first attempt"))
	}
	add("Retried at", retries(r.Retries))
	add("SHA-256", r.SHA256)
	for _, w := range r.Notices {
		add("Remark", w.String())
	}
	return out
}
