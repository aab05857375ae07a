package ui

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"

	"glassmaster/mastering/peertest"
	"glassmaster/ui/widgets"
)

// TestSessions shows the sessions of an image that xorriso made, and what each of them changed.
func TestSessions(t *testing.T) {
	peertest.Need(t, "xorriso")
	dir := t.TempDir()
	for _, name := range []string{"one", "two", "three"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	img := filepath.Join(dir, "x.iso")
	peertest.Run(t, dir, "xorriso", "-outdev", img, "-map", "one", "/one", "-map", "two", "/two", "-commit")
	peertest.Run(t, dir, "xorriso", "-dev", img, "-mv", "/one", "/uno", "--", "-rm", "/two", "--", "-map", "three", "/three", "-commit")

	p := newPilot(t)
	p.openFiles([]string{img})
	p.until("the newest session", func() bool { return p.last("browse")["session"] == 2 })
	p.picture("sessions")
	p.press("What changed…")
	p.until("the changes", func() bool { return p.last("changes")["changes"] == 3 })
	for _, want := range []string{"1 added, 1 renamed, 1 removed; 0 unchanged", "uno  (was one)", "three", "two", "Removed"} {
		if !p.sees(want) {
			t.Errorf("%q is not shown", want)
		}
	}
	p.picture("changes")
	p.answerSheet("Close")

	p.session("Session 1 of 2")
	p.until("the first session", func() bool { return p.last("browse")["session"] == 1 })
	p.press("What changed…")
	p.until("the changes of the first session", func() bool { return p.last("changes")["session"] == 1 })
	p.answerSheet("Close")
	p.session("Session 2 of 2")
	p.until("the newest session again", func() bool { return p.last("browse")["session"] == 2 })
}

// session chooses a session in Browse.
func (p *pilot) session(name string) {
	p.t.Helper()
	for _, o := range test.LaidOutObjects(p.window.Content()) {
		if c, ok := o.(*widgets.Select); ok && slices.Contains(c.Options, name) && p.seen(c) {
			c.SetSelected(name)
			return
		}
	}
	p.t.Fatalf("%q cannot be chosen", name)
}
