package ui

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// report saves the report of a burn, and reads it.
func (p *pilot) report() job.Report {
	p.t.Helper()
	p.pick = filepath.Join(p.t.TempDir(), "burn.json")
	p.press("Save report…")
	var r job.Report
	p.until("the report", func() bool {
		b, err := os.ReadFile(p.pick)
		return err == nil && json.Unmarshal(b, &r) == nil
	})
	return r
}

// TestBurnInTwoDrives burns in two drives at once, of which one writes a wrong byte. Each
// has its own verdict, and that of the worst disc is shown.
func TestBurnInTwoDrives(t *testing.T) {
	dir := t.TempDir()
	good, bad := "virtual:"+filepath.Join(dir, "good")+"?medium=dvd+r", "faulty:"+filepath.Join(dir, "bad")+"?medium=dvd+r"
	t.Setenv(drive.Environment, good+" "+bad)
	p := newPilot(t)
	file := filepath.Join(t.TempDir(), "large.bin")
	if err := os.WriteFile(file, make([]byte, 2<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	p.drop(fyne.NewPos(700, 400), file)
	p.compiled(1)
	p.press("Burn…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.burning.SetTargets([]string{good, bad})
	p.until("the plan for both", func() bool { return p.last("settings")["ready"] == true && p.shown("and 1 more drive") })
	p.picture("burn-two-drives")
	p.press("Burn 2 discs")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	o := p.last("outcome")
	if got := o["drives"].([]string); len(got) != 2 || got[0] != "verified" || got[1] != "failed" || o["verdict"] != "failed" {
		t.Errorf("the outcome is %v", o)
	}
	if !p.shown("FAILED") || !p.shown("VERIFIED") || !p.shown("First bad") {
		t.Error("the verdicts cannot be read")
	}
	p.picture("burn-two-drives-outcome")
	p.burning.Show(0) // and the headline is not about that one alone
	if !p.shown("1 OF 2 DISCS FAILED") || !p.shown("All ") {
		t.Error("the good disc hides the bad one")
	}
	r := p.report()
	if len(r.Discs) != 2 || r.Discs[0].Verdict != job.Good || r.Discs[1].Verdict != job.Bad {
		t.Errorf("the report is %+v", r)
	}
}

// TestCopies burns two copies with one drive. A disc that holds the first copy is not taken
// for the second one.
func TestCopies(t *testing.T) {
	first := filepath.Join(t.TempDir(), "disc")
	t.Setenv(drive.Environment, "virtual:"+first+"?medium=dvd+r")
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a.txt"), "a.txt"))
	p.compiled(1)
	p.press("Burn…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.burning.Copies = 2
	p.burning.Plan()
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.press("Burn 2 discs")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] == "verified" })
	p.press("Burn copy 2 of 2…")
	p.until("the question", func() bool { return strings.Contains(p.sheet(), "Copy 2 of 2") && !p.burning.Checking() })
	p.picture("burn-insert")
	p.answerSheet("Burn")
	p.until("the refusal", func() bool { e, _ := p.last("inserting")["error"].(string); return e != "" })
	if !p.sees("insert a blank disc.") || p.sees("Insert another disc.") {
		t.Errorf("the sheet says twice what to do, or not at all: %v", p.last("inserting"))
	}
	changed(t, first)
	p.events = nil
	p.answerSheet("Burn")
	p.until("the second outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if v := p.last("outcome")["verdict"]; v != "verified" || p.burning.Remaining() != 0 {
		t.Errorf("the second copy is %v, and %d remain", v, p.burning.Remaining())
	}
	if r := p.report(); len(r.Discs) != 2 || r.Discs[1].Copy != 2 {
		t.Errorf("the report is %+v", r)
	}
}

// TestCopyWithOneDrive copies a disc with the drive that it is in.
func TestCopyWithOneDrive(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	disc := filepath.Join(t.TempDir(), "disc")
	t.Setenv(drive.Environment, "virtual:"+disc+"?medium=dvd+r")
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a.txt"), "a.txt"))
	p.compiled(1)
	p.press("Burn…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] == "verified" })
	p.press("Done")
	p.burn.SetImage("virtual:" + disc + "?medium=dvd+r")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true && p.shown("temporary image") })
	p.picture("burn-one-drive")
	p.events = nil
	p.press("Read the disc")
	p.until("the question", func() bool { return p.sheet() == "Insert a blank disc" && !p.burning.Checking() })
	for _, phase := range p.burning.Phases() {
		if phase.Phase == progress.Writing {
			t.Error("reading the disc is called writing")
		}
	}
	p.until("what was read", func() bool { return p.shown("was read, and is not burned yet") })
	changed(t, disc)
	p.answerSheet("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if v := p.last("outcome"); v["verdict"] != "verified" {
		t.Errorf("the copy is %v", v)
	}
	p.press("Done")
	left, err := filepath.Glob(filepath.Join(os.Getenv("XDG_CACHE_HOME"), "glassmaster", "*"))
	if err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if p.burning.Stage() != model.Settings {
		t.Error("it does not return to the settings")
	}
}

// changed puts a blank disc into a virtual drive, which creates it when it is used.
func changed(t *testing.T, disc string) {
	t.Helper()
	if err := os.Remove(disc); err != nil {
		t.Fatal(err)
	}
}
