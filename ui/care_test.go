package ui

import (
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"glassmaster/drive"
	"glassmaster/ui/model"
)

// TestDriveMenu burns a session on a DVD-RW that stays open, closes the disc,
// erases it and opens the tray.
func TestDriveMenu(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "disc")+"?medium=dvd-rw")
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), hostFiles(t, "a.txt"))
	p.compiled(1)
	p.press("Burn…")
	ready := func() { p.until("the plan", func() bool { return p.last("settings")["ready"] == true }) }
	ready()
	p.tick("Close the disc")
	ready()
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
		p.until("the end", func() bool { return p.last("cared")["ok"] != nil })
		if p.last("cared")["ok"] != true {
			t.Fatalf("it has failed: %v, %v", p.last("cared"), p.last("error"))
		}
		p.events = nil
	}
	p.burn.Attend(model.CloseDisc)
	p.until("the question", func() bool { return p.sheet() == "Close the disc?" })
	p.key(fyne.KeyReturn) // which closes nothing for good
	p.answerSheet("Close the disc")
	done()
	p.key(fyne.KeyReturn)
	status("closed")
	p.burn.Attend(model.Erase)
	p.until("the question", func() bool { return p.sheet() == "Erase?" })
	if !p.sees("1 file") {
		t.Error("it is not said what is lost")
	}
	p.key(fyne.KeyEscape)
	p.burn.Attend(model.Erase)
	p.until("the question", func() bool { return p.sheet() == "Erase?" })
	p.answerSheet("Erase")
	done()
	p.key(fyne.KeyReturn)
	status("blank")
	p.burn.Attend(model.CloseSession)
	p.until("the refusal", func() bool { return strings.Contains(p.sheet(), "not possible") })
	p.key(fyne.KeyEscape)
	p.burn.Attend(model.Eject)
	done()
	status("")
}
