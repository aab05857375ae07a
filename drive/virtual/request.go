package virtual

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
)

// MisuseError is a command that no host adapter could carry out as given: its
// data does not have the length, or the direction, that its CDB asks for. It
// unwraps to the CHECK CONDITION that the drive would answer with.
type MisuseError struct {
	CDB    []byte
	What   string
	answer error
}

func (e *MisuseError) Error() string {
	return fmt.Sprintf("misuse of the transport: command % X: %s", e.CDB, e.What)
}

func (e *MisuseError) Unwrap() error { return e.answer }

// request is a command on its way through the drive.
type request struct {
	scsi.Command
	ctx context.Context
}

// misuse returns the error for data that does not fit the CDB.
func (r *request) misuse(format string, args ...any) error {
	return &MisuseError{r.CDB, fmt.Sprintf(format, args...), decode(r.CDB, errField())}
}

// reply delivers b, cut to the allocation length of the CDB.
func (r *request) reply(b []byte, allocation int) (int, error) {
	n := min(len(b), allocation)
	if n == 0 {
		return 0, nil
	}
	if r.Direction != scsi.In {
		return 0, r.misuse("the drive has %d bytes to send, the direction of the data is another", n)
	}
	if len(r.Data) < n {
		return 0, r.misuse("room for %d bytes, the drive sends %d", len(r.Data), n)
	}
	return copy(r.Data, b[:n]), nil
}

// list returns the n bytes that the host sends.
func (r *request) list(n int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	if r.Direction != scsi.Out {
		return nil, r.misuse("the drive wants %d bytes, the direction of the data is another", n)
	}
	if len(r.Data) != n {
		return nil, r.misuse("%d bytes of data, the CDB says %d", len(r.Data), n)
	}
	return r.Data, nil
}

// cdbFits reports whether the CDB is as long as its operation code says. Zeros
// may follow up to 12 bytes: ATAPI carries every CDB in a packet of 12.
func cdbFits(cdb []byte) bool {
	if len(cdb) == 0 || len(cdb) < cdbLength(cdb[0]) {
		return false
	}
	for _, b := range cdb[cdbLength(cdb[0]):] {
		if b != 0 {
			return false
		}
	}
	return len(cdb) == cdbLength(cdb[0]) || len(cdb) <= 12
}

// cdbLength returns the length of a CDB by its group code (SPC-3 4.3.4.1).
func cdbLength(op byte) int {
	switch op >> 5 {
	case 0:
		return 6
	case 4:
		return 16
	case 5:
		return 12
	}
	return 10
}
