package model

import (
	"context"
	"errors"

	"glassmaster/drive/job"
	"glassmaster/mastering/progress"
)

// Job is a long-running task whose end is reported on the goroutine that owns the window.
// The methods of a nil job report that nothing runs.
type Job struct {
	task    *job.Task
	stopped bool // Cancel was called
	ended   bool // on the window's goroutine
}

// Start begins work that uses no drive. then is always called on the window's goroutine
// when the work has ended, with the error that it returned. A panic of the work becomes
// a [PanicError].
func Start(post Post, title string, work func(context.Context, progress.Reporter) error, then func(error)) *Job {
	return enqueue(new(job.Queue), post, title, nil, work, then)
}

// enqueue adds work that uses drives to a queue: it begins when no other task has any
// of them. Otherwise it is like [Start].
func enqueue(q *job.Queue, post Post, title string, drives []string, work func(context.Context, progress.Reporter) error, then func(error)) *Job {
	j := &Job{}
	j.task = q.Add(title, drives, func(ctx context.Context, rep progress.Reporter) error {
		return withoutPanic(ctx, rep, work)
	})
	go func() {
		<-j.task.Ended()
		post(func() {
			j.ended = true
			then(j.task.Err())
		})
	}()
	return j
}

// withoutPanic runs work, and turns a panic into an error.
func withoutPanic(ctx context.Context, rep progress.Reporter, work func(context.Context, progress.Reporter) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = newJobPanic(p)
		}
	}()
	return work(ctx, rep)
}

// Title returns the name of the job for display.
func (j *Job) Title() string { return j.task.Title() }

// Meter returns the progress of the work. Views poll it about ten times a second.
func (j *Job) Meter() *progress.Meter { return &j.task.Meter }

// Cancel cancels the work, which ends in the best state that it can reach.
func (j *Job) Cancel() {
	if j.Running() {
		j.stopped = true
		j.task.Cancel()
	}
}

// Running reports whether the work runs, or waits for a drive.
func (j *Job) Running() bool { return j != nil && !j.ended }

// WaitsFor returns the drive that the work waits for, and the title of the task that uses
// it; the title is empty if the drive is only used for a few commands. ok is false if the
// work does not wait.
func (j *Job) WaitsFor() (drive, title string, ok bool) {
	if !j.Running() {
		return "", "", false
	}
	return j.task.WaitsFor()
}

// Stopping reports whether the work was cancelled but has not ended yet.
func (j *Job) Stopping() bool { return j.Running() && j.stopped }

// Cancelled reports whether an error only means that the work was cancelled.
func Cancelled(err error) bool { return errors.Is(err, context.Canceled) }
