package ui

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"glassmaster/mastering/progress"
	"glassmaster/ui/engine"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// key types a key in the open sheet.
func (p *pilot) key(k fyne.KeyName) {
	p.t.Helper()
	p.overlay()
	p.window.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: k})
}

// sheet returns the title of the open sheet, or "".
func (p *pilot) sheet() string {
	title, _ := p.last("sheet")["title"].(string)
	return title
}

// backups returns the backups in the state folder.
func kept(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(os.Getenv("XDG_STATE_HOME"), "glassmaster", "*.glassmaster"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// crash ends a window with a compilation of two files as a crash would: the backup is
// left, and not locked.
func crash(t *testing.T) {
	t.Helper()
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), hostFiles(t, "a.txt", "b.txt"))
	p.until("the keeping", func() bool { return p.last("kept")["event"] != nil })
	files := kept(t)
	if len(files) != 1 {
		t.Fatalf("kept are %v", files)
	}
	copied, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
	if left := kept(t); len(left) > 0 {
		t.Errorf("a window that was closed leaves %v", left)
	}
	if err := os.WriteFile(files[0], copied, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestCompilationIsOfferedAfterACrash(t *testing.T) {
	for _, c := range []struct {
		answer fyne.KeyName
		button string
		files  int
		kept   int
	}{
		{answer: fyne.KeyReturn, files: 2, kept: 1},
		{answer: fyne.KeyEscape, files: 0, kept: 1},
		{button: "Discard", files: 0, kept: 0},
	} {
		t.Run(string(c.answer)+c.button, func(t *testing.T) {
			crash(t)
			p := startPilot(t, engine.New())
			p.Started(nil)
			if p.sheet() != "Restore the unsaved compilation?" {
				t.Fatalf("the sheet is %q", p.sheet())
			}
			if c.button != "" {
				p.answerSheet(c.button)
			} else {
				p.key(c.answer)
			}
			if c.files > 0 {
				p.compiled(c.files)
				if !p.project.Unsaved() {
					t.Error("what was restored counts as saved")
				}
			}
			p.until("the end", func() bool { return len(p.posted) == 0 })
			if n := len(kept(t)); n != c.kept {
				t.Errorf("%d are kept, want %d", n, c.kept)
			}
			other := startPilot(t, engine.New())
			other.Started(nil)
			if offered := other.sheet() != ""; offered != (c.answer == fyne.KeyEscape) {
				t.Errorf("offered to another window: %v", offered)
			}
		})
	}
}

// TestArgumentsAreOpenedAfterTheQuestion starts the window with files to open, which it
// opens whatever the answer to the question about the backup is.
func TestArgumentsAreOpenedAfterTheQuestion(t *testing.T) {
	for _, answer := range []string{"Escape", "Later", "Discard", "spoiled"} {
		t.Run(answer, func(t *testing.T) {
			crash(t)
			p := startPilot(t, engine.New())
			dir := hostFiles(t, "c.txt", "d.txt", "e.txt")
			if answer == "spoiled" {
				if err := os.WriteFile(kept(t)[0], []byte("spoiled"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			p.Started([]string{dir})
			switch answer {
			case "Escape":
				p.key(fyne.KeyEscape)
			case "spoiled":
				p.key(fyne.KeyReturn)
				p.until("the error", func() bool { return p.last("error")["title"] != nil })
				p.key(fyne.KeyReturn)
			default:
				p.answerSheet(answer)
			}
			p.compiled(3)
		})
	}
}

// TestSavingRemovesBackup checks that saving removes the backup.
func TestSavingRemovesBackup(t *testing.T) {
	p := withWork(t)
	p.until("the keeping", func() bool { return len(kept(t)) == 1 && p.last("kept")["event"] != nil })
	p.pick = filepath.Join(t.TempDir(), "x.glassmaster")
	p.compile.Save()
	p.until("the saving", func() bool { return !p.project.Dirty() })
	if left := kept(t); len(left) > 0 {
		t.Errorf("%v are kept", left)
	}
}

// TestFaultsAreMessages panics in handlers and posted functions. The window shows a
// message and stays open, and the compilation is backed up at once.
func TestFaultsAreMessages(t *testing.T) {
	p := withWork(t)
	p.faulty = true
	var none *widgets.Button
	for what, do := range map[string]func(){
		"posted": func() { p.host.Post(func() { none.SetText("x") }) },
		"button": func() {
			b := p.host.Tips.NewButton("x", nil, "", func() { none.SetText("x") })
			test.Tap(b)
		},
		"menu": func() { widgets.Item("x", "", func() { none.SetText("x") }).Action() },
	} {
		p.events = nil
		do()
		p.until(what, func() bool { return p.last("fault")["text"] != nil })
		if text := p.last("fault")["text"].(string); !strings.Contains(text, "nil pointer") {
			t.Errorf("%s: it says %q", what, text)
		}
		if len(kept(t)) != 1 {
			t.Errorf("%s: the compilation is not kept", what)
		}
		p.key(fyne.KeyReturn)
		p.keeps(1)
	}
}

// TestFaultInJobIsReported checks that a panic in a job is reported as an event.
func TestFaultInJobIsReported(t *testing.T) {
	p := withWork(t)
	p.faulty = true
	var none *widgets.Button
	var got error
	model.Start(p.host.Post, "x", func(context.Context, progress.Reporter) error {
		none.SetText("x")
		return nil
	}, func(err error) { got = err })
	p.until("the fault", func() bool { return p.last("fault")["text"] != nil && got != nil })
	if text := p.last("fault")["text"].(string); text != got.Error() {
		t.Errorf("the event says %q, the job %q", text, got)
	}
}

// panicking is a file picker that panics.
type panicking struct{ host.FilePicker }

// TestFaultInPicker checks that a panic of a file dialog shows a message, and that the
// window can be used afterwards.
func TestFaultInPicker(t *testing.T) {
	p := newPilot(t)
	p.faulty = true
	p.host.Picker = panicking{}
	for what, pick := range map[string]func(){
		"folder": func() { p.host.PickFolder("x", func(string) {}) },
		"files":  func() { p.host.PickFiles("x", func([]string) {}) },
	} {
		p.events = nil
		pick()
		p.until(what, func() bool { return p.last("error")["text"] != nil })
		if p.veil.Visible() {
			t.Errorf("%s: the window is still covered", what)
		}
		p.key(fyne.KeyReturn)
	}
}
