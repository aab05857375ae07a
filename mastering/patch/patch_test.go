package patch_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
)

func noise(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// TestSet makes random changes and compares every way to read the result with a copy in
// memory to which the same was done.
func TestSet(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		base := noise(r, 2048*(1+r.IntN(40))-r.IntN(2)*r.IntN(2048))
		s := patch.New(bytes.NewReader(base), int64(len(base)), nil)
		want := append([]byte(nil), base...)
		grow := func() {
			for int64(len(want)) < s.Sectors()*2048 {
				want = append(want, 0)
			}
		}
		for range r.IntN(12) {
			switch r.IntN(3) {
			case 0:
				b := noise(r, r.IntN(9000))
				at := s.Add(layout.Bytes(b), int64(len(b)))
				grow()
				copy(want[at*2048:], b)
			case 1:
				if at := s.Allocate(int64(r.IntN(4)), int64(r.IntN(5))); at > s.Sectors() {
					t.Fatalf("seed %d: allocated at %d of %d", seed, at, s.Sectors())
				}
				grow()
			case 2:
				b := noise(r, r.IntN(5000))
				off := r.Int64N(s.Sectors() * 2048)
				b = b[:min(int64(len(b)), s.Sectors()*2048-off)]
				if _, err := s.WriteAt(b, off); err != nil {
					t.Fatal(err)
				}
				grow()
				copy(want[off:], b)
			}
		}
		check(t, seed, s, base, want)
	}
}

func check(t *testing.T, seed uint64, s *patch.Set, base, want []byte) {
	t.Helper()
	full := append(append([]byte(nil), want...), make([]byte, s.Sectors()*2048-int64(len(want)))...)
	got, err := io.ReadAll(io.NewSectionReader(s, 0, s.Sectors()*2048))
	if err != nil || !bytes.Equal(got, full) {
		t.Fatalf("seed %d: the Set reads other bytes, %v", seed, err)
	}
	l, err := s.Layout()
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	var out bytes.Buffer
	if err := l.WriteTo(context.Background(), &out, layout.WriteOptions{}); err != nil || !bytes.Equal(out.Bytes(), full[:s.Size()]) {
		t.Fatalf("seed %d: the layout writes other bytes, %v", seed, err)
	}
	file := append([]byte(nil), base...)
	for int64(len(file)) < s.Sectors()*2048 {
		file = append(file, 0)
	}
	for off, b := range s.Overwritten() {
		copy(file[off:], b)
	}
	for _, e := range s.Added() {
		r, err := layout.OpenSource(e.Source, e.Length)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.ReadAt(file[e.Start:e.End()], e.Offset); err != nil && err != io.EOF {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
	if !bytes.Equal(file, full) {
		t.Fatalf("seed %d: the image differs after Overwritten and Added were written", seed)
	}
}

func TestWriteOutside(t *testing.T) {
	s := patch.New(bytes.NewReader(make([]byte, 2048)), 2048, nil)
	for _, off := range []int64{-1, 2047, 4096} {
		if _, err := s.WriteAt([]byte{1, 2}, off); err == nil {
			t.Errorf("written at %d", off)
		}
	}
}

func TestBaseError(t *testing.T) {
	s := patch.New(bytes.NewReader(make([]byte, 100)), 4096, nil) // shorter than it claims
	if _, err := s.WriteAt([]byte{1}, 2100); err == nil {
		t.Error("a sector that cannot be read was changed in part")
	}
	if _, err := s.ReadAt(make([]byte, 1), 2100); err == nil {
		t.Error("a sector that cannot be read was read")
	}
}

// uncomparable is a reader whose values cannot be compared.
type uncomparable struct {
	*bytes.Reader
	_ []int
}

// The layout of a Set can be read whatever the base is.
func TestUncomparableBase(t *testing.T) {
	base := noise(rand.New(rand.NewPCG(1, 1)), 3*2048)
	s := patch.New(uncomparable{Reader: bytes.NewReader(base)}, int64(len(base)), nil)
	l, err := s.Layout()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make([]byte, len(base))
	for range 2 { // the second time the source is open already
		if _, err := l.ReadAt(got, 0); err != nil && err != io.EOF || !bytes.Equal(got, base) {
			t.Fatalf("read: %v", err)
		}
	}
}
