package record

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// Error is the error of a burn that failed: where, why, in which state the disc was left,
// and what to do. Cancelling is a failure too; Err then wraps context.Canceled.
type Error struct {
	Step    string   // what was being done, as "write"
	LBA     disc.LBA // of the sector concerned, -1 if there is none
	Written int64    // sectors that the drive had accepted
	Err     error    // of the command, with its sense data
	Left    string   // in which state the disc was left
	Advice  string   // what to do next
}

func (e *Error) Error() string {
	var s strings.Builder
	cancelled := errors.Is(e.Err, context.Canceled)
	var changed *SourceChange
	switch {
	case cancelled:
		s.WriteString("the burn was cancelled: " + e.Step)
	case errors.As(e.Err, &changed):
		s.WriteString("the burn succeeded, but " + e.Step)
	default:
		s.WriteString("the burn failed: " + e.Step)
	}
	var sense *scsi.Error
	isSCSI := errors.As(e.Err, &sense)
	if e.LBA >= 0 && !isSCSI { // a SCSI error names the address itself
		fmt.Fprintf(&s, " at LBA %d", e.LBA)
	}
	if !cancelled {
		fmt.Fprintf(&s, ": %v", e.Err)
	}
	if isSCSI && sense.Hint() != "" {
		fmt.Fprintf(&s, " (%s)", sense.Hint())
	}
	if e.Left != "" {
		fmt.Fprintf(&s, "; %s", e.Left)
	}
	if e.Advice != "" {
		fmt.Fprintf(&s, "; %s", e.Advice)
	}
	return s.String()
}

func (e *Error) Unwrap() error { return e.Err }

// combine joins the errors that are not nil into one whose text is a single line. An
// error that is part of another one is left out.
func combine(errs ...error) error {
	var all several
	for i, e := range errs {
		if e == nil || slices.ContainsFunc(errs[i+1:], func(later error) bool { return errors.Is(later, e) }) || errors.Is(all, e) {
			continue
		}
		all = append(all, e)
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

// several are errors of one piece of work.
type several []error

func (s several) Error() string {
	var texts []string
	for _, e := range s {
		texts = append(texts, e.Error())
	}
	return strings.Join(texts, "; ")
}

func (s several) Unwrap() []error { return s }

// ErrNotOnDisc is in the chain of the error of a burn for which the drive reported
// success for every command, but which left a disc that is blank, or shorter than
// written. Such drives and USB bridges exist.
var ErrNotOnDisc = errors.New("the drive reported success, but the data is not on the disc")

// ErrDiffers is in the chain of the error of a disc that reads differently from
// what was sent to it.
var ErrDiffers = errors.New("the disc is not equal to its source")

// ErrUnchanged is in the chain of the error if a drive reported success for erasing,
// formatting or closing, but the disc is unchanged. It is an ErrNotOnDisc too.
var ErrUnchanged error = unchanged{}

type unchanged struct{}

func (unchanged) Error() string        { return "the drive reported success, but the disc is unchanged" }
func (unchanged) Is(target error) bool { return target == ErrNotOnDisc }

// SourceChange describes how a source has changed since it was burned. The disc is good:
// it is compared with what was sent to the drive.
type SourceChange struct {
	LBA  disc.LBA // of the first sector that has changed, as far as that is known
	File string   // that contains it; empty if there is none or it is unknown
	Err  error    // not nil if the source can no longer be read
}

func (s *SourceChange) Error() string {
	where := fmt.Sprint(s.LBA)
	if s.File != "" {
		where += fmt.Sprintf(" (%s)", s.File)
	}
	if s.Err != nil {
		return fmt.Sprintf("the source can no longer be read; the first sector is %s: %v", where, s.Err)
	}
	return fmt.Sprintf("the source has changed since it was burned; the first sector is %s", where)
}

func (s *SourceChange) Unwrap() error { return s.Err }
