package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"glassmaster/drive"
	"glassmaster/drive/addition"
	"glassmaster/drive/read"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit/operation"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/journal"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/verify"
	"glassmaster/mastering/volume"
)

// Code is an exit code of the program.
type Code int

// Exit codes.
const (
	OK        Code = iota // success
	Failed                // failure
	Usage                 // invalid command line
	Differs               // discs differ, are damaged or incomplete, or have sectors that cannot be read
	NoMedium              // no drive, no disc in it, a drive that is not ready, or a disc that cannot be used; nothing was written
	Cancelled             // stopped by Ctrl-C or a signal
	Partly                // done, but files were left out or changed, or the source is damaged
	Lossy                 // nothing was written: the format, or the disc in its mode, cannot hold everything on the source
)

// mistake is an error in the command line.
type mistake struct{ error }

func usage(err error) error { return mistake{err} }

func usagef(format string, args ...any) error { return mistake{fmt.Errorf(format, args...)} }

func (m mistake) Unwrap() error { return m.error }

// cancelled is the error of a job that was stopped.
type cancelled struct{ cause error }

func (c *cancelled) Error() string {
	text := strings.TrimSuffix(c.cause.Error(), ": "+context.Canceled.Error())
	switch {
	case text == context.Canceled.Error():
		return "cancelled"
	case strings.Contains(text, "cancelled"): // a burn says so itself
		return text
	}
	return "cancelled: " + text
}

func (c *cancelled) Unwrap() error { return c.cause }

// incomplete is the error of a job that was completed with a result that is not good.
type incomplete struct{ text string }

func (i incomplete) Error() string { return i.text }

// advised is an error with a hint.
type advised struct {
	error
	hint string
}

func advise(err error, hint string) error { return advised{err, hint} }

func (a advised) Unwrap() error { return a.error }

// classify returns the exit code of an error, and a hint what to do, if there is one.
func classify(err error) (Code, string) {
	if err == nil {
		return OK, ""
	}
	return codeOf(err), hintFor(err)
}

func codeOf(err error) Code {
	var of several
	if errors.As(err, &of) {
		return of.worst()
	}
	var (
		wrong    mistake
		stopped  *cancelled
		differs  *verify.Mismatch
		short    *verify.TruncatedError
		changed  *isomd5.DamagedError
		leftOver incomplete
		broken   damaged
		another  *record.SourceChange
		begun    *record.Error
		loss     lossy
		unburned *record.LossError
		faulty   *verify.FaultError
		sums     *verify.ChecksumError
		argument *operation.ArgumentError
	)
	switch {
	case errors.As(err, &loss), errors.As(err, &unburned):
		return Lossy
	case errors.As(err, &wrong), errors.As(err, &argument):
		return Usage
	case errors.As(err, &stopped):
		return Cancelled
	case errors.As(err, &differs), errors.As(err, &short), errors.As(err, &changed), errors.As(err, &broken), errors.As(err, &faulty), errors.As(err, &sums), errors.Is(err, record.ErrDiffers), errors.Is(err, record.ErrNotOnDisc),
		errors.Is(err, journal.ErrHalf), errors.Is(err, record.ErrLost), errors.Is(err, record.ErrOtherDisc), errors.Is(err, volume.ErrUnfinished), errors.Is(err, record.ErrIncomplete):
		return Differs
	case errors.As(err, &leftOver), errors.As(err, &another):
		return Partly
	case errors.As(err, &begun) && begun.Written > 0:
		return Failed // the disc has been changed, whatever the cause
	case notReady(err):
		return NoMedium
	}
	return Failed
}

func hintFor(err error) string {
	var (
		a     advised
		b     *record.Error
		loss  lossy
		burnt *record.LossError
		short *verify.TruncatedError
		bad   *sector.DataError
	)
	switch {
	case errors.As(err, &b):
		return "" // it contains the advice
	case errors.As(err, &a):
		return a.hint
	case errors.As(err, &loss):
		return "use --force to accept the loss, or choose another format"
	case errors.As(err, &burnt):
		return "use --accept-loss to burn it without that, or --mode to choose another way to write it"
	case errors.As(err, &short):
		return "its burn, copy or download ended early; repeat it, with a new disc if this one can be written only once"
	case errors.As(err, &bad):
		return `"glassmaster verify" lists all damaged sectors`
	case errors.Is(err, volume.ErrOutside):
		return "if it is a later session alone, --session-start LBA says at which address of the disc it begins"
	case errors.Is(err, volume.ErrAudio):
		return `"glassmaster extract --track N IMAGE -o FILE.wav" copies an audio track; "glassmaster info" shows the tracks`
	case errors.Is(err, disc.ErrForm):
		return `audio, and sectors of form 2 such as the video of a Video CD, have no 2048 bytes of user data; "glassmaster extract --track N -o FILE.bin" writes whole sectors`
	case errors.Is(err, volume.ErrUnknown):
		return `"glassmaster info" shows the tracks; "glassmaster verify" reads every sector`
	case errors.Is(err, volume.ErrUnfinished):
		return `burn it again with "glassmaster burn --blank"`
	case errors.Is(err, addition.ErrNotHidden):
		return "use --add to keep them, or --blank without --new-session to replace them"
	case errors.Is(err, record.ErrNothingToContinue):
		return `"glassmaster burn FOLDER DRIVE --append" burns the first session and leaves the disc open`
	case errors.Is(err, record.ErrEraseFirst):
		return `use --blank to erase the disc and burn it again`
	case errors.Is(err, record.ErrUnfinished) && errors.Is(err, record.ErrNotWritable):
		return `close it with "glassmaster close", and use another disc`
	case errors.Is(err, record.ErrUnfinished):
		return `close the disc with "glassmaster close"; then "glassmaster media" shows its next address, and "genisoimage -C 0,ADDRESS" makes an image for it`
	case errors.Is(err, record.ErrOtherAddress) && errors.Is(err, record.ErrNotWritable):
		return `"glassmaster media" shows the next address of the disc, and "genisoimage -C 0,ADDRESS" makes an image for it`
	case errors.Is(err, record.ErrUnknownAddress):
		return `use --force if the source was made for this address`
	case errors.Is(err, record.ErrHoldsData):
		return `use --blank to erase it first, or insert another disc`
	case errors.Is(err, record.ErrUnchanged):
		return "try another drive, or look for newer firmware for this one"
	case errors.Is(err, record.ErrTooLarge):
		return `"glassmaster build --dry-run" shows which medium is large enough`
	case errors.Is(err, read.ErrNotClosed), errors.Is(err, read.ErrOpenTrack):
		return `"glassmaster media" shows its tracks, and "glassmaster close" closes them`
	case errors.Is(err, source.ErrNoDrive) && errors.Is(err, fs.ErrNotExist): // says itself what is missing
		return ""
	case errors.Is(err, source.ErrNoDrive):
		return fmt.Sprintf("give the name of a drive: /dev/srN, iscsi://HOST:PORT/TARGET/LUN or virtual:FILE; %s adds drives to the list", drive.Environment)
	case errors.Is(err, record.ErrIncomplete):
		return `get the complete source, or use --force: the disc will then be incomplete too`
	}
	return scsi.Hint(err)
}

// notReady reports whether an error says that there is no disc that can be used, or that
// the drive cannot be used now.
func notReady(err error) bool {
	for _, no := range []error{
		journal.ErrBusy, source.ErrNoDrive, read.ErrNoMedium, read.ErrBlank, read.ErrNotClosed, discfile.ErrBlank, discfile.ErrNotClosed, discfile.ErrInUse, record.ErrNotWritable, record.ErrHoldsData, record.ErrTooLarge,
		record.ErrNothingToClose, record.ErrNoFormat, record.ErrNoMode, record.ErrNoLayerBreak, record.ErrNoBookType, record.ErrUnfinished, record.ErrOtherAddress, record.ErrUnknownAddress,
		record.ErrNothingToContinue, record.ErrChangedDisc, addition.ErrNoVolume, addition.ErrNotHidden,
	} {
		if errors.Is(err, no) {
			return true
		}
	}
	return scsi.NotReady(err) || errors.As(err, new(*scsi.InUseError))
}
