package trace

import (
	"bytes"
	"context"
	"fmt"
	"sync"

	"glassmaster/drive/scsi"
)

// Replay is a drive that answers as a record says. The content of sectors is
// not in a record: reads bring zeros.
type Replay struct {
	// Strict wants exactly the commands of the record, in its order. Otherwise a
	// command is looked for from where the record stands, then in the whole of it,
	// and room for a longer or shorter reply makes no difference: so one program
	// can be played what another has seen.
	Strict bool

	mu   sync.Mutex
	all  []Exchange
	at   int   // the exchange that is next
	left int   // of the run before it
	next int64 // address at which that run goes on
	op   byte  // of that run
}

// NewReplay returns a drive that answers as the record says.
func NewReplay(all []Exchange) *Replay { return &Replay{all: all} }

// MaxTransfer implements [scsi.Transport].
func (r *Replay) MaxTransfer() int { return 64 << 10 }

// Close implements [scsi.Transport].
func (r *Replay) Close() error { return nil }

// Left returns how many lines of the record were not asked for yet.
func (r *Replay) Left() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all) - r.at
}

// Execute implements [scsi.Transport]. A command that the record does not have
// is an error of the transport.
func (r *Replay) Execute(_ context.Context, c scsi.Command) (int, error) {
	if err := scsi.Check(c); err != nil {
		return 0, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.goesOn(c) {
		return zeros(c), nil
	}
	i, ok := r.find(c)
	if !ok {
		if r.at < len(r.all) {
			return 0, fmt.Errorf("the record goes on with % x, and % x was sent", r.all[r.at].CDB, c.CDB)
		}
		return 0, fmt.Errorf("the record has ended, and % x was sent", c.CDB)
	}
	e := r.all[i]
	if r.Strict && e.Out != nil && !bytes.Equal(e.Out, c.Data) {
		return 0, fmt.Errorf("%s: the record has the data\n% x, sent were\n% x", scsi.Describe(c.CDB), e.Out, c.Data)
	}
	r.at = i + 1
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

// goesOn reports whether the command goes on with the run of reads or writes
// that the record stands behind.
func (r *Replay) goesOn(c scsi.Command) bool {
	lba, blocks, ok := sectorCommand(c.CDB)
	if !ok || r.left == 0 || c.CDB[0] != r.op || lba != r.next {
		return false
	}
	r.left--
	r.next += blocks
	return true
}

// find returns the exchange that answers a command.
func (r *Replay) find(c scsi.Command) (int, bool) {
	if r.Strict {
		return r.at, r.at < len(r.all) && r.left == 0 && bytes.Equal(r.all[r.at].CDB, c.CDB)
	}
	want := question(c.CDB)
	for _, from := range []int{r.at, 0} {
		for i := from; i < len(r.all); i++ {
			if !bytes.Equal(question(r.all[i].CDB), want) {
				continue
			}
			// Who asks for the length first asks again for the whole.
			for i+1 < len(r.all) && r.all[i+1].Length > r.all[i].Length && bytes.Equal(question(r.all[i+1].CDB), want) {
				i++
			}
			return i, true
		}
	}
	return 0, false
}

// question returns a CDB without its allocation length.
func question(cdb []byte) []byte {
	at := map[byte]int{
		0x12: 3, 0x23: 7, 0x43: 7, 0x46: 7, 0x4A: 7, 0x51: 7, 0x52: 7, 0x5A: 7, 0x5C: 7, 0xAC: 8, 0xAD: 8,
	}[cdb[0]]
	if at == 0 {
		return cdb
	}
	q := bytes.Clone(cdb)
	clear(q[at : at+2])
	return q
}

// zeros fills what is read, and returns how much was moved.
func zeros(c scsi.Command) int {
	if c.Direction == scsi.In {
		clear(c.Data)
	}
	return len(c.Data)
}
