package windowtest

import (
	"strings"
	"testing"
)

// TestKilledWindow kills a window with an unsaved compilation. The next window offers to
// restore it, which Enter does. Then a drag that begins below the list must move nothing.
func TestKilledWindow(t *testing.T) {
	d := newDisplay(t, "1280x800")
	program := build(t)
	dir, files := sources(t)
	w := openWindow(d, program, nil, dir)
	w.await("compilation", func(e event) bool { return e["files"] == float64(len(files)-1) })
	w.await("kept", nil)
	if err := w.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	w.cmd.Wait()

	w = openWindow(d, program, nil)
	w.await("sheet", func(e event) bool { return strings.HasPrefix(e["title"].(string), "Restore") })
	w.button("Restore")
	w.picture("restore")
	d.xdotool("key", "Return")
	w.await("compilation", func(e event) bool { return e["files"] == float64(len(files)-1) })
	w.await("kept", nil)

	d.drag([2]int{800, 500}, [2]int{800, 142})
	d.drag([2]int{800, 500}, [2]int{184, 144})
	w.picture("after-the-drag")
	d.xdotool("key", "ctrl+1")
	w.await("page", nil)
	w.await("controls", func(e event) bool {
		for name := range e["buttons"].(map[string]any) {
			if strings.HasPrefix(name, "Undo") {
				t.Errorf("something was edited: %s", name)
			}
		}
		return true
	})
}
