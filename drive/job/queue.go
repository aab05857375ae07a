package job

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/progress"
)

// Queue runs long work, and gives each drive to one user at a time. A user is either a
// [Task] that was added to the queue, or a caller of [Queue.Use] that sends a drive a few
// commands. Work on other drives runs at the same time.
//
// Users of the same drive take turns, first come, first served. A user gets all of its
// drives together or waits for all of them, so two users never wait for each other.
//
// The zero value is an empty queue. Its methods may be called from any goroutine.
type Queue struct {
	mu      sync.Mutex
	held    map[string]*hold // by identity of the drive
	waiting []*hold          // first come, first served
	tasks   []*Task          // that have not ended, in the order in which they were added
}

// hold is the right to use drives, from when they are granted until they are released.
type hold struct {
	queue   *Queue
	drives  []string // identities
	names   []string // as the user named them
	task    *Task    // nil: a caller of Use
	outer   *hold    // of the caller; nil: none
	granted chan struct{}
}

// holdKey is the key of the hold in a context.
type holdKey struct{}

// BusyError is the error of a drive that was not used because a task uses it or is about
// to.
type BusyError struct {
	Drive string // as it was named
	Task  string // title of the task; empty: it is used for a few commands
}

func (e *BusyError) Error() string {
	if e.Task == "" {
		return fmt.Sprintf("the drive %s is busy; try again in a moment", e.Drive)
	}
	return fmt.Sprintf("the drive %s is busy: %s; wait until it has finished, or stop it", e.Drive, e.Task)
}

// Add adds a task to the queue. The work begins as soon as no other user has any of the
// drives, on a goroutine of its own. Its context ends when the task is cancelled. Without
// drives it begins immediately.
func (q *Queue) Add(title string, drives []string, work func(context.Context, progress.Reporter) error) *Task {
	ctx, cancel := context.WithCancel(context.Background())
	t := &Task{title: title, cancel: cancel, ended: make(chan struct{})}
	t.hold = q.newHold(drives, t)
	q.mu.Lock()
	q.tasks = append(q.tasks, t)
	q.waiting = append(q.waiting, t.hold)
	q.grant()
	q.mu.Unlock()
	go t.run(ctx, work)
	return t
}

// Tasks returns the tasks that have not ended, in the order in which they were added.
func (q *Queue) Tasks() []*Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.tasks)
}

// Use gives the caller the drives for a few commands, until it calls release. It waits
// for other callers of Use, but not for tasks: if a task has a drive, or waits for it,
// the error is a *BusyError.
//
// The context that is returned carries the right to the drives, as that of a task does:
// with it, Use and the transports of [Queue.Share] do not wait for the same drives
// again. With a context that carries the right to other drives, Use does not wait at
// all.
func (q *Queue) Use(ctx context.Context, drives ...string) (held context.Context, release func(), err error) {
	return q.use(ctx, q.newHold(drives, nil))
}

func (q *Queue) use(ctx context.Context, h *hold) (held context.Context, release func(), err error) {
	outer, _ := ctx.Value(holdKey{}).(*hold)
	q.mu.Lock()
	for o := outer; o != nil && o.queue == q; o = o.outer {
		h.without(o)
		if o.active() {
			h.outer = outer
		}
	}
	if err := q.busy(h); err != nil {
		q.mu.Unlock()
		return nil, nil, err
	}
	q.waiting = append(q.waiting, h)
	q.grant()
	q.mu.Unlock()
	if err := h.wait(ctx); err != nil {
		return nil, nil, err
	}
	return context.WithValue(ctx, holdKey{}, h), sync.OnceFunc(h.release), nil
}

// Share returns a transport for a drive that stays open for a long time, such as that of
// a disc shown in Browse. It acquires the drive for each command separately, as
// [Queue.Use] does.
func (q *Queue) Share(name string, t scsi.Transport) scsi.Transport {
	return &shared{Transport: t, queue: q, name: name, identity: drive.Identity(name)}
}

func (q *Queue) newHold(drives []string, t *Task) *hold {
	h := &hold{queue: q, task: t, granted: make(chan struct{})}
	for _, name := range drives {
		if id := drive.Identity(name); !slices.Contains(h.drives, id) {
			h.drives, h.names = append(h.drives, id), append(h.names, name)
		}
	}
	return h
}

// without removes the drives that another hold already has. The caller holds the mutex of
// the queue.
func (h *hold) without(o *hold) {
	for i := len(h.drives) - 1; i >= 0; i-- {
		if h.queue.held[h.drives[i]] == o {
			h.drives, h.names = slices.Delete(h.drives, i, i+1), slices.Delete(h.names, i, i+1)
		}
	}
}

// busy returns why a caller of Use does not get its drives: a task has one or waits for
// it, or any user does if the caller already has other drives. The caller holds the
// mutex.
func (q *Queue) busy(h *hold) error {
	for i, id := range h.drives {
		users := slices.DeleteFunc(slices.Clone(q.waiting), func(w *hold) bool { return !slices.Contains(w.drives, id) })
		if u := q.held[id]; u != nil {
			users = append(users, u)
		}
		for _, u := range users {
			switch {
			case u.task != nil:
				return &BusyError{Drive: h.names[i], Task: u.task.title}
			case h.outer != nil:
				return &BusyError{Drive: h.names[i]}
			}
		}
	}
	return nil
}

// grant gives free drives to waiting users, first come, first served. The caller holds
// the mutex.
func (q *Queue) grant() {
	if q.held == nil {
		q.held = make(map[string]*hold)
	}
	wanted := make(map[string]bool) // by earlier users
	q.waiting = slices.DeleteFunc(q.waiting, func(h *hold) bool {
		free := true
		for _, id := range h.drives {
			free = free && q.held[id] == nil && !wanted[id]
		}
		for _, id := range h.drives {
			if free {
				q.held[id] = h
			} else {
				wanted[id] = true
			}
		}
		if free {
			close(h.granted)
		}
		return free
	})
}

// wait waits until the drives are granted, or the context ends.
func (h *hold) wait(ctx context.Context) error {
	select {
	case <-h.granted:
		if ctx.Err() == nil {
			return nil
		}
	case <-ctx.Done():
	}
	h.release()
	return ctx.Err()
}

// release returns the drives, or stops waiting for them.
func (h *hold) release() {
	q := h.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, id := range h.drives {
		if q.held[id] == h {
			delete(q.held, id)
		}
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(w *hold) bool { return w == h })
	q.grant()
}

// active reports whether the hold has drives. The caller holds the mutex of the queue.
func (h *hold) active() bool {
	return len(h.drives) > 0 && h.queue.held[h.drives[0]] == h
}

// shared is a transport that acquires its drive for each command.
type shared struct {
	scsi.Transport
	queue    *Queue
	name     string
	identity string // cached, since it takes system calls to determine
}

// Execute implements scsi.Transport.
func (s *shared) Execute(ctx context.Context, c scsi.Command) (int, error) {
	h := &hold{queue: s.queue, drives: []string{s.identity}, names: []string{s.name}, granted: make(chan struct{})}
	ctx, release, err := s.queue.use(ctx, h)
	if err != nil {
		return 0, err
	}
	defer release()
	return s.Transport.Execute(ctx, c)
}

// Unwrap returns the transport itself; see [scsi.Transport].
func (s *shared) Unwrap() scsi.Transport { return s.Transport }
