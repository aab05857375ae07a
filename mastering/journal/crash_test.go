package journal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"glassmaster/mastering/journal"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
)

const imageName = "disc.iso"

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// change returns a random change to an image, and the image after it.
func change(t *testing.T, r *rand.Rand, old []byte) (*patch.Set, []byte) {
	t.Helper()
	s := patch.New(bytes.NewReader(old), int64(len(old)), nil)
	for range r.IntN(3) {
		b := noise(r, 1+r.IntN(9000))
		s.Add(layout.Bytes(b), int64(len(b)))
		s.Allocate(r.Int64N(2), 0)
	}
	for range 1 + r.IntN(4) {
		b := noise(r, 1+r.IntN(5000))
		off := r.Int64N(s.Sectors() * 2048)
		if _, err := s.WriteAt(b[:min(int64(len(b)), s.Sectors()*2048-off)], off); err != nil {
			t.Fatal(err)
		}
	}
	want := make([]byte, s.Sectors()*2048)
	if n, err := s.ReadAt(want, 0); n < len(want) {
		t.Fatal(err)
	}
	return s, want[:s.Size()]
}

// sampleSet returns a change to an image of 20 sectors of zeros.
func sampleSet() (*patch.Set, error) {
	s := patch.New(bytes.NewReader(make([]byte, 20*2048)), 20*2048, nil)
	s.Allocate(2, 0)
	for _, off := range []int64{2048, 5 * 2048, 20 * 2048} {
		if _, err := s.WriteAt([]byte("changed"), off); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// read opens the image as every verb does, and returns its contents.
func read(t *testing.T, d *disk, name ...any) []byte {
	t.Helper()
	f, err := d.Open(imageName, false)
	if err != nil {
		t.Fatal(err)
	}
	v, _, err := journal.CheckOn(d, f, imageName)
	if err != nil {
		t.Fatal(name, err)
	}
	if v == nil {
		return bytes.Clone(d.names[imageName].data)
	}
	defer v.Close()
	p, err := io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// scene is an image that was updated once, and an update of that which fails.
type scene struct {
	d        *disk
	old, new []byte
	oldest   []byte // before the first update, which can be taken back
	set      *patch.Set
}

func newScene(t *testing.T, seed uint64) scene {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 3))
	s := scene{d: newDisk(seed), oldest: noise(r, 2048*(1+r.IntN(20))-r.IntN(2)*r.IntN(2048))}
	s.d.put(imageName, s.oldest)
	first, old := change(t, r, s.oldest)
	if err := journal.ApplyOn(t.Context(), s.d, imageName, first); err != nil {
		t.Fatal(err)
	}
	s.old = old
	if !bytes.Equal(read(t, s.d), old) {
		t.Fatal("the first update is not in the image")
	}
	s.set, s.new = change(t, r, old)
	return s
}

func (s *scene) apply() error {
	return journal.ApplyOn(context.Background(), s.d, imageName, s.set)
}

func (s *scene) undo() error { return journal.UndoOn(context.Background(), s.d, imageName) }

// TestFaults lets every step of an update and of taking it back fail in every way, and stops
// dead at every one. Whatever happens, the image is afterwards as before or as after, for
// everyone who opens it, and the update before that is kept or was carried out can be taken
// back.
func TestFaults(t *testing.T) {
	points, kept, done := 0, 0, 0
	for _, c := range []struct {
		name     string
		prepare  func(*scene) error
		do       func(*scene) error
		from, to func(*scene) []byte
	}{
		{"update", func(*scene) error { return nil }, (*scene).apply, func(s *scene) []byte { return s.old }, func(s *scene) []byte { return s.new }},
		{"undo", (*scene).apply, (*scene).undo, func(s *scene) []byte { return s.new }, func(s *scene) []byte { return s.old }},
	} {
		for seed := range uint64(15) {
			for f := range faults {
				for at := 1; ; at++ {
					s := newScene(t, seed)
					if err := c.prepare(&s); err != nil {
						t.Fatal(err)
					}
					name := fmt.Sprintf("%s, seed %d, fault %d at step %d", c.name, seed, f, at)
					before := s.d.steps
					s.d.faultAt, s.d.fault = before+at, f
					err, died := s.d.attempt(func() error { return c.do(&s) })
					if s.d.steps < s.d.faultAt {
						if err != nil {
							t.Fatalf("%s: %v", name, err)
						}
						break // there are no more steps
					}
					points++
					s.d.faultAt = 0
					if died {
						s.d.crash()
					}
					got := s.settle(t, name, c.from(&s), c.to(&s), f == lasting)
					if got {
						done++
					} else {
						kept++
					}
					if !died && got != (err == nil) && (c.name == "update" && f != lasting || !got) {
						t.Errorf("%s: the operation returned %v, but whether the image is as after it is %v", name, err, got)
					}
					s.takeBack(t, name, c.name == "undo", got)
				}
			}
		}
	}
	t.Logf("%d points: the image was as before in %d, and as after in %d", points, kept, done)
	if points < 2000 || kept == 0 || done == 0 {
		t.Errorf("only %d points", points)
	}
}

// settle opens the image after a fault, in all ways, and returns whether it is as after the
// operation.
func (s *scene) settle(t *testing.T, name string, from, to []byte, unsure bool) bool {
	t.Helper()
	s.d.readOnly = imageName
	first := read(t, s.d, name)
	s.d.readOnly = ""
	isNew := bytes.Equal(first, to)
	if !isNew && !bytes.Equal(first, from) {
		t.Fatalf("%s: the image that cannot be written is neither as before nor as after: %d bytes, %d before, %d after", name, len(first), len(from), len(to))
	}
	// The opening that rolls back can be stopped, too.
	for i := range 3 {
		s.d.faultAt, s.d.fault = s.d.steps+1+s.d.r.IntN(8), crash
		if _, died := s.d.attempt(func() error { read(t, s.d, name); return nil }); died || i == 1 {
			s.d.crash()
		}
		s.d.faultAt = 0
	}
	if last := read(t, s.d, name); unsure && bytes.Equal(last, from) {
		first, isNew = last, false // the state was not on storage, which Apply has said
	}
	for range 2 {
		if got := read(t, s.d, name); !bytes.Equal(got, first) {
			t.Fatalf("%s: another opening gives %d other bytes (read only as after: %v)", name, len(got), isNew)
		}
	}
	if !bytes.Equal(s.d.names[imageName].data, first) {
		t.Fatalf("%s: the file itself differs from what was read", name)
	}
	if s.d.names[imageName+".update"] != nil {
		t.Errorf("%s: the journal of the update is still there", name)
	}
	return isNew
}

// takeBack takes the last update back that is in the image.
func (s *scene) takeBack(t *testing.T, name string, undone, after bool) {
	t.Helper()
	want := s.oldest // the update before
	if undone != after {
		want = s.old // the one that succeeded, or was not taken back
	}
	err := s.undo()
	if undone && after {
		if !errors.Is(err, journal.ErrNone) {
			t.Errorf("%s: taken back twice: %v", name, err)
		}
		return
	}
	if err != nil {
		t.Fatalf("%s: take the last update back: %v", name, err)
	}
	if got := read(t, s.d, name); !bytes.Equal(got, want) {
		t.Fatalf("%s: taken back, the image has %d bytes instead of %d, or others", name, len(got), len(want))
	}
}
