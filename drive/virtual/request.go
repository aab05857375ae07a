package virtual

import (
	"context"
	"fmt"

	"glassmaster/drive/scsi"
)

// misuseError is the error of a command that a host adapter cannot execute: the length or
// the direction of its data is not that of its CDB. It wraps the CHECK CONDITION with
// which the drive would fail the command.
type misuseError struct {
	CDB    []byte
	What   string
	answer error
}

func (e *misuseError) Error() string {
	return fmt.Sprintf("misuse of the transport: command % X: %s", e.CDB, e.What)
}

func (e *misuseError) Unwrap() error { return e.answer }

// request is a command that the drive executes.
type request struct {
	scsi.Command
	ctx  context.Context
	from *Drive // the connection that sent it
}

// misuse returns the error of data that does not match the CDB.
func (r *request) misuse(format string, args ...any) error {
	return &misuseError{r.CDB, fmt.Sprintf(format, args...), decode(r.CDB, errField())}
}

// buffer returns a buffer for n bytes to the host: the host's own, if it is large enough.
func (r *request) buffer(n int) []byte {
	if r.Direction == scsi.In && len(r.Data) >= n {
		return r.Data[:n]
	}
	return make([]byte, n)
}

// reply sends b to the host, up to the allocation length of the CDB.
func (r *request) reply(b []byte, allocation int) (int, error) {
	n := min(len(b), allocation)
	if n == 0 {
		return 0, nil
	}
	if r.Direction != scsi.In {
		return 0, r.misuse("the drive sends %d bytes, but the direction of the data is not to the host", n)
	}
	if len(r.Data) < n {
		return 0, r.misuse("the drive sends %d bytes, but there is space for %d", n, len(r.Data))
	}
	return copy(r.Data, b[:n]), nil
}

// list returns the n bytes of data from the host.
func (r *request) list(n int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	if r.Direction != scsi.Out {
		return nil, r.misuse("the CDB has %d bytes of data, but the direction of the data is not to the drive", n)
	}
	if len(r.Data) != n {
		return nil, r.misuse("%d bytes of data, but the CDB has %d", len(r.Data), n)
	}
	return r.Data, nil
}

// cdbFits reports whether the CDB has the length of its operation code. It may be padded
// with zeros to 12 bytes, the length of an ATAPI packet.
func cdbFits(cdb []byte) bool {
	if len(cdb) > 0 && cdb[0] >= 0xC0 { // of vendors, who choose the length
		return len(cdb) == 10 || len(cdb) == 12
	}
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
