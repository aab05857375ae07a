package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"glassmaster/drive/scsi"
)

// ErrLost is in the chain of the error of a burn whose drive reported, with a later
// command, that it could not write the data in its buffer, or that it was reset before
// that.
var ErrLost = errors.New("not all data in the drive's buffer reached the disc")

// watch is the transport to the drive during a burn. It checks the sense data of all
// commands, including those whose failure is ignored, for errors of earlier writes.
type watch struct {
	scsi.Transport
	warn   func(format string, args ...any)
	inform func(format string, args ...any) // from any goroutine

	changing bool // a command that changes the disc was sent
	open     bool // something was written that is not closed yet
	resent   int  // commands that were sent again after a deferred error
	reported bool // a deferred recovered error
	lost     error
}

// resends is how often a command is sent again after deferred errors: a drive may have
// queued several.
const resends = 16

// Execute implements [scsi.Transport]. A deferred error concerns an earlier command, and
// the command that reports it is not executed. It is sent again, except for a WRITE if
// sectors before it are lost.
func (w *watch) Execute(ctx context.Context, c scsi.Command) (int, error) {
	op := c.CDB[0]
	for tries := 0; ; tries++ {
		w.began(op)
		n, err := w.send(ctx, c)
		if !scsi.Deferred(err) || scsi.InProgress(err) {
			w.noteError(op, err)
			return n, err
		}
		fatal := w.deferred(err)
		if fatal && writes(op) || tries == resends {
			return n, err
		}
		w.resent++
	}
}

// answerExpected is how long a command may take before a notice is given.
const answerExpected = 2 * time.Minute

// send sends a command. If a command with a long timeout takes long, there is a notice:
// whether the drive hangs is known only when the timeout expires.
func (w *watch) send(ctx context.Context, c scsi.Command) (int, error) {
	if c.Timeout > answerExpected && w.inform != nil {
		timer := time.AfterFunc(answerExpected, func() {
			w.inform("the drive has not answered %s for %v: it is still writing, or it hangs; the timeout is %v", scsi.Describe(c.CDB), answerExpected, c.Timeout)
		})
		defer timer.Stop()
	}
	return w.Transport.Execute(ctx, c)
}

// Unwrap returns the transport itself; see [scsi.Transport].
func (w *watch) Unwrap() scsi.Transport { return w.Transport }

// began records that a command will change the disc.
func (w *watch) began(op byte) {
	switch {
	case writes(op):
		w.changing, w.open = true, true
	case op == scsi.OpFormatUnit, op == scsi.OpBlank, op == scsi.OpReserveTrack, op == scsi.OpCloseTrackSession, op == scsi.OpSynchronizeCache:
		w.changing = true
	}
}

// deferred records an error of an earlier command and reports whether sectors are lost.
// Before the first command of this burn that changes the disc, the error concerns
// something else.
func (w *watch) deferred(err error) bool {
	key, _, _, _ := scsi.Code(err)
	overcome := key == scsi.KeyNoSense || key == scsi.KeyRecoveredError
	if w.changing && !overcome {
		w.setLost(err)
		return true
	}
	if !w.reported {
		w.reported = true
		if overcome {
			w.warn("the drive recovered from an error of an earlier command: %v", err)
		} else {
			w.warn("the drive reported an error from before this burn: %v", err)
		}
	}
	return false
}

// noteError looks for errors that do not concern the command itself: a reset or a new
// disc before what was written is closed, and medium errors of commands that do not
// read the medium.
func (w *watch) noteError(op byte, err error) {
	if err == nil || !w.open {
		return
	}
	key, _, _, _ := scsi.Code(err)
	broken := key == scsi.KeyMediumError || key == scsi.KeyHardwareError
	if scsi.WasReset(err) || scsi.MediumChanged(err) || broken && !reads(op) {
		w.setLost(err)
	}
}

func (w *watch) setLost(err error) {
	if w.lost == nil {
		w.lost = fmt.Errorf("%w: %w", ErrLost, err)
	}
}

// closed records that everything was written and closed: from then on only deferred
// errors concern the burn.
func (w *watch) closed() { w.open = false }

func writes(op byte) bool {
	return op == scsi.OpWrite10 || op == scsi.OpWrite12 || op == scsi.OpWriteAndVerify
}

// reads reports whether a command may have to read the disc, so that an error of
// the medium can be its own.
func reads(op byte) bool {
	switch op {
	case scsi.OpReadCapacity, scsi.OpRead10, scsi.OpRead12, scsi.OpReadCD, scsi.OpReadTOC, scsi.OpReadDiscInformation, scsi.OpReadTrackInformation, scsi.OpReadDiscStructure, scsi.OpGetConfiguration:
		return true
	}
	return false
}
