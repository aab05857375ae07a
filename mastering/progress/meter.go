package progress

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"glassmaster/mastering/disc"
)

// Snapshot is the state of one phase at one moment.
type Snapshot struct {
	Phase       Phase
	Done, Total int64         // bytes; Total 0: unknown
	Rate        float64       // bytes per second, over the last seconds
	Elapsed     time.Duration // since the phase began
	HostBuffer  float64       // 0 to 1; negative: unknown
	DriveBuffer float64       // 0 to 1; negative: unknown
}

// Left estimates the time until the phase ends at the current rate. It returns false if
// that is unknown.
func (s Snapshot) Left() (time.Duration, bool) {
	if s.Total <= 0 || s.Rate <= 0 || s.Done <= 0 {
		return 0, false
	}
	return time.Duration(float64(max(s.Total-s.Done, 0)) / s.Rate * float64(time.Second)), true
}

// LogEntry is a notice with the time at which it was reported.
type LogEntry struct {
	Time time.Time
	disc.Notice
}

// Meter is a Reporter that stores the phases and notices of a job, to show them. The
// zero value is ready to use.
type Meter struct {
	done atomic.Int64 // bytes of the running phase

	mu       sync.Mutex
	phase    Phase
	total    int64
	began    time.Time
	host     float64
	drive    float64
	rate     rate
	ended    []Snapshot // of the earlier phases
	log      []LogEntry
	onPhase  func(Snapshot)
	onNotice func(LogEntry)
}

// OnPhase sets a function that is called with the final state of a phase when the next
// one begins. It must be set before the work begins; f is called by the goroutine that
// does the work.
func (m *Meter) OnPhase(f func(Snapshot)) { m.onPhase = f }

// OnNotice sets a function that is called with each notice. It must be set before the
// work begins; f is called by the goroutine that does the work.
func (m *Meter) OnNotice(f func(LogEntry)) { m.onNotice = f }

// Phase implements Reporter.
func (m *Meter) Phase(p Phase, total int64) {
	m.mu.Lock()
	last := m.snapshot(time.Now())
	if last.Phase != NoPhase {
		m.ended = append(m.ended, last)
	}
	m.phase, m.total, m.began = p, total, time.Now()
	m.host, m.drive = -1, -1
	m.rate = rate{}
	m.done.Store(0)
	m.mu.Unlock()
	if m.onPhase != nil && last.Phase != NoPhase {
		m.onPhase(last)
	}
}

// Add implements Reporter.
func (m *Meter) Add(n int64) { m.done.Add(n) }

// Buffers implements Reporter.
func (m *Meter) Buffers(host, drive float64) {
	m.mu.Lock()
	m.host, m.drive = host, drive
	m.mu.Unlock()
}

// Notice implements Reporter.
func (m *Meter) Notice(n disc.Notice) {
	e := LogEntry{time.Now(), n}
	m.mu.Lock()
	m.log = append(m.log, e)
	m.mu.Unlock()
	if m.onNotice != nil {
		m.onNotice(e)
	}
}

// Log returns the notices that were reported so far, from index first on.
func (m *Meter) Log(first int) []LogEntry {
	m.mu.Lock()
	defer m.mu.Unlock()
	if first >= len(m.log) {
		return nil
	}
	return slices.Clone(m.log[first:])
}

// Snapshot returns the state of the running phase.
func (m *Meter) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.snapshot(time.Now())
}

// Phases returns the state of every phase in the order in which they began. The
// last one is running; the others have ended.
func (m *Meter) Phases() []Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := slices.Clone(m.ended)
	if m.phase != NoPhase {
		all = append(all, m.snapshot(time.Now()))
	}
	return all
}

func (m *Meter) snapshot(now time.Time) Snapshot {
	if m.phase == NoPhase {
		return Snapshot{HostBuffer: -1, DriveBuffer: -1}
	}
	done := m.done.Load()
	return Snapshot{
		Phase: m.phase, Done: done, Total: m.total,
		Rate: m.rate.at(now, m.began, done), Elapsed: now.Sub(m.began),
		HostBuffer: m.host, DriveBuffer: m.drive,
	}
}

// rate measures bytes per second over a sliding window of a few seconds.
type rate struct {
	samples []sample
}

type sample struct {
	at   time.Time
	done int64
}

// window is how far back the rate looks.
const window = 4 * time.Second

func (r *rate) at(now, began time.Time, done int64) float64 {
	if len(r.samples) == 0 {
		r.samples = append(r.samples, sample{began, 0})
	}
	if last := r.samples[len(r.samples)-1]; now.Sub(last.at) >= window/40 {
		r.samples = append(r.samples, sample{now, done})
	}
	for len(r.samples) > 2 && now.Sub(r.samples[1].at) > window {
		r.samples = r.samples[1:]
	}
	first := r.samples[0]
	if d := now.Sub(first.at).Seconds(); d > 0 {
		return float64(done-first.done) / d
	}
	return 0
}
