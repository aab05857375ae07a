package scsi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// leaveTime is how long a drive that hangs may take to unlock its tray.
	leaveTime = 5 * time.Second
	// grace is how long a system may take to end a command whose time is over: it
	// resets the drive first, and then the bus. Some never come to an end with it.
	grace = 30 * time.Second
)

// Gone reports whether nothing more can be got from the drive: it did not answer in
// time, or the connection to it is lost. Whoever meets such an error sends nothing
// more than what is needed to leave, and tells: each further command to a drive that
// hangs would wait as long as the first.
func Gone(err error) bool { return errors.Is(err, ErrTimeout) || errors.Is(err, ErrConnection) }

// DiscGone reports whether nothing more can be read of the disc that was in the drive:
// the drive is [Gone], or the disc was taken out or may be another one.
func DiscGone(err error) bool { return Gone(err) || MediumNotPresent(err) || MediumChanged(err) }

// Guard returns a transport that holds everybody to that: when a command was not
// answered in time, later ones are not sent and fail at once, but for the one that
// unlocks the tray, which is sent once and gets five seconds. A transport that does
// not return half a minute behind the time of a command is left to itself.
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
	if h, ok := t.(interface{ Hangs() error }); ok {
		return h.Hangs()
	}
	return nil
}

// Hangs returns the error of the command that was not answered; see [Hangs].
func (g *guard) Hangs() error {
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
	stuck bool   // the transport did not return from a command
	spare []byte // a buffer for the next command
}

// Execute implements [Transport].
func (g *guard) Execute(ctx context.Context, c Command) (int, error) {
	if hangs := g.silent(); hangs != "" {
		if !unlocks(c.CDB) || !g.leave() {
			return 0, fmt.Errorf("%s: not sent: the drive hangs since %s: %w", Describe(c.CDB), hangs, ErrTimeout)
		}
		c.Timeout = leaveTime
		return g.send(ctx, c, leaveTime)
	}
	limit := c.Timeout
	if limit <= 0 {
		limit = DefaultTimeout
	}
	n, err := g.send(ctx, c, limit+grace)
	if errors.Is(err, ErrTimeout) {
		g.mu.Lock()
		if g.hangs == "" {
			g.hangs, g.err = Describe(c.CDB), err
		}
		g.mu.Unlock()
	}
	return n, err
}

// send carries out a command and waits for it no longer than limit. The data of a
// command that is left to itself stay with it.
func (g *guard) send(ctx context.Context, c Command, limit time.Duration) (int, error) {
	type reply struct {
		n   int
		err error
	}
	inner := c
	inner.Data = g.borrow(len(c.Data))
	if c.Direction == Out {
		copy(inner.Data, c.Data)
	}
	replies := make(chan reply, 1)
	go func() {
		n, err := g.t.Execute(ctx, inner)
		replies <- reply{n, err}
	}()
	expired := time.NewTimer(limit)
	defer expired.Stop()
	select {
	case r := <-replies:
		if c.Direction == In {
			copy(c.Data, inner.Data[:min(max(r.n, 0), len(inner.Data))])
		}
		g.giveBack(inner.Data)
		return r.n, r.err
	case <-expired.C:
		g.mu.Lock()
		g.stuck = true
		g.mu.Unlock()
		return 0, fmt.Errorf("%s: %w (%v), and the system does not come to an end with it", Describe(c.CDB), ErrTimeout, limit)
	}
}

// borrow returns a buffer of that many bytes.
func (g *guard) borrow(n int) []byte {
	if n == 0 {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.spare
	g.spare = nil
	if cap(p) < n {
		return make([]byte, n)
	}
	return p[:n]
}

// giveBack keeps a buffer for the next command.
func (g *guard) giveBack(p []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if cap(p) > cap(g.spare) {
		g.spare = p
	}
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
func unlocks(cdb []byte) bool {
	return len(cdb) >= 5 && cdb[0] == OpPreventAllowMediumRemoval && cdb[4]&3 == 0
}

// MaxTransfer implements [Transport].
func (g *guard) MaxTransfer() int { return g.t.MaxTransfer() }

// Close implements [Transport]. A transport that did not return is not waited for.
func (g *guard) Close() error {
	g.mu.Lock()
	stuck := g.stuck
	g.mu.Unlock()
	if stuck {
		go func() { _ = g.t.Close() }() // which may wait for the command
		return nil
	}
	return g.t.Close()
}

// Writable says what the transport says; see [Writable].
func (g *guard) Writable() error { return Writable(g.t) }

// SystemSize says what the transport says; see [SystemSize].
func (g *guard) SystemSize() (int64, error) {
	if g.silent() != "" {
		return 0, ErrTimeout
	}
	return SystemSize(g.t)
}
