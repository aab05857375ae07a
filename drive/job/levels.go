package job

import (
	"sync"

	"glassmaster/drive/ring"
	"glassmaster/mastering/progress"
)

// Levels are the lowest levels of the buffers while a disc was written, from 0 to 1, as far
// as they were sampled. A negative level is unknown.
type Levels struct {
	Size  int64   // of the host's buffer, in bytes
	Host  float64 // while the source was read
	Drive float64 // after it was filled at the beginning
}

// unknownLevels are the levels of a sink that has no buffers.
var unknownLevels = Levels{Host: -1, Drive: -1}

// watched is a reporter that finds the lowest levels of the buffers.
type watched struct {
	progress.Reporter

	mu      sync.Mutex
	writing bool
	total   int64
	done    int64
	samples int
	lowest  Levels
}

// watchLevels returns a reporter that passes everything on to rep. size is that of the
// host's buffer in bytes; 0: ring.DefaultSize.
func watchLevels(rep progress.Reporter, size int64) *watched {
	if size == 0 {
		size = ring.DefaultSize
	}
	return &watched{Reporter: rep, lowest: Levels{Size: size, Host: -1, Drive: -1}}
}

// Phase implements progress.Reporter.
func (w *watched) Phase(p progress.Phase, total int64) {
	w.mu.Lock()
	w.writing = p == progress.Writing || p == progress.Simulating
	w.total, w.done, w.samples = total, 0, 0
	w.mu.Unlock()
	w.Reporter.Phase(p, total)
}

// Add implements progress.Reporter.
func (w *watched) Add(n int64) {
	w.mu.Lock()
	w.done += n
	w.mu.Unlock()
	w.Reporter.Add(n)
}

// Buffers implements progress.Reporter. When the buffer of the host contains all that is
// left, its level says nothing any more.
func (w *watched) Buffers(host, drive float64) {
	w.mu.Lock()
	if w.writing {
		if host >= 0 && w.total-w.done > int64(host*float64(w.lowest.Size)) {
			w.lowest.Host = lower(w.lowest.Host, host)
		}
		if drive >= 0 && w.samples > 0 {
			w.lowest.Drive = lower(w.lowest.Drive, drive)
		}
		w.samples++
	}
	w.mu.Unlock()
	w.Reporter.Buffers(host, drive)
}

// levels returns the lowest levels so far.
func (w *watched) levels() Levels {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lowest
}

// lower returns the lower one of two levels, of which the first may be unknown.
func lower(known, level float64) float64 {
	if known < 0 {
		return level
	}
	return min(known, level)
}
