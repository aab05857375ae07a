// Package host is what the places of the window need of the window itself: its
// canvas, a way back to its goroutine, pickers of files, sheets, and a record of
// what happens.
package host

import (
	"context"
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// Kind is a sort of file, for a picker to show.
type Kind struct {
	Name    string   // "Disc images"
	Endings []string // without the dot, in lower case
}

// Sorts of files that the window opens and saves.
var (
	Images       = Kind{"Disc images", []string{"iso", "udf", "img"}}
	ISO          = Kind{"ISO images", []string{"iso"}}
	Compilations = Kind{"Glassmaster compilations", []string{"glassmaster"}}
	Anything     = Kind{"All files", nil}
)

// ErrNone is returned by a picker when the person has chosen nothing.
var ErrNone = errors.New("nothing was chosen")

// FilePicker asks for files and folders. Its methods block until the person has
// answered, and are not called on the goroutine that owns the window.
type FilePicker interface {
	Open(title string, kinds ...Kind) (string, error)
	OpenMany(title string) ([]string, error)
	Save(title, name string, kinds ...Kind) (string, error)
	Folder(title string) (string, error)
}

// Host is the window as its places see it.
type Host struct {
	Canvas fyne.Canvas
	Tips   widgets.Tips
	Post   model.Post
	Picker FilePicker
	Event  func(name string, fields map[string]any) // tells whoever follows the window from outside; may be nil
	Busy   func(why string)                         // a native dialog is open; empty: no more
}

// Tell records something that has happened.
func (h *Host) Tell(name string, fields map[string]any) {
	if h.Event != nil {
		h.Event(name, fields)
	}
}

// PickOpen asks for a file to open; then is called with its path, unless the
// person has changed their mind.
func (h *Host) PickOpen(title string, then func(string), kinds ...Kind) {
	h.pick(func() (string, error) { return h.Picker.Open(title, kinds...) }, then)
}

// PickSave asks for a file to write.
func (h *Host) PickSave(title, name string, then func(string), kinds ...Kind) {
	h.pick(func() (string, error) { return h.Picker.Save(title, name, kinds...) }, then)
}

// PickMany asks for files to add, several at once where the system can.
func (h *Host) PickMany(title string, then func([]string)) {
	h.busy("Choose files in the other window")
	var paths []string
	model.Start(h.Post, title, func(context.Context, progress.Reporter) (err error) {
		paths, err = h.Picker.OpenMany(title)
		return err
	}, func(err error) { h.picked(err, len(paths) > 0, func() { then(paths) }) })
}

// PickFolder asks for a folder.
func (h *Host) PickFolder(title string, then func(string)) {
	h.pick(func() (string, error) { return h.Picker.Folder(title) }, then)
}

func (h *Host) pick(ask func() (string, error), then func(string)) {
	h.busy("Choose a file in the other window")
	var path string
	model.Start(h.Post, "choosing a file", func(context.Context, progress.Reporter) (err error) {
		path, err = ask()
		return err
	}, func(err error) { h.picked(err, path != "", func() { then(path) }) })
}

func (h *Host) picked(err error, chosen bool, then func()) {
	h.busy("")
	switch {
	case err == nil && chosen:
		then()
	case err != nil && !errors.Is(err, ErrNone):
		h.Error("The file dialog cannot be shown", err)
	}
}

func (h *Host) busy(why string) {
	if h.Busy != nil {
		h.Busy(why)
	}
}

// Error shows an error on a sheet.
func (h *Host) Error(title string, err error) { h.ErrorThen(title, err, func() {}) }

// ErrorThen shows an error on a sheet, and goes on when that is closed.
func (h *Host) ErrorThen(title string, err error, then func()) {
	h.Tell("error", map[string]any{"title": title, "text": err.Error()})
	h.Sheet(title, explanation(err), 480,
		widgets.Choice{Text: "Close", Primary: true, Escape: true, Do: func() bool { h.Post(then); return true }})
}

// explanation shows what an error means and, where there are any, its details.
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
