// Package ring is the buffer between the reading of a source and the writing to a drive, or
// to several drives. It follows no standard: drives stop and start again, or ruin a disc, if
// the next sectors are late, and sources are not always quick.
//
// A [Ring] has a fixed number of chunks, which are allocated together. One reader fills
// them in order, with [Ring.Run] or with [Ring.Slot] and [Ring.Put]. Each [Writer] takes
// them in the same order at its own pace; a chunk is filled again when all writers have
// given it back. A source that is slow lets the ring run empty, and a writer that is slow
// lets it run full. Nothing here measures time: how far the one is ahead of the other is
// the level of the ring.
package ring

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"glassmaster/mastering/disc"
)

// Sizes of a ring, in bytes.
const (
	DefaultSize = 32 << 20 // at the highest speed, 70 MB/s, it lasts for half a second
	LeastSize   = 1 << 20
	MostSize    = 1 << 30
)

// ErrMissed is the error of a writer after chunks that it had not taken were given up, see
// [Ring.Drop].
var ErrMissed = errors.New("the buffer no longer has these sectors")

// Chunk is a part of what is written: blocks of equal size from an address on.
type Chunk struct {
	LBA   disc.LBA // of the first block, as the reader counts
	Block int      // bytes of a block
	// Data are the blocks. In a chunk to be filled it has the full length; the reader
	// shortens it.
	Data []byte
	// Tag is what else the reader says about the chunk; the ring does not look at it.
	Tag int
	// Err is an error that belongs to this place; Data is then empty. It is for readers
	// that go on after an error.
	Err error

	whole []byte
}

// Blocks returns the number of blocks in the chunk.
func (c *Chunk) Blocks() int {
	if c.Block == 0 {
		return 0
	}
	return len(c.Data) / c.Block
}

// Ring is a buffer with one reader and one or more writers.
type Ring struct {
	mu      sync.Mutex
	slots   []Chunk
	filled  int64 // chunks that were put in so far
	end     error // nil: more is to come; io.EOF: this was all; otherwise why there is no more
	writers []*Writer
	freed   chan struct{} // has a token if a slot may have become free
	low     chan struct{} // has a token if a writer has taken the level below a quarter
	primed  chan struct{} // closed when the ring was full for the first time, or everything was read
	once    sync.Once     // closes primed
}

// Writer takes the chunks of a ring, on one goroutine.
type Writer struct {
	ring   *Ring
	next   int64 // number of the next chunk
	held   bool  // it is in use
	missed bool
	left   bool
	added  chan struct{} // has a token if a chunk may have been added
}

// Slots returns how many chunks of this size a ring of a size has, both in bytes: at least
// 2.
func Slots(size int64, chunk int) int { return int(max(size/int64(chunk), 2)) }

// New returns an empty ring with this many slots for chunks of up to chunk bytes, and for
// this many writers.
func New(slots, chunk, writers int) *Ring {
	slots = max(slots, 1)
	r := &Ring{
		slots: make([]Chunk, slots), writers: make([]*Writer, writers),
		freed: make(chan struct{}, 1), low: make(chan struct{}, 1), primed: make(chan struct{}),
	}
	all := make([]byte, slots*chunk)
	for i := range r.slots {
		r.slots[i].whole = all[i*chunk : (i+1)*chunk : (i+1)*chunk]
	}
	for i := range r.writers {
		r.writers[i] = &Writer{ring: r, added: make(chan struct{}, 1)}
	}
	return r
}

// Writer returns the writer with a number, counted from 0.
func (r *Ring) Writer(i int) *Writer { return r.writers[i] }

// Run fills the ring until fill returns an error, or the context ends. io.EOF is the
// regular end. The writers get the error after the chunks before it. A panic of fill
// becomes an error: on a goroutine of its own it would end the program and leave the
// trays locked.
func (r *Ring) Run(ctx context.Context, fill func(*Chunk) error) {
	for {
		c, err := r.Slot(ctx)
		if err == nil {
			err = guarded(fill, c)
		}
		if err != nil {
			r.End(err)
			return
		}
		r.Put()
	}
}

func guarded(fill func(*Chunk) error, c *Chunk) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("read the source: internal error of the program: %v", fault)
		}
	}()
	return fill(c)
}

// Slot waits for a free slot and returns its chunk, which Put adds to the ring. It returns
// the same chunk until then.
func (r *Ring) Slot(ctx context.Context) (*Chunk, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c, ok := r.TrySlot(); ok {
			return c, nil
		}
		select {
		case <-ctx.Done():
		case <-r.freed:
		}
	}
}

// TrySlot is like Slot, but does not wait.
func (r *Ring) TrySlot() (*Chunk, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.filled-r.oldest() == int64(len(r.slots)) {
		return nil, false
	}
	c := r.slot(r.filled)
	c.Data, c.Err = c.whole, nil
	return c, true
}

// Freed has a token if a slot may have become free since TrySlot returned none.
func (r *Ring) Freed() <-chan struct{} { return r.freed }

// Put adds the chunk of the last slot.
func (r *Ring) Put() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filled++
	if r.filled-r.oldest() == int64(len(r.slots)) {
		r.prime()
	}
	r.wakeWriters()
}

// End says that nothing more will be put in, since everything was (io.EOF) or because of
// an error.
func (r *Ring) End(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.end == nil {
		r.end = err
	}
	r.prime()
	r.wakeWriters()
}

// Drop gives up the oldest chunk for the writers that have not taken it: they get
// ErrMissed. It returns false if one of them is using it now.
func (r *Ring) Drop() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.oldest()
	for _, w := range r.writers {
		if w.behind(at) && w.held {
			return false
		}
	}
	for _, w := range r.writers {
		if w.behind(at) {
			w.missed = true
			token(w.added)
		}
	}
	return true
}

// Level returns how full the ring is for its slowest writer, from 0 to 1.
func (r *Ring) Level() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return float64(r.filled-r.oldest()) / float64(len(r.slots))
}

// lowPart is the part of the ring below which its level is low.
const lowPart = 4

// Low has a token if a writer has taken the level of a ring that was full before below a
// quarter, although more is to come.
func (r *Ring) Low() <-chan struct{} { return r.low }

// IsLow reports whether the level is below a quarter in a ring that was full before, and
// to which more is to come.
func (r *Ring) IsLow() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.isLow()
}

func (r *Ring) isLow() bool {
	select {
	case <-r.primed:
		return r.end == nil && (r.filled-r.oldest())*lowPart < int64(len(r.slots))
	default:
		return false
	}
}

// Prime waits until the ring is full or everything was read, so that the drive begins with
// a full buffer.
func (r *Ring) Prime(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-r.primed:
	}
}

// The caller of the following holds the mutex.

func (r *Ring) slot(n int64) *Chunk { return &r.slots[n%int64(len(r.slots))] }

// oldest returns the number of the oldest chunk that a writer still needs, or of the next
// one.
func (r *Ring) oldest() int64 {
	at := r.filled
	for _, w := range r.writers {
		if !w.left && !w.missed {
			at = min(at, w.next)
		}
	}
	return at
}

func (r *Ring) prime() { r.once.Do(func() { close(r.primed) }) }

func (r *Ring) wakeWriters() {
	for _, w := range r.writers {
		token(w.added)
	}
}

// token puts a token into a channel for one, unless it has one.
func token(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Next waits for the next chunk. The writer uses it until Done or Keep. After the last one
// the error is io.EOF or that of the source.
func (w *Writer) Next(ctx context.Context) (*Chunk, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c, err := w.TryNext(); c != nil || err != nil {
			return c, err
		}
		select {
		case <-ctx.Done():
		case <-w.added:
		}
	}
}

// TryNext is like Next, but returns nil instead of waiting.
func (w *Writer) TryNext() (*Chunk, error) {
	r := w.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case w.left:
		return nil, io.ErrClosedPipe
	case w.missed:
		return nil, ErrMissed
	case w.next < r.filled:
		w.held = true
		return r.slot(w.next), nil
	}
	return nil, r.end
}

// Added has a token if a chunk may have been added since TryNext returned none.
func (w *Writer) Added() <-chan struct{} { return w.added }

// Done gives back the chunk that Next returned.
func (w *Writer) Done() {
	r := w.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	if !w.held {
		return
	}
	w.held = false
	w.next++
	token(r.freed)
	if r.isLow() {
		token(r.low)
	}
}

// Keep ends the use of the chunk that Next returned; Next will return it again.
func (w *Writer) Keep() {
	w.ring.mu.Lock()
	defer w.ring.mu.Unlock()
	w.held = false
	token(w.ring.freed)
}

// Rejoin makes a writer that has missed chunks go on with the first chunk in the ring that
// is wanted. It returns false if there is none.
func (w *Writer) Rejoin(wanted func(*Chunk) bool) bool {
	r := w.ring
	r.mu.Lock()
	defer r.mu.Unlock()
	first := w.next
	if w.missed { // chunks that no writer needs are still there, except for the one that is filled next
		first = max(first, r.filled-int64(len(r.slots))+1)
	}
	for at := first; at < r.filled; at++ {
		if wanted(r.slot(at)) {
			w.next, w.missed = at, false
			token(r.freed)
			return true
		}
	}
	return false
}

// Miss gives up the chunks in the ring for this writer: until it rejoins, the ring does not
// wait for it.
func (w *Writer) Miss() {
	w.ring.mu.Lock()
	defer w.ring.mu.Unlock()
	w.missed, w.held = true, false
	token(w.ring.freed)
}

// Leave ends the part of a writer: the ring no longer waits for it.
func (w *Writer) Leave() {
	w.ring.mu.Lock()
	defer w.ring.mu.Unlock()
	w.left, w.held = true, false
	token(w.ring.freed)
}

// behind reports whether the writer still needs the chunk with this number.
func (w *Writer) behind(at int64) bool { return !w.left && !w.missed && w.next <= at }
