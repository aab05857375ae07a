package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"glassmaster/drive/scsi"
)

// ErrLost is in the chain of the error of a burn whose drive reported, at a later
// command, that it could not write what was in its buffer, or that it was reset before
// it had written that.
var ErrLost = errors.New("not all data in the drive's buffer reached the disc")

// watch is the connection to the drive during a burn. It looks at the sense data of all
// commands, also of those whose failure is tolerated, for errors of earlier writes.
type watch struct {
	scsi.Transport
	warn   func(format string, args ...any)
	inform func(format string, args ...any) // from any goroutine

	changing bool // a command that changes the disc was sent
	open     bool // something was written that is not closed yet
	resent   int  // commands that were sent again behind a deferred error
	reported bool // a deferred error that the drive has overcome
	lost     error
}

// resends is how often a command is repeated after deferred errors: a drive may have
// queued several.
const resends = 16

// Execute implements [scsi.Transport]. A deferred error concerns an earlier command, and
// the command that reports it is not carried out: it is sent again, except for a WRITE
// when sectors before it are lost.
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

// answerExpected is how long a command may take before the person is told.
const answerExpected = 2 * time.Minute

// send sends a command. If one with a long timeout takes long, the person is told: that
// the drive hangs is known only when the timeout is over.
func (w *watch) send(ctx context.Context, c scsi.Command) (int, error) {
	if c.Timeout > answerExpected && w.inform != nil {
		told := time.AfterFunc(answerExpected, func() {
			w.inform("the drive has not answered %s for %v: it is still writing, or it hangs; the timeout is %v", scsi.Describe(c.CDB), answerExpected, c.Timeout)
		})
		defer told.Stop()
	}
	return w.Transport.Execute(ctx, c)
}

// Unwrap returns the transport itself; see [scsi.Transport].
func (w *watch) Unwrap() scsi.Transport { return w.Transport }

// began notes a command that is going to change the disc.
func (w *watch) began(op byte) {
	switch {
	case writes(op):
		w.changing, w.open = true, true
	case op == scsi.OpFormatUnit, op == scsi.OpBlank, op == scsi.OpReserveTrack, op == scsi.OpCloseTrackSession, op == scsi.OpSynchronizeCache:
		w.changing = true
	}
}

// deferred notes an error of an earlier command and reports whether sectors are lost.
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

// closed says that everything was written and closed: only deferred errors concern the
// burn from here on.
func (w *watch) closed() { w.open = false }

func writes(op byte) bool { return op == scsi.OpWrite10 || op == scsi.OpWrite12 }

// reads reports whether a command may have to read the disc, so that an error of
// the medium can be its own.
func reads(op byte) bool {
	switch op {
	case scsi.OpReadCapacity, scsi.OpRead10, scsi.OpRead12, scsi.OpReadCD, scsi.OpReadTOC, scsi.OpReadDiscInformation, scsi.OpReadTrackInformation, scsi.OpReadDiscStructure, scsi.OpGetConfiguration:
		return true
	}
	return false
}
