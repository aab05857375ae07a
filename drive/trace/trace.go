// Package trace records the commands sent to a drive and its replies, and replays such a
// recording as a drive.
//
// A recording is text with one line for each command: its number, the direction of its
// data (< from the drive, > to the drive, - none), their length in bytes, the CDB in hex,
// and its name. The lines after it hold the data, the sense data, or another error:
//
//	 4 <     32  52 01 00 00 00 01 00 00 20 00       READ TRACK INFORMATION
//	     data< 0000: 00 26 01 01 00 07 41 01 00 00 00 00 00 00 00 00 00 23 05 40 00 00 00 10 00 23 05 40 00 00 00 00
//	 5 <      8  4a 01 00 00 ff 00 00 00 08 00       GET EVENT STATUS NOTIFICATION
//	     CHECK CONDITION 5/20/00   (sense 70 00 05 00 00 00 00 0a 00 00 00 00 20 00 00 00 00 00)
//	16 >  32768  2a 00 00 00 00 00 00 00 10 00       WRITE(10) lba 0, 16 blocks
//	     ... and 102 more WRITE(10) up to lba 1632, 1648 blocks in all
//
// The contents of sectors are left out, and reads and writes at consecutive addresses are
// combined into one line, so the recording of a burn is short and contains none of its
// data. Lines that begin with # are comments.
package trace

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"glassmaster/drive/scsi"
)

// lineBytes is the number of data bytes in a line.
const lineBytes = 32

// slowCommand is the duration from which the duration of a command is recorded.
const slowCommand = time.Second

// Transport is a transport that records its commands.
type Transport struct {
	t   scsi.Transport
	now func() time.Time

	mu  sync.Mutex
	w   io.Writer
	n   int   // commands so far
	run run   // of reads or writes
	err error // the first error of writing the recording
}

// run is a series of reads or writes at consecutive addresses.
type run struct {
	op                  byte
	count               int
	next, blocks        int64
	firstSize, lastSize int64
}

// Wrap returns a transport that sends the commands to t and records them in w, after the
// comments. Commands do not fail if the recording cannot be written; Close returns the
// error.
func Wrap(t scsi.Transport, w io.Writer, comments ...string) *Transport {
	x := &Transport{t: t, w: w, now: time.Now}
	for _, s := range comments {
		x.printf("# %s\n", strings.ReplaceAll(s, "\n", " "))
	}
	if len(comments) > 0 {
		x.printf("\n")
	}
	return x
}

// MaxTransfer implements [scsi.Transport].
func (x *Transport) MaxTransfer() int { return x.t.MaxTransfer() }

// Unwrap returns the transport that is recorded; see [scsi.Transport].
func (x *Transport) Unwrap() scsi.Transport { return x.t }

// Close ends the connection and the recording.
func (x *Transport) Close() error {
	x.mu.Lock()
	x.endRun()
	err := x.err
	x.mu.Unlock()
	return errors.Join(x.t.Close(), err)
}

// Execute implements [scsi.Transport].
func (x *Transport) Execute(ctx context.Context, c scsi.Command) (int, error) {
	began := x.now()
	n, err := x.t.Execute(ctx, c)
	took := x.now().Sub(began)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.n++
	x.write(c, n, err)
	if took >= slowCommand {
		x.endRun()
		x.printf("      took %.1f s\n", took.Seconds())
	}
	return n, err
}

func (x *Transport) printf(format string, args ...any) {
	if x.err == nil {
		_, x.err = fmt.Fprintf(x.w, format, args...)
	}
}

// write records one command.
func (x *Transport) write(c scsi.Command, n int, err error) {
	lba, blocks, sectors := sectorCommand(c.CDB)
	if sectors && err == nil && x.run.extend(c.CDB[0], lba, blocks) {
		return
	}
	x.endRun()
	mark := [...]string{scsi.None: "-", scsi.In: "<", scsi.Out: ">"}[min(c.Direction, scsi.Out)]
	where := ""
	if sectors {
		where = fmt.Sprintf(" lba %d, %d blocks", lba, blocks)
		if err == nil {
			x.run = run{c.CDB[0], 1, lba + blocks, blocks, blocks, blocks}
		}
	}
	x.printf("%4d %s %6d  %-35s %s%s\n", x.n, mark, len(c.Data), hexes(c.CDB), name(c.CDB), where)
	switch {
	case sectors:
	case c.Direction == scsi.Out:
		x.dump("data>", c.Data)
	case c.Direction == scsi.In && n > 0:
		x.dump("data<", c.Data[:min(n, len(c.Data))])
	}
	x.failure(err)
}

func (x *Transport) dump(tag string, p []byte) {
	for at := 0; at < len(p); at += lineBytes {
		x.printf("      %s %04x: %s\n", tag, at, hexes(p[at:min(at+lineBytes, len(p))]))
	}
}

// failure records the error of a command.
func (x *Transport) failure(err error) {
	var e *scsi.Error
	switch {
	case err == nil:
	case errors.As(err, &e) && e.Status == scsi.StatusCheckCondition && len(e.Raw) > 0:
		x.printf("      CHECK CONDITION %x/%02x/%02x   (sense %s)\n", byte(e.Key), e.ASC, e.ASCQ, hexes(e.Raw))
	case errors.As(err, &e):
		x.printf("      status %02x\n", e.Status)
	default:
		x.printf("      failed: %s\n", strings.ReplaceAll(err.Error(), "\n", " "))
	}
}

// extend adds a command to the run if it continues the run.
func (r *run) extend(op byte, lba, blocks int64) bool {
	if r.count == 0 || r.op != op || r.next != lba {
		return false
	}
	r.count++
	r.next += blocks
	r.blocks += blocks
	r.lastSize = blocks
	return true
}

// endRun records the rest of a run.
func (x *Transport) endRun() {
	if r := x.run; r.count > 1 {
		last := ""
		if r.lastSize != r.firstSize {
			last = fmt.Sprintf(", last one of %d blocks", r.lastSize)
		}
		x.printf("      ... and %d more %s up to lba %d, %d blocks in all%s\n",
			r.count-1, name([]byte{r.op}), r.next-r.lastSize, r.blocks, last)
	}
	x.run = run{}
}

// sectorCommand returns the address and the number of blocks of a command that reads or
// writes sectors.
func sectorCommand(cdb []byte) (lba, blocks int64, ok bool) {
	if len(cdb) < 10 {
		return 0, 0, false
	}
	lba = int64(int32(binary.BigEndian.Uint32(cdb[2:])))
	switch op := cdb[0]; {
	case op == scsi.OpRead10 || op == scsi.OpWrite10:
		return lba, int64(binary.BigEndian.Uint16(cdb[7:])), true
	case (op == scsi.OpRead12 || op == scsi.OpWrite12) && len(cdb) >= 12:
		return lba, int64(binary.BigEndian.Uint32(cdb[6:])), true
	case op == scsi.OpReadCD && len(cdb) >= 12:
		return lba, int64(binary.BigEndian.Uint32(cdb[5:]) & 0xFFFFFF), true
	}
	return 0, 0, false
}

// name returns the name of a command without its address.
func name(cdb []byte) string { return scsi.Describe(cdb[:min(len(cdb), 1)]) }

func hexes(p []byte) string { return fmt.Sprintf("% x", p) }
