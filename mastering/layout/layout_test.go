//go:build linux

package layout_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/progress"
)

// pattern is a layout.Renderer.
type pattern byte

func (p pattern) String() string { return "pattern" }

func (p pattern) Render(b []byte) {
	for i := range b {
		b[i] = byte(p) + byte(i)
	}
}

// image plans a random image with all kinds of extents, and returns its expected
// contents.
func image(t testing.TB, seed int64) (*layout.Layout, []byte) {
	t.Helper()
	r := rand.New(rand.NewSource(seed))
	dir := t.TempDir()
	var extents []layout.Extent
	var want []byte
	sizes := []int{1, 100, 2047, 2048, 2049, 4096, 60000, chunkSize - 2048, chunkSize, chunkSize + 1, 3*chunkSize + 5}
	for i := range 60 {
		if r.Intn(4) == 0 { // a gap, now and then a long one
			want = append(want, make([]byte, 2048*r.Intn(3)+chunkSize*2*(r.Intn(8)/7))...)
		}
		b := make([]byte, sizes[r.Intn(len(sizes))])
		e := layout.Extent{Start: int64(len(want)), Length: int64(len(b))}
		switch r.Intn(5) {
		case 0:
			r.Read(b)
			e.Source = layout.Bytes(b)
		case 1:
			pattern(i).Render(b)
			e.Source = pattern(i)
		case 2:
			r.Read(b)
			name := filepath.Join(dir, fmt.Sprint("whole", i))
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
			e.Source = &layout.File{Folder: &layout.Folder{Path: dir}, Name: filepath.Base(name)}
		case 3: // a part of a file
			r.Read(b)
			name := filepath.Join(dir, fmt.Sprint("part", i))
			if err := os.WriteFile(name, append(make([]byte, 777), b...), 0o600); err != nil {
				t.Fatal(err)
			}
			e.Source, e.Offset = layout.NewFile(name), 777
		case 4: // zeros, or nothing at all
			if r.Intn(2) == 0 {
				e.Length, b = 0, nil
			}
		}
		extents = append(extents, e)
		want = append(want, b...)
		want = append(want, make([]byte, -len(want)&2047)...)
	}
	want = append(want, make([]byte, r.Intn(2)*300*1024)...)
	l, err := layout.New(extents, int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, want
}

func TestWriteAndReadAgree(t *testing.T) {
	for seed := range int64(12) {
		l, want := image(t, seed)
		var stream bytes.Buffer
		var m progress.Meter
		if err := l.WriteTo(t.Context(), &stream, layout.WriteOptions{Reporter: &m}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(stream.Bytes(), want) {
			t.Errorf("seed %d: the stream differs at byte %d", seed, diff(stream.Bytes(), want))
		}
		if s := m.Snapshot(); s.Done != l.Size() || s.Total != l.Size() {
			t.Errorf("seed %d: %d of %d bytes reported, the image has %d", seed, s.Done, s.Total, l.Size())
		}
		path := filepath.Join(t.TempDir(), "image")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.WriteTo(t.Context(), f, layout.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("seed %d: the file differs at byte %d (%v)", seed, diff(got, want), err)
		}
		got, err := io.ReadAll(io.NewSectionReader(l, 0, l.Size()))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("seed %d: reading differs at byte %d (%v)", seed, diff(got, want), err)
		}
		r := rand.New(rand.NewSource(seed))
		for range 200 {
			off := r.Intn(len(want))
			p := make([]byte, r.Intn(min(len(want)-off, 9000)+1))
			if n, err := l.ReadAt(p, int64(off)); n != len(p) || !bytes.Equal(p, want[off:off+len(p)]) {
				t.Fatalf("seed %d: %d bytes at %d: %v", seed, len(p), off, err)
			}
		}
	}
}

func diff(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestHolesStayHoles checks that sparse sources and gaps take no space in the image.
func TestHolesStayHoles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("data"), 64<<20); err != nil {
		t.Fatal(err)
	}
	f.Close()
	l, err := layout.New([]layout.Extent{{Start: 4096, Length: 64<<20 + 4, Source: layout.NewFile(path)}}, 256<<20)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := l.WriteTo(t.Context(), out, layout.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(out.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	if st.Size != 256<<20 || st.Blocks*512 > 1<<20 {
		t.Errorf("%d bytes take %d", st.Size, st.Blocks*512)
	}
	p := make([]byte, 4)
	if _, err := out.ReadAt(p, 4096+64<<20); string(p) != "data" {
		t.Errorf("got %q (%v)", p, err)
	}
}

// TestSourcesThatFail changes sources between planning and writing.
func TestSourcesThatFail(t *testing.T) {
	big := int64(3 * chunkSize)
	for _, c := range []struct {
		name   string
		length int64
		change func(path string) error
		want   error
		kept   int64 // bytes of the file that are written
	}{
		{"small, shorter", 5000, func(p string) error { return os.Truncate(p, 4000) }, layout.ErrShrunk, 4000},
		{"small, longer", 5000, func(p string) error { return os.Truncate(p, 5001) }, layout.ErrGrew, 5000},
		{"small, empty", 5000, func(p string) error { return os.Truncate(p, 0) }, layout.ErrShrunk, 0},
		{"small, gone", 5000, os.Remove, os.ErrNotExist, 0},
		{"small, a folder now", 5000, func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }, unix.EISDIR, 0},
		{"big, shorter", big, func(p string) error { return os.Truncate(p, big-1) }, layout.ErrShrunk, big - 1},
		{"big, longer", big, func(p string) error { return os.Truncate(p, big+1) }, layout.ErrGrew, big},
		{"big, gone", big, os.Remove, os.ErrNotExist, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "source")
			content := bytes.Repeat([]byte{7}, int(c.length))
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			size := (c.length+2047)/2048*2048 + 2048
			l, err := layout.New([]layout.Extent{{Length: c.length, Source: layout.NewFile(path)}, {Start: size - 2048, Length: 4, Source: layout.Bytes("next")}}, size)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if err := c.change(path); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			err = l.WriteTo(t.Context(), &out, layout.WriteOptions{})
			var bad *layout.SourceError
			if !errors.Is(err, c.want) || !errors.As(err, &bad) || bad.Source != path || strings.Count(err.Error(), path) != 1 {
				t.Errorf("got error %v", err)
			}
			// With OnError, writing continues with the available bytes.
			out.Reset()
			var reported []*layout.SourceError
			err = l.WriteTo(t.Context(), &out, layout.WriteOptions{OnError: func(e *layout.SourceError) error {
				reported = append(reported, e)
				return nil
			}})
			if err != nil || len(reported) != 1 {
				t.Fatalf("got error %v, reported %v", err, reported)
			}
			if int64(out.Len()) != size || string(out.Bytes()[size-2048:size-2044]) != "next" {
				t.Errorf("%d bytes, %q", out.Len(), out.Bytes()[size-2048:size-2044])
			}
			want := make([]byte, c.length)
			copy(want, content[:c.kept])
			if got := out.Bytes()[:c.length]; !bytes.Equal(got, want) || reported[0].Delivered != (c.kept == c.length) {
				t.Errorf("%d bytes of the file are there, want %d; delivered: %t", bytes.Count(got, content[:1]), c.kept, reported[0].Delivered)
			}
			// ReadAt gives the same bytes.
			got := make([]byte, size)
			l.OnError(func(*layout.SourceError) error { return nil })
			if _, err := l.ReadAt(got, 0); err != nil || !bytes.Equal(got, out.Bytes()) {
				t.Errorf("read at once: error %v, equal to what was written: %t", err, bytes.Equal(got, out.Bytes()))
			}
		})
	}
}

// canceller cancels a context after some bytes were written.
type canceller struct {
	cancel context.CancelFunc
	left   int
}

func (c *canceller) Write(p []byte) (int, error) {
	if c.left -= len(p); c.left < 0 {
		c.cancel()
	}
	return len(p), nil
}

func TestCancel(t *testing.T) {
	l, want := image(t, 1)
	for _, at := range []int{0, len(want) / 3, len(want) - 1000} {
		ctx, cancel := context.WithCancel(t.Context())
		err := l.WriteTo(ctx, &canceller{cancel, at}, layout.WriteOptions{})
		cancel()
		if at < len(want)-chunkSize && !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled at %d: got %v", at, err)
		}
	}
}

func TestNewRefusesOverlaps(t *testing.T) {
	for _, extents := range [][]layout.Extent{
		{{Start: 0, Length: 10}, {Start: 9, Length: 1}},
		{{Start: 10, Length: 1}, {Start: 0, Length: 1}},
		{{Start: 99, Length: 2}},
		{{Start: 0, Length: -1}},
		{{Start: 1 << 62, Length: 1 << 62}},
	} {
		if _, err := layout.New(extents, 100); err == nil {
			t.Errorf("%v was accepted", extents)
		}
	}
}

// TestSharedOutput writes to files to which other programs write too, as with
// redirections of a shell: before the image, after it, and appending.
func TestSharedOutput(t *testing.T) {
	l, want := image(t, 3)
	for _, c := range []struct {
		name, before string
		flags        int
	}{
		{"first", "", 0}, {"after others", "before", 0}, {"appending", "before", os.O_APPEND}, {"appending to nothing", "", os.O_APPEND},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "out")
			f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|c.flags, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if _, err := f.WriteString(c.before); err != nil {
				t.Fatal(err)
			}
			if err := l.WriteTo(t.Context(), f, layout.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := f.WriteString("after"); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(path)
			if err != nil || string(got) != c.before+string(want)+"after" {
				t.Errorf("%d bytes, want %d (%v)", len(got), len(c.before)+len(want)+5, err)
			}
		})
	}
}
