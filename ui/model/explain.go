package model

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/units"
)

// Explain describes in sentences what an error means and what to do. The addresses and
// the codes of the drive are in [ErrorDetails].
func Explain(err error) string {
	var busy *job.BusyError
	if errors.As(err, &busy) {
		return explainBusy(busy, Short(busy.Drive))
	}
	var e *record.Error
	if !errors.As(err, &e) {
		if text := explainDrive("", err); text != "" {
			return text + further(scsi.Hint(err))
		}
		return sentence(err.Error())
	}
	if text := explainDrive(e.Step, e.Err); text != "" {
		hint := scsi.Hint(e.Err)
		if strings.HasPrefix(e.Advice, hint) { // which goes on from there
			hint = ""
		}
		return text + further(e.Left) + further(hint) + further(e.Advice)
	}
	return sentence(e.Step+": "+e.Err.Error()) + further(e.Left) + further(e.Advice)
}

// explainBusy explains why a drive was not used.
func explainBusy(e *job.BusyError, drive string) string {
	if e.Task == "" {
		return drive + " is busy. Try again in a moment."
	}
	return fmt.Sprintf("%s is busy: %s. Wait until that has finished, or stop it.", drive, e.Task)
}

// explainDrive explains an error of a drive, or of the way to it, at a step of the work;
// it is empty for other errors.
func explainDrive(step string, err error) string {
	at := ""
	if step != "" {
		at = " while trying to " + step
	}
	var sense *scsi.Error
	switch {
	case errors.Is(err, context.Canceled):
		return ""
	case errors.As(err, &sense) && len(sense.Raw) == 0:
		return "The drive refused a command" + at + "."
	case sense != nil:
		return fmt.Sprintf("The drive reported an error%s: %s.", at, strings.ToLower(sense.Text()))
	case errors.Is(err, scsi.ErrTimeout):
		return "The drive did not answer" + at + "."
	case errors.Is(err, scsi.ErrConnection):
		return "The connection to the drive was lost" + at + "."
	}
	return ""
}

// ErrorDetails returns what Explain leaves out: the step, the address and the reply of
// the drive with its codes.
func ErrorDetails(err error) []Line {
	var out []Line
	var e *record.Error
	if errors.As(err, &e) {
		out = append(out, Line{"Step", Capital(e.Step)})
		if e.LBA >= 0 {
			out = append(out, Line{"Address", "LBA " + units.Thousands(e.LBA)})
		}
	}
	var sense *scsi.Error
	switch {
	case errors.As(err, &sense):
		out = append(out, Line{"Reply of the drive", sense.Error()})
	case e != nil && e.Err != nil && !errors.Is(e.Err, context.Canceled):
		out = append(out, Line{"Error", e.Err.Error()})
	}
	return out
}

// further appends a sentence.
func further(s string) string {
	if s == "" {
		return ""
	}
	return " " + sentence(s)
}

// Reason returns why something cannot be planned. It leaves out that planning has failed,
// which is obvious in place of the plan.
func Reason(err error) string {
	return sentence(strings.TrimPrefix(Explain(err), "Plan disc: "))
}

// sentence turns a message into a sentence: a capital letter, a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	if last := s[len(s)-1]; last != '.' && last != '!' && last != '?' {
		s += "."
	}
	return Capital(s)
}
