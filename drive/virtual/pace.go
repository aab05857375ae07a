package virtual

import (
	"context"
	"time"
)

// pace makes the drive as slow as a real one, for demonstrations: the buffer
// drains by the clock, and a WRITE waits for room in it.
type pace struct {
	rate  int // kB/s, 0: as fast as it goes
	level int // bytes in the buffer
	since time.Time
	clock clock
}

// clock is the time that passes.
type clock interface {
	now() time.Time
	sleep(context.Context, time.Duration)
}

// wallClock is the time of the machine.
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

// settle takes out of the buffer what was written at that rate since the last
// look.
func (p *pace) settle(rate int) {
	now := p.clock.now()
	gone := now.Sub(p.since).Seconds() * float64(rate) * 1000
	p.since = now
	p.level -= int(min(gone, float64(p.level)))
}

// add waits until n bytes fit into the buffer and puts them there. The end of
// the context ends the wait; the drive goes on all the same.
func (p *pace) add(ctx context.Context, n, rate int) {
	p.settle(rate)
	if over := p.level + n - bufferSize; over > 0 {
		p.clock.sleep(ctx, time.Duration(float64(over)/float64(rate)*float64(time.Millisecond)))
		p.settle(rate)
	}
	p.level += n
}

// drain waits until the buffer is empty.
func (p *pace) drain(ctx context.Context, rate int) {
	p.settle(rate)
	if p.level > 0 {
		p.clock.sleep(ctx, time.Duration(float64(p.level)/float64(rate)*float64(time.Millisecond)))
		p.settle(rate)
	}
}

// paceRate is the rate in force: the pace, or the speed that the host chose when
// that is lower. 0 is no pace.
func (d *recorder) paceRate() int {
	if v := d.writeSpeed(); v > 0 {
		return min(d.pace.rate, v)
	}
	return d.pace.rate
}

// filled returns how many bytes the buffer holds.
func (d *recorder) filled() int {
	if d.pace.rate == 0 {
		return d.cache.bytes
	}
	d.pace.settle(d.paceRate())
	return min(d.pace.level, bufferSize)
}
