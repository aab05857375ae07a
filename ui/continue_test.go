package ui

import (
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"glassmaster/drive"
	"glassmaster/drive/read"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/volume"
)

// TestContinue burns a session, continues the disc with another file, and finds both on it.
func TestContinue(t *testing.T) {
	for _, medium := range []string{"cd-r", "dvd+rw"} {
		t.Run(medium, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "disc")
			t.Setenv(drive.Environment, "virtual:"+path+"?medium="+medium)
			p := newPilot(t)
			ready := func() {
				t.Helper()
				p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
			}
			burned := func() {
				t.Helper()
				ready()
				p.events = nil
				p.press("Burn")
				p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
				if o := p.last("outcome"); o["verdict"] != "verified" {
					t.Fatalf("%v", o)
				}
				p.press("Done")
			}
			p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a.txt"), "a.txt"))
			p.compiled(1)
			p.press("Burn…")
			ready()
			p.burning.Options.Appendable = true
			p.burning.Plan()
			burned()

			p.until("the offer", func() bool { return p.shown("This disc can be continued") })
			p.press("Continue this disc")
			p.until("the disc", func() bool { return p.last("continued")["files"] != nil })
			p.until("the plan", func() bool { return p.burning.Continues() != nil && p.last("settings")["ready"] == true })
			if p.shown("Copies") || p.shown("Burn in another drive, too") {
				t.Error("a session is offered for several discs")
			}
			p.picture("continued-burn-" + medium)
			p.press("Show the files")
			p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "b.txt"), "b.txt"))
			p.until("the file", func() bool { return p.project.Compilation().Root().Lookup("b.txt") != nil })
			if !p.shown("On the disc") || !p.shown("New") {
				t.Error("the files are not marked")
			}
			p.picture("continued-compile-" + medium)
			p.press("Burn…")
			burned()
			if p.project.Continued() != nil || p.project.Compilation().Root().Lookup("a.txt") != nil {
				t.Error("the compilation still continues the disc")
			}

			d := virtualtest.Open(t, path)
			m, err := read.Open(t.Context(), d)
			if err != nil {
				t.Fatal(err)
			}
			v, err := volume.OpenDisc(t.Context(), m, volume.Options{})
			if err != nil {
				t.Fatal(err)
			}
			list, err := v.ReadDir(".")
			var names []string
			for _, e := range list {
				names = append(names, e.Name())
			}
			if got := strings.Join(names, " "); err != nil || got != "a.txt b.txt" {
				t.Errorf("the disc has %s, %v", got, err)
			}
		})
	}
}
