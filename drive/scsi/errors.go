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

// ErrTimeout is in the chain of an error of a command that the drive did not
// answer in time.
var ErrTimeout = errors.New("no answer in time")

// ErrConnection is in the chain of an error of a transport that has lost its
// drive. The transport is of no further use; what the drive did with the last
// command is not known.
var ErrConnection = errors.New("the connection to the drive is lost")

// InUseError says that a drive was not opened because somebody uses it already. No
// command was sent.
type InUseError struct {
	Drive string
	By    string // "growisofs (process 4711)", empty when not known
	Own   bool   // it is this program that uses it
	Err   error  // of the system
}

func (e *InUseError) Error() string {
	if e.Own {
		return e.Drive + " is open in this program already: close that disc first, or wait until its burn has ended"
	}
	return fmt.Sprintf("%s is in use by %s; wait for it, or end it", e.Drive, e.Who())
}

// Who names the program that uses the drive, as far as it is known.
func (e *InUseError) Who() string {
	switch {
	case e.Own:
		return "this program itself"
	case e.By == "":
		return "another program (a player, a burner, a desktop that looks for new discs)"
	}
	return e.By
}

func (e *InUseError) Unwrap() error { return e.Err }

// Error is the answer of a drive that did not carry out a command.
type Error struct {
	CDB    []byte
	Status byte // StatusCheckCondition with sense data; others come without
	Sense
}

// NewError makes the error of a command that ended with a status other than GOOD.
// The sense data may be empty; both slices are copied.
func NewError(cdb []byte, status byte, sense []byte) *Error {
	return &Error{CDB: append([]byte(nil), cdb...), Status: status, Sense: DecodeSense(sense)}
}

// Error is the command, where it worked, and the standard's words and numbers:
// "WRITE(10) at LBA 1234: ILLEGAL REQUEST, INVALID ADDRESS FOR WRITE (5/21/02)".
// What to do about it is in [Error.Hint].
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

// Code returns the sense key and additional sense code of an error's *Error, be it
// about the command itself or deferred; [Deferred] tells.
func Code(err error) (key Key, asc, ascq uint8, ok bool) {
	var e *Error
	if !errors.As(err, &e) || e.Status != StatusCheckCondition {
		return 0, 0, 0, false
	}
	return e.Key, e.ASC, e.ASCQ, true
}

// Deferred reports whether an error is about an earlier command. The command that
// brought it was not carried out (SPC-4, deferred errors).
func Deferred(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == StatusCheckCondition && e.Deferred
}

// Is reports whether a command failed with exactly this code.
func Is(err error, key Key, asc, ascq uint8) bool {
	k, a, q, ok := current(err)
	return ok && k == key && a == asc && q == ascq
}

// current is Code of an error that is about the command itself. A deferred one says
// nothing of it: neither that the drive does not know it, nor that it was carried
// out.
func current(err error) (key Key, asc, ascq uint8, ok bool) {
	if Deferred(err) {
		return 0, 0, 0, false
	}
	return Code(err)
}

// Recovered reports whether the drive carried out the command with difficulty:
// RECOVERED ERROR.
func Recovered(err error) bool {
	k, _, _, ok := current(err)
	return ok && k == KeyRecoveredError
}

// hasASC reports whether a command failed with this key and this additional sense
// code, whatever its qualifier.
func hasASC(err error, key Key, asc uint8) bool {
	k, a, _, ok := current(err)
	return ok && k == key && a == asc
}

// NotReady reports whether the drive is not ready: NOT READY, for whatever reason.
// [InProgress] and [MediumNotPresent] tell the reasons apart.
func NotReady(err error) bool {
	k, _, _, ok := current(err)
	return ok && k == KeyNotReady
}

// InProgress reports whether waiting helps: the drive becomes ready (2/04/01),
// formats (2/04/04), carries out a long operation (2/04/07) or a long write
// (2/04/08), tests itself (2/04/09), starts or stops the disc (2/04/1A), or is
// BUSY.
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

// Progress returns how much of a running operation is done, 0 to 1, if the drive says so.
func Progress(err error) (float64, bool) {
	var e *Error
	if !errors.As(err, &e) || !e.ProgressValid {
		return 0, false
	}
	return float64(e.Sense.Progress) / 65536, true
}

// MediumNotPresent reports whether there is no disc in the drive: 2/3A/xx.
func MediumNotPresent(err error) bool { return hasASC(err, KeyNotReady, 0x3A) }

// MediumChanged reports whether the disc may be another one than before: 6/28/xx.
func MediumChanged(err error) bool { return hasASC(err, KeyUnitAttention, 0x28) }

// WasReset reports whether the drive was switched on or reset: 6/29/xx. What was set
// before (speed, mode pages, the lock of the tray) is lost.
func WasReset(err error) bool { return hasASC(err, KeyUnitAttention, 0x29) }

// Unsupported reports whether the drive does not know the command: 5/20/00.
func Unsupported(err error) bool { return Is(err, KeyIllegalRequest, 0x20, 0x00) }

// InvalidField reports whether the drive knows the command but not what it asks
// for: 24/xx or 26/xx, under ILLEGAL REQUEST, or under NOT READY as some emulations say it.
func InvalidField(err error) bool {
	k, a, _, ok := current(err)
	return ok && (k == KeyIllegalRequest || k == KeyNotReady) && (a == 0x24 || a == 0x26)
}
