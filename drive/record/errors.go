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

// Error says that a burn failed: where, why, in which state the disc was left,
// and what can be done now. Cancelling is a failure too; its Err wraps
// context.Canceled.
type Error struct {
	Step    string   // what was being done, as "write"
	LBA     disc.LBA // of the sector concerned, -1 where there is none
	Written int64    // sectors that the drive had taken
	Err     error    // of the command, with its sense words
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
		s.WriteString("the burn went well, but " + e.Step)
	default:
		s.WriteString("the burn failed: " + e.Step)
	}
	var sense *scsi.Error
	told := errors.As(e.Err, &sense)
	if e.LBA >= 0 && !told { // such an error names the address itself
		fmt.Fprintf(&s, " at LBA %d", e.LBA)
	}
	if !cancelled {
		fmt.Fprintf(&s, ": %v", e.Err)
	}
	if told && sense.Hint() != "" {
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

// combine makes one error, of a single line, of those that are not nil. What is a
// part of another one is not said twice.
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

// ErrNotOnDisc is in the chain of the error of a burn that went well by every
// reply of the drive, and yet left a disc that is blank, or shorter than
// written: drives and bridges that do so exist.
var ErrNotOnDisc = errors.New("the drive reported success, but what was burned is not on the disc")

// ErrDiffers is in the chain of the error of a disc that reads differently from
// what was sent to it.
var ErrDiffers = errors.New("the disc is not equal to its source")

// ErrUnchanged is in the chain of the error of a drive that reported success with
// erasing, formatting or closing, and left the disc as it was. It is an
// ErrNotOnDisc too.
var ErrUnchanged error = unchanged{}

type unchanged struct{}

func (unchanged) Error() string        { return "the drive reported success, and the disc is as it was" }
func (unchanged) Is(target error) bool { return target == ErrNotOnDisc }

// SourceChange says that a source is not any more what was burned of it. The disc
// is not to blame: it is compared with what was sent to it.
type SourceChange struct {
	LBA  disc.LBA // of the first sector that has changed, as far as that is known
	File string   // that holds it, empty when it is none or not known
	Err  error    // not nil: the source cannot be read any more
}

func (s *SourceChange) Error() string {
	where := fmt.Sprintf("sector %d", s.LBA)
	if s.File != "" {
		where += fmt.Sprintf(" (%s)", s.File)
	}
	if s.Err != nil {
		return fmt.Sprintf("the source cannot be read any more as it was burned, first at %s: %v", where, s.Err)
	}
	return fmt.Sprintf("the source has changed since it was read for the burn, first at %s", where)
}

func (s *SourceChange) Unwrap() error { return s.Err }
