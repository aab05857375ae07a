package model

import (
	"testing"
	"time"
)

// mainLoop simulates the goroutine that owns the window: posted functions run when the
// test calls it.
type mainLoop chan func()

func newMainLoop() mainLoop { return make(mainLoop, 10000) }

func (q mainLoop) post(f func()) { q <- f }

// until runs posted functions until the condition holds. The time limit only ends a test
// that has failed.
func (q mainLoop) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for !ok() {
		select {
		case f := <-q:
			f()
		case <-limit:
			t.Fatalf("%s: timeout", what)
		}
	}
}
