// Package pane is the two panes that Compile and Browse have in common: the
// folders on the left, the entries of one of them on the right, and above them
// where one is and a field to search with.
package files

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// Browser is the two panes.
type Browser struct {
	Object  fyne.CanvasObject // to be put into a window
	Files   *List
	Folders *Folders
	OnReset func() // another folder or selection is shown; may be nil

	list    *model.Listing
	outline *model.Outline
	root    func() string
	search  *searchField
	crumbs  *breadcrumbs
	back    *widgets.Button
	forward *widgets.Button
	up      *widgets.Button
	found   *widgets.Text
	post    model.Post
}

// New returns the panes of a listing and its outline. root names the root
// folder, which has no name of its own.
func New(list *model.Listing, outline *model.Outline, tips widgets.Tips, root func() string) *Browser {
	p := &Browser{list: list, outline: outline, root: root, post: tips.Post}
	p.Files, p.Folders = NewList(list), NewFolders(outline)
	p.Folders.Root = root
	p.Folders.OnOpen = func(n *tree.Node) {
		p.search.SetText("")
		list.Open(n)
	}
	p.Files.OnSelect = p.reset
	list.OnChange = p.Reload
	p.back = tips.NewQuiet("", theme.BackIcon, "Back  (Alt+Left)", list.Back)
	p.forward = tips.NewQuiet("", theme.ForwardIcon, "Forward  (Alt+Right)", list.Forward)
	p.up = tips.NewQuiet("", theme.ParentIcon, "Folder above  (Backspace)", list.Up)
	p.search = newSearchField(p)
	p.crumbs = newBreadcrumbs()
	p.crumbs.OnOpen = func(i int) {
		if path := list.Path(); i < len(path) {
			list.Open(path[i])
		}
	}
	p.found = widgets.Muted("")
	p.Object = p.build()
	p.Reload()
	return p
}

func (p *Browser) build() fyne.CanvasObject {
	field := container.New(fixedWidth(240), p.search)
	bar := container.NewBorder(nil, nil,
		container.New(layout.NewCustomPaddedHBoxLayout(0), p.back, p.forward, p.up), field, p.crumbs)
	split := widgets.NewSplit(false, 0.24, widgets.Panel(p.Folders), widgets.Panel(p.Files))
	return container.NewBorder(widgets.Inset(bar, 0, 0, 0, 6), nil, nil, nil, split)
}

// Reload shows the listing again, after it has changed.
func (p *Browser) Reload() {
	p.Files.Reload()
	p.Folders.Follow(p.list.Folder())
	p.back.Allow(unless(p.list.CanBack(), "There is no folder to go back to"))
	p.forward.Allow(unless(p.list.CanForward(), "There is no folder to go forward to"))
	p.up.Allow(unless(p.list.Folder() != nil && p.list.Folder().Parent() != nil, "This is the top folder"))
	p.showPath()
	p.reset()
}

func (p *Browser) showPath() {
	if q := p.list.Query(); q != "" {
		n := len(p.list.Rows())
		text := model.Count(n, "entry is", "entries are") + " called “" + q + "”"
		if p.list.Truncated() {
			text = "The first " + text
		}
		p.crumbs.Say(text)
		return
	}
	var names []string
	for i, n := range p.list.Path() {
		name := filename.Printable(n.Name)
		if i == 0 {
			name = p.root()
		}
		names = append(names, name)
	}
	p.crumbs.Set(names)
}

func (p *Browser) reset() {
	if p.OnReset != nil {
		p.OnReset()
	}
}

// FolderAt returns the folder that something dropped at an absolute position
// falls into.
func (p *Browser) FolderAt(at fyne.Position) (*tree.Node, bool) {
	if n, ok := p.Folders.FolderAt(at); ok {
		return n, true
	}
	return p.Files.FolderAt(at)
}

// SetTarget lights the folder that something dragged would fall into.
func (p *Browser) SetTarget(n *tree.Node) {
	p.Files.SetTarget(n)
	p.Folders.SetTarget(n)
}

// FocusSearch has the keyboard speak to the search field.
func (p *Browser) FocusSearch() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(p.search); c != nil {
		c.Focus(p.search)
	}
}

// Summary says what is selected, or what the folder holds.
func Summary(list *model.Listing) string {
	nodes, what := list.Selected(), "selected: "
	if len(nodes) == 0 {
		nodes, what = list.Rows(), ""
	}
	var files, folders int
	var bytes int64
	for _, n := range nodes {
		if n.IsDir() {
			folders++
			continue
		}
		files++
		bytes = volume.Sum(bytes, n.Size)
	}
	var parts []string
	if folders > 0 {
		parts = append(parts, model.Count(folders, "folder", "folders"))
	}
	if files > 0 {
		parts = append(parts, model.Count(files, "file", "files")+" ("+model.Bytes(bytes)+")")
	}
	if len(parts) == 0 {
		return ""
	}
	return what + strings.Join(parts, ", ")
}

// searchField searches while one types.
type searchField struct {
	widgets.Field
	p *Browser
}

func newSearchField(p *Browser) *searchField {
	s := &searchField{p: p}
	s.ExtendBaseWidget(s)
	s.PlaceHolder = "Search  (Ctrl+F)"
	s.Icon = theme.SearchIcon
	s.OnChanged = func(text string) {
		if text != p.list.Query() {
			p.list.Search(text)
		}
	}
	return s
}

// TypedKey implements fyne.Focusable.
func (s *searchField) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyEscape:
		s.SetText("")
		s.p.Files.Focus()
	case fyne.KeyDown, fyne.KeyReturn, fyne.KeyEnter:
		s.p.Files.Focus()
	default:
		s.Field.TypedKey(k)
	}
}

// fixedWidth lays out one object at a width of our own choice.
type fixedWidth float32

func (w fixedWidth) Layout(o []fyne.CanvasObject, s fyne.Size) {
	h := o[0].MinSize().Height
	o[0].Move(fyne.NewPos(0, (s.Height-h)/2))
	o[0].Resize(fyne.NewSize(s.Width, h))
}

func (w fixedWidth) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(w), max(o[0].MinSize().Height, theme.RowHeight))
}

// unless returns why something cannot be done, or nothing when it can.
func unless(can bool, why string) string {
	if can {
		return ""
	}
	return why
}

// Back shows the folder that was shown before.
func (p *Browser) Back() { p.list.Back() }

// Forward undoes Back.
func (p *Browser) Forward() { p.list.Forward() }
