package virtual

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/image/discfile"
)

// Options of a new disc.
type Options struct {
	// Sectors is the capacity in sectors of 2048 bytes, for small discs in tests.
	// 0 is the capacity that the medium has on sale.
	Sectors int64
	// NoSync does not wait until the file is on the disk of the machine, see
	// [Drive.SetNoSync].
	NoSync bool
}

// Create makes the file of a blank disc. The file must not exist. It is sparse:
// a blank disc takes next to no room.
func Create(path string, m Medium, o Options) error {
	n := o.Sectors
	if n == 0 {
		n = m.Sectors
	}
	if n < m.block || n > discfile.MaxSectors {
		return fmt.Errorf("create a virtual disc of %d sectors: a %s has %d to %d", n, m.Name, m.block, int64(discfile.MaxSectors))
	}
	n = n / m.block * m.block
	return discfile.Create(path, m.isCD(), &discfile.State{Medium: m.Name, Sectors: n, Format: soldFormat(m, n)}, o.NoSync)
}

// Drive is a connection to a recorder with a disc in it. It implements
// [scsi.Transport] and is safe for use by several goroutines.
type Drive struct {
	rec  *recorder
	path string
	once sync.Once
	done chan struct{} // closed by Close
}

// recorders are the drives of this process that are in use, by the path of
// their disc: whoever opens the same disc comes to the same drive, as with the
// device of a real one.
var recorders = struct {
	sync.Mutex
	by map[string]*recorder
}{by: map[string]*recorder{}}

// Open puts the disc of a file into a recorder, or connects to the recorder that
// holds it in this process already. Another process that has the disc makes
// Open fail. A file that no recorder made is taken for an image of a pressed
// disc: a DVD-ROM, or a CD-ROM when it is small enough.
func Open(path string) (*Drive, error) {
	key, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open a virtual disc: %w", err)
	}
	if real, err := filepath.EvalSymlinks(key); err == nil {
		key = real
	}
	recorders.Lock()
	defer recorders.Unlock()
	r := recorders.by[key]
	if r == nil {
		r = &recorder{key: key, path: key}
		if err := r.load(); err != nil {
			return nil, err
		}
		r.attention = []*fault{check(6, 0x29, 0x00)} // POWER ON, RESET, OR BUS DEVICE RESET OCCURRED
		recorders.by[key] = r
	}
	r.users++
	return &Drive{rec: r, path: path, done: make(chan struct{})}, nil
}

// Path returns the name of the disc file.
func (d *Drive) Path() string { return d.path }

// MaxTransfer implements [scsi.Transport].
func (d *Drive) MaxTransfer() int { return maxTransfer }

// Execute implements [scsi.Transport].
func (d *Drive) Execute(ctx context.Context, c scsi.Command) (int, error) {
	select {
	case <-d.done:
		return 0, errClosed(d.path)
	default:
	}
	n, err := d.rec.command(ctx, c)
	if errors.Is(err, errStuck) {
		return 0, d.hangs(ctx)
	}
	return n, err
}

func errClosed(path string) error { return fmt.Errorf("virtual drive %s: %w", path, os.ErrClosed) }

// Close ends the connection. With the last one the drive brings its buffer onto
// the disc, as drives do by themselves after a while; an open track stays open.
func (d *Drive) Close() error {
	var err error
	d.once.Do(func() {
		close(d.done)
		recorders.Lock()
		defer recorders.Unlock()
		if d.rec.users--; d.rec.users > 0 {
			return
		}
		delete(recorders.by, d.rec.key)
		err = d.rec.close()
	})
	return err
}

// SetFaults replaces the faults of the drive.
func (d *Drive) SetFaults(f Faults) {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	d.rec.faults, d.rec.counts, d.rec.echo = f, counts{}, echo{}
}

// Waited returns how long commands that timed out would have kept a host
// waiting. No time passes in truth.
func (d *Drive) Waited() time.Duration {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	return d.rec.waited
}

// SetLoader has the drive say whether it can close its tray by itself: the Load
// bit of feature 0003h (MMC-6 5.3.4). Older drives close it and do not say so,
// as this one does unless it is told otherwise.
func (d *Drive) SetLoader(on bool) {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	d.rec.loader = on
}

// SetPace makes the drive write at the given speed in kB/s, or at the speed that
// the host chose when that is lower. 0, the default, is as fast as it goes.
func (d *Drive) SetPace(kBps int) {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	d.rec.pace = pace{rate: max(kBps, 0), clock: wallClock{}}
}

// SetNoSync has the drive not wait until the file of the disc that is in it is on
// the disk of the machine. What was burned then outlives this process, and not a
// power failure of the machine: enough for tests, which are several times as fast.
func (d *Drive) SetNoSync() {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	d.rec.noSync = true
	if d.rec.store != nil {
		d.rec.store.SetNoSync(true)
	}
}

// DropPower is the power failing: what was not synchronized is lost, and the
// drive starts anew.
func (d *Drive) DropPower() error {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	return d.rec.restart()
}
