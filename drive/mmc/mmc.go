// Package mmc speaks the MultiMedia Command set (INCITS 468, MMC-6) to an
// optical drive: one function per command, its reply decoded into a struct.
//
// The functions send one command each and hide nothing: repeating commands and
// their order belong to the callers; [Wait] alone asks again and again. Numbers are big-endian, as
// everywhere in SCSI; addresses are logical block addresses in sectors of 2048
// bytes unless a function says otherwise; speeds are kB/s of 1000 bytes.
//
// A drive may answer with fewer bytes than the standard's structure has. What
// is missing decodes as zero where the standard allows a short reply, and is an
// error where the reply would mean nothing.
package mmc

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"glassmaster/drive/scsi"
)

var be = binary.BigEndian

// Times after which a command that was not answered never will be, and the drive
// hangs. What only asks has [scsi.DefaultTimeout]. What takes longer than these is
// begun with Immed and answered at once.
const (
	reading     = time.Minute      // a scratched sector, that a drive tries to read for long
	writing     = 90 * time.Second // the first sectors: calibrating, the lead-in
	moving      = 90 * time.Second // the tray, and spinning up
	calibrating = 2 * time.Minute
	// Immed, yet some drives answer when their buffer is empty, or the lead-out written,
	// which on a DVD-R with little on it takes ten minutes at single speed. A drive that
	// is reset then has spoiled a disc.
	flushing = 15 * time.Minute
	// Immed, yet some drives answer when they have erased quickly. One that answers when
	// it has gone over the whole disc, in half an hour, cannot be told from one that
	// hangs. None is known: other programs wait for 200 seconds. Its disc can be erased
	// again.
	erasing = 5 * time.Minute
)

// in sends a command that brings up to size bytes and returns those that came.
func in(ctx context.Context, t scsi.Transport, cdb []byte, size int) ([]byte, error) {
	p := make([]byte, size)
	n, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.In, Data: p})
	return p[:min(max(n, 0), size)], err
}

// whole asks for a reply of unknown length twice: first for the first bytes,
// whose length field of size bytes tells the rest, then for all of it. Drives
// and bridges have known this way of asking for ever. The CDB has its allocation
// length in bytes 7 and 8.
func whole(ctx context.Context, t scsi.Transport, cdb []byte, first, size int) ([]byte, error) {
	allocate := func(n int) ([]byte, error) {
		be.PutUint16(cdb[7:], uint16(n))
		return in(ctx, t, cdb, n)
	}
	p, err := allocate(first)
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
	return allocate(int(min(n, 0xFFFE, int64(t.MaxTransfer()))))
}

// out sends a command with data.
func out(ctx context.Context, t scsi.Transport, cdb, p []byte, timeout time.Duration) error {
	_, err := t.Execute(ctx, scsi.Command{CDB: cdb, Direction: scsi.Out, Data: p, Timeout: timeout})
	return err
}

// plain sends a command without data.
func plain(ctx context.Context, t scsi.Transport, cdb []byte, timeout time.Duration) error {
	_, err := t.Execute(ctx, scsi.Command{CDB: cdb, Timeout: timeout})
	return err
}

// short is the error of a reply that ends before its meaning.
func short(code byte, p []byte) error {
	return fmt.Errorf("%s: the drive answered only %d bytes", scsi.Describe([]byte{code}), len(p))
}

// header returns the part of a reply that its length field vouches for: the
// field of size bytes counts what follows it.
func header(p []byte, size int) []byte {
	if len(p) < size {
		return p
	}
	n := int64(be.Uint16(p))
	if size == 4 {
		n = int64(be.Uint32(p))
	}
	return p[:min(int64(len(p)), n+int64(size))]
}

// padded returns p with zeros behind it, so that fields missing from a short
// reply decode as zero.
func padded(p []byte, size int) []byte {
	if len(p) >= size {
		return p
	}
	return append(append(make([]byte, 0, size), p...), make([]byte, size-len(p))...)
}

func bit(on bool, n uint) byte {
	if on {
		return 1 << n
	}
	return 0
}
