package job

import (
	"context"
	"errors"
	"slices"
	"sync"

	"glassmaster/mastering/progress"
)

// State is the state of a task.
type State uint8

// States of a task.
const (
	Waiting   State = iota // for its drives
	Running                // its work runs
	Done                   // without an error
	Failed                 // with an error
	Cancelled              // before its end
)

func (s State) String() string {
	return [...]string{"waiting", "running", "done", "failed", "cancelled"}[s]
}

// Task is long work in a queue. Its phases and notices are in its Meter.
type Task struct {
	Meter progress.Meter

	title  string
	hold   *hold
	cancel context.CancelFunc
	ended  chan struct{}

	mu         sync.Mutex
	state      State
	err        error
	cancelling bool
}

// run waits for the drives and runs the work.
func (t *Task) run(ctx context.Context, work func(context.Context, progress.Reporter) error) {
	defer t.cancel()
	err := t.hold.wait(ctx)
	if err == nil {
		t.set(Running, nil)
		err = t.do(context.WithValue(ctx, holdKey{}, t.hold), work)
	}
	q := t.hold.queue
	q.mu.Lock()
	q.tasks = slices.DeleteFunc(q.tasks, func(x *Task) bool { return x == t })
	q.mu.Unlock()
	switch {
	case err == nil:
		t.set(Done, nil)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		t.set(Cancelled, err)
	default:
		t.set(Failed, err)
	}
	close(t.ended)
}

// do runs the work, and returns the drives before the task ends.
func (t *Task) do(ctx context.Context, work func(context.Context, progress.Reporter) error) error {
	defer t.hold.release()
	return work(ctx, &t.Meter)
}

func (t *Task) set(s State, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state, t.err = s, err
}

// Title describes the task for display.
func (t *Task) Title() string { return t.title }

// Drives returns the identities of the drives that the task uses.
func (t *Task) Drives() []string { return slices.Clone(t.hold.drives) }

// State returns the state of the task.
func (t *Task) State() State {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state
}

// Err returns the error with which the task has ended. It is nil until then.
func (t *Task) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Ended is closed when the task has ended and its drives are free.
func (t *Task) Ended() <-chan struct{} { return t.ended }

// Cancel asks the task to end. A waiting task ends immediately; a running one ends in the
// best state that its work can reach.
func (t *Task) Cancel() {
	t.mu.Lock()
	t.cancelling = true
	t.mu.Unlock()
	t.cancel()
}

// Cancelling reports whether the task was cancelled but has not ended yet.
func (t *Task) Cancelling() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cancelling && t.state <= Running
}

// WaitsFor returns the identity of the drive that the task waits for, and the title of
// the task that has it or is before it in the queue. The title is empty if the drive is
// only used for a few commands; ok is false if the task does not wait.
func (t *Task) WaitsFor() (drive, title string, ok bool) {
	if t.State() != Waiting {
		return "", "", false
	}
	q := t.hold.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range t.hold.drives {
		user := q.held[id]
		for _, w := range q.waiting {
			if user != nil || w == t.hold {
				break
			}
			if slices.Contains(w.drives, id) {
				user = w
			}
		}
		switch {
		case user == nil || user == t.hold:
		case user.task == nil:
			return id, "", true
		default:
			return id, user.task.title, true
		}
	}
	return "", "", false
}
