package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/ui/engine"
)

// A compilation that was stored by a window that crashed is found, in a folder of any
// name, and beside other files.
func TestLost(t *testing.T) {
	for _, name := range []string{"plain", "a[b]c", "x*?", "["} {
		state := filepath.Join(t.TempDir(), name)
		t.Setenv("XDG_STATE_HOME", state)
		e := engine.New()
		if lost, err := e.Lost(); err != nil || len(lost) != 0 {
			t.Errorf("%s: before anything was stored: %v, %v", name, lost, err)
		}
		crashed := engine.New()
		if err := crashed.Keep(compilation.New(), "/home/me/x.glassmaster", []disc.Notice{{Severity: disc.Error, Path: "/gone", Text: "no such file"}}); err != nil {
			t.Fatal(err)
		}
		if lost, err := e.Lost(); err != nil || len(lost) != 0 {
			t.Errorf("%s: while the window runs: %v, %v", name, lost, err)
		}
		dir := filepath.Join(state, "glassmaster")
		kept, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		left := t.TempDir() // as a crash leaves them, without the lock
		if err := os.Rename(dir, filepath.Join(left, "old")); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, "window-folder.glassmaster"), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, f := range kept {
			p, err := os.ReadFile(filepath.Join(left, "old", f.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, f.Name()), p, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		lost, err := e.Lost()
		if err != nil || len(lost) != 1 || lost[0].Origin != "/home/me/x.glassmaster" {
			t.Fatalf("%s: %v, %v", name, lost, err)
		}
		if _, notices, err := e.Recover(lost[0]); err != nil || len(notices) != 1 || notices[0].Path != "/gone" {
			t.Errorf("%s: %v, %v", name, notices, err)
		}
		if err := e.Discard(lost[0]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if lost, err := e.Lost(); err != nil || len(lost) != 0 {
			t.Errorf("%s: after it was discarded: %v, %v", name, lost, err)
		}
	}
}
