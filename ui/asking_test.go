package ui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"

	"glassmaster/drive"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
	"glassmaster/ui/engine"
	"glassmaster/ui/model"
)

// TestClosingSaves checks that a window closes after the compilation was saved, and not
// when the file dialog is cancelled.
func TestClosingSaves(t *testing.T) {
	p := withWork(t)
	closed := false
	ask := func() { p.AskClose(func() { closed = true }) }
	ask()
	p.key(fyne.KeyEscape)
	if closed || p.sheet() != "" {
		t.Error("Escape closes the window, or does not close the question")
	}
	ask()
	p.key(fyne.KeyReturn) // Save: the picker is cancelled
	p.until("the picker", func() bool { return !p.covered() })
	if closed || !p.project.Unsaved() {
		t.Error("the window closes although nothing was saved")
	}
	p.pick = filepath.Join(t.TempDir(), "x.glassmaster")
	ask()
	p.key(fyne.KeyReturn)
	p.until("the closing", func() bool { return closed })
	if _, err := os.Stat(p.pick); err != nil || p.project.Unsaved() {
		t.Errorf("it was not saved: %v", err)
	}
}

// TestNewSaves checks that New continues after the compilation was saved.
func TestNewSaves(t *testing.T) {
	p := withWork(t)
	p.pick = filepath.Join(t.TempDir(), "x.glassmaster")
	p.compile.New()
	p.answerSheet("Save…")
	p.until("the new compilation", func() bool { return p.project.Empty() })
	if _, err := os.Stat(p.pick); err != nil {
		t.Error(err)
	}
}

// TestClosingAsksDuringWork closes the window during an extraction: it asks, describes
// the job, and closes when that has ended.
func TestClosingAsksDuringWork(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	slow := &slowEngine{Engine: engine.New(), begun: make(chan bool), ended: make(chan bool)}
	begun, ended := slow.begun, slow.ended
	p := startPilot(t, slow)
	p.openFiles([]string{image(t)})
	p.until("the image", func() bool { return p.last("browse")["files"] == 1 })
	p.pick = t.TempDir()
	p.press("Extract all…")
	p.until("the extraction", func() bool {
		select {
		case <-begun:
			return true
		default:
			return false
		}
	})
	closed := false
	p.AskClose(func() { closed = true })
	if closed || !p.sees("Extracting to "+p.pick) {
		t.Fatal("the window closes during a job, or does not describe it")
	}
	p.key(fyne.KeyReturn)
	if closed || p.browse.Work() == "" || p.covered() {
		t.Fatal("Enter does not continue")
	}
	p.AskClose(func() { closed = true })
	p.answerSheet("Stop and close")
	p.until("the stopping", func() bool { return p.sheet() == "Stopping" })
	if closed {
		t.Fatal("the window closes before the job has ended")
	}
	close(ended)
	p.until("the closing", func() bool { return closed })
}

// slowEngine does not end an extraction until it is released.
type slowEngine struct {
	*engine.Engine
	begun, ended chan bool
}

func (e *slowEngine) Extract(ctx context.Context, _ volume.FS, _ []string, _ string, _ model.Existing, _ progress.Reporter) ([]disc.Notice, error) {
	close(e.begun)
	<-ctx.Done()
	<-e.ended
	return nil, ctx.Err()
}

// image writes an image with one file.
func image(t *testing.T) string {
	t.Helper()
	c := compilation.New()
	nodes, _, err := compilation.Scan(t.Context(), []string{filepath.Join(hostFiles(t, "a.txt"), "a.txt")}, c.ScanOptions(), progress.Discard)
	if err != nil {
		t.Fatal(err)
	}
	c.Add(c.Root(), nodes)
	src, path := model.Source{Kind: model.FromCompilation, Compilation: c}, filepath.Join(t.TempDir(), "x.iso")
	if _, err := engine.New().Write(t.Context(), src, model.Target{File: path}, model.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	return path
}

// sees reports whether the open sheet contains a text.
func (p *pilot) sees(text string) bool {
	return slices.ContainsFunc(p.overlay(), func(o fyne.CanvasObject) bool {
		s, ok := o.(interface{ String() string })
		return ok && strings.Contains(s.String(), text)
	})
}

// TestErasingAsks burns to a rewritable disc with data. The question names the disc and
// its contents; only the red button erases; the next burn asks again.
func TestErasingAsks(t *testing.T) {
	for _, medium := range []string{"dvd+rw", "cd-rw"} {
		t.Run(medium, func(t *testing.T) {
			t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "disc")+"?medium="+medium)
			p := newPilot(t)
			p.drop(fyne.NewPos(700, 400), hostFiles(t, "a.txt", "b.txt", "c.txt"))
			p.compiled(3)
			p.project.SetLabel("PRECIOUS")
			p.press("Burn…")
			ready := func() { p.until("the plan", func() bool { return p.last("settings")["ready"] == true }) }
			burnt := func() {
				p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
				if o := p.last("outcome"); o["verdict"] != "verified" {
					t.Fatalf("the outcome is %v", o)
				}
				p.events = nil
				p.press("Done")
			}
			refused := func() {
				p.until("the refusal", func() bool {
					why, _ := p.last("settings")["why"].(string)
					return strings.Contains(why, "is not empty")
				})
			}
			ready()
			p.press("Burn")
			burnt()
			refused()
			p.press("Erase the disc first…")
			ready()
			for _, no := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEscape} {
				p.press("Burn")
				p.until("the question", func() bool { return strings.HasPrefix(p.sheet(), "Erase the ") })
				for _, text := range []string{"PRECIOUS", "3 files"} {
					if !p.sees(text) {
						t.Errorf("the question lacks %q", text)
					}
				}
				p.key(no)
				if p.burn.Work() != "" {
					t.Fatalf("%s erases the disc", no)
				}
				if no == fyne.KeyReturn {
					p.key(fyne.KeyEscape)
				}
			}
			p.press("Burn")
			p.until("the question", func() bool { return strings.HasPrefix(p.sheet(), "Erase the ") })
			p.answerSheet("Erase and burn")
			burnt()
			refused()
		})
	}
}

// TestTargetComesBack saves an image from Compile, which sets the target for one burn
// only.
func TestTargetComesBack(t *testing.T) {
	name := "virtual:" + filepath.Join(t.TempDir(), "dvd") + "?medium=dvd+r"
	t.Setenv(drive.Environment, name)
	p := withWork(t)
	p.show(burnPage)
	p.until("the drive", func() bool { return p.last("settings")["ready"] == true })
	p.show(compilePage)
	target := func() string { s, _ := p.last("settings")["target"].(string); return s }
	p.press("Save image…") // and the picker is cancelled
	p.until("the picker", func() bool { return !p.covered() })
	if p.page != compilePage {
		t.Errorf("in %s, and nothing was chosen", p.page)
	}
	p.pick = filepath.Join(t.TempDir(), "x.iso")
	save := func() {
		p.press("Save image…")
		p.until("the file", func() bool { return target() == p.pick && p.last("settings")["ready"] == true })
	}
	back := func(when string) {
		p.until("the drive, "+when, func() bool { return strings.Contains(target(), "dvd") && p.last("settings")["ready"] == true })
	}
	save()
	p.press("Write image")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] == "verified" })
	p.press("Done")
	back("after the image was written")
	p.show(compilePage)
	save()
	p.show(compilePage) // without writing it
	p.press("Burn…")
	back("when it was given up")
}

// TestExtractTwice extracts again over existing files.
func TestExtractTwice(t *testing.T) {
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "Trip/a.txt", "Trip/b.txt"), "Trip"))
	p.compiled(2)
	image := filepath.Join(t.TempDir(), "trip.iso")
	p.pick = image
	p.press("Save image…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.press("Write image")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	p.openFiles([]string{image})
	p.until("the image", func() bool { return p.last("browse")["files"] == 2 })
	p.pick = t.TempDir()
	a := filepath.Join(p.pick, "Trip", "a.txt")
	extract := func() {
		p.events = nil
		p.press("Extract all…")
	}
	done := func() {
		p.until("the files", func() bool { return p.last("extracted")["ok"] != nil })
		if p.last("extracted")["ok"] != true {
			t.Errorf("not completed: %v", p.last("extracted"))
		}
	}
	extract()
	done()
	for _, c := range []struct{ answer, a string }{{"Skip", "mine"}, {"Keep both", "mine"}, {"Replace", "contents of Trip/a.txt"}} {
		if err := os.WriteFile(a, []byte("mine"), 0o666); err != nil {
			t.Fatal(err)
		}
		extract()
		p.until("the question", func() bool { return p.sheet() != "" })
		if !p.sees("2 files") {
			t.Errorf("%s: the question does not say how many", c.answer)
		}
		p.answerSheet(c.answer)
		done()
		if got, err := os.ReadFile(a); err != nil || string(got) != c.a {
			t.Errorf("%s: a.txt is %q, %v", c.answer, got, err)
		}
	}
	if got, err := os.ReadFile(filepath.Join(p.pick, "Trip", "a (2).txt")); err != nil || string(got) != "contents of Trip/a.txt" {
		t.Errorf("beside it is %q, %v", got, err)
	}
	extract()
	p.until("the question", func() bool { return p.sheet() != "" })
	p.key(fyne.KeyEscape)
	if got, _ := os.ReadFile(a); string(got) != "contents of Trip/a.txt" || p.browse.Work() != "" {
		t.Error("Escape extracts")
	}
}

// TestLongLabelRecovers opens a compilation whose label is too long. It can be burned
// once the label is shortened.
func TestLongLabelRecovers(t *testing.T) {
	p := withWork(t)
	p.project.SetLabel(strings.Repeat("too long ", 5))
	p.until("the refusal", func() bool { return !p.project.Measuring() && p.project.Size().Err != nil })
	p.pick = filepath.Join(t.TempDir(), "x.glassmaster")
	p.compile.Save()
	p.until("the saving", func() bool { return !p.project.Dirty() })
	p.compile.New()
	p.compiled(0)
	p.openFiles([]string{p.pick})
	p.until("the refusal", func() bool { return !p.project.Empty() && !p.project.Measuring() && p.project.Size().Err != nil })
	p.project.SetLabel("short")
	p.compiled(1)
	p.press("Burn…")
	if p.page != burnPage {
		t.Error("the button does not work")
	}
}

// TestDroppedTogether drops files of the same name from three folders, one of them twice.
func TestDroppedTogether(t *testing.T) {
	p := newPilot(t)
	one, two := hostFiles(t, "x.txt", "Trip/y.txt"), hostFiles(t, "x.txt", "Trip/y.txt")
	p.drop(fyne.NewPos(700, 400), filepath.Join(one, "x.txt"), filepath.Join(two, "x.txt"), filepath.Join(one, "x.txt"),
		filepath.Join(one, "Trip"), filepath.Join(two, "Trip"))
	p.compiled(4)
	root := p.project.Compilation().Root()
	for _, path := range []string{"x.txt", "x (2).txt", "Trip/y.txt", "Trip/y (2).txt"} {
		if root.Lookup(path) == nil {
			t.Errorf("%s is not there", path)
		}
	}
	if n := len(p.project.Problems()); n != 2 || !p.shown("x (2).txt") && !p.shown("y (2).txt") {
		t.Errorf("%d remarks: %v", n, p.project.Problems())
	}
	p.drop(fyne.NewPos(700, 400), filepath.Join(two, "x.txt"))
	p.until("the replacement", func() bool { return len(p.project.Problems()) == 3 })
}

// TestSaveAsksBeforeReplacing saves under a name without an extension, where the file
// with the extension exists: the file dialog has not asked about that one.
func TestSaveAsksBeforeReplacing(t *testing.T) {
	p := withWork(t)
	p.pick = filepath.Join(t.TempDir(), "x")
	file := p.pick + ".glassmaster"
	if err := os.WriteFile(file, []byte("old"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, answer := range []string{"Cancel", "Replace"} {
		p.compile.Save()
		p.until("the question", func() bool { return p.sheet() == "Replace the file?" })
		p.answerSheet(answer)
		if answer == "Replace" {
			p.until("the saving", func() bool { return !p.project.Dirty() })
		}
		b, err := os.ReadFile(file)
		if kept := string(b) == "old"; err != nil || kept != (answer == "Cancel") {
			t.Errorf("%s: the old file is kept: %v, %v", answer, kept, err)
		}
	}
}

// TestProblemsAreListed adds files that do not exist, and opens the list of the errors.
func TestProblemsAreListed(t *testing.T) {
	p := newPilot(t)
	dir := t.TempDir()
	p.openFiles([]string{filepath.Join(dir, "first"), filepath.Join(dir, "second")})
	p.until("the errors", func() bool { return len(p.project.Problems()) == 2 })
	p.press("Details")
	if p.sheet() != "2 errors" {
		t.Errorf("the sheet is %q", p.sheet())
	}
	p.answerSheet("Clear the list")
	p.until("the empty list", func() bool { return len(p.project.Problems()) == 0 })
}
