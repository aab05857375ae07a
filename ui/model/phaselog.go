package model

import (
	"fmt"
	"sync/atomic"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
)

// phaseLog passes reports on, and adds to the log when a phase begins, how long it
// took and at which rate.
type phaseLog struct {
	progress.Reporter
	now   func() time.Time
	phase progress.Phase
	begun time.Time
	done  atomic.Int64
}

func newPhaseLog(rep progress.Reporter) *phaseLog { return &phaseLog{Reporter: rep, now: time.Now} }

// Phase implements progress.Reporter.
func (l *phaseLog) Phase(p progress.Phase, total int64) {
	l.end()
	l.phase, l.begun = p, l.now()
	l.done.Store(0)
	l.Reporter.Phase(p, total)
	text := Capital(p.String())
	if total > 0 {
		text += ", " + units.Size(total)
	}
	l.Notice(disc.Notice{Severity: disc.Info, Text: text})
}

// Add implements progress.Reporter.
func (l *phaseLog) Add(n int64) {
	l.done.Add(n)
	l.Reporter.Add(n)
}

// end logs the duration and rate of the last phase.
func (l *phaseLog) end() {
	took := l.now().Sub(l.begun)
	if l.phase == progress.NoPhase || l.done.Load() == 0 || took <= 0 {
		return
	}
	rate := float64(l.done.Load()) / took.Seconds()
	l.Notice(disc.Notice{Severity: disc.Info, Text: fmt.Sprintf("%s: %s in %s, on average %s",
		Capital(l.phase.String()), units.Size(l.done.Load()), units.Duration(took), units.Rate(rate))})
}
