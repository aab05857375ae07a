package scsi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// leaveTime is how long a drive that hangs may take to unlock its tray.
const leaveTime = 5 * time.Second

// Gone reports whether nothing more can be got from the drive: it did not answer in
// time, or the connection to it is lost. Whoever meets such an error sends nothing
// more than what is needed to leave, and tells: each further command to a drive that
// hangs would wait as long as the first.
func Gone(err error) bool { return errors.Is(err, ErrTimeout) || errors.Is(err, ErrConnection) }

// Guard returns a transport that holds everybody to that: when a command was not
// answered in time, later ones are not sent and fail at once, but for the one that
// unlocks the tray, which is sent once and gets five seconds.
func Guard(t Transport) Transport {
	if g, ok := t.(*guard); ok {
		return g
	}
	return &guard{t: t}
}

// Hangs returns the error of the command that a drive behind [Guard] did not answer,
// nil while it answers. It is for those who pass over the failure of what they can do
// without.
func Hangs(t Transport) error {
	g, ok := t.(*guard)
	if !ok {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

type guard struct {
	t Transport

	mu    sync.Mutex
	hangs string // the command that was not answered, empty while all are
	err   error  // of that command
	left  bool   // the tray was unlocked behind it, or could not be
}

// Execute implements [Transport].
func (g *guard) Execute(ctx context.Context, c Command) (int, error) {
	if hangs := g.silent(); hangs != "" {
		if !unlocks(c.CDB) || !g.leave() {
			return 0, fmt.Errorf("%s: not sent: the drive hangs since %s: %w", Describe(c.CDB), hangs, ErrTimeout)
		}
		c.Timeout = leaveTime
	}
	n, err := g.t.Execute(ctx, c)
	if errors.Is(err, ErrTimeout) {
		g.mu.Lock()
		if g.hangs == "" {
			g.hangs, g.err = Describe(c.CDB), err
		}
		g.mu.Unlock()
	}
	return n, err
}

// leave reports whether the tray has still to be unlocked.
func (g *guard) leave() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := !g.left
	g.left = true
	return first
}

func (g *guard) silent() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hangs
}

// unlocks reports whether a command is PREVENT ALLOW MEDIUM REMOVAL that allows it
// (MMC-6 6.13).
func unlocks(cdb []byte) bool { return len(cdb) >= 5 && cdb[0] == 0x1E && cdb[4]&3 == 0 }

// MaxTransfer implements [Transport].
func (g *guard) MaxTransfer() int { return g.t.MaxTransfer() }

// Close implements [Transport].
func (g *guard) Close() error { return g.t.Close() }

// Writable says what the transport says; see [Writable].
func (g *guard) Writable() error { return Writable(g.t) }

// SystemSize says what the transport says; see [SystemSize].
func (g *guard) SystemSize() (int64, error) {
	if g.silent() != "" {
		return 0, ErrTimeout
	}
	return SystemSize(g.t)
}
