package model

import (
	"testing"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
)

// keeper is a Keeper that counts calls.
type keeper struct {
	Keeper
	kept, forgotten int
}

func (k *keeper) Keep(*compilation.Compilation, string, []disc.Notice) error { k.kept++; return nil }
func (k *keeper) Forget() error                                              { k.forgotten++; return nil }

// An edit made right before the window is closed is not stored afterwards: the
// compilation would be offered for recovery as after a crash.
func TestAutosaveEnds(t *testing.T) {
	posted := make(chan func(), 100)
	post := func(f func()) { posted <- f }
	p := NewProject(func(func()) {})
	k := &keeper{}
	a := NewAutosave(p, k, post)
	a.delay = 0
	p.Mkdir(p.Compilation().Root())
	if !p.Unsaved() {
		t.Fatal("there is nothing to keep")
	}
	a.Changed()
	due := <-posted
	a.End()
	due()
	if a.job != nil || k.kept != 0 || k.forgotten != 1 {
		t.Errorf("kept %d times, forgotten %d times", k.kept, k.forgotten)
	}
}
