// Package host gives the pages the services of the window: its canvas, its goroutine,
// file dialogs, sheets, menus and events.
package host

import (
	"context"
	"os"
	"path/filepath"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// FileType is a filter of a file dialog.
type FileType struct {
	Name       string   // "Disc images"
	Extensions []string // without the dot, in lower case; none: all files
}

// Types of the files that the window opens and saves.
var (
	Images       = FileType{"Disc images", []string{"iso", "udf", "img", "bin", "cue", "toc", "ccd", "nrg", "mds", "mdf", "cdi", "b5t", "b6t", "gdi", "chd", "ecm", "cso", "zso", "isz", "dmg", "gz", "xz", "bz2", "zst", "gmdisc", "000", "001", "i00"}}
	ISO          = FileType{"ISO images", []string{"iso"}}
	Compilations = FileType{"Glassmaster compilations", []string{"glassmaster"}}
	Reports      = FileType{"Reports, as text or JSON", []string{"txt", "json"}}
	AllFiles     = FileType{"All files", nil}
)

// DialogMode is the kind of a file dialog.
type DialogMode uint8

// Modes of file dialogs.
const (
	OpenFile DialogMode = iota
	OpenFiles
	OpenFolder
	SaveFile
)

// FileDialog describes a file dialog.
type FileDialog struct {
	Mode  DialogMode
	Title string
	Name  string     // proposed for a file to save
	Types []FileType // the user can choose one of them
}

// FilePicker shows the system's file dialogs.
type FilePicker interface {
	// Choose shows a dialog, waits until it is closed, and returns the chosen paths, or
	// none if it was cancelled. It must not be called on the goroutine that owns the
	// window.
	Choose(ctx context.Context, d FileDialog) ([]string, error)
}

// Host is the interface of the window for its pages.
type Host struct {
	Canvas fyne.Canvas
	// Program is the name and version of the program, for reports.
	Program string
	Tips    widgets.Tips
	Post    model.Post
	Picker  FilePicker
	Event   func(name string, fields map[string]any) // reports an event to scripts; may be nil
	Busy    func(why string)                         // a file dialog is open; "": it was closed
}

// Tell reports an event to scripts.
func (h *Host) Tell(name string, fields map[string]any) {
	if h.Event != nil {
		h.Event(name, fields)
	}
}

// PickOpen asks for a file to open. then is called with its path, unless the dialog is
// cancelled. The other dialogs work the same way.
func (h *Host) PickOpen(title string, then func(string), types ...FileType) {
	h.pick(FileDialog{Mode: OpenFile, Title: title, Types: types}, first(then))
}

// PickFiles asks for files to open.
func (h *Host) PickFiles(title string, then func([]string)) {
	h.pick(FileDialog{Mode: OpenFiles, Title: title, Types: []FileType{AllFiles}}, then)
}

// PickFolder asks for a folder.
func (h *Host) PickFolder(title string, then func(string)) {
	h.pick(FileDialog{Mode: OpenFolder, Title: title}, first(then))
}

// PickSave asks for a file to write. A name without an extension gets that of the
// first type.
func (h *Host) PickSave(title, name string, then func(string), types ...FileType) {
	h.pick(FileDialog{Mode: SaveFile, Title: title, Name: name, Types: types}, first(func(path string) {
		if filepath.Ext(path) != "" || len(types) == 0 || len(types[0].Extensions) == 0 {
			then(path)
			return
		}
		path += "." + types[0].Extensions[0]
		if _, err := os.Lstat(path); err != nil {
			then(path)
			return
		}
		// The dialog has only checked the name without the extension.
		h.Ask("Replace the file?", "“"+filepath.Base(path)+"” already exists in "+filepath.Dir(path)+".",
			widgets.Choice{Text: "Cancel"},
			widgets.Choice{Text: "Replace", Danger: true, Do: func() bool { h.Post(func() { then(path) }); return true }})
	}))
}

func first(then func(string)) func([]string) {
	return func(paths []string) { then(paths[0]) }
}

func (h *Host) pick(d FileDialog, then func([]string)) {
	h.busy("Waiting for the file dialog")
	var paths []string
	model.Start(h.Post, d.Title, func(ctx context.Context, _ progress.Reporter) (err error) {
		paths, err = h.Picker.Choose(ctx, d)
		return err
	}, func(err error) {
		h.busy("")
		switch {
		case err != nil:
			h.Error("The file dialog failed", err)
		case len(paths) > 0:
			then(paths)
		}
	})
}

func (h *Host) busy(why string) {
	if h.Busy != nil {
		h.Busy(why)
	}
}

// Error shows an error on a sheet.
func (h *Host) Error(title string, err error) { h.ErrorThen(title, err, func() {}) }

// ErrorThen shows an error on a sheet, and calls then when it is closed.
func (h *Host) ErrorThen(title string, err error, then func()) {
	h.Tell("error", map[string]any{"title": title, "text": err.Error()})
	h.Sheet(title, explanation(err), 480,
		widgets.Choice{Text: "Close", Primary: true, Escape: true, Do: func() bool { h.Post(then); return true }})
}

// explanation shows what an error means, and its details if there are any.
func explanation(err error) fyne.CanvasObject {
	text := widgets.NewText(model.Explain(err)).Wrap()
	var facts []widgets.Fact
	for _, l := range model.ErrorDetails(err) {
		facts = append(facts, widgets.Fact{Name: l.Name, Value: l.Value})
	}
	if len(facts) == 0 {
		return text
	}
	details := widgets.NewFacts()
	details.Set(facts)
	return container.New(&widgets.Column{Gap: 12}, text, widgets.Muted("Details"), details.Container)
}

// Ask shows a question on a sheet.
func (h *Host) Ask(title, text string, choices ...widgets.Choice) {
	h.Sheet(title, widgets.NewText(text).Wrap(), 440, choices...)
}

// Sheet shows a sheet.
func (h *Host) Sheet(title string, content fyne.CanvasObject, width float32, choices ...widgets.Choice) *widgets.Sheet {
	s := widgets.ShowSheet(h.Canvas, title, content, width, choices...)
	s.OnClose = func() { h.Tips.Layer.Uncover(s); h.Tell("sheet", map[string]any{"title": ""}) }
	h.Tips.Layer.Cover(s)
	h.Tell("sheet", map[string]any{"title": title})
	return s
}

// Menu shows a menu at an absolute position.
func (h *Host) Menu(at fyne.Position, items ...*fyne.MenuItem) {
	widgets.ShowMenu(h.Canvas, at, items...)
}
