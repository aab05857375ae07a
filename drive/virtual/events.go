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

// Any is the operation code of an [Event] that every command sets off.
const Any = 0xFF

// Event is something that happens at a command, before it is carried out.
// Several may happen at the same command, in their order.
type Event struct {
	Op    byte // operation code of the command, or Any
	At    int  // it happens at the At-th such command since the faults were set; 0 is the first
	Times int  // at how many of them from there on; 0 is one, Always is every one

	// Sense is sense key, ASC and ASCQ by which the command fails. It is not
	// carried out then. Zero is no failure.
	Sense [3]byte
	// Deferred says that the sense data are about an earlier command: response
	// code 71h (SPC-4 4.5.4). Commands that need no medium, such as INQUIRY, do not
	// bring such.
	Deferred bool
	// Hang keeps the command without an answer.
	Hang Hang
	// Swap is the path of a disc file: from here on its disc is in the drive.
	Swap string
	// Silent leaves out the unit attention and the event that tell of a new disc.
	Silent bool
	// Reset is a drive that starts anew, as bridges and cables have it: what was not
	// synchronized is lost.
	Reset bool
	// Kill ends the whole process as SIGKILL does.
	Kill Kill
	// Do runs code of a test, which must not use the drive.
	Do func()
}

// Always is the Times of an event that does not end.
const Always = -1

// Hang is how a command stays without an answer.
type Hang uint8

// Ways to hang.
const (
	Answers  Hang = iota
	TimesOut      // the time of the command passes: scsi.ErrTimeout, and [Drive.Waited] has it
	Hung          // so does the time of every command behind it
	Stuck         // nothing comes back before the context of the caller ends, or the connection is closed
)

// Kill is how the process ends.
type Kill uint8

// Ways to end.
const (
	Lives    Kill = iota
	Killed        // the drive lives on: it writes its buffer, and the track stays open
	PowerCut      // the drive stops too: what was not synchronized is lost
)

// due returns the events that the command sets off.
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
		if e.Op != op && e.Op != Any || e.Deferred && c.needs == always {
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

// happen lets one event happen. It returns the error of the command, nil when it
// is carried out.
func (d *recorder) happen(r *request, e Event) error {
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
	switch e.Kill {
	case Killed:
		if d.store != nil {
			_ = d.commit()
		}
		kill()
	case PowerCut:
		kill()
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

// hangs waits for as long as an event keeps a command without an answer. Other
// users of the drive go on.
func (d *Drive) hangs(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-d.done:
		return errClosed(d.path)
	}
}

// swap puts another disc into the drive.
func (d *recorder) swap(path string, silent bool) error {
	if err := d.unload(); err != nil {
		return err
	}
	d.path, d.busy, d.trayOpen = path, busy{}, false
	if err := d.load(); err != nil {
		return err
	}
	if !silent {
		d.event = eventNew
		d.attention = append(d.attention, check(6, 0x28, 0x00)) // NOT READY TO READY CHANGE
	}
	return nil
}

// kill ends the process at once: nothing that was deferred runs.
func kill() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		os.Exit(137)
	}
	time.Sleep(time.Minute) // the signal is on its way
}

// Echo is a drive that answers reads from its buffer. A sector that was sent is
// in there as it was sent, whatever the disc holds.
type Echo struct {
	On bool
	// Reads is how many other sectors are read before the buffer holds none of
	// them any more; 0 is as many as one likes.
	Reads int64
	// Spins says that stopping and starting the disc does not empty the buffer. An
	// open tray always does.
	Spins bool
	// Deaf says that the bit FUA of READ does not go past the buffer.
	Deaf bool
}

// echo is the buffer of a drive with the fault Echo.
type echo struct {
	sent map[int64][]byte // 2048 bytes of a sector
	read int64            // other sectors
}

// keep takes sectors that were sent into the buffer.
func (d *recorder) keep(lba int64, size int, p []byte) {
	if !d.faults.Echo.On || size != disc.SectorSize {
		return
	}
	if d.echo.sent == nil {
		d.echo.sent = map[int64][]byte{}
	}
	for i := 0; i < len(p); i += size {
		d.echo.sent[lba+int64(i/size)] = slices.Clone(p[i : i+size])
	}
}

// answer puts what was sent into sectors that were read from the disc.
func (d *recorder) answer(cdb []byte, lba int64, p []byte) {
	if d.echo.sent == nil {
		return
	}
	fua := cdb[1]&8 != 0 && !d.faults.Echo.Deaf
	for i := 0; i < len(p); i += disc.SectorSize {
		b, ok := d.echo.sent[lba+int64(i/disc.SectorSize)]
		switch {
		case !ok:
			d.echo.read++
		case !fua:
			copy(p[i:], b)
		}
	}
	if n := d.faults.Echo.Reads; n > 0 && d.echo.read >= n {
		d.echo = echo{}
	}
}

// holds reports whether the buffer answers a read without the disc.
func (d *recorder) holds(cdb []byte, lba, blocks int64) bool {
	if d.echo.sent == nil || cdb[1]&8 != 0 && !d.faults.Echo.Deaf {
		return false
	}
	for at := lba; at < lba+blocks; at++ {
		if d.echo.sent[at] == nil {
			return false
		}
	}
	return true
}
