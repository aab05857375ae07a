//go:build linux

package command

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/peertest"
)

// brokenOff is an edit of an image in place by the real program, which is broken off.
type brokenOff struct {
	*testing.T
	bin, image string
	edit       []string // the arguments of the edit
	old, new   []byte   // the image before and after it
	left       map[string]int
}

// newBrokenOff makes the image, and learns what the edit makes of it.
func newBrokenOff(t *testing.T) *brokenOff {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000") // every edit gives the same bytes
	dir := sample(t)
	put(t, filepath.Join(dir, "removed"), "this file is removed\n")
	b := &brokenOff{T: t, bin: program(t), image: filepath.Join(t.TempDir(), "disc.iso"), left: map[string]int{}}
	must(t, OK, "build", dir, "-o", b.image, "--udf", "1.02")
	b.old = content(t, b.image)
	added := filepath.Join(t.TempDir(), "added")
	put(t, added, string(virtualtest.Noise(300, 1)))
	b.edit = []string{
		"edit", b.image, "--in-place", "--update", "--add", added + "=/docs/added", "--remove", "/removed",
		"--rename", "/readme.txt=/docs/read.me", "--label", "OTHER",
	}
	must(t, OK, b.edit...)
	b.new = content(t, b.image)
	return b
}

// start prepares the image for the edit, or for taking it back, and returns the arguments.
func (b *brokenOff) start(undo bool) []string {
	b.Helper()
	for _, end := range []string{".undo", ".update"} {
		if err := os.RemoveAll(b.image + end); err != nil {
			b.Fatal(err)
		}
	}
	put(b.T, b.image, string(b.old))
	if !undo {
		return b.edit
	}
	must(b.T, OK, b.edit...)
	return []string{"undo", "--yes", b.image}
}

// check opens the image, which must be the old or the new one afterwards, and edits it
// again. done is what the image must be, nil if it may be either: the program was killed, or
// has said that the work was broken off and is completed when the image is opened.
func (b *brokenOff) check(what string, undo bool, done []byte, said []byte) {
	b.Helper()
	r := run(b.T, "ls", "-R", b.image)
	got := content(b.T, b.image)
	switch {
	case r.code != OK:
		b.Fatalf("%s: the image cannot be opened, exit code %d\n%s%s", what, r.code, r.log, said)
	case bytes.Equal(got, b.old):
		b.left["old"]++
	case bytes.Equal(got, b.new):
		b.left["new"]++
	default:
		b.Fatalf("%s: the image is neither the old nor the new one\n%s%s", what, r.log, said)
	}
	if done != nil && !bytes.Equal(got, done) {
		b.Errorf("%s: the exit code says something else than the image\n%s", what, said)
	}
	if bytes.Equal(got, b.new) {
		// What is new can be taken back, unless it was left when taking it back ended.
		r := run(b.T, "undo", "--yes", b.image)
		if r.code == OK && !bytes.Equal(content(b.T, b.image), b.old) || r.code != OK && !bytes.Equal(content(b.T, b.image), b.new) {
			b.Errorf("%s: after undo the image is not whole: exit code %d\n%s", what, r.code, r.log)
		}
		if r.code != OK {
			b.Errorf("%s: undo: exit code %d\n%s", what, r.code, r.log)
		}
		return
	}
	if undo {
		return
	}
	if must(b.T, OK, b.edit...); !bytes.Equal(content(b.T, b.image), b.new) {
		b.Errorf("%s: the next edit gave another image", what)
	}
}

// steps are the system calls that change files, and about how many of each an edit makes.
var steps = map[string]int{"pwrite64": 20, "write": 4, "fsync": 11, "ftruncate": 3, "renameat": 2, "unlinkat": 4, "copy_file_range": 3, "utimensat": 1}

// TestBrokenOffEdit lets the system calls of the real program fail, one after the other, or
// kills it there, while it edits an image in place and while it takes the edit back.
// Whoever opens the image afterwards finds the old or the new one, whole.
func TestBrokenOffEdit(t *testing.T) {
	peertest.Need(t, "strace")
	b := newBrokenOff(t)
	runs := 0
	for call, n := range steps {
		for i := 1; i <= n; i++ {
			for j, fault := range []string{"signal=SIGKILL", "error=EIO", "error=ENOSPC"} {
				undo := (i+j)%3 == 0 // each third
				what := fmt.Sprintf("%s %d %s, undo %v", call, i, fault, undo)
				args := b.start(undo)
				inject := fmt.Sprintf("inject=%s:%s:when=%d", call, fault, i)
				cmd := exec.Command("strace", append([]string{"-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", inject, b.bin}, args...)...)
				said, err := cmd.CombinedOutput()
				runs++
				done := b.old
				if undo == (err != nil) {
					done = b.new
				}
				crashed := strings.Contains(string(said), "fatal error: ") // the runtime of Go wakes threads with writes
				if err != nil && (fault == "signal=SIGKILL" || crashed || strings.Contains(string(said), "was broken off")) {
					done = nil
				}
				b.check(what, undo, done, said)
			}
		}
	}
	t.Logf("%d runs, images: %v", runs, b.left)
}

// TestKilledEdit kills the real program at any time during an edit and while the edit is
// taken back.
func TestKilledEdit(t *testing.T) {
	b := newBrokenOff(t)
	for i := range 60 {
		undo := i%3 == 0
		cmd := exec.Command(b.bin, b.start(undo)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(i) * 400 * time.Microsecond)
		_ = cmd.Process.Kill() // unless it has ended
		done := []byte(nil)
		if err := cmd.Wait(); err == nil {
			if done = b.new; undo {
				done = b.old
			}
		}
		b.check(fmt.Sprintf("run %d", i), undo, done, nil)
	}
	t.Logf("images: %v", b.left)
}
