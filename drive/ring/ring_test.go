package ring_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"glassmaster/drive/ring"
	"glassmaster/mastering/disc"
)

const block = 16

// numbers returns a function that fills chunks with total blocks, which contain their
// addresses, and then returns end.
func numbers(total int, end error) func(*ring.Chunk) error {
	at := 0
	return func(c *ring.Chunk) error {
		n := min(len(c.Data)/block, total-at)
		if n == 0 {
			return end
		}
		c.LBA, c.Block, c.Data = disc.LBA(at), block, c.Data[:n*block]
		for i := range n {
			binary.BigEndian.PutUint64(c.Data[i*block:], uint64(at+i))
		}
		at += n
		return nil
	}
}

// drain takes everything, and returns the number of blocks and the error at their end.
func drain(w *ring.Writer) (blocks int, err error) {
	for {
		c, err := w.Next(context.Background())
		if err != nil {
			return blocks, err
		}
		if c.LBA != disc.LBA(blocks) {
			return blocks, fmt.Errorf("a chunk begins at %d, want %d", c.LBA, blocks)
		}
		for i := range c.Blocks() {
			if got := binary.BigEndian.Uint64(c.Data[i*block:]); got != uint64(blocks) {
				return blocks, fmt.Errorf("block %d contains %d", blocks, got)
			}
			blocks++
		}
		w.Done()
	}
}

var errSource = errors.New("the source failed")

// All writers get the same chunks in order, and then the same error, whatever the sizes.
func TestWriters(t *testing.T) {
	for _, x := range []struct {
		slots, chunk, writers, total int
		end                          error
	}{
		{1, 1, 1, 10, io.EOF},
		{2, 4, 1, 1001, io.EOF},
		{8, 4, 3, 1000, io.EOF},
		{3, 5, 4, 999, errSource},
		{8, 4, 2, 3, errSource},
		{4, 4, 2, 0, io.EOF},
	} {
		t.Run(fmt.Sprintf("%+v", x), func(t *testing.T) {
			r := ring.New(x.slots, x.chunk*block, x.writers)
			var all sync.WaitGroup
			for i := range x.writers {
				all.Go(func() {
					if n, err := drain(r.Writer(i)); n != x.total || !errors.Is(err, x.end) {
						t.Errorf("writer %d: %d blocks, %v; want %d, %v", i, n, err, x.total, x.end)
					}
				})
			}
			r.Run(context.Background(), numbers(x.total, x.end))
			all.Wait()
		})
	}
}

// put adds chunks of one block while there is room, and returns how many.
func put(r *ring.Ring, from int) int {
	for n := 0; ; n++ {
		c, ok := r.TrySlot()
		if !ok {
			return n
		}
		c.LBA, c.Block, c.Data = disc.LBA(from+n), block, c.Data[:block]
		r.Put()
	}
}

// take takes n chunks.
func take(t *testing.T, w *ring.Writer, n int) {
	t.Helper()
	for range n {
		if c, err := w.TryNext(); c == nil || err != nil {
			t.Fatalf("no chunk: %v", err)
		}
		w.Done()
	}
}

// The level is that of the slowest writer, and is low when less than a quarter is left of
// a ring that was full.
func TestLevel(t *testing.T) {
	r := ring.New(8, block, 2)
	fast, slow := r.Writer(0), r.Writer(1)
	if r.Level() != 0 || r.IsLow() {
		t.Errorf("a new ring: level %v, low %v", r.Level(), r.IsLow())
	}
	if n := put(r, 0); n != 8 || r.Level() != 1 {
		t.Errorf("%d chunks, level %v", n, r.Level())
	}
	r.Prime(context.Background()) // does not wait for a full ring
	take(t, fast, 8)
	if c, err := fast.TryNext(); c != nil || err != nil {
		t.Errorf("an empty ring has a chunk: %v, %v", c, err)
	}
	if r.Level() != 1 || put(r, 8) != 0 {
		t.Errorf("the ring does not wait for the slow writer: level %v", r.Level())
	}
	take(t, slow, 6)
	if r.Level() != 0.25 || r.IsLow() {
		t.Errorf("level %v, low %v", r.Level(), r.IsLow())
	}
	take(t, slow, 1)
	select {
	case <-r.Low():
	default:
		t.Error("that the level is low was not reported")
	}
	if !r.IsLow() {
		t.Error("the level is not low")
	}
	r.End(io.EOF)
	if r.IsLow() {
		t.Error("the level is low although everything was read")
	}
}

// A writer that leaves no longer holds up the others.
func TestLeave(t *testing.T) {
	r := ring.New(4, block, 2)
	put(r, 0)
	take(t, r.Writer(0), 4)
	if _, err := r.Writer(1).Next(context.Background()); err != nil { // it is using a chunk
		t.Fatal(err)
	}
	r.Writer(1).Leave()
	if n := put(r, 4); n != 4 {
		t.Errorf("%d free slots, want 4", n)
	}
	if _, err := r.Writer(1).Next(context.Background()); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a writer that left: %v", err)
	}
}

// Chunks can be given up for a slow writer, which can go on with later ones, but not
// while it uses one of them.
func TestDrop(t *testing.T) {
	r := ring.New(4, block, 2)
	fast, slow := r.Writer(0), r.Writer(1)
	put(r, 0)
	take(t, fast, 4)
	if c, err := slow.TryNext(); c == nil || err != nil {
		t.Fatal(err)
	}
	if r.Drop() {
		t.Fatal("a chunk in use was given up")
	}
	slow.Keep()
	if !r.Drop() || put(r, 4) != 4 {
		t.Fatal("no chunk was given up")
	}
	if c, err := slow.TryNext(); c != nil || !errors.Is(err, ring.ErrMissed) {
		t.Errorf("the slow writer got %v, %v", c, err)
	}
	take(t, fast, 4)
	for _, x := range []struct {
		lba  disc.LBA
		want bool
	}{{0, false}, {3, false}, {4, false}, {8, false}, {6, true}} { // the slot of 4 may be in use by the reader
		if got := slow.Rejoin(func(c *ring.Chunk) bool { return c.LBA == x.lba }); got != x.want {
			t.Errorf("rejoined at %d: %v", x.lba, got)
		}
	}
	take(t, slow, 2)
	if c, err := slow.TryNext(); c != nil || err != nil {
		t.Errorf("at the end: %v, %v", c, err)
	}
}

// A panic of the source is an error of every writer.
func TestPanic(t *testing.T) {
	r := ring.New(4, block, 2)
	fill := numbers(3, nil)
	r.Run(context.Background(), func(c *ring.Chunk) error {
		if err := fill(c); err != nil || c.LBA == 2 {
			panic("broken")
		}
		return nil
	})
	for i := range 2 {
		if n, err := drain(r.Writer(i)); n != 2 || err == nil || !strings.Contains(err.Error(), "broken") {
			t.Errorf("writer %d: %d blocks, %v", i, n, err)
		}
	}
}

// Cancelling ends every wait.
func TestCancel(t *testing.T) {
	r := ring.New(2, block, 2)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	waiting := make(chan struct{}, 2)
	all.Go(func() {
		r.Run(ctx, func(c *ring.Chunk) error {
			c.Data, c.Block = c.Data[:block], block
			waiting <- struct{}{}
			return nil
		})
	})
	<-waiting
	<-waiting // the ring is full, or about to be
	take := func() error {
		for {
			if _, err := r.Writer(0).Next(ctx); err != nil {
				return err
			}
			r.Writer(0).Done()
		}
	}
	all.Go(func() {
		if err := take(); !errors.Is(err, context.Canceled) {
			t.Errorf("the writer: %v", err)
		}
	})
	cancel()
	all.Wait()
	if _, err := r.Slot(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the reader: %v", err)
	}
	r.Prime(ctx)
}

// Filling and taking chunks allocates nothing.
func TestAllocations(t *testing.T) {
	r := ring.New(4, block, 2)
	if n := testing.AllocsPerRun(100, func() {
		put(r, 0)
		for i := range 2 {
			for range 4 {
				if _, err := r.Writer(i).Next(context.Background()); err != nil {
					t.Fatal(err)
				}
				r.Writer(i).Done()
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestSlots(t *testing.T) {
	for _, x := range []struct {
		size  int64
		chunk int
		want  int
	}{{ring.DefaultSize, 64 << 10, 512}, {1, 2048, 2}, {5 * 2048, 2048, 5}} {
		if got := ring.Slots(x.size, x.chunk); got != x.want {
			t.Errorf("Slots(%d, %d) = %d, want %d", x.size, x.chunk, got, x.want)
		}
	}
}

// BenchmarkRing measures what the ring itself costs: bytes a second from one reader
// through the default ring to writers that do nothing.
func BenchmarkRing(b *testing.B) {
	for _, writers := range []int{1, 2, 4} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			const chunk = 64 << 10
			r := ring.New(ring.Slots(ring.DefaultSize, chunk), chunk, writers)
			b.SetBytes(chunk)
			b.ReportAllocs()
			var all sync.WaitGroup
			for i := range writers {
				all.Go(func() {
					for {
						if _, err := r.Writer(i).Next(context.Background()); err != nil {
							return
						}
						r.Writer(i).Done()
					}
				})
			}
			n := 0
			r.Run(context.Background(), func(c *ring.Chunk) error {
				if n++; n > b.N {
					return io.EOF
				}
				c.Block = disc.SectorSize
				return nil
			})
			all.Wait()
		})
	}
}
