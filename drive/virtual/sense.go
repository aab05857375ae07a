package virtual

import (
	"encoding/binary"
	"fmt"

	"glassmaster/drive/scsi"
)

// fault is a CHECK CONDITION.
type fault struct {
	key, asc, ascq byte
	info           int64 // information field, an address; -1: none
	progress       int   // in units of 1/65536; -1: none
	deferred       bool  // it is that of an earlier command
	wrong          int   // 1 + the offset of the wrong byte in the parameter list; 0: none
}

func check(key, asc, ascq byte) *fault {
	return &fault{key: key, asc: asc, ascq: ascq, info: -1, progress: -1}
}

// at sets the information field to an address.
func (f *fault) at(lba int64) *fault { f.info = lba; return f }

// parameterAt is INVALID FIELD IN PARAMETER LIST with the offset of the wrong byte.
func parameterAt(offset int) *fault {
	f := errParameter()
	f.wrong = 1 + offset
	return f
}

func (f *fault) Error() string { return fmt.Sprintf("%X/%02X/%02X", f.key, f.asc, f.ascq) }

// Faults of many commands (SPC-4, additional sense codes).
func errOpcode() *fault       { return check(5, 0x20, 0x00) } // INVALID COMMAND OPERATION CODE
func errRange() *fault        { return check(5, 0x21, 0x00) } // LOGICAL BLOCK ADDRESS OUT OF RANGE
func errAddress() *fault      { return check(5, 0x21, 0x02) } // INVALID ADDRESS FOR WRITE
func errField() *fault        { return check(5, 0x24, 0x00) } // INVALID FIELD IN CDB
func errParameter() *fault    { return check(5, 0x26, 0x00) } // INVALID FIELD IN PARAMETER LIST
func errListLength() *fault   { return check(5, 0x1A, 0x00) } // PARAMETER LIST LENGTH ERROR
func errSequence() *fault     { return check(5, 0x2C, 0x00) } // COMMAND SEQUENCE ERROR
func errCannotWrite() *fault  { return check(5, 0x30, 0x05) } // CANNOT WRITE MEDIUM - INCOMPATIBLE FORMAT
func errIncompatible() *fault { return check(5, 0x30, 0x00) } // INCOMPATIBLE MEDIUM INSTALLED
func errTrackEnd() *fault     { return check(5, 0x63, 0x00) } // END OF USER AREA ENCOUNTERED ON THIS TRACK
func errMode() *fault         { return check(5, 0x64, 0x00) } // ILLEGAL MODE FOR THIS TRACK
func errProtected() *fault    { return check(7, 0x27, 0x00) } // WRITE PROTECTED
func errBufferFull() *fault   { return check(2, 0x04, 0x08) } // LONG WRITE IN PROGRESS
func errNoMedium(trayOpen bool) *fault {
	if trayOpen {
		return check(2, 0x3A, 0x02) // MEDIUM NOT PRESENT - TRAY OPEN
	}
	return check(2, 0x3A, 0x01) // MEDIUM NOT PRESENT - TRAY CLOSED
}

// sense returns the fault as fixed-format sense data (SPC-4 4.5.3, 18 bytes).
func (f *fault) sense() []byte {
	b := make([]byte, 18)
	b[0] = 0x70
	if f.deferred {
		b[0] = 0x71
	}
	b[2] = f.key
	b[7] = 10
	b[12], b[13] = f.asc, f.ascq
	if f.info >= 0 {
		b[0] |= 0x80
		binary.BigEndian.PutUint32(b[3:], uint32(f.info))
	}
	if f.wrong > 0 { // SKSV: the field pointer is valid; C/D: not in the CDB
		b[15] = 0x80
		binary.BigEndian.PutUint16(b[16:], uint16(min(f.wrong-1, 65535)))
	}
	if f.progress >= 0 {
		b[15] = 0x80
		binary.BigEndian.PutUint16(b[16:], uint16(min(f.progress, 65535)))
	}
	return b
}

// decode returns the error that a host gets for a fault, decoded from its sense data.
func decode(cdb []byte, f *fault) error {
	return scsi.NewError(cdb, scsi.StatusCheckCondition, f.sense())
}
