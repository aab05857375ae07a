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
}

// SetPace makes the drive write at the given speed in kB/s, or at the speed that
// the host chose when that is lower. 0, the default, is as fast as it goes.
func (d *Drive) SetPace(kBps int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pace = pace{rate: max(kBps, 0)}
}

// settle takes out of the buffer what was written since the last look.
func (d *Drive) settle() {
	p := &d.pace
	now := time.Now()
	gone := now.Sub(p.since).Seconds() * float64(d.paceRate()) * 1000
	p.since = now
	p.level -= int(min(gone, float64(p.level)))
}

func (d *Drive) paceRate() int {
	if v := d.writeSpeed(); v > 0 {
		return min(d.pace.rate, v)
	}
	return d.pace.rate
}

// slow waits until n bytes fit into the buffer; n being the size of the buffer
// waits until it is empty. The end of the context ends the wait, the drive goes
// on all the same.
func (d *Drive) slow(ctx context.Context, n int) {
	if d.pace.rate == 0 {
		return
	}
	d.settle()
	if over := d.pace.level + n - bufferSize; over > 0 {
		wait := time.NewTimer(time.Duration(float64(over) / float64(d.paceRate()) * float64(time.Millisecond)))
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-ctx.Done():
		}
		d.settle()
	}
}

// filled returns how many bytes the buffer holds.
func (d *Drive) filled() int {
	if d.pace.rate == 0 {
		return d.cache.bytes
	}
	d.settle()
	return d.pace.level
}
