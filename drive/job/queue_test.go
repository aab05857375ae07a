package job_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

// step is work that signals when it has begun, and ends when it is released or cancelled.
type step struct {
	begun chan struct{}
	end   chan error
}

func newStep() step { return step{make(chan struct{}), make(chan error, 1)} }

func (s step) work(ctx context.Context, rep progress.Reporter) error {
	rep.Phase(progress.Writing, 10)
	close(s.begun)
	select {
	case err := <-s.end:
		return err
	case <-ctx.Done():
		return fmt.Errorf("write: %w", ctx.Err())
	}
}

func (s step) hasBegun() bool {
	select {
	case <-s.begun:
		return true
	default:
		return false
	}
}

// blankDisc names a virtual drive; its file need not exist.
func blankDisc(t *testing.T, name string) string {
	return "virtual:" + filepath.Join(t.TempDir(), name)
}

// Tasks on two drives run at the same time.
func TestTwoDrives(t *testing.T) {
	var q job.Queue
	a, b := newStep(), newStep()
	ta := q.Add("first", []string{blankDisc(t, "a")}, a.work)
	tb := q.Add("second", []string{blankDisc(t, "b")}, b.work)
	<-a.begun
	<-b.begun
	if list := q.Tasks(); len(list) != 2 || list[0] != ta || list[1] != tb {
		t.Errorf("tasks: %v", list)
	}
	if ta.State() != job.Running || tb.Meter.Snapshot().Phase != progress.Writing {
		t.Errorf("%v, %+v", ta.State(), tb.Meter.Snapshot())
	}
	b.end <- nil
	<-tb.Ended()
	if ta.State() != job.Running || tb.State() != job.Done || len(q.Tasks()) != 1 {
		t.Errorf("after the second has ended: %v, %v, %v", ta.State(), tb.State(), q.Tasks())
	}
	a.end <- errors.New("laser broken")
	<-ta.Ended()
	if ta.State() != job.Failed || ta.Err() == nil || ta.Err().Error() != "laser broken" || len(q.Tasks()) != 0 {
		t.Errorf("after both have ended: %v, %v, %v", ta.State(), ta.Err(), q.Tasks())
	}
}

// Tasks on the same drive run one after the other, in the order in which they were
// added, however the drive is named.
func TestSameDrive(t *testing.T) {
	var q job.Queue
	dir := t.TempDir()
	if err := os.Symlink(dir, filepath.Join(dir, "link")); err != nil {
		peertest.Skip(t, err.Error())
	}
	names := []string{"virtual:" + filepath.Join(dir, "x"), "virtual:" + filepath.Join(dir, "link", "x"), "virtual:" + filepath.Join(dir, ".", "x") + "?pace=100"}
	var steps []step
	var tasks []*job.Task
	for i, name := range names {
		steps = append(steps, newStep())
		tasks = append(tasks, q.Add(fmt.Sprint("task ", i), []string{name}, steps[i].work))
	}
	for i, s := range steps {
		<-s.begun
		for j, later := range steps[i+1:] {
			k := i + 1 + j
			_, before, waits := tasks[k].WaitsFor()
			if want := fmt.Sprint("task ", i); later.hasBegun() || tasks[k].State() != job.Waiting || !waits || before != want {
				t.Errorf("while task %d runs, task %d is %v, and waits for %q (%v)", i, k, tasks[k].State(), before, waits)
			}
		}
		if _, _, waits := tasks[i].WaitsFor(); waits {
			t.Errorf("task %d runs and waits", i)
		}
		s.end <- nil
		<-tasks[i].Ended()
	}
}

func TestCancel(t *testing.T) {
	var q job.Queue
	name := blankDisc(t, "x")
	a, b, c := newStep(), newStep(), newStep()
	ta := q.Add("running", []string{name}, a.work)
	tb := q.Add("waiting", []string{name}, b.work)
	tc := q.Add("after it", []string{name}, c.work)
	<-a.begun
	tb.Cancel() // while it waits
	<-tb.Ended()
	if tb.State() != job.Cancelled || !errors.Is(tb.Err(), context.Canceled) || b.hasBegun() || tb.Cancelling() {
		t.Errorf("cancelled while it waited: %v, %v", tb.State(), tb.Err())
	}
	if ta.State() != job.Running || tc.State() != job.Waiting {
		t.Errorf("the others: %v, %v", ta.State(), tc.State())
	}
	ta.Cancel() // while it runs
	<-ta.Ended()
	if ta.State() != job.Cancelled {
		t.Errorf("cancelled while it ran: %v, %v", ta.State(), ta.Err())
	}
	<-c.begun
	c.end <- nil
	<-tc.Ended()
	tc.Cancel() // after its end
	if tc.State() != job.Done || tc.Cancelling() {
		t.Errorf("cancelled after its end: %v", tc.State())
	}
	d := newStep()
	td := q.Add("the next", []string{name}, func(ctx context.Context, rep progress.Reporter) error {
		close(d.begun)
		<-ctx.Done()
		return nil // it had already ended
	})
	<-d.begun
	td.Cancel()
	<-td.Ended()
	if td.State() != job.Done {
		t.Errorf("cancelled too late: %v", td.State())
	}
}

// A task acquires all of its drives together, and holds none while it waits.
func TestSeveralDrives(t *testing.T) {
	var q job.Queue
	a, b := blankDisc(t, "a"), blankDisc(t, "b")
	first, copying, other, last := newStep(), newStep(), newStep(), newStep()
	t1 := q.Add("burn b", []string{b}, first.work)
	<-first.begun
	t2 := q.Add("copy a to b", []string{a, b, a}, copying.work)
	t3 := q.Add("burn a", []string{a}, other.work)
	if _, before, _ := t3.WaitsFor(); before != "copy a to b" || len(t2.Drives()) != 2 {
		t.Errorf("it waits for %q; drives %v", before, t2.Drives())
	}
	t2.Cancel()
	<-other.begun // a is free
	t4 := q.Add("copy b to a", []string{b, a}, last.work)
	first.end <- nil
	<-t1.Ended()
	if last.hasBegun() {
		t.Error("a task runs without one of its drives")
	}
	other.end <- nil
	<-t3.Ended()
	<-last.begun
	last.end <- nil
	<-t4.Ended()
}

// Many tasks and callers with random drives in any order all end, and no two have the
// same drive at the same time.
func TestNoDeadlock(t *testing.T) {
	var q job.Queue
	var names []string
	users := make([]atomic.Int32, 4)
	for i := range users {
		names = append(names, blankDisc(t, fmt.Sprint(i)))
	}
	r := rand.New(rand.NewPCG(1, 2))
	check := func(which []int) {
		for _, i := range which {
			if users[i].Add(1) != 1 {
				t.Error("two users have the same drive")
			}
		}
		for _, i := range which {
			users[i].Add(-1)
		}
	}
	var wait sync.WaitGroup
	for n := range 400 {
		which := r.Perm(len(users))[:1+r.IntN(len(users))]
		var drives []string
		for _, i := range which {
			drives = append(drives, names[i])
		}
		stop, more := r.IntN(5) == 0, names[r.IntN(len(names))]
		wait.Go(func() {
			if n%2 == 0 {
				task := q.Add("task", drives, func(ctx context.Context, _ progress.Reporter) error {
					check(which)
					if _, release, err := q.Use(ctx, more); err == nil {
						release()
					}
					check(which)
					return ctx.Err()
				})
				if stop {
					task.Cancel()
				}
				<-task.Ended()
				return
			}
			ctx, release, err := q.Use(t.Context(), drives...)
			if err != nil {
				return
			}
			check(which)
			if _, again, err := q.Use(ctx, more); err == nil {
				again()
			}
			check(which)
			release()
		})
	}
	wait.Wait()
	if len(q.Tasks()) != 0 {
		t.Errorf("left: %v", q.Tasks())
	}
}

// Callers of Use get a BusyError immediately if a task has the drive or waits for it.
// Callers of Use wait for each other.
func TestUse(t *testing.T) {
	var q job.Queue
	a, b := blankDisc(t, "a"), blankDisc(t, "b")
	ctx, release, err := q.Use(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if _, again, err := q.Use(ctx, a); err != nil { // the task already has it
		t.Error(err)
	} else {
		again()
	}
	second := make(chan error)
	go func() {
		_, release, err := q.Use(t.Context(), a)
		if err == nil {
			release()
		}
		second <- err
	}()
	release()
	release() // a second call does nothing
	if err := <-second; err != nil {
		t.Errorf("the second caller: %v", err)
	}

	ctx, release, err = q.Use(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	s := newStep()
	task := q.Add("burn", []string{a}, s.work)
	if _, title, ok := task.WaitsFor(); !ok || title != "" || task.State() != job.Waiting {
		t.Errorf("the task waits for %q, %v, and is %v", title, ok, task.State())
	}
	var busy *job.BusyError
	if _, _, err := q.Use(t.Context(), b, a); !errors.As(err, &busy) || busy.Drive != a || busy.Task != "burn" {
		t.Errorf("a drive that a task waits for: %v", err)
	}
	release()
	<-s.begun
	if _, _, err := q.Use(ctx, a); !errors.As(err, &busy) { // whose right has ended
		t.Errorf("a drive that a task has: %v", err)
	}
	if _, release, err := q.Use(t.Context(), b); err != nil {
		t.Errorf("another drive: %v", err)
	} else {
		release()
	}
	s.end <- nil
	<-task.Ended()
	if _, release, err := q.Use(t.Context(), a); err != nil {
		t.Errorf("after the task: %v", err)
	} else {
		release()
	}

	// A waiting caller stops waiting when its context ends.
	_, release, err = q.Use(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := q.Use(ended, a); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that is cancelled: %v", err)
	}
	release()
	if _, release, err := q.Use(t.Context(), a); err != nil {
		t.Error(err)
	} else {
		release()
	}
}

// counter is a drive that counts its commands.
type counter struct{ n *atomic.Int32 }

func (c counter) Execute(context.Context, scsi.Command) (int, error) { c.n.Add(1); return 0, nil }
func (c counter) MaxTransfer() int                                   { return 1 << 16 }
func (c counter) Close() error                                       { return nil }
func (c counter) Writable() error                                    { return errors.New("mounted") }

// A shared transport sends nothing while a task has the drive, unless the task itself
// sends the command.
func TestShare(t *testing.T) {
	var q job.Queue
	a := blankDisc(t, "a")
	var n atomic.Int32
	tr := q.Share(a, counter{&n})
	send := func(ctx context.Context) error {
		_, err := tr.Execute(ctx, scsi.Command{CDB: make([]byte, 6)})
		return err
	}
	if err := send(t.Context()); err != nil || n.Load() != 1 {
		t.Errorf("%v, %d commands", err, n.Load())
	}
	if err := scsi.Writable(tr); err == nil || err.Error() != "mounted" {
		t.Errorf("writable: %v", err)
	}
	begun, own := make(chan struct{}), make(chan error)
	task := q.Add("burn", []string{a}, func(ctx context.Context, _ progress.Reporter) error {
		close(begun)
		<-own
		own <- send(ctx)
		return nil
	})
	<-begun
	if err := send(t.Context()); !errors.As(err, new(*job.BusyError)) || n.Load() != 1 {
		t.Errorf("while a task has the drive: %v, %d commands", err, n.Load())
	}
	own <- nil
	if err := <-own; err != nil || n.Load() != 2 {
		t.Errorf("by the task itself: %v, %d commands", err, n.Load())
	}
	<-task.Ended()
	if err := send(t.Context()); err != nil || n.Load() != 3 {
		t.Errorf("after the task: %v, %d commands", err, n.Load())
	}
}

// A task whose work ends with context.Canceled, although the task was not cancelled, has
// failed.
func TestCancelledInside(t *testing.T) {
	var q job.Queue
	x := q.Add("test", nil, func(context.Context, progress.Reporter) error { return fmt.Errorf("burn: %w", context.Canceled) })
	<-x.Ended()
	if x.State() != job.Failed {
		t.Errorf("%v, %v", x.State(), x.Err())
	}
}

func TestStates(t *testing.T) {
	var names []string
	for s := job.Waiting; s <= job.Cancelled; s++ {
		names = append(names, s.String())
	}
	if got := strings.Join(names, " "); got != "waiting running done failed cancelled" || len(slices.Compact(names)) != 5 {
		t.Error(got)
	}
}
