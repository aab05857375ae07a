package model

import (
	"math"
	"slices"
	"time"

	"glassmaster/mastering/progress"
)

// traceSlots is the resolution of a trace: each slot is the same share of the phase.
const traceSlots = 500

// Buffer is one of the two buffers between the source and the laser.
type Buffer int

// Buffers.
const (
	HostBuffer  Buffer = iota // between reading the source and writing to the drive
	DriveBuffer               // of the drive
	buffers
)

func (b Buffer) String() string { return [...]string{"buffer", "drive buffer"}[b] }

// LowLevel is the level below which a buffer is low: a quarter.
const LowLevel = 0.25

// fillTime is how long a buffer that is low at the beginning may still be filling.
const fillTime = 2 * time.Second

// Trace is a rate, and the levels of the buffers, over the course of one phase of a job,
// from its beginning (0) to its end (1).
type Trace struct {
	Phase  progress.Phase
	slots  []float64          // bytes per second; negative where nothing was measured
	levels [buffers][]float64 // the least level in each slot, from 0 to 1; negative where none was measured
	least  [buffers]float64   // the least level after the buffer was filled and before the source ended
	filled [buffers]bool      // it has been filled
	low    []bool             // a buffer was low in this slot
	upto   int                // slots that have been reached
}

// newTrace returns the empty trace of a phase.
func newTrace(p progress.Phase) Trace {
	unknown := func() []float64 { return slices.Repeat([]float64{-1}, traceSlots) }
	return Trace{
		Phase: p, slots: unknown(), levels: [buffers][]float64{unknown(), unknown()},
		least: [buffers]float64{1, 1}, low: make([]bool, traceSlots),
	}
}

// Record adds the present state of a job, whose host buffer has a size in bytes. A new
// phase begins a new trace.
func (t *Trace) Record(s progress.Snapshot, size int64) {
	if s.Phase != t.Phase || t.slots == nil {
		*t = newTrace(s.Phase)
	}
	t.record(HostBuffer, s.HostBuffer, s, size)
	t.record(DriveBuffer, s.DriveBuffer, s, size)
	if s.Total <= 0 || s.Rate <= 0 {
		return
	}
	at := min(int(float64(s.Done)/float64(s.Total)*traceSlots), traceSlots-1)
	t.slots[max(at, 0)] = s.Rate
	t.upto = max(t.upto, at+1)
}

// record adds the level of a buffer. A buffer that is being filled at the beginning is not
// low, and neither is that of the host when nothing is left to be read.
func (t *Trace) record(b Buffer, level float64, s progress.Snapshot, size int64) {
	if level < 0 || s.Total <= 0 {
		return
	}
	at := max(min(int(float64(s.Done)/float64(s.Total)*traceSlots), traceSlots-1), 0)
	if was := t.levels[b][at]; was < 0 || level < was {
		t.levels[b][at] = level
	}
	t.filled[b] = t.filled[b] || level > 0.5 || s.Done > s.Total/20 && s.Elapsed > fillTime
	if !t.filled[b] || b == HostBuffer && float64(s.Total-s.Done) <= level*float64(size) {
		return
	}
	t.least[b] = min(t.least[b], level)
	t.low[at] = t.low[at] || level < LowLevel
}

// Level returns the level of a buffer at a share of the phase; false where none is known.
func (t Trace) Level(b Buffer, share float64) (float64, bool) {
	at := min(int(share*traceSlots), traceSlots-1)
	if t.slots == nil || at >= t.upto {
		return 0, false
	}
	for ; at >= 0; at-- {
		if v := t.levels[b][at]; v >= 0 {
			return v, true
		}
	}
	return 0, false
}

// Low reports whether a buffer was low at a share of the phase.
func (t Trace) Low(share float64) bool {
	at := min(int(share*traceSlots), traceSlots-1)
	return t.slots != nil && t.low[at]
}

// Least returns the least level of a buffer, except while it was filled at the beginning
// and when nothing was left to be read; false if it is unknown.
func (t Trace) Least(b Buffer) (float64, bool) {
	return t.least[b], t.filled[b]
}

// Finish extends the last rate to the end of the phase.
func (t *Trace) Finish() {
	if t.upto > 0 {
		t.upto = traceSlots
	}
}

// At returns the rate at a share of the phase, interpolated between measurements; false
// after the last one.
func (t Trace) At(share float64) (float64, bool) {
	x := share * traceSlots
	if t.upto == 0 || x > float64(t.upto) {
		return 0, false
	}
	at := min(int(x), t.upto-1)
	i, j := at, at
	for i >= 0 && t.slots[i] < 0 {
		i--
	}
	for j < t.upto && t.slots[j] < 0 {
		j++
	}
	switch {
	case i < 0 && j >= t.upto:
		return 0, false
	case i < 0:
		return t.slots[j], true
	case j >= t.upto || i == j:
		return t.slots[i], true
	}
	f := (x - float64(i)) / float64(j-i)
	return t.slots[i] + (t.slots[j]-t.slots[i])*min(f, 1), true
}

// Top returns a round rate for the top of the scale. The few highest rates, such as
// those of a buffer that fills at the beginning, are above it.
func (t Trace) Top() float64 {
	peak := t.usualPeak()
	if peak <= 0 {
		return 0
	}
	unit := math.Pow(10, math.Floor(math.Log10(peak)))
	for _, step := range []float64{1, 1.5, 2, 3, 4, 5, 6, 8, 10} {
		if peak*1.08 <= step*unit {
			return step * unit
		}
	}
	return 15 * unit
}

// usualPeak returns the 94th percentile of the measured rates.
func (t Trace) usualPeak() float64 {
	var rates []float64
	for _, r := range t.slots[:min(t.upto, len(t.slots))] {
		if r > 0 {
			rates = append(rates, r)
		}
	}
	if len(rates) == 0 {
		return 0
	}
	slices.Sort(rates)
	return rates[len(rates)-1-len(rates)/16]
}
