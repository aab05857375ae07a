package model

import (
	"fmt"
	"sync/atomic"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// narrator passes reports on, and tells in the log when a phase begins and how
// it went, so that the log of a burn can be read afterwards.
type narrator struct {
	progress.Reporter
	now   func() time.Time
	phase progress.Phase
	begun time.Time
	done  atomic.Int64
}

func narrate(rep progress.Reporter) *narrator { return &narrator{Reporter: rep, now: time.Now} }

// Phase implements progress.Reporter.
func (n *narrator) Phase(p progress.Phase, total int64) {
	n.end()
	n.phase, n.begun = p, n.now()
	n.done.Store(0)
	n.Reporter.Phase(p, total)
	text := Capital(p.String())
	if total > 0 {
		text += ", " + Bytes(total)
	}
	n.Notice(disc.Notice{Text: text})
}

// Add implements progress.Reporter.
func (n *narrator) Add(k int64) {
	n.done.Add(k)
	n.Reporter.Add(k)
}

// end tells how the last phase went.
func (n *narrator) end() {
	took := n.now().Sub(n.begun)
	if n.phase == progress.NoPhase || n.done.Load() == 0 || took <= 0 {
		return
	}
	rate := float64(n.done.Load()) / took.Seconds()
	n.Notice(disc.Notice{Text: fmt.Sprintf("%s: %s in %s, on average %s/s",
		Capital(n.phase.String()), Bytes(n.done.Load()), Clock(took), Bytes(int64(rate)))})
}
