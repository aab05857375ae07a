package model

import (
	"context"
	"errors"

	"glassmaster/mastering/progress"
)

// Job is one piece of long work. It runs on a goroutine of its own and ends on
// the one that owns the window.
type Job struct {
	Title string
	Meter progress.Meter // asked by whoever draws, about ten times a second

	cancel  context.CancelFunc
	stopped bool
	over    bool
}

// Start begins work. then is called on the window's goroutine when it has
// ended, always, with what the work returned; a panic comes as a [Fault].
func Start(post Post, title string, work func(context.Context, progress.Reporter) error, then func(error)) *Job {
	ctx, cancel := context.WithCancel(context.Background())
	j := &Job{Title: title, cancel: cancel}
	go func() {
		err := guarded(ctx, &j.Meter, work)
		post(func() {
			j.over = true
			cancel()
			then(err)
		})
	}()
	return j
}

func guarded(ctx context.Context, rep progress.Reporter, work func(context.Context, progress.Reporter) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = faultIn(p)
		}
	}()
	return work(ctx, rep)
}

// Cancel asks the work to end; it does so in the best state that it can reach.
func (j *Job) Cancel() {
	if j != nil && !j.over {
		j.stopped = true
		j.cancel()
	}
}

// Running reports whether the work goes on.
func (j *Job) Running() bool { return j != nil && !j.over }

// Stopping reports whether the work was asked to end and has not yet.
func (j *Job) Stopping() bool { return j.Running() && j.stopped }

// Cancelled reports whether an error only says that the work was asked to end.
func Cancelled(err error) bool { return errors.Is(err, context.Canceled) }
