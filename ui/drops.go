package ui

import (
	"image/color"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
)

// Pointer is how reliable the position of a drop is.
type Pointer uint8

// Reliability of the position of a drop.
const (
	Exact   Pointer = iota // the position of the pointer
	Late                   // an earlier position; the next mouse event has the right one
	Unknown                // no usable position
)

// lateLimit is how long to wait for the mouse event that follows a drop.
const lateLimit = 80 * time.Millisecond

// nowhere is the position of files without a known one.
var nowhere = fyne.NewPos(-1, -1)

// dropped handles files and folders that were dropped at an absolute position.
func (s *Shell) dropped(at fyne.Position, uris []fyne.URI) {
	defer model.CatchPanic()
	var paths []string
	for _, u := range uris {
		if u.Scheme() == "file" {
			paths = append(paths, filepath.Clean(u.Path())) // a trailing slash would mean the contents of the folder
		}
	}
	take := func(at fyne.Position) {
		s.host.Tell("dropped", map[string]any{"paths": paths, "x": at.X, "y": at.Y})
		s.take(at, true, paths)
	}
	switch s.pointer() {
	case Exact:
		take(at)
	case Unknown:
		take(nowhere)
	default:
		s.catch(take)
	}
}

// catch covers the window until the next mouse event, and passes on its position.
func (s *Shell) catch(take func(fyne.Position)) {
	c := &catcher{}
	c.ExtendBaseWidget(c)
	caught := false
	c.at = func(at fyne.Position) {
		if !caught {
			caught = true
			s.catching.Objects = nil
			s.catching.Refresh()
			take(at)
		}
	}
	s.catching.Objects = []fyne.CanvasObject{c}
	s.catching.Refresh()
	time.AfterFunc(lateLimit, func() { s.host.Post(func() { c.at(nowhere) }) })
}

// catcher is an invisible widget that receives mouse events.
type catcher struct {
	widget.BaseWidget
	at func(fyne.Position)
}

var _ desktop.Hoverable = (*catcher)(nil)

// MouseIn implements desktop.Hoverable.
func (c *catcher) MouseIn(e *desktop.MouseEvent) { c.at(e.AbsolutePosition) }

// MouseMoved implements desktop.Hoverable.
func (c *catcher) MouseMoved(e *desktop.MouseEvent) { c.at(e.AbsolutePosition) }

// MouseOut implements desktop.Hoverable.
func (c *catcher) MouseOut() {}

// CreateRenderer implements fyne.Widget.
func (c *catcher) CreateRenderer() fyne.WidgetRenderer {
	return widget.NewSimpleRenderer(canvas.NewRectangle(color.Transparent))
}
