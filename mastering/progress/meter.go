package progress

import (
	"sync"
	"sync/atomic"
	"time"
)

// Snapshot is the state of a job at one moment.
type Snapshot struct {
	Phase       string        // empty before the first phase
	Done, Total int64         // bytes in this phase; Total 0 when not known
	Rate        float64       // bytes a second, over the last seconds
	Elapsed     time.Duration // since the phase began
	HostBuffer  float64       // 0 to 1, below 0 when not known
	DriveBuffer float64       // 0 to 1, below 0 when not known
}

// Left returns how long the phase will still take at the present rate, or false
// when that cannot be told yet.
func (s Snapshot) Left() (time.Duration, bool) {
	if s.Total <= 0 || s.Rate <= 0 || s.Done <= 0 {
		return 0, false
	}
	return time.Duration(float64(max(s.Total-s.Done, 0)) / s.Rate * float64(time.Second)), true
}

// Message is something that was said during a job.
type Message struct {
	Time  time.Time
	Level Level
	Text  string
}

// Meter is a Reporter that keeps the state of a job for whoever shows it. The
// zero value is ready to use.
type Meter struct {
	done atomic.Int64

	mu       sync.Mutex
	phase    string
	total    int64
	began    time.Time
	host     float64
	drive    float64
	rate     rate
	messages []Message
	onPhase  func(Snapshot)
	onText   func(Message)
}

// OnPhase has f called with the final state of a phase when the next one
// begins, and OnMessage has f called with each message. Both are set before the
// work begins; f is called by the goroutine that does the work.
func (m *Meter) OnPhase(f func(Snapshot)) { m.onPhase = f }

// OnMessage has f called with each message as it is said.
func (m *Meter) OnMessage(f func(Message)) { m.onText = f }

// Phase implements Reporter.
func (m *Meter) Phase(name string, total int64) {
	m.mu.Lock()
	last := m.snapshot(time.Now())
	m.phase, m.total, m.began = name, total, time.Now()
	m.host, m.drive = -1, -1
	m.rate = rate{}
	m.done.Store(0)
	m.mu.Unlock()
	if m.onPhase != nil && last.Phase != "" {
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

// Message implements Reporter.
func (m *Meter) Message(l Level, text string) {
	msg := Message{time.Now(), l, text}
	m.mu.Lock()
	m.messages = append(m.messages, msg)
	m.mu.Unlock()
	if m.onText != nil {
		m.onText(msg)
	}
}

// Messages returns what was said so far, from message number first on.
func (m *Meter) Messages(first int) []Message {
	m.mu.Lock()
	defer m.mu.Unlock()
	if first >= len(m.messages) {
		return nil
	}
	return append([]Message(nil), m.messages[first:]...)
}

// Snapshot returns the present state of the job.
func (m *Meter) Snapshot() Snapshot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.snapshot(time.Now())
}

func (m *Meter) snapshot(now time.Time) Snapshot {
	if m.phase == "" {
		return Snapshot{HostBuffer: -1, DriveBuffer: -1}
	}
	done := m.done.Load()
	return Snapshot{
		Phase: m.phase, Done: done, Total: m.total,
		Rate: m.rate.at(now, m.began, done), Elapsed: now.Sub(m.began),
		HostBuffer: m.host, DriveBuffer: m.drive,
	}
}

// rate measures bytes a second over a sliding window of a few seconds.
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
