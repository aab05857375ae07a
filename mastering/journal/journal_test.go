package journal_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/journal"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/peertest"
)

// folders returns a folder on each kind of file system that the machine has.
func folders(t *testing.T) []string {
	t.Helper()
	list := []string{t.TempDir()}
	if dir, err := os.MkdirTemp("/dev/shm", "journal"); err == nil { // tmpfs
		t.Cleanup(func() { os.RemoveAll(dir) })
		list = append(list, dir)
	}
	return list
}

// store writes a file.
func store(t *testing.T, path string, p []byte) {
	t.Helper()
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// contents reads a file.
func contents(t *testing.T, path string) []byte {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// check opens an image as every verb does.
func check(path string) (got []byte, notices int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	v, list, err := journal.Check(f, path)
	if err != nil {
		return nil, 0, err
	}
	if v != nil {
		defer v.Close()
		got, err = io.ReadAll(io.NewSectionReader(v, 0, v.Size()))
	} else {
		got, err = io.ReadAll(f)
	}
	return got, len(list), err
}

// apply makes a change of a file. It overwrites two ranges, adds two sources, and returns
// the contents that the file then has.
func apply(ctx context.Context, t *testing.T, path string, source layout.Source, size int64) ([]byte, error) {
	t.Helper()
	old, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	info, err := old.Stat()
	if err != nil {
		t.Fatal(err)
	}
	set := patch.New(old, info.Size(), nil)
	set.Add(layout.Bytes("first"), 5)
	set.Allocate(3, 0)
	set.Add(source, size)
	for off, text := range map[int64]string{2048: "overwritten", info.Size() - 100: strings.Repeat("end", 33)} {
		if _, err := set.WriteAt([]byte(text), off); err != nil {
			t.Fatal(err)
		}
	}
	want := make([]byte, min(set.Size(), 64<<20))
	_, _ = set.ReadAt(want, 0) // a source may fail
	return want, journal.Apply(ctx, path, info, set, nil)
}

// TestFiles updates files, and takes the updates back.
func TestFiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, dir := range folders(t) {
		path, link, source := filepath.Join(dir, "disc.iso"), filepath.Join(dir, "sub", "link.iso"), filepath.Join(dir, "source")
		old := noise(r, 50*2048-17)
		store(t, path, old)
		store(t, source, noise(r, 3<<20))
		if err := os.Mkdir(filepath.Join(dir, "sub"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink("../disc.iso", link); err != nil {
			link = path // Windows without the privilege
		}
		first, err := apply(t.Context(), t, path, layout.NewFile(source), 3<<20)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(contents(t, path), first) {
			t.Error("the first update is not in the image")
		}
		second, err := apply(t.Context(), t, link, layout.Bytes("second"), 6)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(contents(t, path), second) {
			t.Error("the second update is not in the image")
		}
		s, err := journal.StatusOf(link)
		if err != nil || s.Refused != nil || s.Size != int64(len(second)) || s.Before != int64(len(first)) || s.Overwritten != 4096 {
			t.Errorf("%+v, %v", s, err)
		}
		if got, n, err := check(link); err != nil || n > 0 || !bytes.Equal(got, second) {
			t.Errorf("opened: %d bytes, %d notices, %v", len(got), n, err)
		}
		if err := journal.Undo(t.Context(), link, nil); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(contents(t, path), first) {
			t.Error("the second update was not taken back")
		}
		if err := journal.Undo(t.Context(), path, nil); !errors.Is(err, journal.ErrNone) {
			t.Errorf("taken back twice: %v", err)
		}
		list, err := os.ReadDir(dir)
		if err != nil || len(list) != 3 {
			t.Errorf("files left behind: %v, %v", list, err)
		}
	}
}

// Names are cut so that those of the journals are possible, and stay different.
func TestLongNames(t *testing.T) {
	dir := t.TempDir()
	var paths []string
	for _, end := range []string{"1.iso", "2.iso"} {
		path := filepath.Join(dir, strings.Repeat("a", 250)+end)
		store(t, path, bytes.Repeat([]byte(end), 10*2048))
		if _, err := apply(t.Context(), t, path, layout.Bytes("x"), 1); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	for i, path := range paths {
		if err := journal.Undo(t.Context(), path, nil); err != nil || contents(t, path)[0] != byte('1'+i) {
			t.Errorf("%d: %v", i, err)
		}
	}
}

// bad is a source that fails after some bytes.
type bad struct{ after int64 }

func (bad) String() string                 { return "a bad file" }
func (b bad) Open() (layout.Reader, error) { return b, nil }
func (bad) Close() error                   { return nil }
func (b bad) ReadAt(p []byte, off int64) (int, error) {
	if off+int64(len(p)) > b.after {
		return 0, errors.New("cannot be read")
	}
	return len(p), nil
}

// An update that fails leaves the image with its contents and its time, and the update
// before it can be taken back.
func TestFailures(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for _, dir := range folders(t) {
		path, source := filepath.Join(dir, "disc.iso"), filepath.Join(dir, "source")
		oldest := noise(r, 20*2048)
		store(t, path, oldest)
		old, err := apply(t.Context(), t, path, layout.Bytes("old"), 3)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		store(t, source, make([]byte, 1<<20))
		changed := layout.NewFile(source)
		changed.Modified = 1
		cancelled, cancel := context.WithCancel(t.Context())
		cancel()
		for _, c := range []struct {
			name   string
			ctx    context.Context
			source layout.Source
			size   int64
			want   string
		}{
			{"missing", t.Context(), layout.NewFile(filepath.Join(dir, "missing")), 1 << 20, "no such file"},
			{"unreadable", t.Context(), bad{1 << 20}, 2 << 20, "cannot be read"},
			{"shorter", t.Context(), layout.NewFile(source), 2 << 20, "shorter"},
			{"written to", t.Context(), changed, 1 << 20, "written to"},
			{"too large", t.Context(), bad{}, 1 << 49, "only"},
			{"cancelled", cancelled, layout.Bytes("x"), 1, "cancel"},
		} {
			_, err := apply(c.ctx, t, path, c.source, c.size)
			if err == nil || !strings.Contains(err.Error(), c.want) && runtime.GOOS == "linux" {
				t.Errorf("%s: %v", c.name, err)
			}
			after, e := os.Stat(path)
			if e != nil || !after.ModTime().Equal(info.ModTime()) || !bytes.Equal(contents(t, path), old) {
				t.Errorf("%s: the image has changed, %v", c.name, e)
			}
			if _, err := os.Stat(path + ".update"); err == nil {
				t.Errorf("%s: the journal is still there", c.name)
			}
		}
		if err := journal.Undo(t.Context(), path, nil); err != nil || !bytes.Equal(contents(t, path), oldest) {
			t.Errorf("the update before was not taken back: %v", err)
		}
	}
}

// An image that another program has changed is not changed.
func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc.iso")
	store(t, path, make([]byte, 10*2048))
	if err := os.Chtimes(path, time.Time{}, time.Unix(1e9, 0)); err != nil {
		t.Fatal(err)
	}
	planned, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	set := patch.New(bytes.NewReader(make([]byte, 10*2048)), 10*2048, nil)
	if _, err := set.WriteAt([]byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	other := bytes.Repeat([]byte("y"), 10*2048)
	store(t, path, other)
	if err := journal.Apply(t.Context(), path, planned, set, nil); err == nil || !bytes.Equal(contents(t, path), other) {
		t.Errorf("the image was changed: %v", err)
	}
	if _, err := apply(t.Context(), t, path, layout.Bytes("z"), 1); err != nil {
		t.Fatal(err)
	}
	updated := contents(t, path)
	for _, c := range []struct {
		name string
		do   func()
	}{
		{"contents in an overwritten range", func() { updated[2050]++; store(t, path, updated) }},
		{"time", func() { _ = os.Chtimes(path, time.Time{}, time.Unix(2e9, 0)) }},
		{"size", func() { store(t, path, append(updated, 0)) }},
		{"a copy", func() { os.Remove(path); store(t, path, updated) }},
	} {
		c.do()
		got := contents(t, path)
		if err := journal.Undo(t.Context(), path, nil); !errors.Is(err, journal.ErrChanged) || !bytes.Equal(contents(t, path), got) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if err := journal.Discard(path); err != nil {
		t.Error(err)
	}
	if err := journal.Discard(path); !errors.Is(err, journal.ErrNone) {
		t.Errorf("discarded twice: %v", err)
	}
}

// Files that cannot be changed safely are refused.
func TestRefused(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "disc.iso")
	store(t, path, make([]byte, 10*2048))
	if err := os.Link(path, filepath.Join(dir, "other.iso")); err != nil {
		peertest.Skip(t, err.Error())
	}
	if _, err := apply(t.Context(), t, path, layout.Bytes("z"), 1); err == nil || !strings.Contains(err.Error(), "2 names") {
		t.Errorf("an image with two names: %v", err)
	}
	if !bytes.Equal(contents(t, path), make([]byte, 10*2048)) {
		t.Error("the image was changed")
	}
	set := patch.New(bytes.NewReader(nil), 0, nil)
	for _, special := range []string{os.DevNull, dir} {
		if err := journal.Apply(t.Context(), special, nil, set, nil); err == nil {
			t.Errorf("%s was updated", special)
		}
	}
}
