// Package ui is the window: four pages, and the rail to choose one of them. The
// program passes in the driver that draws it and the system's dialogs, so that tests
// need no display.
package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/ui/browse"
	"glassmaster/ui/burn"
	"glassmaster/ui/compile"
	"glassmaster/ui/host"
	"glassmaster/ui/model"
	"glassmaster/ui/serve"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// page is one of the pages of the window.
type page int

// Pages of the window, in the order of the rail.
const (
	compilePage page = iota
	browsePage
	burnPage
	servePage
)

var pageNames = [...]string{"compile", "browse", "burn", "serve"}

func (p page) String() string { return pageNames[p] }

// Engine is what the pages need of the engine.
type Engine interface {
	compile.Engine
	browse.Engine
	burn.Engine
	model.Server
	model.Keeper
}

// Config is what the program provides to the window.
type Config struct {
	Engine  Engine
	Program string // its name and version, for reports
	Picker  host.FilePicker
	Event   func(name string, fields map[string]any) // may be nil
	Post    model.Post                               // nil: fyne.Do
	// Pointer returns how reliable the position of a drop is; nil: exact.
	Pointer func() Pointer
}

// Shell is the content of the window.
type Shell struct {
	window   fyne.Window
	host     *host.Host
	layer    *widgets.Layer
	rail     [4]*railButton
	pages    [4]fyne.CanvasObject
	page     page
	veil     *fyne.Container
	pointer  func() Pointer
	catching *fyne.Container // receives the mouse event after a drop
	reason   *widgets.Text

	project  *model.Project
	planned  compilationState // that the plan in Burn is for
	keeper   model.Keeper
	autosave *model.Autosave
	fault    *widgets.Sheet // reports an internal error; nil: none

	compile *compile.View
	browse  *browse.View
	burn    *burn.View
	burning *model.Burn
	serve   *serve.View
	served  *model.Serve
}

// New fills a window.
func New(w fyne.Window, c Config) *Shell {
	if c.Post == nil {
		c.Post = fyne.Do // the only use of Fyne's goroutine
	}
	s := &Shell{window: w, layer: widgets.NewLayer()}
	post := func(f func()) {
		c.Post(func() {
			defer model.CatchPanic()
			f()
		})
	}
	s.host = &host.Host{
		Canvas: w.Canvas(), Program: c.Program, Post: post, Picker: c.Picker,
		Tips: widgets.Tips{Layer: s.layer, Post: post},
	}
	s.host.Busy = s.busy
	s.pointer = c.Pointer
	if s.pointer == nil {
		s.pointer = func() Pointer { return Exact }
	}
	s.keeper = c.Engine
	s.addPlaces(c.Engine)
	model.OnPanic(s.faulted)
	w.SetContent(s.build())
	w.SetOnDropped(s.dropped)
	s.addShortcuts()
	s.host.Event = s.announcing(c.Event)
	s.show(compilePage)
	return s
}

func (s *Shell) addPlaces(e Engine) {
	s.project = model.NewProject(s.host.Post)
	s.autosave = model.NewAutosave(s.project, e, s.host.Post)
	s.autosave.OnKept = s.kept
	b := model.NewBurn(e, s.host.Post)
	b.Compiled = func() *compilation.Compilation {
		if s.project.Empty() {
			return nil
		}
		return s.project.Compilation()
	}
	b.Missing, b.Adding = s.project.Missing, s.project.Scanning
	b.Continued, b.OnAdded = s.project.Continued, s.project.LeaveDisc
	s.compile = compile.New(s.host, e, s.project)
	s.browse = browse.New(s.host, e)
	s.burn, s.burning = burn.New(s.host, e, b), b
	s.compile.OnChange = func() {
		s.autosave.Changed()
		if state := s.compilationState(); state != s.planned {
			s.planned = state
			b.CompilationChanged(s.page == burnPage)
		}
	}
	s.compile.OnBurn = func() {
		s.burn.SetCompilation()
		s.show(burnPage)
	}
	s.compile.OnSaveImage = func() {
		s.burn.PickImage(func() { s.show(burnPage) })
	}
	s.browse.OnBurn = func(path string) {
		s.burn.SetImage(path)
		s.show(burnPage)
	}
	s.browse.OnEdit = s.showTitle
	s.burn.OnBegin = s.browse.Release
	s.burn.OnContinue = s.project.Continue
	s.burn.OnCompile = func() { s.show(compilePage) }
	s.burn.OnBrowse = func(name string) {
		s.show(browsePage)
		s.browse.Open(name)
	}
	s.served = model.NewServe(e, s.host.Post)
	s.serve = serve.New(s.host, s.served)
	s.serve.OnBegin, s.serve.AskVirtual = s.browse.Release, s.burn.AskVirtual
	s.pages = [4]fyne.CanvasObject{s.compile.Object, s.browse.Object, s.burn.Object, s.serve.Object}
}

// compilationState is what a plan to burn the compilation depends on.
type compilationState struct {
	compilation    *compilation.Compilation
	edits, missing int
	adding         bool
}

func (s *Shell) compilationState() compilationState {
	return compilationState{s.project.Compilation(), s.project.Edits(), len(s.project.Missing()), s.project.Scanning()}
}

func (s *Shell) build() fyne.CanvasObject {
	buttons, below := container.New(&widgets.Column{Gap: 4}), container.New(&widgets.Column{Gap: 4})
	for i, b := range []struct {
		icon fyne.Resource
		text string
	}{{theme.LayersIcon, "Compile"}, {theme.DiscIcon, "Browse"}, {theme.BurnIcon, "Burn"}, {theme.ServeIcon, "Serve"}} {
		s.rail[i] = newRailButton(b.icon, b.text, func() { s.show(page(i)) })
		if page(i) == servePage { // which few people need
			below.Add(s.rail[i])
			continue
		}
		buttons.Add(s.rail[i])
	}
	rail := container.NewStack(widgets.NewFill(theme.Rail), widgets.Space(theme.RailWidth, 1),
		widgets.Inset(container.NewBorder(buttons, below, nil, nil), 6, 10, 6, 10))
	pages := container.NewStack(s.pages[:]...)
	body := container.New(layout.NewCustomPaddedLayout(12, 0, theme.Margin, theme.Margin), pages)
	s.reason = widgets.NewText("").Align(fyne.TextAlignCenter)
	s.veil = container.NewStack(newVeil(), container.NewCenter(widgets.Wide(300, widgets.Card("", s.reason))))
	s.veil.Hide()
	s.catching = container.NewStack()
	return container.NewStack(container.NewBorder(nil, nil, rail, nil, body), s.layer.Container, s.catching, s.veil)
}

// show shows a page.
func (s *Shell) show(p page) {
	s.layer.HideTip()
	if s.page == burnPage && p != burnPage {
		s.burn.Left()
	}
	s.page = p
	for i := range s.pages {
		s.rail[i].choose(page(i) == p)
		if page(i) == p {
			s.pages[i].Show()
		} else {
			s.pages[i].Hide()
		}
	}
	switch p {
	case burnPage:
		s.burn.Shown(s.browse.Image())
	case servePage:
		s.serve.Shown()
	}
	s.host.Tell("page", map[string]any{"name": p.String()})
}

// Started is called when the window is shown, with the files of the command line. An
// unsaved compilation is offered first.
func (s *Shell) Started(paths []string) {
	s.offerLost(func() { s.openFiles(paths) })
}

// openFiles opens files of the command line.
func (s *Shell) openFiles(paths []string) {
	if len(paths) > 0 {
		s.take(nowhere, false, paths)
	}
}

// take handles files from the command line and dropped files. A compilation is opened; a
// disc image is opened in Browse, or chosen to be burned or offered; other files that are
// dropped on an image in Browse are added to it, and all files if it is being edited. Other
// files, and everything that is dropped on Compile, are added to the compilation.
func (s *Shell) take(at fyne.Position, dropped bool, paths []string) {
	one := ""
	if len(paths) == 1 {
		one = paths[0]
	}
	switch {
	case len(paths) == 0 || s.covered():
	case compilation.IsFile(one):
		s.show(compilePage)
		s.compile.Open(one)
	case model.IsImage(one) && s.page == burnPage && dropped:
		s.burn.SetImage(one)
	case model.IsImage(one) && s.page == servePage && dropped:
		s.serve.Add(one)
	case s.page == browsePage && dropped && (s.browse.Editor() != nil || !model.IsImage(one) && s.browse.CanEdit()):
		s.browse.Drop(at, paths)
	case model.IsImage(one) && (s.page == browsePage || !dropped):
		s.show(browsePage)
		s.browse.Open(one)
	default:
		s.show(compilePage)
		s.compile.Drop(at, paths)
		s.tellImages(paths)
	}
}

// showTitle shows in the title of the window whether an edited image has unsaved changes.
func (s *Shell) showTitle() {
	title := "Glassmaster"
	if s.browse.Unsaved() {
		title = s.browse.Edited() + " (unsaved changes) – Glassmaster"
	}
	if s.window.Title() != title {
		s.window.SetTitle(title)
	}
}

// tellImages says that image files were added as files, which is rarely what was meant.
func (s *Shell) tellImages(paths []string) {
	for _, path := range paths {
		if model.IsImage(path) {
			s.project.AddProblem(disc.Notice{
				Severity: disc.Info, Path: path,
				Text: "this disc image is added as a file. To burn what is in it, choose it in Burn; to see what is in it, open it in Browse",
			})
		}
	}
}

// Close closes the disc in Browse, and removes temporary images and the backup of the
// compilation.
func (s *Shell) Close() {
	s.browse.Close()
	s.burn.Close()
	s.autosave.End()
}

// busy covers the window while a file dialog is open.
func (s *Shell) busy(why string) {
	s.reason.Set(why)
	if why == "" {
		s.veil.Hide()
		return
	}
	s.veil.Show()
}
