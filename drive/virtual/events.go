package virtual

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// Any is the operation code of an [Event] that matches every command.
const Any = 0xFF

// Event is something that happens before a command is executed. Several events can match
// the same command; they happen in their order.
type Event struct {
	Op    byte // operation code of the command, or Any
	At    int  // the number of the first matching command at which it happens, counted from 1; 0: the first
	Times int  // at how many matching commands it happens; 0: one, Always: all

	// Sense is sense key, ASC and ASCQ with which the command fails, without being
	// executed. Zero: it does not fail.
	Sense [3]byte
	// Deferred: the sense data is that of an earlier command, with response code 71h
	// (SPC-4 4.5.4). Commands that need no medium, such as INQUIRY, do not match.
	Deferred bool
	// Hang is how the command hangs.
	Hang Hang
	// Swap is the path of the file of another disc, which is then in the drive.
	Swap string
	// Silent: the drive does not report the new disc with a unit attention and an event.
	Silent bool
	// Reset restarts the drive, as bad cables and adapters do: what was not synchronized
	// is lost.
	Reset bool
	// Do is called. It must not use the drive.
	Do func()

	kill killMode
}

// Always is the Times of an event that happens at all matching commands.
const Always = -1

// Hang is how a command hangs. The zero value is not at all.
type Hang uint8

// Ways to hang.
const (
	_            Hang = iota
	TimesOut          // it fails with scsi.ErrTimeout; [Drive.Waited] includes the timeout
	Hung              // the same, and so do all later commands
	NeverReturns      // it returns when the context ends or the connection is closed
)

// killMode is how the process is killed. The zero value is not at all.
type killMode uint8

// Ways to kill the process.
const (
	_        killMode = iota
	killed            // the drive continues to run: it writes its buffer, and the track remains open
	powerCut          // the drive loses power: what was not synchronized is lost
)

// due returns the events that happen at a command.
func (d *recorder) due(op byte) []Event {
	if d.counts.matched == nil {
		d.counts.matched = make([]int, len(d.faults.Events))
	}
	if d.counts.hung {
		return []Event{{Hang: TimesOut}}
	}
	c, _ := commandFor(op)
	var due []Event
	for i, e := range d.faults.Events {
		if e.Op != writeOp(op) && e.Op != op && e.Op != Any || e.Deferred && c.needs == always {
			continue
		}
		d.counts.matched[i]++
		first, n := max(e.At, 1), d.counts.matched[i]
		if n < first || e.Times != Always && n >= first+max(e.Times, 1) {
			continue
		}
		due = append(due, e)
	}
	return due
}

// writeOp returns WRITE(10) for all commands that write sectors: what happens at one of them
// happens at the others.
func writeOp(op byte) byte {
	if op == scsi.OpWrite12 || op == scsi.OpWriteAndVerify {
		return scsi.OpWrite10
	}
	return op
}

// apply applies an event. It returns the error of the command, or nil if the command is
// executed.
func (d *recorder) apply(r *request, e Event) error {
	if e.Do != nil {
		e.Do()
	}
	if e.Swap != "" {
		if err := d.swap(e.Swap, e.Silent); err != nil {
			return err
		}
	}
	if e.Reset {
		if err := d.restart(); err != nil {
			return err
		}
	}
	switch e.kill {
	case killed:
		if d.store != nil {
			_ = d.commit()
		}
		killProcess()
	case powerCut:
		killProcess()
	}
	if e.Hang == Hung {
		d.counts.hung = true
	}
	if e.Hang == TimesOut || e.Hang == Hung {
		t := r.Timeout
		if t == 0 {
			t = scsi.DefaultTimeout
		}
		d.waited += t
		return fmt.Errorf("%s: %w (%v)", scsi.Describe(r.CDB), scsi.ErrTimeout, t)
	}
	if e.Sense != [3]byte{} {
		f := check(e.Sense[0], e.Sense[1], e.Sense[2])
		f.deferred = e.Deferred
		return f
	}
	return nil
}

// block waits until ctx ends or the connection is closed. Other connections to the drive can
// be used.
func (d *Drive) block(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-d.done:
		return errClosed(d.path)
	}
}

// swap replaces the disc in the drive.
func (d *recorder) swap(path string, silent bool) error {
	if err := d.unload(); err != nil {
		return err
	}
	d.path, d.busy, d.trayOpen = path, busy{}, false
	d.future, d.owned = nil, false
	if err := d.load(); err != nil {
		return err
	}
	if !silent {
		d.event = eventNew
		d.attend(check(6, 0x28, 0x00), nil) // NOT READY TO READY CHANGE
	}
	return nil
}

// killProcess kills the process. Deferred functions do not run.
func killProcess() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		os.Exit(137)
	}
	time.Sleep(time.Minute) // until the signal arrives
}

// ReadCache is a cache of the drive that contains the sectors that were sent, and from which
// reads are answered. The sectors of the disc may differ.
type ReadCache struct {
	On bool
	// Reads is how many other sectors must be read until the cache is empty. 0: reading
	// does not empty it.
	Reads int64
	// KeptOnStop: stopping the disc does not empty the cache. Opening the tray does.
	KeptOnStop bool
	// IgnoresFUA: a READ with the FUA bit is answered from the cache too.
	IgnoresFUA bool
}

// readCache is the cache of a drive with the fault ReadCache.
type readCache struct {
	sent map[int64][]byte // 2048 bytes of a sector
	read int64            // number of other sectors that were read
}

// cacheSent stores sectors that were sent in the cache.
func (d *recorder) cacheSent(lba int64, size int, p []byte) {
	if !d.faults.ReadCache.On || size != disc.SectorSize {
		return
	}
	if d.readCache.sent == nil {
		d.readCache.sent = map[int64][]byte{}
	}
	for i := 0; i < len(p); i += size {
		d.readCache.sent[lba+int64(i/size)] = slices.Clone(p[i : i+size])
	}
}

// fillFromCache replaces sectors in p, read from address lba on, by those in the cache.
func (d *recorder) fillFromCache(cdb []byte, lba int64, p []byte) {
	if d.readCache.sent == nil {
		return
	}
	fua := cdb[1]&8 != 0 && !d.faults.ReadCache.IgnoresFUA
	for i := 0; i < len(p); i += disc.SectorSize {
		b, ok := d.readCache.sent[lba+int64(i/disc.SectorSize)]
		switch {
		case !ok:
			d.readCache.read++
		case !fua:
			copy(p[i:], b)
		}
	}
	if n := d.faults.ReadCache.Reads; n > 0 && d.readCache.read >= n {
		d.readCache = readCache{}
	}
}

// cacheHolds reports whether all sectors of a read are in the cache.
func (d *recorder) cacheHolds(cdb []byte, lba, blocks int64) bool {
	if d.readCache.sent == nil || cdb[1]&8 != 0 && !d.faults.ReadCache.IgnoresFUA {
		return false
	}
	for at := lba; at < lba+blocks; at++ {
		if d.readCache.sent[at] == nil {
			return false
		}
	}
	return true
}
