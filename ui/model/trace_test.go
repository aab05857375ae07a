package model

import (
	"testing"
	"time"

	"glassmaster/mastering/progress"
)

func TestTrace(t *testing.T) {
	var tr Trace
	if _, ok := tr.At(0); ok || tr.Top() != 0 {
		t.Error("an empty trace has a rate")
	}
	tr.Record(progress.Snapshot{Phase: progress.Writing, Done: 100, Total: 1000, Rate: 10}, 0)
	tr.Record(progress.Snapshot{Phase: progress.Writing, Done: 500, Total: 1000, Rate: 20}, 0)
	for share, want := range map[float64]float64{0: 10, 0.1: 10, 0.3: 15, 0.5: 20} {
		if v, ok := tr.At(share); !ok || v < want-0.1 || v > want+0.1 {
			t.Errorf("at %v: %v, %v; want %v", share, v, ok, want)
		}
	}
	if _, ok := tr.At(0.6); ok {
		t.Error("the trace has a rate after the last measurement")
	}
	tr.Finish()
	if v, ok := tr.At(1); !ok || v != 20 {
		t.Errorf("finished: %v, %v at the end", v, ok)
	}
	if tr.Top() != 30 {
		t.Errorf("the scale ends at %v", tr.Top())
	}
	tr.Record(progress.Snapshot{Phase: progress.Comparing, Done: 1, Total: 2, Rate: 5}, 0)
	if v, ok := tr.At(0.2); !ok || v != 5 || tr.Phase != progress.Comparing {
		t.Errorf("a new phase: %v %v %s", v, ok, tr.Phase)
	}
}

// The levels of the buffers are kept, and where they were low; not while a buffer is filled
// for the first time, and not when nothing is left to be read.
func TestTraceOfBuffers(t *testing.T) {
	var tr Trace
	at := func(done int64, host, drive float64) {
		tr.Record(progress.Snapshot{Phase: progress.Writing, Done: done, Total: 1000, Rate: 10, HostBuffer: host, DriveBuffer: drive}, 100)
	}
	at(10, 1, 0) // the drive's is being filled
	at(200, 0.9, 0.8)
	at(400, 0.1, 0.7)
	at(401, 0.6, 0.7) // in the same place
	at(600, 0.9, 0.2)
	at(700, 0.9, 0.9)
	at(995, 0.05, 0.9) // the rest is in the buffer
	for share, low := range map[float64]bool{0.01: false, 0.2: false, 0.4: true, 0.6: true, 0.7: false, 0.995: false} {
		if tr.Low(share) != low {
			t.Errorf("low at %g: %v", share, !low)
		}
	}
	if least, ok := tr.Least(HostBuffer); !ok || least != 0.1 {
		t.Errorf("the least level of the host's is %g, %v", least, ok)
	}
	if least, ok := tr.Least(DriveBuffer); !ok || least != 0.2 {
		t.Errorf("the least level of the drive's is %g, %v", least, ok)
	}
	if level, ok := tr.Level(HostBuffer, 0.5); !ok || level != 0.1 {
		t.Errorf("the level at the half is %g, %v", level, ok)
	}
	if _, ok := tr.Level(DriveBuffer, 0.999); ok {
		t.Error("there is a level beyond the end")
	}
	var slow Trace // its buffer is low from the beginning on
	for i, elapsed := range []time.Duration{time.Second, time.Minute} {
		slow.Record(progress.Snapshot{Phase: progress.Writing, Done: 100, Total: 1000, Rate: 10, HostBuffer: -1, DriveBuffer: 0.1, Elapsed: elapsed}, 100)
		if _, ok := slow.Least(DriveBuffer); ok != (i == 1) || slow.Low(0.1) != ok {
			t.Errorf("after %v a buffer that is filled at the beginning is low: %v", elapsed, slow.Low(0.1))
		}
	}
	var none Trace
	none.Record(progress.Snapshot{Phase: progress.Comparing, Done: 1, Total: 2, Rate: 5, HostBuffer: -1, DriveBuffer: -1}, 100)
	if _, ok := none.Least(HostBuffer); ok {
		t.Error("a level that was never measured is known")
	}
}
