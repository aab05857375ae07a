package journal_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/journal"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
)

// killer is the operating system, which kills this process before a step.
type killer struct {
	journal.System
	left *int
}

// killedFile is an open file of a killer.
type killedFile struct {
	journal.File
	k killer
}

func (k killer) step() {
	if *k.left--; *k.left == 0 {
		p, _ := os.FindProcess(os.Getpid())
		_ = p.Kill()
		select {} // until it is dead
	}
}

func (k killer) wrap(f journal.File, err error) (journal.File, error) {
	if err != nil {
		return nil, err
	}
	return killedFile{f, k}, nil
}

func (k killer) Open(path string, write bool) (journal.File, error) {
	return k.wrap(k.System.Open(path, write))
}

func (k killer) Create(path string, image fs.FileInfo) (journal.File, error) {
	k.step()
	return k.wrap(k.System.Create(path, image))
}

func (k killer) Rename(from, to string) error {
	k.step()
	return k.System.Rename(from, to)
}

func (k killer) Remove(path string) error {
	k.step()
	return k.System.Remove(path)
}

func (k killer) Lock(f journal.File) error { return k.System.Lock(f.(killedFile).File) }
func (k killer) Links(f journal.File) int  { return k.System.Links(f.(killedFile).File) }

func (k killer) Identity(f journal.File) journal.Identity {
	return k.System.Identity(f.(killedFile).File)
}

func (k killer) SetTime(f journal.File, path string, t time.Time) error {
	return k.System.SetTime(f.(killedFile).File, path, t)
}

func (k killer) Free(f journal.File) (int64, bool) { return k.System.Free(f.(killedFile).File) }

func (f killedFile) WriteAt(p []byte, off int64) (int, error) {
	f.k.step()
	return f.File.WriteAt(p, off)
}

func (f killedFile) Sync() error {
	f.k.step()
	return f.File.Sync()
}

func (f killedFile) Truncate(size int64) error {
	f.k.step()
	return f.File.Truncate(size)
}

// killVariable says what a process of its own does: "apply PATH STEP" or "undo PATH STEP".
const killVariable = "GLASSMASTER_JOURNAL_KILL"

// TestKilledProcess is run by TestKill in processes of their own.
func TestKilledProcess(t *testing.T) {
	args := strings.SplitN(os.Getenv(killVariable), " ", 3)
	if len(args) < 3 {
		return
	}
	step, err := strconv.Atoi(args[1])
	if err != nil {
		t.Fatal(err)
	}
	k := killer{journal.Host, &step}
	if args[0] == "undo" {
		err = journal.UndoOn(context.Background(), k, args[2])
	} else {
		var set *patch.Set
		if set, err = killedChange(args[2]); err == nil {
			err = journal.ApplyOn(context.Background(), k, args[2], set)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// killedChange is the change that the processes make.
func killedChange(path string) (*patch.Set, error) {
	old, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := patch.New(bytes.NewReader(old), int64(len(old)), nil)
	for i := range int64(10) {
		set.Add(layout.Bytes(bytes.Repeat([]byte("added"), 20000)), 100000)
		if _, err := set.WriteAt([]byte("overwritten"), 4096*i); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// TestKill kills processes before each step of an update and of taking it back. Whoever opens
// the image afterwards finds it whole.
func TestKill(t *testing.T) {
	for _, what := range []string{"apply", "undo"} {
		kills, old := 0, 0
		for step := 1; ; step++ {
			path := filepath.Join(t.TempDir(), "disc.iso")
			before := bytes.Repeat([]byte("0123456789abcdef"), 50*128)
			store(t, path, before)
			set, err := killedChange(path)
			if err != nil {
				t.Fatal(err)
			}
			after := make([]byte, set.Size())
			if _, err := set.ReadAt(after, 0); err != nil {
				t.Fatal(err)
			}
			if what == "undo" {
				if err := journal.ApplyOn(t.Context(), journal.Host, path, set); err != nil {
					t.Fatal(err)
				}
				before, after = after, before
			}
			cmd := exec.Command(os.Args[0], "-test.run", "^TestKilledProcess$")
			cmd.Env = append(os.Environ(), killVariable+"="+what+" "+strconv.Itoa(step)+" "+path)
			out, err := cmd.CombinedOutput()
			if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.Exited() && exit.ExitCode() > 1 || strings.Contains(string(out), "FAIL")) {
				t.Fatalf("%s, step %d: %v\n%s", what, step, err, out)
			}
			got, _, e := check(path)
			switch {
			case e == nil && bytes.Equal(got, before):
				old++
			case e != nil || !bytes.Equal(got, after):
				t.Fatalf("%s, step %d: %d bytes, %v", what, step, len(got), e)
			}
			if !bytes.Equal(contents(t, path), got) {
				t.Fatalf("%s, step %d: the file is not what was read", what, step)
			}
			if err == nil {
				break // it was not killed: there are no more steps
			}
			kills++
		}
		t.Logf("%s: %d kills, after which %d images were as before", what, kills, old)
		if kills < 10 || old == 0 || old == kills {
			t.Errorf("%s: %d kills, %d images as before", what, kills, old)
		}
	}
}

// An image that is being changed cannot be opened, nor changed by another program.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disc.iso")
	store(t, path, make([]byte, 20*2048))
	set := patch.New(bytes.NewReader(make([]byte, 20*2048)), 20*2048, nil)
	tried := false
	set.Add(during(func() {
		tried = true
		if _, _, err := check(path); !errors.Is(err, journal.ErrBusy) {
			t.Errorf("opened while it is updated: %v", err)
		}
		if err := journal.Undo(t.Context(), path, nil); !errors.Is(err, journal.ErrBusy) {
			t.Errorf("changed while it is updated: %v", err)
		}
	}), 5)
	if err := journal.Apply(t.Context(), path, nil, set, nil); err != nil || !tried {
		t.Errorf("the update: %v", err)
	}
	if got, _, err := check(path); err != nil || !bytes.HasPrefix(got[20*2048:], []byte("bytes")) {
		t.Errorf("after the update: %v", err)
	}
}

// during is a source of 5 bytes that does something when it is opened.
type during func()

func (during) String() string { return "an action" }

func (d during) Open() (layout.Reader, error) {
	d()
	return layout.Bytes("bytes").Open()
}
