package virtual

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/image/discfile"
)

// Limits.
const (
	maxTransfer = 256 << 10
	bufferSize  = 2 << 20 // of the drive's write buffer, in bytes
	commitEvery = 64 << 20
)

// recorder is a drive, and the disc in it. Commands are carried out one by one.
type recorder struct {
	mu     sync.Mutex
	users  int    // drives of this process, guarded by recorders
	key    string // of recorders
	path   string // of the disc that is in
	store  *discfile.File
	medium Medium
	disc   *discfile.State // as the disc is
	test   *discfile.State // as a test write pretends it to be, or nil
	cache  cache
	page5  writePage
	cue    *discfile.Session // sent, nothing written yet
	cueMCN string
	closed bool

	trayOpen  bool
	locked    bool
	attention []*fault
	event     byte // media event waiting (MMC-6 6.6)
	speed     int  // kB/s asked for, 0: the highest
	readSpeed int
	busy      busy
	faults    Faults
	counts    counts
	echo      echo
	waited    time.Duration // of commands that timed out
	loader    bool          // the drive says that it can close its tray
	pace      pace
	noSync    bool // see Drive.SetNoSync
}

// load reads the disc file.
func (d *recorder) load() error {
	s, st, err := discfile.Open(d.path)
	if err != nil {
		return err
	}
	s.SetNoSync(d.noSync)
	d.store, d.test, d.cue, d.cache, d.echo = s, nil, nil, cache{}, echo{}
	if st == nil {
		d.medium, d.disc = pressedDVD, pressedState(s.Sectors())
		if s.Sectors() <= mediaCD {
			d.medium = pressedCD
		}
		d.medium.Sectors = s.Sectors()
	} else {
		if d.medium, err = ParseMedium(st.Medium); err != nil {
			s.Close()
			return fmt.Errorf("open the virtual disc %s: %w", d.path, err)
		}
		if d.medium.isCD() != s.IsCD() {
			s.Close()
			return fmt.Errorf("open the virtual disc %s: %w", d.path, discfile.ErrState)
		}
		st.Format.Stop() // nothing formats a disc that is not in a drive
		d.disc = st
	}
	d.page5 = defaultPage(d.medium)
	return nil
}

// close writes what is in the buffer to the disc, as a drive does by itself
// after a while, and closes the file.
func (d *recorder) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.store != nil && d.disc.Format.Background == 2 { // the drive formats on
		d.disc.Format.Background, d.disc.Format.Reached = 3, d.disc.Format.Blocks
	}
	return d.unload()
}

// unload brings everything onto the disc and closes its file.
func (d *recorder) unload() error {
	if d.store == nil {
		return nil
	}
	err := d.commit()
	if e := d.store.Close(); err == nil {
		err = e
	}
	d.store, d.disc, d.test = nil, nil, nil
	return err
}

// errStuck is the end of a command that does not come back.
var errStuck = errors.New("the command does not come back")

// command carries out one command.
func (d *recorder) command(ctx context.Context, c scsi.Command) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, errClosed(d.path)
	}
	r := &request{c, ctx}
	if !cdbFits(c.CDB) {
		return 0, r.misuse("a CDB of %d bytes", len(c.CDB))
	}
	if len(c.Data) > maxTransfer {
		return 0, r.misuse("%d bytes of data, the most is %d", len(c.Data), maxTransfer)
	}
	n, err := 0, error(nil)
	for _, e := range d.due(c.CDB[0]) {
		if err = d.happen(r, e); err != nil {
			break
		}
		if e.Hang == Stuck {
			return 0, errStuck
		}
	}
	if err == nil {
		n, err = d.execute(r)
	}
	var f *fault
	if errors.As(err, &f) {
		return n, decode(c.CDB, f)
	}
	return n, err
}

// execute checks what comes before every command, then runs it.
func (d *recorder) execute(r *request) (int, error) {
	op := r.CDB[0]
	cmd, known := commandFor(op)
	if !known || d.refused(op) {
		return 0, errOpcode()
	}
	if cmd.needs < always { // all but INQUIRY and the like
		if err := d.pending(); err != nil {
			return 0, err
		}
	}
	if cmd.needs == medium {
		if d.store == nil {
			return 0, errNoMedium(d.trayOpen)
		}
		if err := d.busy.poll(); err != nil {
			return 0, err
		}
	}
	if slices.Contains(d.faults.Idle, op) {
		return idle(r), nil
	}
	return cmd.run(d, r)
}

// pending returns the oldest unit attention.
func (d *recorder) pending() error {
	if len(d.attention) == 0 {
		return nil
	}
	f := d.attention[0]
	d.attention = d.attention[1:]
	return f
}

// now returns the state that commands work on.
func (d *recorder) now() *discfile.State {
	if d.test != nil {
		return d.test
	}
	return d.disc
}

// commit writes the buffer and the state to the disc file.
func (d *recorder) commit() error {
	if err := d.cache.drain(d.store); err != nil {
		return err
	}
	return d.store.Commit(d.disc)
}
