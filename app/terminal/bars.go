package terminal

import (
	"fmt"
	"io"
	"strings"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"glassmaster/mastering/progress"
)

// bars is the view for terminals. The bars of finished phases stay above the
// running one.
type bars struct {
	meter     *progress.Meter
	out       io.Writer
	container *mpb.Progress // nil before the first phase
	bar       *mpb.Bar
	phase     *phase
}

// phase is what the text beside a bar is made of.
type phase struct {
	meter *progress.Meter
	final progress.Snapshot // valid once over is closed
	over  chan struct{}
}

func newBars(w io.Writer, m *progress.Meter) *bars { return &bars{meter: m, out: w} }

func (b *bars) begin(s progress.Snapshot) {
	if b.container == nil {
		b.container = mpb.New(mpb.WithOutput(b.out), mpb.WithAutoRefresh())
	}
	p := &phase{meter: b.meter, over: make(chan struct{})}
	name := fmt.Sprintf("%-18s ", s.Phase)
	var style mpb.BarFillerBuilder = mpb.BarStyle().Lbound("").Filler("━").Tip("━").Padding("─").Rbound("")
	var still mpb.BarOption
	if s.Total <= 0 {
		style = mpb.SpinnerStyle().PositionLeft()
		still = mpb.BarFillerClearOnComplete() // or it goes on turning
	}
	// The bar is made without a total, so that it does not end by itself when the
	// last byte is counted: what comes after that still belongs to the phase.
	b.bar = b.container.New(0, style,
		mpb.BarWidth(24),
		still,
		mpb.PrependDecorators(decor.Name(name)),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.text() })))
	if s.Total > 0 {
		b.bar.SetTotal(s.Total, false)
	}
	b.phase = p
}

func (b *bars) update(s progress.Snapshot) {
	if b.bar != nil {
		b.bar.SetCurrent(s.Done)
	}
}

func (b *bars) end(s progress.Snapshot) {
	if b.bar == nil {
		return
	}
	b.phase.final = s
	close(b.phase.over)
	b.bar.SetCurrent(s.Done)
	if s.Total > 0 && s.Done < s.Total {
		b.bar.Abort(false)
	} else {
		b.bar.SetTotal(-1, true)
	}
	b.bar = nil
}

func (b *bars) notice(n progress.LogEntry) {
	if b.container == nil {
		fmt.Fprintln(b.out, spoken(n))
		return
	}
	fmt.Fprintln(b.container, spoken(n))
}

func (b *bars) close() {
	if b.container != nil {
		b.container.Wait()
		b.container = nil
	}
}

// text is what stands beside the bar of the phase.
func (p *phase) text() string {
	select {
	case <-p.over:
		return finished(p.final)
	default:
		return describe(p.meter.Snapshot())
	}
}

// finished says what a phase has done.
func finished(s progress.Snapshot) string {
	if s.Total <= 0 && s.Done == 0 {
		return Duration(s.Elapsed)
	}
	parts := []string{Size(s.Done)}
	if s.Total > 0 && s.Done < s.Total {
		parts[0] += " of " + Size(s.Total)
	}
	parts = append(parts, Duration(s.Elapsed))
	if sec := s.Elapsed.Seconds(); sec >= 1 && s.Done > 0 {
		parts = append(parts, Rate(float64(s.Done)/sec))
	}
	return strings.Join(parts, ", ")
}
