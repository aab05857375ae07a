// Package scsi carries SCSI commands to a drive and brings back its replies.
//
// A [Transport] is one end point: a device of this machine, a drive in another
// machine behind iSCSI, or a recorder in software. Whoever speaks MMC needs
// nothing but Execute.
package scsi

import (
	"context"
	"time"
)

// Direction says which way the data of a command goes.
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
	Data      []byte        // sent, or room for the reply; its length is the transfer length
	Timeout   time.Duration // 0: DefaultTimeout
}

// DefaultTimeout is how long a command may take that names no other time.
const DefaultTimeout = 30 * time.Second

// Transport is a connection to a drive.
type Transport interface {
	// Execute carries out one command and returns how many bytes of data were
	// really transferred. A CHECK CONDITION comes as an *Error; any other failure
	// is one of the transport. A context that ends while the command runs does not
	// tear the command out of the drive: Execute returns when the drive has
	// answered, or the timeout has passed.
	Execute(ctx context.Context, c Command) (int, error)
	// MaxTransfer is the largest number of data bytes that one command may carry.
	MaxTransfer() int
	// Close ends the connection.
	Close() error
}
