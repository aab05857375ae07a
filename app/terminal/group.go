package terminal

import (
	"fmt"
	"io"
	"sync"
	"unicode/utf8"

	"github.com/vbauerster/cupwriter"

	"glassmaster/mastering/progress"
)

// Group shows the progress of several drives at the same time, until Close is called: on a
// terminal a line for each drive, redrawn in place; otherwise the lines and objects have
// the name of the drive.
type Group struct{ reports []*Report }

// NewGroup returns a group that writes to w in the given style. names are those of the
// drives.
func NewGroup(w io.Writer, style Style, names []string) *Group {
	g := &Group{}
	if style == Bars {
		b := newBoard(w, names)
		for i := range names {
			r := &Report{stop: make(chan struct{}), view: &row{b, i}, interval: barInterval}
			g.reports = append(g.reports, r.listen())
		}
		return g
	}
	w = &serial{w: w}
	for _, name := range names {
		r := &Report{stop: make(chan struct{})}
		r.view, r.interval = plain(w, style, name)
		g.reports = append(g.reports, r.listen())
	}
	return g
}

// Reports returns what the drives report to, in the order of their names.
func (g *Group) Reports() []progress.Reporter {
	var all []progress.Reporter
	for _, r := range g.reports {
		all = append(all, r)
	}
	return all
}

// Close shows the end of the last phases. It may be called more than once.
func (g *Group) Close() {
	for _, r := range g.reports {
		r.Close()
	}
}

// serial is a writer that several goroutines use. Each call writes whole lines.
type serial struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *serial) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(p)
}

// board is the part of a terminal that has a line for each drive. The lines of finished
// phases, and notices, stay above it.
type board struct {
	mu    sync.Mutex
	out   *cupwriter.Writer
	rows  []status
	width int // of the longest name
}

// line returns the line of a drive.
func (b *board) line(s status, now progress.Snapshot, text, spinner string) string {
	return statusLine(columns(b.out), fmt.Sprintf("%-*s  %s", b.width, s.name, now.Phase), now, text, spinner)
}

// status is what the line of a drive shows.
type status struct {
	name  string
	now   progress.Snapshot
	on    bool // a phase is running
	frame int  // of the spinner
}

// nameColumns is the largest width of the name of a drive.
const nameColumns = 24

func newBoard(w io.Writer, names []string) *board {
	b := &board{out: cupwriter.New(w, true)}
	for _, name := range names {
		name = Printable(name)
		if n := utf8.RuneCountInString(name); n > nameColumns { // the end tells most
			name = "…" + string([]rune(name)[n-nameColumns+1:])
		}
		b.rows = append(b.rows, status{name: name})
		b.width = max(b.width, utf8.RuneCountInString(name))
	}
	return b
}

// redraw draws the lines of all drives that are in use, which the next ones replace.
func (b *board) redraw() {
	n := 0
	for _, s := range b.rows {
		if !s.on {
			continue
		}
		n++
		fmt.Fprintln(b.out, b.line(s, s.now, describe(s.now), spinner[s.frame%len(spinner)]))
	}
	b.out.Flush(n)
}

// row is the view of one drive on a board.
type row struct {
	board *board
	i     int
}

func (r *row) change(f func(*status)) {
	r.board.mu.Lock()
	defer r.board.mu.Unlock()
	f(&r.board.rows[r.i])
	r.board.redraw()
}

func (r *row) begin(s progress.Snapshot) {
	r.change(func(x *status) { x.now, x.on = s, true })
}

func (r *row) update(s progress.Snapshot) {
	r.change(func(x *status) {
		x.now = s
		x.frame++
	})
}

func (r *row) end(s progress.Snapshot) {
	r.change(func(x *status) {
		if x.on {
			fmt.Fprintln(r.board.out, r.board.line(*x, s, finished(s), ""))
		}
		x.on = false
	})
}

func (r *row) notice(n progress.LogEntry) {
	r.change(func(x *status) { fmt.Fprintln(r.board.out, x.name+": "+noticeLine(n)) })
}
