// Package terminal shows the progress of long operations: as bars on a terminal, as lines
// in a log, or as JSON objects for programs.
//
// All of them are views of one [progress.Meter], which a view reads a few times a second
// at most, however often the operation updates it.
package terminal

import (
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"glassmaster/mastering/progress"
)

// Style is how progress is shown.
type Style uint8

// Styles.
const (
	Lines Style = iota // a line for each phase, and one every few seconds
	Bars               // a bar for each phase, redrawn in place
	JSON               // one object on each line
	Quiet              // warnings and errors only
)

// Interactive reports whether w is a terminal that can redraw a line.
func Interactive(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// Suitable returns the style for a user who reads w: bars if it is a terminal that is large
// enough, and otherwise lines.
func Suitable(w io.Writer) Style {
	if !Interactive(w) {
		return Lines
	}
	width, height, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || width < 60 || height < 4 { // 0 by 0 if no size is set
		return Lines
	}
	return Bars
}

// view is a way of showing progress. Its methods are not called concurrently.
type view interface {
	begin(s progress.Snapshot)  // at the beginning of a phase
	update(s progress.Snapshot) // at intervals
	end(s progress.Snapshot)    // at the end of a phase
	notice(n progress.LogEntry)
}

// Report is a progress.Reporter that shows the progress until Close is called.
type Report struct {
	progress.Meter

	mu       sync.Mutex // serialises calls of the view
	view     view
	interval time.Duration // of updates, 0: none
	once     sync.Once     // starts the updates
	stop     chan struct{} // closed by Close
	stopped  sync.WaitGroup
	running  bool // a phase has begun
}

// New returns a report that writes to w in the given style.
func New(w io.Writer, style Style) *Report {
	r := &Report{stop: make(chan struct{})}
	if style == Bars {
		r.view, r.interval = newBars(w, &r.Meter), barInterval
	} else {
		r.view, r.interval = plain(w, style, "")
	}
	return r.listen()
}

// barInterval is how often bars are redrawn.
const barInterval = 100 * time.Millisecond

// plain returns a view that writes lines or objects, and the interval of its updates.
// drive is the name of the drive, if there are several.
func plain(w io.Writer, style Style, drive string) (view, time.Duration) {
	name := ""
	if drive != "" {
		name = Printable(drive) + ": "
	}
	switch style {
	case JSON:
		return newObjects(w, drive), time.Second
	case Quiet:
		return &lines{w: w, quiet: true, name: name}, 0
	}
	return &lines{w: w, name: name}, 5 * time.Second
}

// listen makes the view follow the meter.
func (r *Report) listen() *Report {
	r.OnPhase(func(last progress.Snapshot) {
		r.show(func(v view) { v.end(last) })
	})
	r.OnNotice(func(n progress.LogEntry) {
		r.show(func(v view) { v.notice(n) })
	})
	return r
}

// show calls f with the view.
func (r *Report) show(f func(view)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r.view)
}

// Phase implements progress.Reporter.
func (r *Report) Phase(p progress.Phase, total int64) {
	r.Meter.Phase(p, total)
	s := r.Snapshot()
	r.show(func(v view) {
		r.running = true
		v.begin(s)
	})
	r.once.Do(r.start)
}

// start updates the view at intervals until Close.
func (r *Report) start() {
	if r.interval == 0 {
		return
	}
	r.stopped.Go(func() {
		t := time.NewTicker(r.interval)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				r.tick()
			case <-r.stop:
				return
			}
		}
	})
}

// tick updates the view.
func (r *Report) tick() {
	r.show(func(v view) { v.update(r.Snapshot()) })
}

// Close shows the end of the last phase. It may be called more than once.
func (r *Report) Close() {
	r.once.Do(func() {})
	select {
	case <-r.stop:
		return
	default:
		close(r.stop)
	}
	r.stopped.Wait()
	r.show(func(v view) {
		if r.running {
			v.end(r.Snapshot())
		}
	})
}
