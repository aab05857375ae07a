package progress_test

import (
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Every phase keeps its own counter, after it has ended and if it is repeated.
func TestPhases(t *testing.T) {
	var m progress.Meter
	if got := m.Phases(); len(got) != 0 || m.Snapshot().Phase != progress.NoPhase {
		t.Errorf("before the first phase: %+v, %+v", got, m.Snapshot())
	}
	var ended []progress.Phase
	m.OnPhase(func(s progress.Snapshot) { ended = append(ended, s.Phase) })
	m.Add(7) // before any phase: not counted
	m.Phase(progress.Erasing, 100)
	m.Add(60)
	m.Phase(progress.ErasingAll, 1000)
	m.Add(1000)
	m.Buffers(0.5, 0.25)
	m.Phase(progress.Erasing, 100)
	m.Add(30)
	m.Add(20)
	want := []progress.Snapshot{
		{Phase: progress.Erasing, Done: 60, Total: 100, HostBuffer: -1, DriveBuffer: -1},
		{Phase: progress.ErasingAll, Done: 1000, Total: 1000, HostBuffer: 0.5, DriveBuffer: 0.25},
		{Phase: progress.Erasing, Done: 50, Total: 100, HostBuffer: -1, DriveBuffer: -1},
	}
	got := m.Phases()
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range got {
		got[i].Rate, got[i].Elapsed = 0, 0 // which depend on the clock
		if got[i] != want[i] {
			t.Errorf("phase %d: %+v, want %+v", i, got[i], want[i])
		}
	}
	if s := m.Snapshot(); s.Phase != progress.Erasing || s.Done != 50 {
		t.Errorf("now: %+v", s)
	}
	if len(ended) != 2 || ended[0] != progress.Erasing || ended[1] != progress.ErasingAll {
		t.Errorf("ended: %v", ended)
	}
}

// Every phase has a name, and no two phases share one.
func TestNames(t *testing.T) {
	seen := map[string]progress.Phase{}
	for p := progress.NoPhase; p <= progress.ClosingDisc; p++ {
		s := p.String()
		if other, ok := seen[s]; ok || (s == "") != (p == progress.NoPhase) {
			t.Errorf("phase %d is named %q, as phase %d", p, s, other)
		}
		seen[s] = p
	}
	if s := progress.Phase(255).String(); s != "working" {
		t.Errorf("an unknown phase is named %q", s)
	}
}

func TestLog(t *testing.T) {
	var m progress.Meter
	var heard []string
	m.OnNotice(func(e progress.LogEntry) { heard = append(heard, e.String()) })
	m.Notice(disc.Notice{Severity: disc.Info, Text: "first"})
	m.Notice(disc.Notice{Severity: disc.Warning, Path: "a/b", Text: "second"})
	if len(heard) != 2 || heard[1] != "a/b: second" {
		t.Errorf("heard %q", heard)
	}
	if l := m.Log(0); len(l) != 2 || l[0].Text != "first" || l[1].Severity != disc.Warning || l[1].Time.Before(l[0].Time) {
		t.Errorf("%+v", l)
	}
	if l := m.Log(1); len(l) != 1 || l[0].Text != "second" {
		t.Errorf("%+v", l)
	}
	if l := m.Log(2); len(l) != 0 {
		t.Errorf("%+v", l)
	}
}
