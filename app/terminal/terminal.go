// Package terminal shows the progress of long work to whoever started it: bars
// on a terminal, plain lines in a log, one JSON object a line for another
// program, or next to nothing.
//
// All of them are views of one [progress.Meter]. The work calls the Report as
// often as it likes; the view looks at the meter a few times a second at most.
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
	Bars               // one bar for each phase, redrawn in place
	JSON               // one object a line
	Quiet              // warnings and errors only
)

// Interactive reports whether w is a terminal that can redraw a line.
func Interactive(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// Suitable returns the style for people who look at w: bars where it is a
// terminal with room for them, lines elsewhere.
func Suitable(w io.Writer) Style {
	if !Interactive(w) {
		return Lines
	}
	width, height, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || width < 60 || height < 4 { // 0 by 0 where nobody has set a size
		return Lines
	}
	return Bars
}

// view is one way of showing a job. Its methods are never called at the same
// time.
type view interface {
	begin(s progress.Snapshot)  // a phase begins
	update(s progress.Snapshot) // time has passed
	end(s progress.Snapshot)    // the phase is over
	notice(n progress.LogEntry)
	close()
}

// Report is a progress.Reporter that shows what it is told. Close ends it.
type Report struct {
	progress.Meter

	mu      sync.Mutex // serialises the view
	view    view
	every   time.Duration
	once    sync.Once
	stop    chan struct{}
	stopped sync.WaitGroup
	running bool // a phase is being shown
}

// New returns a report that writes to w in the given style.
func New(w io.Writer, style Style) *Report {
	r := &Report{stop: make(chan struct{})}
	switch style {
	case Bars:
		r.view, r.every = newBars(w, &r.Meter), 100*time.Millisecond
	case JSON:
		r.view, r.every = newObjects(w), time.Second
	case Quiet:
		r.view = &lines{w: w, quiet: true}
	default:
		r.view, r.every = &lines{w: w}, 5*time.Second
	}
	r.listen()
	return r
}

func (r *Report) listen() {
	r.OnPhase(func(last progress.Snapshot) {
		r.show(func(v view) { v.end(last) })
	})
	r.OnNotice(func(n progress.LogEntry) {
		r.show(func(v view) { v.notice(n) })
	})
}

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

// start has the view look at the meter now and then.
func (r *Report) start() {
	if r.every == 0 {
		return
	}
	r.stopped.Go(func() {
		t := time.NewTicker(r.every)
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

func (r *Report) tick() {
	r.show(func(v view) { v.update(r.Snapshot()) })
}

// Close shows the end of the last phase and gives the screen back. It may be
// called more than once.
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
		v.close()
	})
}
