package virtual

import (
	"slices"

	"glassmaster/drive/scsi"
)

// Faults are the ways in which a drive or a disc goes wrong, for tests of
// whoever burns and reads. The zero value is a drive in good order. Addresses
// are those of sectors.
type Faults struct {
	// Events happen at commands that they name.
	Events []Event

	// WriteErrors are sense key, ASC and ASCQ by which a WRITE over that address
	// fails. Nothing of that command reaches the disc.
	WriteErrors map[int64][3]byte
	// ReadErrors are addresses that cannot be read: 3/11/05.
	ReadErrors []int64
	// Retries are addresses that can be read only after that many READ commands
	// over them have failed with 3/11/00.
	Retries map[int64]int
	// Corrupt are addresses whose sectors reach the disc with a wrong byte.
	Corrupt []int64
	// Lost are addresses whose sectors never reach the disc, which keeps what it
	// held there.
	Lost []int64
	// Short makes each track that is closed that many sectors shorter than it was
	// written. The media without tracks know no such thing.
	Short int64
	// Coaster makes every command that writes succeed and do nothing: the disc
	// that comes out blank without an error.
	Coaster bool
	// Idle are operation codes of commands that succeed and do nothing.
	Idle []byte
	// Refuse are operation codes that the drive does not know: 5/20/00.
	Refuse []byte
	// BufferFullEvery lets every n-th WRITE fail with 2/04/08, to be sent again.
	BufferFullEvery int
	// Capacity is the number of sectors that the drive claims the disc has.
	Capacity int64
	// NWA is added to the next writable address that the drive tells. WRITE wants
	// the true one.
	NWA int64
	// Polls is how often a drive says that an immediate operation still runs
	// before it is done: 0 is twice, -1 never.
	Polls int
	// Echo answers reads from what was sent instead of from the disc.
	Echo Echo
}

// counts is what faults count.
type counts struct {
	writes  int
	failed  map[int64]int // reads over an address of Retries
	matched []int         // commands that each event has matched
	hung    bool          // nothing is answered any more
}

// restart is the drive after its power came back.
func (d *recorder) restart() error {
	d.busy, d.locked, d.speed, d.readSpeed = busy{}, false, 0, 0
	d.attention = []*fault{check(6, 0x29, 0x00)}
	if d.store == nil {
		return nil
	}
	d.store.Close()
	d.store = nil
	return d.load()
}

// idle is how many bytes a command moves that succeeds and does nothing.
func idle(r *request) int {
	if r.Direction == scsi.Out {
		return len(r.Data)
	}
	return 0
}

func (d *recorder) refused(op byte) bool { return slices.Contains(d.faults.Refuse, op) }

// faultyWrite returns the fault that a write runs into, or nil.
func (d *recorder) faultyWrite(lba, blocks int64) *fault {
	d.counts.writes++
	if n := d.faults.BufferFullEvery; n > 0 && d.counts.writes%n == 0 {
		return check(2, 0x04, 0x08) // LOGICAL UNIT NOT READY, LONG WRITE IN PROGRESS
	}
	for at, s := range d.faults.WriteErrors {
		if at >= lba && at < lba+blocks {
			return check(s[0], s[1], s[2]).at(at)
		}
	}
	return nil
}

// badRead returns the first unreadable address of a run, or -1.
func (d *recorder) badRead(lba, blocks int64) int64 {
	bad := int64(-1)
	for _, at := range d.faults.ReadErrors {
		if at >= lba && at < lba+blocks && (bad < 0 || at < bad) {
			bad = at
		}
	}
	return bad
}

// retried counts a read of a run of sectors, and returns the fault of the first
// one that wants more attempts.
func (d *recorder) retried(lba, blocks int64) *fault {
	first := int64(-1)
	for at, n := range d.faults.Retries {
		if at < lba || at >= lba+blocks || d.counts.failed[at] >= n {
			continue
		}
		if d.counts.failed == nil {
			d.counts.failed = map[int64]int{}
		}
		d.counts.failed[at]++
		if first < 0 || at < first {
			first = at
		}
	}
	if first < 0 {
		return nil
	}
	return check(3, 0x11, 0x00).at(first) // UNRECOVERED READ ERROR
}

// Kinds of long operations, by the ASCQ of 2/04/xx.
const (
	longFormat = 0x04 // FORMAT IN PROGRESS
	longOther  = 0x07 // OPERATION IN PROGRESS
	longSync   = 0x08 // LONG WRITE IN PROGRESS
)

// usualPolls is how often a drive in good order says that it is busy.
const usualPolls = 2

// busy is a long operation that the host does not wait for.
type busy struct {
	polls, left int
	ascq        byte
}

// long begins a long operation. Without the Immed bit the command itself takes
// the time.
func (d *recorder) long(immed bool, ascq byte) {
	n := d.faults.Polls
	if n == 0 {
		n = usualPolls
	}
	if immed && n > 0 {
		d.busy = busy{n, n, ascq}
	}
}

// poll tells how far the operation is, nil when none runs.
func (b *busy) poll() *fault {
	if b.left == 0 {
		return nil
	}
	f := check(2, 0x04, b.ascq)
	f.progress = (b.polls - b.left) * 65536 / b.polls
	b.left--
	return f
}
