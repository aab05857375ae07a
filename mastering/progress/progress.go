// Package progress reports the progress of long-running work.
//
// Work calls a [Reporter] as often as it likes: the calls are cheap. The reporter is
// usually a [Meter], which is polled for a [Snapshot] a few times per second. The
// window, the bars of a terminal and the objects of --json show the same numbers.
package progress

import "glassmaster/mastering/disc"

// Reporter receives the progress of one job. Its methods may be called from any
// goroutine.
type Reporter interface {
	// Phase ends the running phase and begins p, which processes total bytes
	// (0: unknown).
	Phase(p Phase, total int64)
	// Add reports n more bytes processed in the running phase.
	Add(n int64)
	// Buffers reports the fill levels of the host's and the drive's buffer, from
	// 0 to 1; a negative value means unknown.
	Buffers(host, drive float64)
	// Notice reports something for the user or the log.
	Notice(n disc.Notice)
}

// Discard is a Reporter that does nothing.
var Discard Reporter = discard{}

type discard struct{}

func (discard) Phase(Phase, int64)   {}
func (discard) Add(int64)            {}
func (discard) Buffers(_, _ float64) {}
func (discard) Notice(_ disc.Notice) {}
