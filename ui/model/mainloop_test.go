package model

import (
	"testing"
	"time"
)

// mainLoop stands for the goroutine that owns the window: what is posted runs when
// the test says so.
type mainLoop chan func()

func newMainLoop() mainLoop { return make(mainLoop, 10000) }

func (q mainLoop) post(f func()) { q <- f }

// until runs what is posted until the condition holds. The time limit only ends
// a test that has failed.
func (q mainLoop) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for !ok() {
		select {
		case f := <-q:
			f()
		case <-limit:
			t.Fatalf("%s: this never came", what)
		}
	}
}
