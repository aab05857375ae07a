package scsi

import "errors"

// Hint returns what the user can do about an error of a drive or a transport, "" if
// nothing is known.
func Hint(err error) string {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Hint()
	case errors.Is(err, ErrTimeout):
		return "the drive hangs: switch it off and on again; whether it executed the last command is not known"
	case errors.Is(err, ErrConnection):
		return hintLink + ", or the network"
	}
	return ""
}

// Hint returns what the user can do about the error, "" if nothing is known.
func (e *Error) Hint() string {
	switch e.Status {
	case StatusCheckCondition:
	case StatusBusy, StatusTaskSetFull:
		return "the drive is busy; wait and try again"
	case StatusReservationConflict:
		return "another computer has reserved the drive"
	default:
		return ""
	}
	if h, ok := textOf(hints[:], uint16(e.ASC)<<8|uint16(e.ASCQ)); ok {
		return h
	}
	if h, ok := textOf(hintsByASC[:], uint16(e.ASC)); ok {
		return h
	}
	return hintByKey(e.Key)
}

const (
	hintWait       = "wait until the drive has finished, then try again"
	hintInsert     = "insert a disc"
	hintSuitable   = "insert a disc of a type that the drive can write, or update the drive's firmware"
	hintWriteFails = "the disc is probably unusable: try another disc, of another brand, at a lower speed; check the disc for dust and scratches"
	hintDirty      = "clean the disc, read at a lower speed, or try another drive"
	hintUnfinished = "the session was not closed: try to close it again; until then the disc may be readable only in this drive"
	hintNoMore     = "the disc is full; use another disc, or blank it if it is rewritable"
	hintProtected  = "the disc is write-protected: unlock its cartridge, or use another disc"
	hintLink       = "check the cable, the power supply and the USB port of the drive"
	hintCopyright  = "the disc is copy-protected (CSS, AACS or CPRM); its protected sectors cannot be read"
)

// hints are advice for single additional sense codes, in their order.
var hints = [...]codeText{
	{0x0016, hintWait},
	{0x0017, "clean the drive's lens"},
	{0x0400, "eject and insert the disc again"},
	{0x0401, "the drive is still spinning up the disc; wait and try again"},
	{0x0402, "start the drive (load the disc) and try again"},
	{0x0403, "check the drive: it needs manual action, or cannot use the disc"},
	{0x0404, "the drive is formatting the disc; wait until it has finished"},
	{0x0407, hintWait},
	{0x0408, "the drive is still writing; wait until it has finished"},
	{0x0C07, "close the track; the disc can then be read up to the error"},
	{0x0C09, "the computer did not send data fast enough: burn at a lower speed, with buffer underrun protection enabled"},
	{0x0C0A, "the computer did not send data fast enough: burn at a lower speed, with buffer underrun protection enabled"},
	{0x2100, "the address is beyond the end of the disc, or of its written part"},
	{0x2102, "the disc can be written only at its next writable address; start the burn again"},
	{0x2103, "the write must end at the end of the layer"},
	{0x2C00, "the drive expects another command first; the burn cannot continue"},
	{0x2C03, "the disc is not empty: use a blank disc, or blank it if it is rewritable"},
	{0x2C04, "the disc is empty"},
	{0x3003, "remove the cleaning disc"},
	{0x3005, "the drive cannot write this disc: it is closed, or of a type that the drive can only read; use another disc, or blank it if it is rewritable"},
	{0x3006, "this disc cannot be formatted; use a rewritable disc"},
	{0x3008, "the disc is made for another use (application code mismatch); use another disc"},
	{0x3009, "the last session was not closed: close it before adding another"},
	{0x3010, "format the disc first"},
	{0x3101, "formatting failed: try a full format, or another disc"},
	{0x3200, "the disc has no spare sectors left: copy its files, then use another disc"},
	{0x3A01, hintInsert},
	{0x3A02, "insert a disc and close the tray"},
	{0x3B16, "the changer is jammed; check the drive"},
	{0x5302, "the tray is locked: quit the program that locked it"},
	{0x5D01, "the disc may fail soon: copy its files, then use another disc"},
	{0x5D03, "the disc may fail soon: copy its files, then use another disc"},
	{0x6300, "the track is full; use a larger disc"},
	{0x6301, "the packet does not fit into the rest of the track; close the track"},
	{0x6400, "the sector type does not match the track, or the write parameters (mode page 05h) were not set"},
	{0x6401, "the packet size does not match that of the track"},
	{0x6F04, "the region codes of the DVD and the drive do not match"},
	{0x6F05, "set the drive's region code (this can be done only a few times)"},
	{0x7203, "a track of the session is incomplete; close the track first"},
	{0x7204, "a reserved track is empty or partly written; fill or close it first"},
	{0x7205, "no more tracks can be reserved on this disc; close the session"},
	{0x7301, "the disc has almost no space left for laser calibration; write everything in one session"},
	{0x7302, hintNoMore},
	{0x7303, "the laser could not be calibrated: clean the disc, try a lower speed, or a disc of another brand"},
	{0x7304, hintWriteFails},
	{0x7305, hintNoMore},
	{0x7306, "the disc has almost no space left for further tracks; close it with this session"},
	{0x7310, "the disc has almost no space left for laser calibration; write everything in one session"},
	{0x7311, hintNoMore},
	{0x7317, hintNoMore},
}

// hintsByASC are advice for all additional sense codes with that ASC, in its order.
var hintsByASC = [...]codeText{
	{0x02, hintDirty},
	{0x03, hintWriteFails},
	{0x08, hintLink},
	{0x09, hintDirty},
	{0x0C, hintWriteFails},
	{0x11, hintDirty},
	{0x15, hintDirty},
	{0x1B, hintLink},
	{0x20, "the drive does not support this command; newer firmware may"},
	{0x24, "the drive does not support this option of the command, or not with this disc"},
	{0x25, "there is no drive at this address (logical unit number); check the name of the drive"},
	{0x26, "the drive does not support these settings, or not with this disc"},
	{0x27, hintProtected},
	{0x28, "the disc may have been changed; check it before you continue"},
	{0x29, "the drive was switched on or reset, and its settings are lost; start again"},
	{0x30, hintSuitable},
	{0x31, "format the disc again if it is rewritable, or use another disc"},
	{0x3A, hintInsert},
	{0x3E, "switch the drive off and on again"},
	{0x44, "switch the drive off and on again"},
	{0x47, hintLink},
	{0x4B, hintLink},
	{0x51, "erasing failed: try a full blank, or another disc"},
	{0x53, "check the drive: the tray may be blocked"},
	{0x55, "the drive is busy; wait and try again"},
	{0x57, "the table of contents cannot be read: clean the disc; if it was never closed, close its session in the drive that wrote it"},
	{0x6F, hintCopyright},
	{0x72, hintUnfinished},
	{0x73, hintWriteFails},
}

// hintByKey is the advice for a sense key, or "".
func hintByKey(k Key) string {
	switch k {
	case KeyMediumError:
		return hintDirty
	case KeyHardwareError:
		return "switch the drive off and on again; if this happens with other discs too, the drive is failing"
	case KeyDataProtect:
		return hintProtected
	case KeyBlankCheck:
		return "this part of the disc was never written"
	case KeyAbortedCommand:
		return hintLink
	case KeyVolumeOverflow:
		return hintNoMore
	}
	return ""
}
