package virtual

import (
	"context"
	"time"
)

// pace limits the writing speed, for demonstrations: the buffer is emptied at a rate, and a
// WRITE waits for space in it.
type pace struct {
	rate  int       // kB/s; 0: no limit
	level int       // bytes in the buffer
	since time.Time // when level was computed
	busy  bool      // a WRITE for which there is no space is refused, and does not wait
	from  int       // level when the host asked for an immediate synchronization; 0: it did not
	clock clock
}

// clock is a source of time.
type clock interface {
	now() time.Time
	sleep(context.Context, time.Duration)
}

// wallClock is the clock of the machine.
type wallClock struct{}

func (wallClock) now() time.Time { return time.Now() }

func (wallClock) sleep(ctx context.Context, t time.Duration) {
	wait := time.NewTimer(t)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}

// update subtracts from the level what was written at this rate since the last update.
func (p *pace) update(rate int) {
	now := p.clock.now()
	gone := now.Sub(p.since).Seconds() * float64(rate) * 1000
	p.since = now
	p.level -= int(min(gone, float64(p.level)))
}

// add waits until there is space for n bytes in the buffer, or ctx ends, and adds them.
func (p *pace) add(ctx context.Context, n, rate int) {
	p.update(rate)
	if over := p.level + n - bufferSize; over > 0 {
		p.clock.sleep(ctx, time.Duration(float64(over)/float64(rate)*float64(time.Millisecond)))
		p.update(rate)
	}
	p.level += n
}

// full reports whether n bytes have no space in the buffer, and a WRITE of them is refused. A
// buffer that is empty takes any number.
func (p *pace) full(n, rate int) bool {
	if !p.busy || rate <= 0 {
		return false
	}
	p.update(rate)
	return p.level > 0 && p.level+n > bufferSize
}

// draining returns the progress of an immediate synchronization as a fault, or nil when the
// buffer is empty.
func (p *pace) draining(rate int) *fault {
	if p.from == 0 || rate <= 0 {
		return nil
	}
	p.update(rate)
	if p.level == 0 {
		p.from = 0
		return nil
	}
	f := check(2, 0x04, longSync)
	f.progress = (p.from - p.level) * 65535 / p.from
	return f
}

// drain waits until the buffer is empty.
func (p *pace) drain(ctx context.Context, rate int) {
	p.update(rate)
	if p.level > 0 {
		p.clock.sleep(ctx, time.Duration(float64(p.level)/float64(rate)*float64(time.Millisecond)))
		p.update(rate)
	}
}

// paceRate returns the rate: that of the pace, or the speed that the host has set if that is
// lower, and half of it while the drive verifies what it writes. 0 is no limit.
func (d *recorder) paceRate() int {
	rate := d.pace.rate
	if v := d.writeSpeed(); v > 0 {
		rate = min(rate, v)
	}
	if d.verifies && rate > 1 {
		rate /= 2
	}
	return rate
}

// bufferFull reports whether a drive with a pace has no space for n bytes in its buffer, so that
// the host has to send them again.
func (d *recorder) bufferFull(n int) bool { return d.pace.full(n, d.paceRate()) }

// filled returns the number of bytes in the buffer.
func (d *recorder) filled() int {
	if d.pace.rate == 0 {
		return d.cache.bytes
	}
	d.pace.update(d.paceRate())
	return min(d.pace.level, bufferSize)
}
