package layout_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"glassmaster/mastering/layout"
)

// TestCheck changes one of three files before the check.
func TestCheck(t *testing.T) {
	planned := time.Unix(1_600_000_000, 123456789)
	for name, c := range map[string]struct {
		change    func(path string) error
		want      error
		delivered bool
	}{
		"unchanged":    {func(string) error { return nil }, nil, false},
		"gone":         {os.Remove, os.ErrNotExist, false},
		"shorter":      {func(p string) error { return os.Truncate(p, 99) }, layout.ErrShrunk, false},
		"longer":       {func(p string) error { return os.Truncate(p, 101) }, layout.ErrGrew, true},
		"another time": {func(p string) error { return os.Chtimes(p, planned, planned.Add(time.Second)) }, layout.ErrChanged, true},
		"now a folder": {func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) }, layout.ErrReplaced, false},
		"now a FIFO":   {func(p string) error { return errors.Join(os.Remove(p), unix.Mkfifo(p, 0o600)) }, layout.ErrReplaced, false},
	} {
		t.Run(name, func(t *testing.T) {
			folder := &layout.Folder{Path: t.TempDir()}
			var extents []layout.Extent
			for i, name := range []string{"a", "b", "c"} {
				path := filepath.Join(folder.Path, name)
				if err := errors.Join(os.WriteFile(path, bytes.Repeat([]byte{7}, 100), 0o600), os.Chtimes(path, planned, planned)); err != nil {
					t.Fatal(err)
				}
				f := &layout.File{Folder: folder, Name: name, Modified: planned.UnixNano()}
				extents = append(extents, layout.Extent{Start: int64(i) * 2048, Length: 100, Source: f})
			}
			l, err := layout.New(extents, 3*2048)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder.Path, "b")
			if err := c.change(path); err != nil {
				t.Fatal(err)
			}
			var found []*layout.SourceError
			err = l.Check(t.Context(), func(e *layout.SourceError) error {
				found = append(found, e)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if c.want == nil {
				if found != nil {
					t.Errorf("found %v", found)
				}
				return
			}
			if _, err := l.ReadAt(make([]byte, 100), 2048); !errors.Is(err, c.want) {
				t.Errorf("reading it: %v", err)
			}
			if len(found) != 1 || found[0].Source != path || !errors.Is(found[0], c.want) || found[0].Delivered != c.delivered {
				t.Errorf("found %v", found)
			}
		})
	}
}

// TestChangesBetweenReads changes a file when half of it was read. The next read
// reports that, although the file is open.
func TestChangesBetweenReads(t *testing.T) {
	const length = 64 << 10
	planned := time.Unix(1_600_000_000, 0)
	for name, c := range map[string]struct {
		change func(path string) error
		want   error
	}{
		"longer":     {func(p string) error { return os.Truncate(p, length+1) }, layout.ErrGrew},
		"shorter":    {func(p string) error { return os.Truncate(p, length-1) }, layout.ErrShrunk},
		"written to": {func(p string) error { return os.Chtimes(p, planned, planned.Add(time.Second)) }, layout.ErrChanged},
	} {
		path := filepath.Join(t.TempDir(), "source")
		if err := errors.Join(os.WriteFile(path, bytes.Repeat([]byte{7}, length), 0o600), os.Chtimes(path, planned, planned)); err != nil {
			t.Fatal(err)
		}
		f := layout.NewFile(path)
		f.Modified = planned.UnixNano()
		l, err := layout.New([]layout.Extent{{Length: length, Source: f}}, length)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		half := make([]byte, length/2)
		if _, err := l.ReadAt(half, 0); err != nil {
			t.Fatal(err)
		}
		if err := c.change(path); err != nil {
			t.Fatal(err)
		}
		if _, err := l.ReadAt(half, length/2); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// patched is a source that is made from a file, such as a boot image with a boot
// information table, and can tell whether that file has changed.
type patched struct {
	layout.Bytes
	err error
}

func (p patched) Unchanged() error { return p.err }

// TestCheckWatcher checks sources that are not files.
func TestCheckWatcher(t *testing.T) {
	for _, c := range []struct {
		err       error
		delivered bool
	}{{layout.ErrChanged, true}, {os.ErrNotExist, false}} {
		l, err := layout.New([]layout.Extent{{Length: 4, Source: patched{layout.Bytes("boot"), c.err}}}, 2048)
		if err != nil {
			t.Fatal(err)
		}
		var found []*layout.SourceError
		if err := l.Check(t.Context(), func(e *layout.SourceError) error { found = append(found, e); return nil }); err != nil {
			t.Fatal(err)
		}
		if len(found) != 1 || !errors.Is(found[0], c.err) || found[0].Delivered != c.delivered {
			t.Errorf("%v: found %v", c.err, found)
		}
	}
}
