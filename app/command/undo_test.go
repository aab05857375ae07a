package command

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/journal"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
)

// updateImage overwrites a sector that no file uses, and adds contents at the end.
func updateImage(t *testing.T, path, text string, source layout.Source, size int64) error {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	set := patch.New(f, info.Size(), nil)
	set.Add(source, size)
	if _, err := set.WriteAt([]byte(text), 0); err != nil { // the system area
		t.Fatal(err)
	}
	return journal.Apply(t.Context(), path, info, set, nil)
}

// stop is a source that ends the program when it is read, as a crash does.
type stop struct{}

func (stop) String() string { return "a crash" }

func (stop) Open() (layout.Reader, error) {
	os.Exit(3)
	return nil, nil
}

// breakOff leaves an image as an update that was broken off leaves it.
func breakOff(t *testing.T, path string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestBreakOff$")
	cmd.Env = append(os.Environ(), "GLASSMASTER_BREAK_OFF="+path)
	out, err := cmd.CombinedOutput()
	if _, ok := errors.AsType[*exec.ExitError](err); !ok || cmd.ProcessState.ExitCode() != 3 {
		t.Fatalf("%v\n%s", err, out)
	}
}

// TestBreakOff is run by breakOff in a process of its own.
func TestBreakOff(t *testing.T) {
	path := os.Getenv("GLASSMASTER_BREAK_OFF")
	if path == "" {
		return
	}
	t.Fatal(updateImage(t, path, "broken off", stop{}, 1<<20))
}

func TestUndoVerb(t *testing.T) {
	path := builtImage(t)
	old := content(t, path)
	must(t, Failed, "undo", path)
	if err := updateImage(t, path, "updated", layout.Bytes("contents"), 8); err != nil {
		t.Fatal(err)
	}
	now := content(t, path)
	if bytes.Equal(now, old) {
		t.Fatal("the image was not updated")
	}
	r := must(t, OK, "undo", "--dry-run", path)
	if !strings.Contains(r.out, ": updated 20") || !strings.Contains(r.out, "to restore: 2.05 kB; to cut off at the end: 2.05 kB of ") {
		t.Errorf("got %q", r.out)
	}
	if !bytes.Equal(content(t, path), now) {
		t.Error("--dry-run changed the image")
	}
	data := objects(t, must(t, OK, "undo", "--json", path).out)
	list, _ := data[len(data)-1]["data"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["done"] != "taken back" || list[0].(map[string]any)["removed_bytes"] != 2048.0 {
		t.Errorf("got %v", data)
	}
	if !bytes.Equal(content(t, path), old) {
		t.Error("the image is not the one before the update")
	}
	if r := must(t, Failed, "undo", path); !strings.Contains(r.log, "there is no journal of an update") {
		t.Errorf("undo twice: %q", r.log)
	}
	must(t, Usage, "undo")
}

func TestUndoDiscard(t *testing.T) {
	path := builtImage(t)
	if err := updateImage(t, path, "updated", layout.Bytes("contents"), 8); err != nil {
		t.Fatal(err)
	}
	now := content(t, path)
	must(t, OK, "undo", "--discard", path)
	if _, err := os.Stat(path + ".undo"); err == nil || !bytes.Equal(content(t, path), now) {
		t.Error("the journal is still there, or the image was changed")
	}
	must(t, Failed, "undo", "--discard", path)
}

// An image that was changed after the update is not touched.
func TestUndoRefuses(t *testing.T) {
	path := builtImage(t)
	if err := updateImage(t, path, "updated", layout.Bytes("contents"), 8); err != nil {
		t.Fatal(err)
	}
	now := append(content(t, path), make([]byte, 2048)...)
	if err := os.WriteFile(path, now, 0o600); err != nil {
		t.Fatal(err)
	}
	r := must(t, Failed, "undo", path)
	if !strings.Contains(r.log, "changed after the update") || !strings.Contains(r.log, "--discard") {
		t.Errorf("got %q", r.log)
	}
	if !bytes.Equal(content(t, path), now) {
		t.Error("the image was changed")
	}
	must(t, OK, "undo", "--discard", path)
}

// Every verb that opens an image rolls back an update that was broken off, and says so.
func TestBrokenOffUpdate(t *testing.T) {
	image := builtImage(t)
	old := content(t, image)
	list := must(t, OK, "ls", "-R", image).out
	dir := t.TempDir()
	for _, args := range [][]string{
		{"info"},
		{"ls", "-R"},
		{"extract", "-C", filepath.Join(dir, "out")},
		{"verify"},
		{"undo"},
		{"cat"},
		{"convert"},
		{"burn"},
	} {
		t.Run(args[0], func(t *testing.T) {
			path := filepath.Join(dir, args[0]+".iso")
			put(t, path, string(old))
			breakOff(t, path)
			if bytes.Equal(content(t, path), old) {
				t.Fatal("nothing was broken off")
			}
			args := append(args, path)
			switch args[0] {
			case "cat":
				args = append(args, strings.Fields(list)[0])
				if strings.HasSuffix(args[2], "/") {
					args[2] = lastFile(list)
				}
			case "convert":
				args = append(args, filepath.Join(dir, "new.cue"))
			case "burn":
				args = append(args, "virtual:"+filepath.Join(dir, "disc")+"?medium=dvd+r&sectors=4000")
			}
			r := must(t, OK, args...)
			if !strings.Contains(r.out+r.log, "was broken off, and was rolled back") {
				t.Errorf("it is not mentioned: %s%s", r.out, r.log)
			}
			if !bytes.Equal(content(t, path), old) {
				t.Error("the image is not as it was before the update")
			}
			if _, err := os.Stat(path + ".update"); err == nil {
				t.Error("the journal is still there")
			}
		})
	}
}

// The journal is beside the file that was changed, which can be one of several of an image.
func TestUndoBeside(t *testing.T) {
	cue := filepath.Join(t.TempDir(), "disc.cue")
	must(t, OK, "convert", builtImage(t), cue)
	bin := strings.TrimSuffix(cue, "cue") + "bin"
	old := content(t, bin)
	breakOff(t, bin)
	if r := must(t, OK, "ls", cue); !strings.Contains(r.log, "was rolled back") || !bytes.Equal(content(t, bin), old) {
		t.Errorf("not rolled back: %q", r.log)
	}
	if err := updateImage(t, bin, "updated", layout.Bytes("contents"), 8); err != nil {
		t.Fatal(err)
	}
	must(t, OK, "undo", cue)
	if !bytes.Equal(content(t, bin), old) {
		t.Error("the update was not taken back")
	}
	must(t, Failed, "undo", cue)
}

// lastFile returns the last file of a list.
func lastFile(list string) string {
	last := ""
	for _, f := range strings.Fields(list) {
		if !strings.HasSuffix(f, "/") {
			last = f
		}
	}
	return last
}

// An image that is being changed cannot be used.
func TestBusyImage(t *testing.T) {
	path := builtImage(t)
	err := updateImage(t, path, "updated", whileWriting(func() {
		if r := must(t, NoMedium, "info", path); !strings.Contains(r.log, "being changed by another program") {
			t.Errorf("got %q", r.log)
		}
	}), 5)
	if err != nil {
		t.Error(err)
	}
	must(t, OK, "info", path)
}

// whileWriting is a source of 5 bytes that does something when it is opened.
type whileWriting func()

func (whileWriting) String() string { return "an action" }

func (w whileWriting) Open() (layout.Reader, error) {
	w()
	return layout.Bytes("bytes").Open()
}

// A half-written image without its journal is not shown by any verb.
func TestHalfWithoutJournal(t *testing.T) {
	path := builtImage(t)
	breakOff(t, path)
	if err := os.Remove(path + ".update"); err != nil {
		t.Fatal(err)
	}
	half := content(t, path)
	for _, verb := range []string{"info", "ls", "verify", "undo"} {
		if r := must(t, Differs, verb, path); !strings.Contains(r.log, "neither the old nor the new one") {
			t.Errorf("%s: %q", verb, r.log)
		}
	}
	if !bytes.Equal(content(t, path), half) {
		t.Error("the image was changed")
	}
}
