// Package scsi sends SCSI commands to a drive and returns its replies (SAM-5, SPC-4).
//
// A [Transport] is a connection to one drive: a device of this computer, a drive on
// another machine over iSCSI, or a virtual recorder. Package mmc needs only its Execute.
package scsi

import (
	"context"
	"time"
)

// Direction is the direction of the data of a command.
type Direction uint8

// Directions of data.
const (
	None Direction = iota // no data
	In                    // from the drive
	Out                   // to the drive
)

// Command is a SCSI command.
type Command struct {
	CDB       []byte // 6, 10, 12 or 16 bytes
	Direction Direction
	Data      []byte        // to send, or the buffer for the reply; its length is the transfer length
	Timeout   time.Duration // 0: DefaultTimeout
}

// DefaultTimeout is the timeout of a command that has none of its own.
const DefaultTimeout = 30 * time.Second

// Transport is a connection to a drive. One that wraps another has a method
//
//	Unwrap() Transport
//
// through which [Guard], [Hangs], [Writable] and [SystemSize] find what the other can do.
type Transport interface {
	// Execute executes one command and returns how many bytes of data were
	// transferred. A status other than GOOD is an *Error; any other error is one of
	// the transport. The end of the context does not abort a command that runs:
	// Execute returns when the drive has answered or the timeout has passed.
	Execute(ctx context.Context, c Command) (int, error)
	// MaxTransfer is the largest number of data bytes in one command.
	MaxTransfer() int
	// Close ends the connection.
	Close() error
}
