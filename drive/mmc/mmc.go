// Package mmc implements the MultiMedia Command Set (INCITS 468, MMC-6) for optical
// drives: one function per command, its reply decoded into a struct.
//
// Each function sends one command; repeating commands and their order are up to the
// caller. Only [Wait] and [RetryUnitAttention] repeat commands. Addresses are logical
// block addresses in sectors of 2048 bytes, sizes are in bytes, and speeds in kB/s (1000
// bytes), unless a function says otherwise.
//
// A drive may return fewer bytes than the standard has. Missing fields are zero where the
// standard allows a short reply; otherwise a short reply is an error.
package mmc

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"glassmaster/drive/scsi"
)

var be = binary.BigEndian

// Timeouts of commands, after which the drive hangs. Commands that only ask for
// information have [scsi.DefaultTimeout]. Longer operations are started with Immed, and
// the drive answers at once.
const (
	readTimeout      = time.Minute      // drives retry damaged sectors
	writeTimeout     = 90 * time.Second // the first sectors need calibration and the lead-in
	trayTimeout      = 90 * time.Second // moving the tray and spinning up
	calibrateTimeout = 2 * time.Minute
	// Some drives ignore Immed, and answer when their buffer is empty or the lead-out is
	// written, which takes ten minutes on a DVD-R with little data at single speed. A
	// reset in that time makes the disc unusable.
	flushTimeout = 15 * time.Minute
	// Some drives calibrate at a layer boundary when it is set.
	structureTimeout = 3 * time.Minute
	// Some drives ignore Immed, and answer when a quick blank is complete. No drive is
	// known that ignores it in a full blank, which takes half an hour: other programs
	// wait for 200 seconds. The disc can be blanked again.
	eraseTimeout = 5 * time.Minute
)

// receive sends a command that returns up to size bytes, and returns those received.
func receive(ctx context.Context, t scsi.Transport, cdb []byte, size int) ([]byte, error) {
	p := make([]byte, size)
	n, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p})
	return p[:min(max(n, 0), size)], err
}

// receiveAll requests a reply of unknown length: first its first bytes, which begin with a
// length field of size bytes, then all of it. All drives and bridges support this. The
// CDB has its allocation length in bytes 7 and 8.
func receiveAll(ctx context.Context, t scsi.Transport, cdb []byte, first, size int) ([]byte, error) {
	request := func(n int) ([]byte, error) {
		be.PutUint16(cdb[7:], uint16(n))
		return receive(ctx, t, cdb, n)
	}
	p, err := request(first)
	if err != nil || len(p) < size {
		return p, err
	}
	n := int64(be.Uint16(p))
	if size == 4 {
		n = int64(be.Uint32(p))
	}
	if n += int64(size); n <= int64(first) {
		return p, nil
	}
	return request(int(min(n, 0xFFFE, int64(t.MaxTransfer()))))
}

// send sends a command with data.
func send(ctx context.Context, t scsi.Transport, cdb, p []byte, timeout time.Duration) error {
	_, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.Out, Data: p, Timeout: timeout})
	return err
}

// execute sends a command without data.
func execute(ctx context.Context, t scsi.Transport, cdb []byte, timeout time.Duration) error {
	_, err := t.Execute(ctx, scsi.Command{CDB: cdb, Timeout: timeout})
	return err
}

// shortReply is the error of a reply that lacks required fields.
func shortReply(code byte, p []byte) error {
	return fmt.Errorf("%s: the drive returned only %d bytes", scsi.Describe([]byte{code}), len(p))
}

// declared returns a reply up to the length that its length field gives: the field of
// size bytes counts the bytes after it.
func declared(p []byte, size int) []byte {
	if len(p) < size {
		return p
	}
	n := int64(be.Uint16(p))
	if size == 4 {
		n = int64(be.Uint32(p))
	}
	return p[:min(int64(len(p)), n+int64(size))]
}

// padded returns p with zeros appended up to size bytes, so that fields missing from a
// short reply decode as zero.
func padded(p []byte, size int) []byte {
	if len(p) >= size {
		return p
	}
	return append(append(make([]byte, 0, size), p...), make([]byte, size-len(p))...)
}

// bit returns bit n set if on is true.
func bit(on bool, n uint) byte {
	if on {
		return 1 << n
	}
	return 0
}
