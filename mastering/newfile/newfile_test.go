package newfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"glassmaster/mastering/newfile"
	"glassmaster/mastering/peertest"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.iso")
	put := func(text string, fail error) error {
		return newfile.Write(path, func(f *os.File) error {
			if _, err := f.WriteString(text); err != nil {
				return err
			}
			return fail
		})
	}
	want := func(text string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if string(got) != text || text != "" && err != nil {
			t.Errorf("got %q (%v), want %q", got, err, text)
		}
		entries, _ := os.ReadDir(filepath.Dir(path))
		if n := len(entries); n > 1 || n == 1 && text == "" {
			t.Errorf("left behind: %v", entries)
		}
	}
	broken := errors.New("broken")
	if err := put("half", broken); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	want("")
	if err := put("first", nil); err != nil {
		t.Fatal(err)
	}
	want("first")
	if err := put("half of the second", broken); !errors.Is(err, broken) {
		t.Errorf("got error %v", err)
	}
	want("first")
	if err := put("second", nil); err != nil {
		t.Fatal(err)
	}
	want("second")
	if err := newfile.Write(filepath.Dir(path), func(*os.File) error { return nil }); err == nil {
		t.Error("a folder was overwritten")
	}
	if err := newfile.Write("/dev/null", func(f *os.File) error { return nil }); err != nil {
		t.Error(err)
	}
}

// A name may have as many bytes as the file system permits.
func TestLongName(t *testing.T) {
	for _, name := range []string{strings.Repeat("x", 255), strings.Repeat("я", 127), "x" + strings.Repeat("я", 127)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			peertest.Skip(t, err.Error())
		}
		if err := newfile.Write(path, func(*os.File) error { return nil }); err != nil {
			t.Errorf("%d bytes: %v", len(name), err)
		}
	}
}

// The file at the end of a symbolic link is replaced, or made, and the link stays.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	link, path := filepath.Join(dir, "link"), filepath.Join(dir, "file")
	if err := os.Symlink("file", link); err != nil {
		peertest.Skip(t, err.Error())
	}
	for _, text := range []string{"new", "replaced"} {
		if err := newfile.Write(link, func(f *os.File) error { _, err := f.WriteString(text); return err }); err != nil {
			t.Fatal(err)
		}
		info, err := os.Lstat(link)
		if p, _ := os.ReadFile(path); err != nil || info.Mode()&os.ModeSymlink == 0 || string(p) != text {
			t.Errorf("%q: got %q, %v, %v", text, p, info, err)
		}
	}
	loop := filepath.Join(dir, "loop")
	if err := os.Symlink("loop", loop); err != nil {
		t.Fatal(err)
	}
	if err := newfile.Write(loop, func(*os.File) error { return nil }); err == nil {
		t.Error("a link to itself was written")
	}
}

// A file that is replaced keeps its permissions.
func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions of Unix")
	}
	path := filepath.Join(t.TempDir(), "file")
	for _, mode := range []os.FileMode{0o600, 0o666, 0o444} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if err := newfile.Write(path, func(*os.File) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%v became %v, %v", mode, info.Mode(), err)
		}
		os.Remove(path)
	}
}

// A file that cannot be renamed leaves nothing behind, and an existing file of that name
// stays.
func TestRenameFails(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.iso")
	err := newfile.Write(path, func(*os.File) error { return os.MkdirAll(filepath.Join(path, "folder"), 0o700) })
	entries, _ := os.ReadDir(dir)
	if err == nil || len(entries) != 1 || !entries[0].IsDir() {
		t.Errorf("%v, %v", err, entries)
	}
}

// What a pipe or /dev/null does not support is no error.
func TestSyncDevice(t *testing.T) {
	s := newfile.NewSet(os.DevNull)
	if _, err := s.Create(); err != nil {
		t.Fatal(err)
	}
	if err := s.Sync(); err != nil {
		t.Error(err)
	}
	if err := s.Commit(); err != nil {
		t.Error(err)
	}
	s.Discard()
}

// If one file of a set cannot get its name, the files that existed stay as they were.
func TestSetRenameFails(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"x.cue", "2.bin", "3.bin"} {
		if err := os.WriteFile(path(name), []byte("old "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := newfile.NewSet(path("x.cue"))
	defer s.Discard()
	main, err := s.Create()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := main.Write([]byte("new")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"1.bin", "2.bin", "3.bin", "4.bin"} {
		f, err := s.CreateBeside(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("new"); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(path("1.bin"), "folder"), 0o700); err != nil { // the last one but the main file
		t.Fatal(err)
	}
	if err := s.Commit(); err == nil {
		t.Error("a folder was replaced")
	}
	for _, name := range []string{"x.cue", "2.bin", "3.bin"} {
		if p, err := os.ReadFile(path(name)); string(p) != "old "+name {
			t.Errorf("%s: %q, %v", name, p, err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Errorf("left behind: %v", entries)
	}
}

// A set that replaces existing files leaves nothing else behind.
func TestSetReplaces(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s := newfile.NewSet(filepath.Join(dir, "x.cue"))
		if _, err := s.Create(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.CreateBeside("x.bin"); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("left behind: %v", entries)
	}
}
