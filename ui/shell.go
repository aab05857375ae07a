// Package ui is the window: a rail with its three places, and what they share.
// It knows neither the driver that draws it nor the native dialogs, so that its
// tests need no display; the program hands those in.
package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/browse"
	"glassmaster/ui/desk"
	"glassmaster/ui/look"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// Place is one of the places of the window.
type Place int

// Places of the window, in the order of the rail.
const (
	Compile Place = iota
	Browse
	Burn
)

var placeNames = [...]string{"compile", "browse", "burn"}

func (p Place) String() string { return placeNames[p] }

// Engine does the work that the window shows.
type Engine interface {
	browse.Engine
}

// Config is what the program hands to the window.
type Config struct {
	Engine Engine
	Picker desk.FilePicker
	Event  func(name string, fields map[string]any) // may be nil
	Post   model.Post                               // nil: fyne.Do
}

// Shell is the content of the window.
type Shell struct {
	window fyne.Window
	desk   *desk.Desk
	layer  *widgets.Layer
	rail   [3]*railButton
	pages  [3]fyne.CanvasObject
	place  Place
	veil   *fyne.Container
	reason *widgets.Text

	browse *browse.View
}

// New fills a window.
func New(w fyne.Window, c Config) *Shell {
	if c.Post == nil {
		c.Post = fyne.Do // the only place where the window's goroutine is spoken to
	}
	s := &Shell{window: w, layer: widgets.NewLayer()}
	s.desk = &desk.Desk{
		Canvas: w.Canvas(), Post: c.Post, Picker: c.Picker,
		Tips: widgets.Tips{Layer: s.layer, Post: c.Post},
	}
	s.desk.Busy = s.busy
	s.browse = browse.New(s.desk, c.Engine)
	s.browse.OnBurn = func(string) { s.Go(Burn) }
	s.pages = [3]fyne.CanvasObject{widget.NewLabel(""), s.browse.Object, widget.NewLabel("")}
	w.SetContent(s.build())
	w.SetOnDropped(s.Dropped)
	s.addShortcuts()
	s.desk.Event = c.Event
	s.Go(Compile)
	return s
}

func (s *Shell) build() fyne.CanvasObject {
	buttons := container.New(&widgets.Column{Gap: 4})
	for i, b := range []struct {
		icon fyne.Resource
		text string
	}{{look.Layers, "Compile"}, {look.Disc, "Browse"}, {look.Flame, "Burn"}} {
		s.rail[i] = newRailButton(b.icon, b.text, func() { s.Go(Place(i)) })
		buttons.Add(s.rail[i])
	}
	rail := container.NewStack(widgets.NewFill(look.Rail), widgets.Space(look.RailWidth, 1),
		widgets.Inset(container.NewBorder(buttons, nil, nil, nil), 6, 10, 6, 10))
	pages := container.NewStack(s.pages[:]...)
	body := container.New(layout.NewCustomPaddedLayout(12, 0, look.Margin, look.Margin), pages)
	s.reason = widgets.NewText("").Align(fyne.TextAlignCenter)
	s.veil = container.NewStack(newVeil(), container.NewCenter(widgets.Wide(300, widgets.Card("", s.reason))))
	s.veil.Hide()
	return container.NewStack(container.NewBorder(nil, nil, rail, nil, body), s.layer.Container, s.veil)
}

// Go shows a place.
func (s *Shell) Go(p Place) {
	s.place = p
	for i := range s.pages {
		s.rail[i].choose(Place(i) == p)
		if Place(i) == p {
			s.pages[i].Show()
		} else {
			s.pages[i].Hide()
		}
	}
	s.desk.Tell("place", map[string]any{"name": p.String()})
}

// Dropped takes files and folders that were dropped on the window at an
// absolute position.
func (s *Shell) Dropped(at fyne.Position, uris []fyne.URI) {
	var paths []string
	for _, u := range uris {
		if u.Scheme() == "file" {
			paths = append(paths, u.Path())
		}
	}
	s.desk.Tell("dropped", map[string]any{"paths": paths, "x": at.X, "y": at.Y})
	s.take(at, paths)
}

// OpenFiles takes files that were named when the program was started.
func (s *Shell) OpenFiles(paths []string) { s.take(fyne.NewPos(-1, -1), paths) }

// take is the one way by which files come into the window.
func (s *Shell) take(_ fyne.Position, paths []string) {
	if len(paths) == 0 {
		return
	}
	s.Go(Browse)
	s.browse.Open(paths[0])
}

// Close stops what goes on.
func (s *Shell) Close() { s.browse.Close() }

// busy lays a veil over the window while a native dialog is open.
func (s *Shell) busy(why string) {
	s.reason.Set(why)
	if why == "" {
		s.veil.Hide()
		return
	}
	s.veil.Show()
}
