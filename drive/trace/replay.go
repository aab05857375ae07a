package trace

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"glassmaster/drive/scsi"
)

// Replay is a drive that replies as in a recording. The contents of sectors are not
// recorded, so they are read as zeros.
type Replay struct {
	// Strict accepts only the commands of the recording in their order. Otherwise a
	// command is searched for after the last one and then backwards from there, and its
	// allocation length is ignored. So the recording of another program can be replayed.
	Strict bool

	mu    sync.Mutex
	all   []Exchange
	at    int   // index of the next exchange
	asked int   // allocation length of the command before it, in bytes
	left  int   // commands left in the run before it
	next  int64 // next address of that run
	op    byte  // operation code of that run
}

// NewReplay returns a drive that replies as in the recording.
func NewReplay(all []Exchange) *Replay { return &Replay{all: all} }

// MaxTransfer implements [scsi.Transport].
func (r *Replay) MaxTransfer() int { return 64 << 10 }

// Close implements [scsi.Transport].
func (r *Replay) Close() error { return nil }

// Left returns how many exchanges of the recording were not replayed yet.
func (r *Replay) Left() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all) - r.at
}

// Execute implements [scsi.Transport]. For a command that is not in the recording it
// returns an error of the transport.
func (r *Replay) Execute(_ context.Context, c scsi.Command) (int, error) {
	if err := scsi.Check(c); err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.continuesRun(c) {
		return zeros(c), nil
	}
	i, ok := r.find(c)
	if !ok {
		what := scsi.Describe(c.CDB)
		switch {
		case !r.Strict:
			return 0, fmt.Errorf("the recording has no reply to %s (% x); replay it with the verb it was recorded with", what, c.CDB)
		case r.at < len(r.all):
			return 0, fmt.Errorf("%s (% x) was sent, but the next command in the recording is % x", what, c.CDB, r.all[r.at].CDB)
		}
		return 0, fmt.Errorf("%s (% x) was sent after the end of the recording", what, c.CDB)
	}
	e := r.all[i]
	if r.Strict && e.Out != nil && !bytes.Equal(e.Out, c.Data) {
		return 0, fmt.Errorf("%s: the data in the recording are\n% x, but were\n% x", scsi.Describe(c.CDB), e.Out, c.Data)
	}
	if i+1 >= r.at {
		r.at, r.asked = i+1, len(c.Data)
	}
	if lba, blocks, ok := sectorCommand(e.CDB); ok {
		r.left, r.next, r.op = e.More, lba+blocks, e.CDB[0]
		if e.Err == nil {
			return zeros(c), nil
		}
	}
	if e.Err != nil || c.Direction == scsi.Out {
		return len(c.Data), e.Err
	}
	return copy(c.Data, e.In), nil
}

// continuesRun reports whether the command continues the run of reads or writes before
// the next exchange.
func (r *Replay) continuesRun(c scsi.Command) bool {
	lba, blocks, ok := sectorCommand(c.CDB)
	if !ok || r.left == 0 || c.CDB[0] != r.op || lba != r.next {
		return false
	}
	r.left--
	r.next += blocks
	return true
}

// find returns the index of the exchange with a command.
func (r *Replay) find(c scsi.Command) (int, bool) {
	if r.Strict {
		return r.at, r.at < len(r.all) && r.left == 0 && bytes.Equal(c.CDB, r.all[r.at].CDB)
	}
	want := withoutLength(c.CDB)
	same := func(i int) bool { return bytes.Equal(withoutLength(r.all[i].CDB), want) }
	// A program requests a reply in two steps, the first for its length. Where only one of
	// the two programs does so, the longer reply of the recording serves both.
	if i := r.at - 1; i >= 0 && same(i) && len(c.Data) > r.asked && r.asked < r.all[i].Length {
		return i, true
	}
	for i := r.at; i < len(r.all); i++ {
		if !same(i) {
			continue
		}
		for len(c.Data) > r.all[i].Length && i+1 < len(r.all) && r.all[i+1].Length > r.all[i].Length && same(i+1) {
			i++
		}
		return i, true
	}
	for i := r.at - 1; i >= 0; i-- { // the last reply to this command
		if same(i) {
			return i, true
		}
	}
	return 0, false
}

// withoutLength returns a CDB with an allocation length of 0.
func withoutLength(cdb []byte) []byte {
	at := 0
	switch cdb[0] {
	case scsi.OpInquiry:
		at = 3
	case scsi.OpReadFormatCapacities, scsi.OpReadTOC, scsi.OpGetConfiguration, scsi.OpGetEventStatus,
		scsi.OpReadDiscInformation, scsi.OpReadTrackInformation, scsi.OpModeSense10, scsi.OpReadBufferCapacity:
		at = 7
	case scsi.OpGetPerformance, scsi.OpReadDiscStructure:
		at = 8
	default:
		return cdb
	}
	if len(cdb) < at+2 { // a recording may contain any bytes
		return cdb
	}
	q := bytes.Clone(cdb)
	clear(q[at : at+2])
	return q
}

// zeros clears the data of a read, and returns how many bytes were transferred.
func zeros(c scsi.Command) int {
	if c.Direction == scsi.In {
		clear(c.Data)
	}
	return len(c.Data)
}
