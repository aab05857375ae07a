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

// Pointer says how far the position of a drop can be trusted.
type Pointer uint8

// What a system says of the position of a drop.
const (
	Exact   Pointer = iota // where the pointer is
	Late                   // where it was; the next movement tells where it is
	Unknown                // nothing of use
)

// lateLimit is how long the movement that follows a drop is waited for.
const lateLimit = 80 * time.Millisecond

// nowhere is the position of files that came without one.
var nowhere = fyne.NewPos(-1, -1)

// dropped takes files and folders that were dropped on the window at an
// absolute position.
func (s *Shell) dropped(at fyne.Position, uris []fyne.URI) {
	defer model.Guard()
	var paths []string
	for _, u := range uris {
		if u.Scheme() == "file" {
			paths = append(paths, filepath.Clean(u.Path())) // a slash at the end would mean what is in the folder
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

// catch lays something over the window that the pending movement of the pointer
// lands on, and takes its position.
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

// catcher is an invisible thing that feels the pointer.
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
