package newfile_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"glassmaster/mastering/newfile"
)

// A named pipe in the place of a further file is refused. Opening it would wait for a
// reader for ever.
func TestPipeBeside(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mkfifo(filepath.Join(dir, "x.bin"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newfile.NewSet(filepath.Join(dir, "x.cue"))
	defer s.Discard()
	if _, err := s.CreateBeside("x.bin"); err == nil {
		t.Error("a named pipe was opened")
	}
}
