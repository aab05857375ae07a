package virtual

import (
	"slices"

	"glassmaster/drive/scsi"
)

// Faults are faults of a drive or a disc, for tests of code that burns and reads. The zero
// value is a drive without faults. Addresses are those of sectors.
type Faults struct {
	// Events happen at certain commands.
	Events []Event

	// WriteErrors are sense key, ASC and ASCQ with which a WRITE of this address fails.
	// The command writes nothing.
	WriteErrors map[int64][3]byte
	// ReadErrors are addresses that cannot be read: 3/11/05.
	ReadErrors []int64
	// Retries are addresses that can be read only after this many READ commands have
	// failed with 3/11/00.
	Retries map[int64]int
	// Corrupt are addresses whose sectors are written with a wrong byte.
	Corrupt []int64
	// Lost are addresses whose sectors are not written. The earlier contents remain.
	Lost []int64
	// Defective are addresses in defective ECC blocks of a DVD or BD. What is written there
	// cannot be read. On a disc with spare areas the drive replaces the block when it
	// writes without streaming.
	Defective []int64
	// Tab: a DVD-RAM is in a cartridge with the tab for write protection.
	Tab bool
	// Short makes each track this many sectors shorter than written when it is closed, or the last
	// track of a session that is written at once or raw. It has no effect on discs that are overwritten in place.
	Short int64
	// Discard makes every command that writes succeed and do nothing: the disc remains
	// blank without an error.
	Discard bool
	// Idle are operation codes of commands that succeed and do nothing.
	Idle []byte
	// Refuse are operation codes that the drive does not support: 5/20/00.
	Refuse []byte
	// BufferFullEvery makes every n-th WRITE fail with 2/04/08. The host must repeat it.
	BufferFullEvery int
	// Capacity is the capacity that the drive reports, in sectors. 0: that of the disc.
	Capacity int64
	// NWA is added to the next writable address that the drive reports. WRITE accepts only
	// the correct one.
	NWA int64
	// Polls is how many times the drive reports that an immediate operation is running
	// before it is finished. 0 is twice, -1 is never.
	Polls int
	// ReadCache makes the drive answer reads with what was sent.
	ReadCache ReadCache
}

// counts are the counters of faults.
type counts struct {
	writes  int
	failed  map[int64]int // failed reads of each address of Retries
	matched []int         // number of commands that matched each event
	hung    bool          // all commands time out
}

// restart restarts the drive, as after a power failure.
func (d *recorder) restart() error {
	d.busy, d.locked, d.speed, d.readSpeed, d.untilReset = busy{}, false, 0, 0, false
	for _, one := range d.drives {
		one.attention = []*fault{check(6, 0x29, 0x00)}
	}
	if d.store == nil {
		return nil
	}
	d.store.Close()
	d.store = nil
	return d.load()
}

// idle returns how many bytes a command transfers that succeeds and does nothing.
func idle(r *request) int {
	if r.Direction == scsi.Out {
		return len(r.Data)
	}
	return 0
}

func (d *recorder) refused(op byte) bool { return slices.Contains(d.faults.Refuse, op) }

// faultyWrite returns the fault with which a write fails, or nil.
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
	if at := d.defect(d.state(), lba, lba+blocks); at >= 0 && !d.medium.isCD() && (bad < 0 || at < bad) {
		bad = at
	}
	return bad
}

// retried counts a read of a run of sectors. It returns the fault of the first sector that
// needs more attempts, or nil.
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

// defaultPolls is how many times a drive without faults reports that it is busy.
const defaultPolls = 2

// busy is a long operation that continues after its command has returned.
type busy struct {
	polls, left int
	ascq        byte
}

// long begins a long operation. Without the Immed bit it is finished when the command
// returns.
func (d *recorder) long(immed bool, ascq byte) {
	n := d.faults.Polls
	if n == 0 {
		n = defaultPolls
	}
	if immed && n > 0 {
		d.busy = busy{n, n, ascq}
	}
}

// poll returns the progress of the operation as a fault, or nil if none is running.
func (b *busy) poll() *fault {
	if b.left == 0 {
		return nil
	}
	f := check(2, 0x04, b.ascq)
	f.progress = (b.polls - b.left) * 65536 / b.polls
	b.left--
	return f
}
