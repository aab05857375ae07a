package layout_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"glassmaster/mastering/layout"
)

// Sizes of the package: of a chunk that is read ahead, and of the smallest extent that
// is copied separately.
const (
	chunkSize = 512 << 10
	bigExtent = 128 << 10
)

// TestChangedSources changes or replaces files between planning and writing.
func TestChangedSources(t *testing.T) {
	planned := time.Unix(1_600_000_000, 123456789)
	for _, c := range []struct {
		name   string
		change func(path string, length int) error
		want   error
	}{
		{"unchanged", func(string, int) error { return nil }, nil},
		{"written to", func(p string, n int) error { return os.WriteFile(p, bytes.Repeat([]byte{8}, n), 0o600) }, layout.ErrChanged},
		{"replaced by an older one", func(p string, n int) error {
			return errors.Join(os.Remove(p), os.WriteFile(p, bytes.Repeat([]byte{8}, n), 0o600), os.Chtimes(p, time.Unix(1, 0), time.Unix(1, 0)))
		}, layout.ErrChanged},
		{"shorter", func(p string, n int) error { return os.Truncate(p, int64(n-1)) }, layout.ErrShrunk},
		{"longer", func(p string, n int) error { return os.Truncate(p, int64(n+1)) }, layout.ErrGrew},
	} {
		for _, length := range []int{5000, bigExtent + 5, 3 * chunkSize} {
			path := filepath.Join(t.TempDir(), "source")
			if err := errors.Join(os.WriteFile(path, bytes.Repeat([]byte{7}, length), 0o600), os.Chtimes(path, planned, planned)); err != nil {
				t.Fatal(err)
			}
			f := layout.NewFile(path)
			f.Modified = planned.UnixNano()
			l, err := layout.New([]layout.Extent{{Length: int64(length), Source: f}}, int64(length))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.change(path, length); err != nil {
				t.Fatal(err)
			}
			if err := l.WriteTo(t.Context(), io.Discard, layout.WriteOptions{}); !errors.Is(err, c.want) {
				t.Errorf("%d bytes, %s: writing: %v", length, c.name, err)
			}
			_, err = l.ReadAt(make([]byte, 10), 100)
			if (err == nil) != (c.want == nil) {
				t.Errorf("%d bytes, %s: reading: %v", length, c.name, err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// changingWriter changes a file while the image is being written.
type changingWriter struct {
	change func() error
	err    error
}

func (m *changingWriter) Write(p []byte) (int, error) {
	if m.change != nil {
		m.err, m.change = m.change(), nil
	}
	return len(p), m.err
}

// TestSourcesThatChangeDuringCopy changes a large file while it is being copied.
func TestSourcesThatChangeDuringCopy(t *testing.T) {
	const length = 8 * chunkSize
	planned := time.Unix(1_600_000_000, 0)
	for name, c := range map[string]struct {
		change func(path string) error
		want   error
	}{
		"shorter, into a hole": {func(p string) error { return os.Truncate(p, 4*chunkSize) }, layout.ErrShrunk},
		"longer":               {func(p string) error { return os.Truncate(p, length+1) }, layout.ErrGrew},
		"written to":           {func(p string) error { return os.Chtimes(p, planned, planned.Add(time.Second)) }, layout.ErrChanged},
	} {
		path := filepath.Join(t.TempDir(), "source")
		if err := errors.Join(os.WriteFile(path, bytes.Repeat([]byte{7}, chunkSize), 0o600), os.Truncate(path, length), os.Chtimes(path, planned, planned)); err != nil {
			t.Fatal(err)
		}
		f := layout.NewFile(path)
		f.Modified = planned.UnixNano()
		l, err := layout.New([]layout.Extent{{Length: length, Source: f}}, length)
		if err != nil {
			t.Fatal(err)
		}
		w := &changingWriter{change: func() error { return c.change(path) }}
		if err := l.WriteTo(context.Background(), w, layout.WriteOptions{}); w.err != nil || !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v", name, err, w.err)
		}
	}
}

// TestParts writes a layout whose extents are parts of a file: it is not taken for one that
// has grown, unless it has.
func TestParts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	f := layout.NewFile(path)
	f.Size = 5000
	l, err := layout.New([]layout.Extent{{Length: 2000, Source: f}, {Start: 2000, Length: 1000, Offset: 4000, Source: f}}, 3000)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := l.WriteTo(t.Context(), &out, layout.WriteOptions{}); err != nil || out.Len() != 3000 {
		t.Errorf("%d bytes, %v", out.Len(), err)
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 5001), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.WriteTo(t.Context(), &out, layout.WriteOptions{}); !errors.Is(err, layout.ErrGrew) {
		t.Errorf("the file has grown: %v", err)
	}
}
