package ui

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"glassmaster/drive"
	"glassmaster/ui/model"
)

// TestDriveMenu burns a session to a DVD-RW without closing the disc, closes it, erases
// it and opens the tray.
func TestDriveMenu(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "disc")+"?medium=dvd-rw")
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), hostFiles(t, "a.txt"))
	p.compiled(1)
	p.press("Burn…")
	ready := func() { p.until("the plan", func() bool { return p.last("settings")["ready"] == true }) }
	ready()
	p.burning.Options.Appendable = true
	p.burning.Plan()
	ready()
	if !p.shown("Leave the disc open") {
		t.Error("it does not say what leaving the disc open means")
	}
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] == "verified" })
	p.press("Done")
	status := func(want string) {
		t.Helper()
		p.until(want, func() bool { return p.shown("DVD-RW, "+want) || want == "" && p.shown("There is no disc") })
	}
	status("appendable")
	done := func() {
		t.Helper()
		p.until("the end", func() bool { return p.last("action")["ok"] != nil })
		if p.last("action")["ok"] != true {
			t.Fatalf("it has failed: %v, %v", p.last("action"), p.last("error"))
		}
		p.events = nil
	}
	p.burn.StartAction(model.CloseDisc)
	p.until("the question", func() bool { return p.sheet() == "Finalize the disc?" })
	p.key(fyne.KeyReturn) // which does not finalize the disc
	p.answerSheet("Finalize the disc")
	done()
	p.key(fyne.KeyReturn)
	status("closed")
	p.burn.StartAction(model.Erase)
	p.until("the question", func() bool { return p.sheet() == "Erase?" })
	if !p.sees("1 file") {
		t.Error("the message does not say what is lost")
	}
	p.key(fyne.KeyEscape)
	p.burn.StartAction(model.Erase)
	p.until("the question", func() bool { return p.sheet() == "Erase?" })
	p.answerSheet("Erase")
	done()
	p.key(fyne.KeyReturn)
	status("blank")
	p.burn.StartAction(model.CloseSession)
	p.until("the refusal", func() bool { return strings.Contains(p.sheet(), "not possible") })
	p.key(fyne.KeyEscape)
	p.burn.StartAction(model.Eject)
	done()
	status("")
}

// TestIncompleteSource opens and burns an image whose end is missing. The window says so
// before the burn, asks, and does not call the result verified.
func TestIncompleteSource(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "disc")+"?medium=dvd+r")
	path := image(t)
	info, err := os.Stat(path)
	if err == nil {
		err = os.Truncate(path, info.Size()-20*2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	p := newPilot(t)
	p.openFiles([]string{path})
	p.until("the image", func() bool { return p.last("browse")["files"] == 1 })
	if !p.shown("is incomplete") {
		t.Error("Browse does not report that it is incomplete")
	}
	p.press("Burn…")
	refused := func() {
		t.Helper()
		p.until("the refusal", func() bool {
			why, _ := p.last("settings")["why"].(string)
			return strings.Contains(why, "incomplete")
		})
	}
	refused()
	p.press("Burn it anyway…")
	p.key(fyne.KeyReturn)
	refused()
	p.press("Burn it anyway…")
	p.answerSheet("Burn it anyway")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	if !p.shown("incomplete") {
		t.Error("the plan does not report it")
	}
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if o := p.last("outcome"); o["verdict"] != "not verified" || !strings.Contains(o["headline"].(string), "INCOMPLETE") {
		t.Errorf("the outcome is %v", o)
	}
	p.burn.SetFile(filepath.Join(t.TempDir(), "copy.iso"))
	p.press("Done")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	if !p.shown("incomplete") {
		t.Error("writing an image does not report it")
	}
}
