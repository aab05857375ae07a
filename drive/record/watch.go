package record

import (
	"context"
	"errors"
	"fmt"
	"time"

	"glassmaster/drive/scsi"
)

// ErrLost is in the chain of the error of a burn whose drive has said, at a later
// command, that it could not write what it had taken, or that it was reset while
// that was still in its buffer.
var ErrLost = errors.New("what the drive had taken did not all reach the disc")

// watch is the connection to the drive during a burn. Whoever asks for something
// that the burn does not depend on passes over its failure; watch sees to it that
// the news such a failure may carry is not lost.
type watch struct {
	scsi.Transport
	warn func(format string, args ...any)
	say  func(format string, args ...any) // from any goroutine

	changing bool // a command that changes the disc was sent
	open     bool // something was written that has not been closed
	resent   int  // commands that were sent again behind a deferred error
	told     bool // of a deferred error that the drive has overcome
	lost     error
}

// resends is how often one command is sent again behind deferred errors: a drive
// may have queued some.
const resends = 16

// Execute implements [scsi.Transport]. A deferred error is about what was sent
// earlier, and the command that brings it is not carried out: it is sent again,
// but for a WRITE when sectors before it are lost.
func (w *watch) Execute(ctx context.Context, c scsi.Command) (int, error) {
	op := c.CDB[0]
	for tries := 0; ; tries++ {
		w.began(op)
		n, err := w.send(ctx, c)
		if !scsi.Deferred(err) || scsi.InProgress(err) {
			w.hear(op, err)
			return n, err
		}
		fatal := w.deferred(err)
		if fatal && writes(op) || tries == resends {
			return n, err
		}
		w.resent++
	}
}

// silent is how long a command may go without an answer before that is told.
const silent = 2 * time.Minute

// send carries out a command. Where one may take long, the person is told while it
// does: that the drive hangs is known only when its time is over.
func (w *watch) send(ctx context.Context, c scsi.Command) (int, error) {
	if c.Timeout > silent && w.say != nil {
		told := time.AfterFunc(silent, func() {
			w.say("the drive has not answered %s for %v: it is still writing, or it hangs; it has %v", scsi.Describe(c.CDB), silent, c.Timeout)
		})
		defer told.Stop()
	}
	return w.Transport.Execute(ctx, c)
}

// SystemSize says what the connection says; see [scsi.SystemSize].
func (w *watch) SystemSize() (int64, error) { return scsi.SystemSize(w.Transport) }

// began takes note of a command that is going to change the disc.
func (w *watch) began(op byte) {
	switch {
	case writes(op):
		w.changing, w.open = true, true
	case op == scsi.OpFormatUnit, op == scsi.OpBlank, op == scsi.OpReserveTrack, op == scsi.OpCloseTrackSession, op == scsi.OpSynchronizeCache:
		w.changing = true
	}
}

// deferred takes note of an error about an earlier command and reports whether
// sectors are lost by it. Before the first command of this burn that changes the
// disc it is about the work of somebody else.
func (w *watch) deferred(err error) bool {
	key, _, _, _ := scsi.Code(err)
	overcome := key == scsi.KeyNoSense || key == scsi.KeyRecoveredError
	if w.changing && !overcome {
		w.lose(err)
		return true
	}
	if !w.told {
		w.told = true
		if overcome {
			w.warn("the drive had trouble with an earlier command and overcame it: %v", err)
		} else {
			w.warn("the drive tells of an error from before this burn: %v", err)
		}
	}
	return false
}

// hear looks at the errors of commands that say nothing of the command itself: a
// reset or a new disc before what was written is closed, and errors of the medium
// at commands that do not read it.
func (w *watch) hear(op byte, err error) {
	if err == nil || !w.open {
		return
	}
	key, _, _, _ := scsi.Code(err)
	broken := key == scsi.KeyMediumError || key == scsi.KeyHardwareError
	if scsi.WasReset(err) || scsi.MediumChanged(err) || broken && !reads(op) {
		w.lose(err)
	}
}

func (w *watch) lose(err error) {
	if w.lost == nil {
		w.lost = fmt.Errorf("%w: %w", ErrLost, err)
	}
}

// closed says that everything was written and closed: what is heard from here on
// is about something else, except where it is deferred.
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
