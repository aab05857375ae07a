package virtual

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"glassmaster/mastering/image/discfile"
)

// Limits.
const (
	maxTransfer = 256 << 10
	bufferSize  = 2 << 20 // of the drive's write buffer, in bytes
	commitEvery = 64 << 20
)

// recorder is a drive and the disc in it. It executes one command at a time.
type recorder struct {
	mu     sync.Mutex
	users  int    // open connections, guarded by recorders
	key    string // in recorders
	path   string // of the disc file
	store  *discfile.File
	medium Medium
	disc   *discfile.State // of the disc
	test   *discfile.State // of the disc during a test write, or nil
	cache  cache
	page5  writePage
	cue    *discfile.Session // from a cue sheet, of which nothing has been written yet
	cueMCN string

	packing interleaver // of the session that is being written
	rawData bool        // the last sector that was written raw is data
	closed  bool

	drives     []*Drive // all connections
	trayOpen   bool
	locked     bool
	event      byte // media event that was not reported yet (MMC-6 6.6)
	speed      int  // kB/s, as set by the host; 0: the highest
	readSpeed  int
	busy       busy
	faults     Faults
	counts     counts
	readCache  readCache
	waited     time.Duration // see Drive.Waited
	loader     bool          // see Drive.SetLoader
	pace       pace
	verifies   bool  // the drive verifies the last WRITE
	offset     int64 // read offset of audio, in samples; see Drive.SetOffset
	position   int64 // the address that was read last
	book       bookSettings
	untilReset bool    // write protected by software until the drive restarts
	future     *future // the image that the disc becomes, or nil
	owned      bool    // the image at its path is one of this disc
	noSync     bool    // see Drive.SetNoSync
}

// load reads the disc file.
func (d *recorder) load() error {
	s, st, err := discfile.Open(d.path)
	var m Medium
	switch {
	case errors.Is(err, discfile.ErrNoDiscFile):
		s, st, m, err = press(d.path)
	case err == nil:
		if m, err = ParseMedium(st.Medium); err == nil && m.isCD() != s.IsCD() {
			err = discfile.ErrState
		}
		if err != nil {
			s.Close()
			err = fmt.Errorf("open the virtual disc %s: %w", d.path, err)
		}
	}
	if err != nil {
		return err
	}
	s.SetNoSync(d.noSync)
	st.Format.Stop() // a disc is not formatted while it is not in a drive
	d.store, d.disc, d.medium, d.test, d.cue, d.cache, d.readCache = s, st, m, nil, nil, cache{}, readCache{}
	d.page5 = defaultPage(d.medium)
	d.owned = d.owned || st.Exported
	return nil
}

// close writes the buffer to the disc and closes the file.
func (d *recorder) close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if d.store != nil && d.disc.Format.Background == 2 { // the drive completes the formatting
		d.disc.Format.Background, d.disc.Format.Reached = 3, d.disc.Format.Blocks
	}
	unneeded, err := d.finish()
	err = errors.Join(err, d.unload())
	if unneeded != "" && err == nil {
		err = os.Remove(unneeded)
	}
	return err
}

// unload writes the buffer and the state to the disc, and closes its file.
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

// errNeverReturns is the error of a command that never returns. The user does not see it.
var errNeverReturns = errors.New("the command does not return")

// command applies the events of a command and executes it.
func (d *recorder) command(r *request) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, errClosed(d.path)
	}
	if !cdbFits(r.CDB) {
		return 0, r.misuse("a CDB of %d bytes", len(r.CDB))
	}
	if len(r.Data) > maxTransfer {
		return 0, r.misuse("%d bytes of data; the maximum is %d", len(r.Data), maxTransfer)
	}
	n, err := 0, error(nil)
	for _, e := range d.due(r.CDB[0]) {
		if err = d.apply(r, e); err != nil {
			break
		}
		if e.Hang == NeverReturns {
			return 0, errNeverReturns
		}
	}
	if err == nil {
		n, err = d.execute(r)
	}
	var f *fault
	if errors.As(err, &f) {
		return n, decode(r.CDB, f)
	}
	return n, err
}

// execute runs a command, unless a unit attention, a missing disc or a long operation
// prevents it.
func (d *recorder) execute(r *request) (int, error) {
	op := r.CDB[0]
	cmd, known := commandFor(op)
	if !known {
		cmd, known = d.vendorCommand(op)
	}
	if !known || d.refused(op) {
		return 0, errOpcode()
	}
	if cmd.needs < always { // all except INQUIRY and some others
		if f := r.from.pending(); f != nil {
			return 0, f
		}
	}
	if cmd.needs == medium {
		if d.store == nil {
			return 0, errNoMedium(d.trayOpen)
		}
		if err := d.busy.poll(); err != nil {
			return 0, err
		}
		if err := d.pace.draining(d.paceRate()); err != nil {
			return 0, err
		}
	}
	if slices.Contains(d.faults.Idle, writeOp(op)) {
		return idle(r), nil
	}
	return cmd.run(d, r)
}

// state returns the state that commands read and change.
func (d *recorder) state() *discfile.State {
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
