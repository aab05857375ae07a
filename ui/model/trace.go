package model

import (
	"math"
	"slices"

	"glassmaster/mastering/progress"
)

// traceSlots is the resolution of a trace: each slot is the same share of the phase.
const traceSlots = 500

// Trace is a rate over the course of one phase of a job, from its beginning (0)
// to its end (1).
type Trace struct {
	Phase progress.Phase
	slots []float64 // bytes per second; negative where nothing was measured
	upto  int       // slots that have been reached
}

// Record adds the present state of a job. A new phase begins a new trace.
func (t *Trace) Record(s progress.Snapshot) {
	if s.Phase != t.Phase || t.slots == nil {
		*t = Trace{Phase: s.Phase, slots: make([]float64, traceSlots)}
		for i := range t.slots {
			t.slots[i] = -1
		}
	}
	if s.Total <= 0 || s.Rate <= 0 {
		return
	}
	at := min(int(float64(s.Done)/float64(s.Total)*traceSlots), traceSlots-1)
	t.slots[max(at, 0)] = s.Rate
	t.upto = max(t.upto, at+1)
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
