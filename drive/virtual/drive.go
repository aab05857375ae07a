package virtual

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"glassmaster/drive/scsi"
)

// Limits.
const (
	maxSectors  = 1 << 27 // 256 GiB: larger discs are not sold
	maxTransfer = 256 << 10
	bufferSize  = 2 << 20 // of the drive's write buffer, in bytes
	commitEvery = 64 << 20
)

// Options of a new disc.
type Options struct {
	// Sectors is the capacity in sectors of 2048 bytes, for small discs in tests.
	// 0 is the capacity that the medium has on sale.
	Sectors int64
}

// Create makes the file of a blank disc. The file must not exist. It is sparse:
// a blank disc takes next to no room.
func Create(path string, m Medium, o Options) error {
	n := o.Sectors
	if n == 0 {
		n = m.Sectors
	}
	if n < m.block || n > maxSectors {
		return fmt.Errorf("create a virtual disc of %d sectors: a %s has %d to %d", n, m.Name, m.block, int64(maxSectors))
	}
	return createStore(path, m, &state{Medium: m.Name, Sectors: n / m.block * m.block})
}

// Drive is a recorder with a disc in it. It implements [scsi.Transport] and is
// safe for use by several goroutines: commands are carried out one by one.
type Drive struct {
	mu     sync.Mutex
	path   string
	store  *store
	medium Medium
	disc   *state // as the disc is
	test   *state // as a test write pretends it to be, or nil
	cache  cache
	page5  writePage
	cue    *session // sent, nothing written yet
	cueMCN string
	closed bool

	trayOpen  bool
	locked    bool
	stopped   bool
	attention []*fault
	event     byte // media event waiting (MMC-6 table 295)
	speed     int  // kB/s asked for, 0: the highest
	readSpeed int
	busy      busy
	faults    Faults
	counts    counts
	pace      pace
}

// Open puts the disc of a file into a recorder. A file that no recorder made is
// taken for an image of a pressed disc, a DVD-ROM, or a CD-ROM when it is small
// enough.
func Open(path string) (*Drive, error) {
	d := &Drive{path: path}
	if err := d.load(); err != nil {
		return nil, err
	}
	d.attention = []*fault{check(6, 0x29, 0x00)} // POWER ON, RESET, OR BUS DEVICE RESET OCCURRED
	return d, nil
}

// load reads the disc file.
func (d *Drive) load() error {
	s, st, err := openStore(d.path)
	if err != nil {
		return err
	}
	d.store, d.test, d.cue, d.cache = s, nil, nil, cache{}
	if st == nil {
		d.medium, d.disc = pressedDVD, pressedState(s.sectors)
		if s.sectors <= mediaCD {
			d.medium = pressedCD
		}
		d.medium.Sectors = s.sectors
	} else {
		if d.medium, err = ParseMedium(st.Medium); err != nil {
			s.f.Close()
			return fmt.Errorf("open the virtual disc %s: %w", d.path, err)
		}
		d.disc = st
	}
	d.page5 = defaultPage(d.medium)
	return nil
}

// Path returns the name of the disc file.
func (d *Drive) Path() string { return d.path }

// MaxTransfer implements [scsi.Transport].
func (d *Drive) MaxTransfer() int { return maxTransfer }

// Close writes what is in the buffer to the disc, as a drive does by itself
// after a while, and closes the file. An open track stays open.
func (d *Drive) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	return d.unload()
}

// unload brings everything onto the disc and closes its file.
func (d *Drive) unload() error {
	if d.store == nil {
		return nil
	}
	err := d.commit()
	if e := d.store.f.Close(); err == nil {
		err = e
	}
	d.store, d.disc, d.test = nil, nil, nil
	return err
}

// MisuseError is a command that no host adapter could carry out as given: its
// data does not have the length, or the direction, that its CDB asks for. It
// unwraps to the CHECK CONDITION that the drive would answer with.
type MisuseError struct {
	CDB    []byte
	What   string
	answer error
}

func (e *MisuseError) Error() string {
	return fmt.Sprintf("misuse of the transport: command % X: %s", e.CDB, e.What)
}

func (e *MisuseError) Unwrap() error { return e.answer }

// request is a command on its way through the drive.
type request struct {
	scsi.Command
	ctx context.Context
}

// misuse returns the error for data that does not fit the CDB.
func (r *request) misuse(format string, args ...any) error {
	return &MisuseError{r.CDB, fmt.Sprintf(format, args...), decode(r.CDB, errField())}
}

// reply delivers b, cut to the allocation length of the CDB.
func (r *request) reply(b []byte, allocation int) (int, error) {
	n := min(len(b), allocation)
	if n == 0 {
		return 0, nil
	}
	if r.Direction != scsi.In {
		return 0, r.misuse("the drive has %d bytes to send, the direction of the data is another", n)
	}
	if len(r.Data) < n {
		return 0, r.misuse("room for %d bytes, the drive sends %d", len(r.Data), n)
	}
	return copy(r.Data, b[:n]), nil
}

// list returns the n bytes that the host sends.
func (r *request) list(n int) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	if r.Direction != scsi.Out {
		return nil, r.misuse("the drive wants %d bytes, the direction of the data is another", n)
	}
	if len(r.Data) != n {
		return nil, r.misuse("%d bytes of data, the CDB says %d", len(r.Data), n)
	}
	return r.Data, nil
}

// Execute implements [scsi.Transport].
func (d *Drive) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return 0, fmt.Errorf("virtual drive %s: %w", d.path, os.ErrClosed)
	}
	r := &request{c, ctx}
	if !cdbFits(c.CDB) {
		return 0, r.misuse("a CDB of %d bytes", len(c.CDB))
	}
	if len(c.Data) > maxTransfer {
		return 0, r.misuse("%d bytes of data, the most is %d", len(c.Data), maxTransfer)
	}
	n, err := d.execute(r)
	var f *fault
	if errors.As(err, &f) {
		return n, decode(c.CDB, f)
	}
	return n, err
}

// cdbFits reports whether the CDB is as long as its operation code says. Zeros
// may follow up to 12 bytes: ATAPI carries every CDB in a packet of 12.
func cdbFits(cdb []byte) bool {
	if len(cdb) == 0 || len(cdb) < cdbLength(cdb[0]) {
		return false
	}
	for _, b := range cdb[cdbLength(cdb[0]):] {
		if b != 0 {
			return false
		}
	}
	return len(cdb) == cdbLength(cdb[0]) || len(cdb) <= 12
}

// cdbLength returns the length of a CDB by its group code (SPC-3 4.3.4.1).
func cdbLength(op byte) int {
	switch op >> 5 {
	case 0:
		return 6
	case 4:
		return 16
	case 5:
		return 12
	}
	return 10
}

// execute checks what comes before every command, then runs it.
func (d *Drive) execute(r *request) (int, error) {
	op := r.CDB[0]
	cmd, known := commands[op]
	if !known || d.refused(op) {
		return 0, errOpcode()
	}
	if cmd.needs < any_ { // all but INQUIRY and the like
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
	return cmd.run(d, r)
}

// pending returns the oldest unit attention.
func (d *Drive) pending() error {
	if len(d.attention) == 0 {
		return nil
	}
	f := d.attention[0]
	d.attention = d.attention[1:]
	return f
}

// now returns the state that commands work on.
func (d *Drive) now() *state {
	if d.test != nil {
		return d.test
	}
	return d.disc
}

// commit writes the buffer and the state to the disc file.
func (d *Drive) commit() error {
	if err := d.cache.drain(d.store); err != nil {
		return err
	}
	return d.store.commit(d.disc)
}
