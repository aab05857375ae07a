// Package progress is what long work reports while it runs.
//
// Work calls a [Reporter], as often as it likes: the calls are cheap. Whoever
// shows the progress holds a [Meter] and asks it for a [Snapshot] as often as
// it wants to draw. So the window, a terminal's bar and a machine's lines are
// three renderings of the same numbers, and fifty million calls cost no more
// redraws than ten.
package progress

// Reporter receives the progress of one job. Its methods may be called from any
// goroutine.
type Reporter interface {
	// Phase begins a part of the job, such as "writing", that goes on for total
	// bytes (0: not known).
	Phase(name string, total int64)
	// Add reports n more bytes done in this phase.
	Add(n int64)
	// Buffers reports how full the buffers are, from 0 to 1: ours, and the
	// drive's. A value below zero says that the level is not known.
	Buffers(host, drive float64)
	// Message tells the person something worth keeping.
	Message(l Level, text string)
}

// Level says how much a message matters.
type Level uint8

// Levels of messages.
const (
	Info    Level = iota // what is being done
	Warning              // done, but not as asked
	Error                // not done
)

func (l Level) String() string { return [...]string{"info", "warning", "error"}[min(l, Error)] }

// Discard is a Reporter that forgets everything.
var Discard Reporter = discard{}

type discard struct{}

func (discard) Phase(string, int64)       {}
func (discard) Add(int64)                 {}
func (discard) Buffers(_, _ float64)      {}
func (discard) Message(_ Level, _ string) {}
