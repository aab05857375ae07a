package scsi

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// unlockTimeout is the timeout of the command that unlocks the tray of a drive
	// that hangs.
	unlockTimeout = 5 * time.Second
	// returnTimeout is how long a transport may take to return from a command that has
	// timed out: Linux resets the drive first and then the bus. Some drivers never
	// return.
	returnTimeout = 30 * time.Second
)

// Gone reports whether the drive can no longer be used: a command timed out, or the
// connection is lost. Callers then send only what is needed to end, and return the error:
// each further command to a drive that hangs would wait as long as the first.
func Gone(err error) bool { return errors.Is(err, ErrTimeout) || errors.Is(err, ErrConnection) }

// DiscGone reports whether the disc can no longer be read: the drive is [Gone], or the
// disc was removed or changed.
func DiscGone(err error) bool { return Gone(err) || MediumNotPresent(err) || MediumChanged(err) }

// Guard returns a transport that sends no commands to a drive that hangs. After a command
// has timed out, later ones fail without being sent, except the command that unlocks the
// tray, which is sent once with a timeout of five seconds. When the transport itself does
// not return within half a minute after the timeout, Execute returns without it.
//
// A transport that is such a one, or wraps it, is returned as it is.
func Guard(t Transport) Transport {
	if _, ok := find[*guard](t); ok {
		return t
	}
	return &guard{t: t}
}

// Hangs returns the error of the command that timed out, if t is a transport of [Guard]
// or one that wraps it, and nil otherwise. Callers that ignore the errors of optional
// commands check it at the end.
func Hangs(t Transport) error {
	g, ok := find[*guard](t)
	if !ok {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.err
}

// find returns t, or the first of the transports in it, that is a T.
func find[T any](t Transport) (T, bool) {
	for {
		if found, ok := t.(T); ok {
			return found, true
		}
		w, ok := t.(interface{ Unwrap() Transport })
		if !ok {
			var none T
			return none, false
		}
		t = w.Unwrap()
	}
}

type guard struct {
	t Transport

	mu       sync.Mutex
	hung     string // the command that timed out, empty if none has
	err      error  // of that command
	unlocked bool   // the command that unlocks the tray was sent after it
	blocked  bool   // the transport did not return from a command
	spare    []byte // a buffer for the next command
}

// Execute implements [Transport].
func (g *guard) Execute(ctx context.Context, c Command) (int, error) {
	if hung := g.hungCommand(); hung != "" {
		if !unlocksTray(c.CDB) || !g.firstUnlock() {
			return 0, fmt.Errorf("%s: not sent: the drive has not answered since %s: %w", Describe(c.CDB), hung, ErrTimeout)
		}
		c.Timeout = unlockTimeout
		return g.send(ctx, c, unlockTimeout)
	}
	limit := c.Timeout
	if limit <= 0 {
		limit = DefaultTimeout
	}
	n, err := g.send(ctx, c, limit+returnTimeout)
	if errors.Is(err, ErrTimeout) {
		g.mu.Lock()
		if g.hung == "" {
			g.hung, g.err = Describe(c.CDB), err
		}
		g.mu.Unlock()
	}
	return n, err
}

// send executes a command and waits for it no longer than limit. Its data are copied,
// since a transport that has not returned may still use the buffer.
func (g *guard) send(ctx context.Context, c Command, limit time.Duration) (int, error) {
	type reply struct {
		n   int
		err error
	}
	inner := c
	inner.Data = g.takeBuffer(len(c.Data))
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
		g.returnBuffer(inner.Data)
		return r.n, r.err
	case <-expired.C:
		g.mu.Lock()
		g.blocked = true
		g.mu.Unlock()
		return 0, fmt.Errorf("%s: %w (%v), and the system has not ended the command", Describe(c.CDB), ErrTimeout, limit)
	}
}

// takeBuffer returns a buffer of n bytes.
func (g *guard) takeBuffer(n int) []byte {
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

// returnBuffer keeps a buffer for the next command.
func (g *guard) returnBuffer(p []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if cap(p) > cap(g.spare) {
		g.spare = p
	}
}

// firstUnlock reports whether the tray was not unlocked yet, and is true once.
func (g *guard) firstUnlock() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := !g.unlocked
	g.unlocked = true
	return first
}

// hungCommand returns the command that timed out, empty if none has.
func (g *guard) hungCommand() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.hung
}

// unlocksTray reports whether a command is PREVENT ALLOW MEDIUM REMOVAL with Prevent 0
// (MMC-6 6.13).
func unlocksTray(cdb []byte) bool {
	return len(cdb) >= 5 && cdb[0] == OpPreventAllowMediumRemoval && cdb[4]&3 == 0
}

// MaxTransfer implements [Transport].
func (g *guard) MaxTransfer() int { return g.t.MaxTransfer() }

// Close implements [Transport]. It does not wait for a transport that has not returned
// from a command.
func (g *guard) Close() error {
	g.mu.Lock()
	blocked := g.blocked
	g.mu.Unlock()
	if blocked {
		go func() { _ = g.t.Close() }() // which may wait for the command
		return nil
	}
	return g.t.Close()
}

// Unwrap returns the transport that is guarded; see [Transport].
func (g *guard) Unwrap() Transport { return g.t }

// SystemSize calls the transport, unless the drive hangs; see [SystemSize].
func (g *guard) SystemSize() (int64, error) {
	if g.hungCommand() != "" {
		return 0, ErrTimeout
	}
	return SystemSize(g.t)
}
