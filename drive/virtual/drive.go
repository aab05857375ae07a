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

// maxOverburn is the largest number of sectors of Options.Overburn: 15 minutes.
const maxOverburn = 67500

// Options of a new disc.
type Options struct {
	// Sectors is the capacity in sectors of 2048 bytes, for small discs in tests. 0 is
	// the nominal capacity of the medium.
	Sectors int64
	// Overburn is how many sectors more than its capacity a CD-R or CD-RW really has. It is
	// ignored for other media.
	Overburn int64
	// NoSync is explained at [Drive.SetNoSync].
	NoSync bool
}

// Create creates the file of a blank disc. The file must not exist. It is sparse, so that a
// blank disc needs little space.
func Create(path string, m Medium, o Options) error {
	n := o.Sectors
	if n == 0 {
		n = m.Sectors
	}
	if n < m.block || n > discfile.MaxSectors {
		return fmt.Errorf("create a virtual disc of %d sectors: a %s can have %d to %d", n, m.Name, m.block, int64(discfile.MaxSectors))
	}
	n = m.rawSectors(n / m.block * m.block)
	st := &discfile.State{Medium: m.Name, Sectors: n, Format: factoryFormat(m, n)}
	if m.isCD() && o.Overburn > 0 {
		st.Overburn = min(o.Overburn, maxOverburn)
		st.Sectors += st.Overburn
	}
	return discfile.Create(path, m.isCD(), st, o.NoSync)
}

// Drive is a connection to a recorder. It implements [scsi.Transport] and is safe for
// concurrent use.
type Drive struct {
	rec  *recorder
	path string
	once sync.Once
	done chan struct{} // closed by Close

	attention []*fault // unit attentions that this connection has not got yet, guarded by rec.mu
}

// recorders are the recorders of this process by the path of their disc. Opening the same
// disc again connects to the same recorder, as opening the device of a real drive does.
var recorders = struct {
	sync.Mutex
	by map[string]*recorder
}{by: map[string]*recorder{}}

// Open inserts the disc in a file into a new recorder, or connects to the recorder of this
// process that has it. It fails if another process has the disc. A file that is not a disc
// file is an image of any format, or plain sectors. It is a pressed disc of its kind: a
// CD-ROM, DVD-ROM or BD-ROM.
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
		recorders.by[key] = r
	}
	d := &Drive{rec: r, path: path, done: make(chan struct{})}
	if r.users++; r.users == 1 {
		d.attention = []*fault{check(6, 0x29, 0x00)} // POWER ON, RESET, OR BUS DEVICE RESET OCCURRED
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drives = append(r.drives, d)
	return d, nil
}

// Path returns the path of the disc file.
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
	n, err := d.rec.command(&request{c, ctx, d})
	if errors.Is(err, errNeverReturns) {
		return 0, d.block(ctx)
	}
	return n, err
}

func errClosed(path string) error { return fmt.Errorf("virtual drive %s: %w", path, os.ErrClosed) }

// Close closes the connection. When the last one is closed, the drive writes its buffer to
// the disc, as real drives do after some time. An open track remains open. If the disc is to
// become an image and is complete, the image is written, and Close returns the error if that
// fails.
func (d *Drive) Close() error {
	var err error
	d.once.Do(func() {
		close(d.done)
		recorders.Lock()
		defer recorders.Unlock()
		d.rec.leave(d)
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
	d.rec.faults, d.rec.counts, d.rec.readCache = f, counts{}, readCache{}
}

// Waited returns the sum of the timeouts of commands that timed out. The drive does not
// really wait.
func (d *Drive) Waited() time.Duration {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	return d.rec.waited
}

// SetLoader sets whether the drive reports that it can close its tray: the Load bit of
// feature 0003h (MMC-6 5.3.4). By default it does not report it, but closes the tray, as
// older drives do.
func (d *Drive) SetLoader(on bool) {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	d.rec.loader = on
}

// setPace limits the writing speed to this many kB/s, or to the speed that the host has set
// if that is lower. 0, the default, is no limit. A WRITE for which the buffer has no space
// is refused if busy is set, and waits otherwise.
func (d *Drive) setPace(kBps int, busy bool) {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	d.rec.pace = pace{rate: max(kBps, 0), busy: busy, clock: wallClock{}}
}

// setOffset sets the read offset of the drive: audio is delivered this many samples of four bytes
// later than it is on the disc, as drives do. Other sectors are not affected.
func (d *Drive) setOffset(samples int64) {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	d.rec.offset = samples
}

// SetNoSync makes the drive not wait until the operating system has written the file of the
// disc to its storage. After a power failure the file may then be damaged, but tests are
// several times as fast.
func (d *Drive) SetNoSync() {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	d.rec.noSync = true
	if d.rec.store != nil {
		d.rec.store.SetNoSync(true)
	}
}

// DropPower simulates a power failure: what was not synchronized is lost, and the drive
// restarts.
func (d *Drive) DropPower() error {
	d.rec.mu.Lock()
	defer d.rec.mu.Unlock()
	return d.rec.restart()
}
