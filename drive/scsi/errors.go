package scsi

import (
	"errors"
	"fmt"
	"strings"
)

// Status of a command: SAM-5 5.3.
const (
	StatusGood                = 0x00
	StatusCheckCondition      = 0x02
	StatusBusy                = 0x08
	StatusReservationConflict = 0x18
	StatusTaskSetFull         = 0x28
	StatusACAActive           = 0x30
	StatusTaskAborted         = 0x40
)

// ErrTimeout is in the chain of the error of a command that timed out.
var ErrTimeout = errors.New("no answer in time")

// ErrConnection is in the chain of the error of a transport that lost the connection to
// its drive. The transport can no longer be used; whether the drive executed the last
// command is not known.
var ErrConnection = errors.New("the connection to the drive is lost")

// ErrNotSent is in the chain of the error of a command that the system refused to send: the
// drive has not received it. A smaller transfer may be possible.
var ErrNotSent = errors.New("the command was not sent")

// InUseError is the error of a drive that was not opened because it is in use. No
// command was sent to it.
type InUseError struct {
	Drive string
	By    string // "growisofs (process 4711)", empty if unknown
	Own   bool   // this program itself uses it
	Err   error  // of the system
}

func (e *InUseError) Error() string {
	if e.Own {
		return e.Drive + " is already open in this program: close that disc first, or wait until its burn has ended"
	}
	return fmt.Sprintf("%s is in use by %s; wait for that program, or quit it", e.Drive, e.Who())
}

// Who names the program that uses the drive, as far as it is known.
func (e *InUseError) Who() string {
	switch {
	case e.Own:
		return "this program itself"
	case e.By == "":
		return "another program (a player, a burner, a desktop that checks for new discs)"
	}
	return e.By
}

func (e *InUseError) Unwrap() error { return e.Err }

// Error is a status other than GOOD that a drive returned for a command.
type Error struct {
	CDB    []byte
	Status byte // StatusCheckCondition with sense data; others come without
	Sense
}

// NewError returns the error of a command that ended with a status other than GOOD.
// The sense data may be empty. Both slices are copied.
func NewError(cdb []byte, status byte, sense []byte) *Error {
	return &Error{CDB: append([]byte(nil), cdb...), Status: status, Sense: DecodeSense(sense)}
}

// Error returns the command with its address, and the standard's text and code of the
// sense data: "WRITE(10) at LBA 1234: ILLEGAL REQUEST, INVALID ADDRESS FOR WRITE
// (5/21/02)". [Error.Hint] says what to do about it.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(Describe(e.CDB))
	b.WriteString(": ")
	if e.Status != StatusCheckCondition || len(e.Raw) == 0 {
		b.WriteString(statusName(e.Status))
		if e.Status == StatusCheckCondition {
			b.WriteString(" without sense data")
		}
		return b.String()
	}
	if e.Deferred {
		b.WriteString("about an earlier command: ")
	}
	fmt.Fprintf(&b, "%v, %s (%X/%02X/%02X", e.Key, e.Text(), uint8(e.Key), e.ASC, e.ASCQ)
	if e.FieldValid {
		b.WriteString(e.Field.describe())
	}
	if e.ProgressValid {
		fmt.Fprintf(&b, ", %d%% done", int(e.Progress)*100/65536)
	}
	b.WriteString(")")
	return b.String()
}

func statusName(status byte) string {
	switch status {
	case StatusCheckCondition:
		return "CHECK CONDITION"
	case StatusBusy:
		return "BUSY"
	case StatusReservationConflict:
		return "RESERVATION CONFLICT"
	case StatusTaskSetFull:
		return "TASK SET FULL"
	case StatusACAActive:
		return "ACA ACTIVE"
	case StatusTaskAborted:
		return "TASK ABORTED"
	}
	return "status " + hexByte(status)
}

func (f FieldPointer) describe() string {
	where := "data"
	if f.InCDB {
		where = "CDB"
	}
	if f.BitValid {
		return fmt.Sprintf(", %s byte %d bit %d", where, f.Byte, f.Bit)
	}
	return fmt.Sprintf(", %s byte %d", where, f.Byte)
}

// Code returns the sense key and additional sense code of the *Error in an error, which
// may be deferred; see [Deferred].
func Code(err error) (key Key, asc, ascq uint8, ok bool) {
	var e *Error
	if !errors.As(err, &e) || e.Status != StatusCheckCondition {
		return 0, 0, 0, false
	}
	return e.Key, e.ASC, e.ASCQ, true
}

// Deferred reports whether an error is about an earlier command. The command that
// returned it was not executed (SPC-4 4.5.7).
func Deferred(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == StatusCheckCondition && e.Deferred
}

// Is reports whether a command failed with this sense key and additional sense code.
func Is(err error, key Key, asc, ascq uint8) bool {
	k, a, q, ok := current(err)
	return ok && k == key && a == asc && q == ascq
}

// current is Code of an error that is about the command itself. A deferred error tells
// neither that the drive does not support the command nor that it executed it.
func current(err error) (key Key, asc, ascq uint8, ok bool) {
	if Deferred(err) {
		return 0, 0, 0, false
	}
	return Code(err)
}

// Recovered reports whether the drive executed the command after it recovered from an
// error: RECOVERED ERROR.
func Recovered(err error) bool {
	k, _, _, ok := current(err)
	return ok && k == KeyRecoveredError
}

// hasASC reports whether a command failed with this key and ASC, and any ASCQ.
func hasASC(err error, key Key, asc uint8) bool {
	k, a, _, ok := current(err)
	return ok && k == key && a == asc
}

// NotReady reports whether the sense key is NOT READY. [InProgress] and
// [MediumNotPresent] distinguish the reasons.
func NotReady(err error) bool {
	k, _, _, ok := current(err)
	return ok && k == KeyNotReady
}

// InProgress reports whether the command is worth repeating later: the drive is becoming
// ready (2/04/01), formats (2/04/04), executes a long operation (2/04/07) or a long write
// (2/04/08), tests itself (2/04/09), starts or stops the disc (2/04/1A), or is BUSY.
func InProgress(err error) bool {
	var e *Error
	if errors.As(err, &e) && (e.Status == StatusBusy || e.Status == StatusTaskSetFull) {
		return true
	}
	k, a, q, ok := Code(err)
	if !ok || k != KeyNotReady || a != 0x04 {
		return false
	}
	switch q {
	case 0x01, 0x04, 0x07, 0x08, 0x09, 0x1A:
		return true
	}
	return false
}

// Progress returns how much of a running operation is done, from 0 to 1, if the drive
// reports it.
func Progress(err error) (float64, bool) {
	var e *Error
	if !errors.As(err, &e) || !e.ProgressValid {
		return 0, false
	}
	return float64(e.Sense.Progress) / 65536, true
}

// MediumNotPresent reports whether no disc is in the drive: 2/3A/xx.
func MediumNotPresent(err error) bool { return hasASC(err, KeyNotReady, 0x3A) }

// MediumChanged reports whether the disc may be another one than before: 6/28/xx.
func MediumChanged(err error) bool { return hasASC(err, KeyUnitAttention, 0x28) }

// WasReset reports whether the drive was switched on or reset: 6/29/xx. Its settings
// (speed, mode pages, the lock of the tray) are lost.
func WasReset(err error) bool { return hasASC(err, KeyUnitAttention, 0x29) }

// Unsupported reports whether the drive does not support the command: 5/20/00.
func Unsupported(err error) bool { return Is(err, KeyIllegalRequest, 0x20, 0x00) }

// InvalidField reports whether the drive supports the command, but not a value in it:
// 24/xx or 26/xx, under ILLEGAL REQUEST, or under NOT READY as some emulations report it.
func InvalidField(err error) bool {
	k, a, _, ok := current(err)
	return ok && (k == KeyIllegalRequest || k == KeyNotReady) && (a == 0x24 || a == 0x26)
}
