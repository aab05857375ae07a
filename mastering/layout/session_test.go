package layout_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// TestSession plans a session with a small and a large extent.
func TestSession(t *testing.T) {
	const start, end = 10 << 11, 1 << 20
	previous := bytes.Repeat([]byte("previous"), 7*256) // the gap before the session is missing
	large := bytes.Repeat([]byte("large"), 100_000)
	path := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(path, large, 0o600); err != nil {
		t.Fatal(err)
	}
	extents := []layout.Extent{
		{Start: start + 2048, Length: 5, Source: layout.Bytes("small")},
		{Start: start + 4096, Length: int64(len(large)), Source: layout.NewFile(path)},
	}
	whole := make([]byte, end)
	copy(whole, previous)
	copy(whole[start+2048:], "small")
	copy(whole[start+4096:], large)

	l, err := layout.NewSession(extents, start, end, bytes.NewReader(previous))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.Size() != end {
		t.Errorf("it ends at %d", l.Size())
	}
	if got, err := io.ReadAll(io.NewSectionReader(l, 0, l.Size())); err != nil || !bytes.Equal(got, whole) {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	p := make([]byte, 9000)
	for _, off := range []int{0, len(previous) - 10, start - 1, start, start - 8999, end - 9000} {
		if n, err := l.ReadAt(p, int64(off)); n != len(p) || err != nil || !bytes.Equal(p, whole[off:off+len(p)]) {
			t.Errorf("at %d: %d bytes, error %v", off, n, err)
		}
	}
	var m progress.Meter
	var stream bytes.Buffer
	if err := l.WriteTo(t.Context(), &stream, layout.WriteOptions{Reporter: &m}); err != nil || !bytes.Equal(stream.Bytes(), whole[start:]) {
		t.Errorf("%d bytes were written, error %v", stream.Len(), err)
	}
	if s := m.Snapshot(); s.Done != end-start || s.Total != end-start {
		t.Errorf("%d of %d bytes were reported", s.Done, s.Total)
	}
	name := filepath.Join(t.TempDir(), "session")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(l.WriteTo(t.Context(), f, layout.WriteOptions{}), f.Close()); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, whole[start:]) {
		t.Errorf("the file has %d bytes, error %v", len(got), err)
	}

	alone, err := layout.NewSession(extents, start, end, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer alone.Close()
	if n, err := alone.ReadAt(p, start-1); n != 0 || !errors.Is(err, layout.ErrBefore) {
		t.Errorf("without the disc: %d bytes, error %v", n, err)
	}
	if n, err := alone.ReadAt(p, start); n != len(p) || err != nil {
		t.Errorf("without the disc: %d bytes, error %v", n, err)
	}
	if _, err := layout.NewSession(extents, start+4096, end, nil); err == nil {
		t.Error("an extent before the session was accepted")
	}
}

// TestRecorded checks and reads contents that are on a disc already.
func TestRecorded(t *testing.T) {
	image := make([]byte, 10<<11)
	copy(image[3<<11:], "second")
	copy(image[7<<11:], strings.Repeat("f", 2048))
	r := &layout.Recorded{Extents: []volume.Extent{{Start: 7, Length: 2048}, {Start: 3, Length: 6}}, Disc: bytes.NewReader(image)}
	for _, c := range []struct {
		size, start int64
		ok          bool
	}{{2054, 8, true}, {2054, 7, false}, {2053, 8, false}, {2055, 8, false}} {
		if err := r.Check(c.size, c.start); (err == nil) != c.ok {
			t.Errorf("%+v: error %v", c, err)
		}
	}
	const most = math.MaxInt64
	for _, x := range [][]volume.Extent{
		{{Start: 1, Length: most}},
		{{Start: most, Length: 2048}},
		{{Start: -1, Length: 2048}},
		{{Start: 1, Length: most - 2047}, {Start: 1, Length: most - 2047}, {Start: 1, Length: 4096}},
	} {
		size := (volume.ExtentReader{Extents: x}).Size()
		if err := (&layout.Recorded{Extents: x}).Check(size, 8); err == nil {
			t.Errorf("%v is before sector 8", x)
		}
	}
	open, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(open, 0, 5000))
	if want := strings.Repeat("f", 2048) + "second"; err != nil || string(got) != want {
		t.Errorf("%d bytes, error %v", len(got), err)
	}
	truncated := &layout.Recorded{Extents: r.Extents, Disc: bytes.NewReader(image[:7<<11+5])}
	if open, err = truncated.Open(); err != nil {
		t.Fatal(err)
	}
	if n, err := open.ReadAt(make([]byte, 10), 0); n != 5 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a truncated disc: %d bytes, error %v", n, err)
	}
	if _, err := (&layout.Recorded{Extents: r.Extents}).Open(); err == nil {
		t.Error("contents of a disc that is not available were opened")
	}
}
