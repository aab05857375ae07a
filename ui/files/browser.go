// Package files is the file browser of Compile and Browse: a tree of folders, the list
// of the files in one of them, the path of that folder, and a search field.
package files

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/mastering/volume"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// Browser is the file browser.
type Browser struct {
	Object  fyne.CanvasObject // for the window
	Files   *List
	Folders *Folders
	OnReset func() // the folder or the selection changed; may be nil

	list    *model.Listing
	outline *model.Outline
	root    func() string
	search  *searchField
	path    *breadcrumbs
	back    *widgets.Button
	forward *widgets.Button
	up      *widgets.Button
	post    model.Post
}

// New returns a browser of a listing and its outline. root returns the text for the
// root folder, which has no name.
func New(list *model.Listing, outline *model.Outline, tips widgets.Tips, root func() string) *Browser {
	b := &Browser{list: list, outline: outline, root: root, post: tips.Post}
	b.Files, b.Folders = newList(list), newFolders(outline)
	b.Folders.Root = root
	b.Folders.OnOpen = func(n *tree.Node) {
		b.search.SetText("")
		b.list.Open(n)
	}
	b.Files.OnSelect = b.reset
	list.OnChange = b.Reload
	b.back = tips.NewQuiet("", theme.BackIcon, "Back  (Alt+Left)", b.Back)
	b.forward = tips.NewQuiet("", theme.ForwardIcon, "Forward  (Alt+Right)", b.Forward)
	b.up = tips.NewQuiet("", theme.ParentIcon, "Parent folder  (Backspace)", func() { b.list.Up() })
	b.search = newSearchField(b)
	b.path = newBreadcrumbs()
	b.path.OnOpen = func(i int) {
		if folders := b.list.Path(); i < len(folders) {
			b.list.Open(folders[i])
		}
	}
	b.Object = b.build()
	b.Reload()
	return b
}

func (b *Browser) build() fyne.CanvasObject {
	field := container.New(fixedWidth(240), b.search)
	bar := container.NewBorder(nil, nil,
		container.New(layout.NewCustomPaddedHBoxLayout(0), b.back, b.forward, b.up), field, b.path)
	split := widgets.NewSplit(false, 0.24, widgets.Panel(b.Folders), widgets.Panel(b.Files))
	return container.NewBorder(widgets.Inset(bar, 0, 0, 0, 6), nil, nil, nil, split)
}

// Reload shows the listing after a change.
func (b *Browser) Reload() {
	b.Files.Reload()
	b.Folders.Follow(b.list.Folder())
	b.back.Allow(widgets.Unless(b.list.CanBack(), "No earlier folder"))
	b.forward.Allow(widgets.Unless(b.list.CanForward(), "No later folder"))
	b.up.Allow(widgets.Unless(b.list.Folder() != nil && b.list.Folder().Parent() != nil, "This is the top folder"))
	b.showPath()
	b.reset()
}

func (b *Browser) showPath() {
	if q := b.list.Query(); q != "" {
		n := len(b.list.Rows())
		text := model.Count(n, "entry matches", "entries match") + " “" + q + "”"
		if b.list.Truncated() {
			text = "More than " + text
		}
		b.path.Say(text)
		return
	}
	var names []string
	for i, n := range b.list.Path() {
		name := filename.Printable(n.Name)
		if i == 0 {
			name = b.root()
		}
		names = append(names, name)
	}
	b.path.Set(names)
}

func (b *Browser) reset() {
	if b.OnReset != nil {
		b.OnReset()
	}
}

// FolderAt returns the folder that receives a drop at an absolute position, and
// whether the position is in the browser.
func (b *Browser) FolderAt(at fyne.Position) (*tree.Node, bool) {
	if n, ok := b.Folders.FolderAt(at); ok {
		return n, true
	}
	return b.Files.FolderAt(at)
}

// SetTarget highlights the folder that a drag would drop into; nil for none.
func (b *Browser) SetTarget(n *tree.Node) {
	b.Files.SetTarget(n)
	b.Folders.SetTarget(n)
}

// FocusSearch gives the search field the keyboard focus.
func (b *Browser) FocusSearch() {
	if c := fyne.CurrentApp().Driver().CanvasForObject(b.search); c != nil {
		c.Focus(b.search)
	}
}

// Summary describes the selection, or else the folder.
func Summary(list *model.Listing) string {
	nodes, what := list.Selected(), "Selected: "
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
		parts = append(parts, model.Count(files, "file", "files")+" ("+units.Size(bytes)+")")
	}
	if len(parts) == 0 {
		return ""
	}
	return what + strings.Join(parts, ", ")
}

// searchField searches while text is typed.
type searchField struct {
	widgets.Field
	b *Browser
}

func newSearchField(b *Browser) *searchField {
	s := &searchField{b: b}
	s.ExtendBaseWidget(s)
	s.PlaceHolder = "Search  (Ctrl+F)"
	s.Icon = theme.SearchIcon
	s.OnChanged = func(text string) {
		if text != b.list.Query() {
			b.list.Search(text)
		}
	}
	return s
}

// TypedKey implements fyne.Focusable.
func (s *searchField) TypedKey(k *fyne.KeyEvent) {
	switch k.Name {
	case fyne.KeyEscape:
		s.SetText("")
		s.b.Files.Focus()
	case fyne.KeyDown, fyne.KeyReturn, fyne.KeyEnter:
		s.b.Files.Focus()
	default:
		s.Field.TypedKey(k)
	}
}

// fixedWidth lays out one object at a fixed width.
type fixedWidth float32

func (w fixedWidth) Layout(o []fyne.CanvasObject, s fyne.Size) {
	h := o[0].MinSize().Height
	o[0].Move(fyne.NewPos(0, (s.Height-h)/2))
	o[0].Resize(fyne.NewSize(s.Width, h))
}

func (w fixedWidth) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(float32(w), max(o[0].MinSize().Height, theme.RowHeight))
}

// Back shows the previous folder.
func (b *Browser) Back() { b.list.Back() }

// Forward undoes Back.
func (b *Browser) Forward() { b.list.Forward() }
