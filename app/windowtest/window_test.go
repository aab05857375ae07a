package windowtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"glassmaster/mastering/peertest"
)

// window is the real program on a display.
type window struct {
	*display
	events string // the file of its events
	read   int    // bytes of it that were read
	log    bytes.Buffer
	cmd    *exec.Cmd
}

// event is a line of the file.
type event map[string]any

// build compiles the window once for all tests.
func build(t *testing.T) string {
	t.Helper()
	peertest.Need(t, "gcc", "go")
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// folder is where the program is built.
var folder string

var built = sync.OnceValues(func() (string, error) {
	program := filepath.Join(folder, "glassmaster-window")
	cmd := exec.Command("go", "build", "-o", program, "glassmaster/app/glassmaster-window")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the window: %w\n%s", err, out)
	}
	return program, nil
})

func TestMain(m *testing.M) {
	os.Exit(func() int {
		var err error
		if folder, err = os.MkdirTemp("", "glassmaster-window-"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		return m.Run()
	}())
}

func openWindow(d *display, program string, env []string, args ...string) *window {
	d.t.Helper()
	f, err := os.CreateTemp(d.home, "events-*")
	if err != nil {
		d.t.Fatal(err)
	}
	f.Close()
	w := &window{display: d, events: f.Name()}
	cmd := d.command(program, append([]string{"--events", w.events, "--size", "1280x800"}, args...)...)
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = &w.log
	w.cmd = d.run(cmd)
	return w
}

// await returns the next event that has this name and satisfies ok.
func (w *window) await(name string, ok func(event) bool) event {
	w.t.Helper()
	var last event
	for deadline := time.Now().Add(eventTimeout); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		data, _ := os.ReadFile(w.events)
		for {
			line, _, whole := bytes.Cut(data[w.read:], []byte("\n"))
			if !whole {
				break
			}
			w.read += len(line) + 1
			var e event
			if err := json.Unmarshal(line, &e); err != nil {
				w.t.Fatalf("the window wrote %q: %v", line, err)
			}
			if e["event"] == "error" {
				w.t.Fatalf("the window shows an error: %v: %v", e["title"], e["text"])
			}
			if e["event"] != name {
				continue
			}
			if last = e; ok == nil || ok(e) {
				return e
			}
		}
	}
	w.t.Fatalf("no matching event %q; the last one was %v\n%s", name, last, w.log.String())
	return nil
}

// button returns the position of a button, once the layout is done.
func (w *window) button(text string) [2]int {
	w.t.Helper()
	var at [2]int
	w.await("controls", func(e event) bool {
		b, found := e["buttons"].(map[string]any)[text].([]any)
		if found {
			at = [2]int{int(b[0].(float64)), int(b[1].(float64))}
		}
		return found
	})
	return at
}

// TestDropCompileBurnVerify drops a folder and a file on the window, burns them to a
// virtual DVD+R with real clicks, and reads the disc with bsdtar.
func TestDropCompileBurnVerify(t *testing.T) {
	peertest.Need(t, "bsdtar")
	py := python(t)
	d := newDisplay(t, "1280x800")
	folder, files := sources(t)
	disc := filepath.Join(t.TempDir(), "dvd.gmdisc")
	w := openWindow(d, build(t), []string{"GLASSMASTER_DRIVES=virtual:" + disc + "?medium=dvd+r"})
	w.await("page", nil)
	w.button("Add files…")
	w.picture("compile-empty")

	beside := filepath.Join(filepath.Dir(folder), "50% & #1.txt")
	dropped := d.dropFrom(py, w, [2]int{800, 350}, folder, beside)
	if got, want := fmt.Sprint(dropped["paths"]), fmt.Sprint([]string{folder, beside}); got != want {
		t.Errorf("dropped %s, want %s", got, want)
	}
	w.await("compilation", func(e event) bool { return e["files"] == float64(len(files)) })
	// A second drop, on the row of the folder, goes into the folder.
	inside := filepath.Join(t.TempDir(), "dropped on the folder.txt")
	if err := os.WriteFile(inside, []byte("inside"), 0o666); err != nil {
		t.Fatal(err)
	}
	files["Grüße aus Köln/dropped on the folder.txt"] = "inside"
	d.dropFrom(py, w, [2]int{800, 142}, inside)
	w.await("compilation", func(e event) bool { return e["files"] == float64(len(files)) && e["sectors"].(float64) > 0 })
	burn := w.button("Burn…")
	w.picture("compile-filled")
	d.click(burn)
	w.await("settings", func(e event) bool { return e["ready"] == true })
	begin := w.button("Burn")
	w.picture("burn-sheet")
	d.click(begin)
	outcome := w.await("outcome", nil)
	if outcome["verdict"] != "verified" || outcome["headline"] != "VERIFIED" {
		t.Errorf("the outcome is %v", outcome)
	}
	w.button("Done")
	w.picture("burn-verified")

	for name, want := range files {
		got := peertest.Run(t, "", "bsdtar", "-xOf", disc, name)
		if got != want {
			t.Errorf("%s: bsdtar reads %d bytes that are not the %d that were dropped", name, len(got), len(want))
		}
	}
}

// dropFrom drags files from another program's window.
func (d *display) dropFrom(python string, w *window, to [2]int, paths ...string) event {
	d.t.Helper()
	source := d.start(python, append([]string{"testdata/dragsource.py", "drag " + filepath.Base(paths[0])}, paths...)...)
	x, y, width, height := d.windowAt("drag " + filepath.Base(paths[0]))
	d.drag([2]int{x + width/2, y + height/2}, to)
	dropped := w.await("dropped", nil)
	source.Process.Kill()
	return dropped
}

// sources creates a folder and a file with difficult names. It returns the folder and the
// contents that the disc must have.
func sources(t *testing.T) (string, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"50% & #1.txt":                    "a file beside the folder",
		"Grüße aus Köln/Straße.txt":       "umlauts",
		"Grüße aus Köln/two words.bin":    string(bytes.Repeat([]byte("0123456789abcdef"), 40000)),
		"Grüße aus Köln/tief/unten/x.txt": "deep",
	}
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "Grüße aus Köln"), files
}

// TestNoDisplay checks that a display that cannot be opened is not reported as a
// bug.
func TestNoDisplay(t *testing.T) {
	cmd := exec.Command(build(t))
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "DISPLAY=unix:/no-such-display", "WAYLAND_DISPLAY=", "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_STATE_HOME="+home)
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("the display cannot be opened")) || bytes.Contains(out, []byte("goroutine")) {
		t.Errorf("error %v, output:\n%s", err, out)
	}
}
