package ui

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/test"

	"glassmaster/drive"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/ui/engine"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// pilot is a window that is driven by the test, on the goroutine of the test.
type pilot struct {
	*Shell
	t      *testing.T
	posted chan func()
	events []map[string]any
	pick   string // the answer of the file dialogs; "": cancelled
	faulty bool   // faults are part of the test
}

func newPilot(t *testing.T) *pilot {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	return startPilot(t, engine.New())
}

// startPilot starts another window of the same user.
func startPilot(t *testing.T, e Engine) *pilot {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(theme.Theme{})
	w := test.NewTempWindow(t, nil)
	w.SetPadded(false)
	p := &pilot{t: t, posted: make(chan func(), 10000)}
	p.Shell = New(w, Config{
		Engine: e, Picker: p, Post: func(f func()) { p.posted <- f },
		Event: func(name string, fields map[string]any) {
			e := map[string]any{"event": name}
			for k, v := range fields {
				e[k] = v
			}
			p.events = append(p.events, e)
		},
	})
	w.Resize(fyne.NewSize(1280, 800))
	t.Cleanup(func() {
		p.Close()
		holdDrives(t, e)
		for _, e := range p.events {
			if e["event"] == "fault" && !p.faulty {
				t.Errorf("a fault: %v", e["text"])
			}
		}
	})
	return p
}

// holdDrives waits until no drive is in use, and keeps them: a virtual disc that is opened
// while its folder is removed would be created again.
func holdDrives(t *testing.T, e Engine) {
	found, _ := drive.Find()
	for _, f := range found {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if _, _, err := e.Queue().Use(ctx, f.Name); err != nil {
			t.Logf("%s is still in use: %v", f.Name, err)
		}
		cancel()
	}
}

// Choose makes the pilot a host.FilePicker.
func (p *pilot) Choose(context.Context, host.FileDialog) ([]string, error) {
	if p.pick == "" {
		return nil, nil
	}
	return []string{p.pick}, nil
}

// until runs posted functions until a condition holds.
func (p *pilot) until(what string, ok func() bool) {
	p.t.Helper()
	limit := time.After(60 * time.Second)
	for !ok() {
		select {
		case f := <-p.posted:
			f()
		case <-limit:
			p.t.Fatalf("%s: timeout; the last event is %v", what, p.last(""))
		}
	}
}

// last returns the last event of a name; "": of any.
func (p *pilot) last(name string) map[string]any {
	for _, e := range slices.Backward(p.events) {
		if name == "" || e["event"] == name {
			return e
		}
	}
	return map[string]any{}
}

// press presses the visible button with a text, or with a tip if it has no text.
func (p *pilot) press(text string) {
	p.t.Helper()
	for _, o := range test.LaidOutObjects(p.window.Content()) {
		if b, ok := o.(*widgets.Button); ok && (b.Text == text || b.Text == "" && b.Tip == text) && !b.Disabled() && p.seen(b) {
			b.OnTapped()
			return
		}
	}
	p.t.Fatalf("no button %q can be pressed", text)
}

// tick toggles the check box whose text begins with text.
func (p *pilot) tick(text string) {
	p.t.Helper()
	for _, o := range test.LaidOutObjects(p.window.Content()) {
		if c, ok := o.(*widgets.Check); ok && strings.HasPrefix(c.Text, text) {
			test.Tap(c)
			return
		}
	}
	p.t.Fatalf("no check box %q", text)
}

func (p *pilot) seen(o fyne.CanvasObject) bool {
	return o.Visible() && !fyne.CurrentApp().Driver().AbsolutePositionForObject(o).IsZero()
}

func (p *pilot) drop(at fyne.Position, paths ...string) {
	var uris []fyne.URI
	for _, path := range paths {
		uris = append(uris, storage.NewFileURI(path))
	}
	p.dropped(at, uris)
}

func (p *pilot) compiled(files int) {
	p.t.Helper()
	p.until("the files", func() bool {
		e := p.last("compilation")
		return e["files"] == files && (files == 0 || e["sectors"].(int64) > 0)
	})
}

func hostFiles(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("contents of "+name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestCompileWriteBrowseExtract uses all pages without a drive: it drops files, saves an
// image, opens it and extracts from it.
func TestCompileWriteBrowseExtract(t *testing.T) {
	p := newPilot(t)
	dir := hostFiles(t, "Trip/Grüße.txt", "Trip/sub/b #1.txt")
	p.drop(fyne.NewPos(700, 400), filepath.Join(dir, "Trip"))
	p.compiled(2)
	image := filepath.Join(t.TempDir(), "trip.iso")
	p.pick = image
	p.press("Save image…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.press("Write image")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if o := p.last("outcome"); o["verdict"] != "verified" {
		t.Fatalf("the outcome is %v", o)
	}
	p.openFiles([]string{image})
	p.until("the image", func() bool { return p.last("browse")["files"] == 2 })
	if p.page != browsePage {
		t.Errorf("in %s", p.page)
	}
	p.pick = t.TempDir()
	p.press("Extract all…")
	p.until("the files", func() bool { return p.last("extracted")["ok"] != nil })
	got, err := os.ReadFile(filepath.Join(p.pick, "Trip", "sub", "b #1.txt"))
	if err != nil || string(got) != "contents of Trip/sub/b #1.txt" {
		t.Errorf("extracted %q, %v", got, err)
	}
}

// TestBurnOnVirtualDisc burns a compilation to a virtual disc that is created in the
// window. A second burn to the same disc must be refused.
func TestBurnOnVirtualDisc(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "dvd")+"?medium=dvd+r")
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), hostFiles(t, "a.txt"))
	p.compiled(1)
	p.press("Burn…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if o := p.last("outcome"); o["verdict"] != "verified" || o["headline"] != "VERIFIED" {
		t.Errorf("the outcome is %v", o)
	}
	p.press("Show contents")
	p.until("the disc", func() bool { return p.last("browse")["files"] == 1 })
	p.show(burnPage)
	p.press("Done")
	p.until("the refusal", func() bool {
		why, _ := p.last("settings")["why"].(string)
		return why != "" && !strings.Contains(why, "Looking")
	})
	if why := p.last("settings")["why"].(string); !strings.Contains(why, "disc") {
		t.Errorf("it says %q", why)
	}
}

func TestDropGoesIntoTheFolderBelowThePointer(t *testing.T) {
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "Folder/a.txt"), "Folder"))
	p.compiled(1)
	files := p.compile.Browser().Files
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(files).AddXY(90, theme.RowHeight*1.5)
	p.drop(at, filepath.Join(hostFiles(t, "b.txt"), "b.txt"))
	p.compiled(2)
	p.drop(at.AddXY(0, 300), filepath.Join(hostFiles(t, "c.txt"), "c.txt"))
	p.compiled(3)
	root := p.project.Compilation().Root()
	for _, path := range []string{"Folder/b.txt", "c.txt"} {
		if root.Lookup(path) == nil {
			t.Errorf("%s is not there", path)
		}
	}
}

// TestLateDrop checks that a drop with an old position goes to the position of the next
// mouse event, and into the folder that is shown where none comes.
func TestLateDrop(t *testing.T) {
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "Folder/a.txt"), "Folder"))
	p.compiled(1)
	p.pointer = func() Pointer { return Late }
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(p.compile.Browser().Files).AddXY(90, theme.RowHeight*1.5)
	p.drop(fyne.NewPos(1, 1), filepath.Join(hostFiles(t, "b.txt"), "b.txt"))
	c, ok := p.catching.Objects[0].(*catcher)
	if !ok {
		t.Fatal("nothing receives mouse events")
	}
	e := &desktop.MouseEvent{}
	e.AbsolutePosition = at
	c.MouseIn(e)
	c.MouseMoved(&desktop.MouseEvent{}) // a second movement is ignored
	p.compiled(2)
	p.drop(fyne.NewPos(1, 1), filepath.Join(hostFiles(t, "c.txt"), "c.txt"))
	p.compiled(3)
	root := p.project.Compilation().Root()
	if root.Lookup("Folder/b.txt") == nil || root.Lookup("c.txt") == nil || len(p.catching.Objects) > 0 {
		t.Error("the files were dropped elsewhere")
	}
}

func TestSaveAndOpenCompilation(t *testing.T) {
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a.txt"), "a.txt"))
	p.compiled(1)
	p.pick = filepath.Join(t.TempDir(), "x.glassmaster")
	p.compile.Save()
	p.until("the saving", func() bool { return !p.project.Dirty() })
	p.compile.New()
	p.compiled(0)
	p.openFiles([]string{p.pick})
	p.compiled(1)
	if p.project.Dirty() || p.project.Path() != p.pick {
		t.Errorf("dirty %v, path %s", p.project.Dirty(), p.project.Path())
	}
}

// overlay returns the objects of the open sheet.
func (p *pilot) overlay() []fyne.CanvasObject {
	p.t.Helper()
	top := p.window.Canvas().Overlays().Top()
	if top == nil {
		p.t.Fatal("no sheet is open")
	}
	return test.LaidOutObjects(top)
}

// choose changes the drop-down list in the sheet that has the value from.
func (p *pilot) choose(from, to string) {
	p.t.Helper()
	for _, o := range p.overlay() {
		if c, ok := o.(*widgets.Select); ok && c.Selected == from && !c.Disabled() {
			c.SetSelected(to)
			if c.Selected != to {
				p.t.Fatalf("%q cannot be chosen among %q", to, c.Options)
			}
			return
		}
	}
	p.t.Fatalf("no choice has the value %q", from)
}

// answerSheet presses a button of the sheet.
func (p *pilot) answerSheet(text string) {
	p.t.Helper()
	p.overlay()
	at, found := p.layer.Controls()[text]
	if !found {
		p.t.Fatalf("the sheet has no button %q", text)
	}
	test.TapCanvas(p.window.Canvas(), fyne.NewPos(float32(at[0]), float32(at[1])))
}

func TestProperties(t *testing.T) {
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a/one.txt"), "a"))
	p.compiled(1)
	p.compile.ShowProperties()
	p.choose("ISO 9660 with Joliet and Rock Ridge", "UDF")
	p.choose("2.01  (default)", "2.60  (Blu-ray)")
	p.answerSheet("Apply")
	c := p.project.Compilation()
	if !c.Options.UDFOnly || c.Options.UDF.Revision != udfplan.Revision260 {
		t.Errorf("the compilation has %+v", c.Options)
	}
	p.until("the new size", func() bool { return !p.project.Measuring() && p.project.Size().Sectors > 0 })
	p.compile.ShowProperties()
	p.choose("UDF", "ISO 9660 and UDF")
	p.answerSheet("Cancel")
	if !c.Options.UDFOnly {
		t.Error("cancelled choices are applied")
	}
}

// TestPropertiesShown opens the sheet for several properties.
func TestPropertiesShown(t *testing.T) {
	p := newPilot(t)
	for _, want := range []model.Properties{
		{FileSystems: model.ISOAndUDF, Revision: udfplan.Revision102, DVDVideo: true, Publisher: "me", BIOS: "/a", UEFI: "/b"},
		{FileSystems: model.UDFAlone, Revision: udfplan.Revision250, Rational: true, Identical: true, Checksums: true},
		{Revision: udfplan.Revision201, MD5: true},
	} {
		p.project.SetProperties(want)
		p.compile.ShowProperties()
		p.answerSheet("Apply")
		if got := p.project.Properties(); got != want {
			t.Errorf("%+v becomes %+v", want, got)
		}
	}
}

func TestClosingAsks(t *testing.T) {
	p := newPilot(t)
	closed := false
	p.AskClose(func() { closed = true })
	if !closed {
		t.Error("an empty window does not close")
	}
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a.txt"), "a.txt"))
	p.compiled(1)
	closed = false
	p.AskClose(func() { closed = true })
	if closed || !p.covered() {
		t.Error("the window closes and loses the compilation")
	}
	p.drop(fyne.NewPos(700, 400), "/dropped/on/a/question")
	if p.project.Scanning() {
		t.Error("files were accepted while a question is open")
	}
}

func TestNothingToBurnExplains(t *testing.T) {
	t.Setenv(drive.Environment, "")
	p := newPilot(t)
	p.show(burnPage)
	p.until("the drives", func() bool { return len(p.posted) == 0 })
	if p.last("settings")["why"] != "Choose what to burn" {
		t.Errorf("it says %v", p.last("settings"))
	}
}

// TestFitsItsSizes checks the minimum size of the window.
func TestFitsItsSizes(t *testing.T) {
	p := newPilot(t)
	if m := p.window.Content().MinSize(); m.Width > 1024 || m.Height > 700 {
		t.Errorf("the window needs %v", m)
	}
}
