package files

import (
	"image/color"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/tree"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// List shows a listing: a header that sorts it, and the rows.
type List struct {
	widget.BaseWidget

	OnOpen   func(*tree.Node)                           // double click or Enter
	OnMenu   func(nodes []*tree.Node, at fyne.Position) // no nodes: a click below the rows
	OnKey    func(fyne.KeyName) bool
	OnSelect func()
	OnRename func(n *tree.Node, name string) // nil: files cannot be renamed
	OnEmpty  func(dir *tree.Node) string     // why a folder shows nothing; nil or "": it is empty
	Drag     *Drag                           // nil: rows cannot be dragged

	OnCommand func(fyne.Shortcut) bool // handles a shortcut, such as Copy; may be nil
	MarkOf    func(*tree.Node) Mark    // nil: the kinds of files are shown instead of marks

	list    *model.Listing
	rows    *rowList
	header  *header
	editor  *nameEditor
	empty   *canvas.Text
	pending bool // a press on a selected row, which may begin a drag
	target  *tree.Node
	typed   string
	typedAt time.Time
}

// newList returns a view of a listing.
func newList(list *model.Listing) *List {
	f := &List{list: list, rows: newRowList(), empty: canvas.NewText("", color.Transparent)}
	f.header = newHeader(func(c model.Column) { f.list.SortBy(c) })
	f.editor = newNameEditor()
	f.editor.Hide()
	f.empty.Alignment = fyne.TextAlignCenter
	f.rows.Length = func() int { return len(f.list.Rows()) }
	f.rows.NewRow = func() rowContent { return newFileRow(f) }
	f.rows.Update = func(i int, c rowContent) { c.(*fileRow).show(f.list.Rows()[i]) }
	f.rows.OnPress, f.rows.OnRelease = f.press, f.release
	f.rows.OnDrag, f.rows.OnDropped = f.drag, f.drop
	f.rows.OnKey, f.rows.OnRune, f.rows.OnCommand = f.key, f.find, f.command
	f.ExtendBaseWidget(f)
	return f
}

// Reload redraws the listing.
func (f *List) Reload() {
	f.header.show(f.list.Order(), f.columns())
	f.empty.Text = f.emptyText()
	f.empty.Color = theme.Color(theme.Muted)
	f.empty.TextSize = theme.Size(theme.BodySize)
	f.empty.Refresh()
	f.rows.Reload()
}

func (f *List) emptyText() string {
	switch {
	case len(f.list.Rows()) > 0 || f.list.Folder() == nil:
		return ""
	case f.list.Query() != "":
		return "No matching names"
	}
	if f.OnEmpty != nil {
		if why := f.OnEmpty(f.list.Folder()); why != "" {
			return why
		}
	}
	return "This folder is empty"
}

// Focus gives the rows the keyboard focus.
func (f *List) Focus() { f.rows.Focus() }

// FolderAt returns the folder that receives a drop at an absolute position, and
// whether the position is in the list. That is the folder in the row, or the folder
// that is shown.
func (f *List) FolderAt(at fyne.Position) (*tree.Node, bool) {
	i, in := f.rows.RowAt(at)
	if !in {
		return nil, false
	}
	if i >= 0 && f.list.Rows()[i].IsDir() && !f.markOf(f.list.Rows()[i]).Struck {
		return f.list.Rows()[i], true
	}
	return f.list.Folder(), true
}

// SetTarget highlights the folder that a drag would drop into; nil for none.
func (f *List) SetTarget(n *tree.Node) {
	if f.target != n {
		f.target = n
		f.rows.Reload()
	}
}

func (f *List) press(p pressEvent) {
	f.editor.finish(true)
	rows, sel := f.list.Rows(), &f.list.Selection
	f.pending = false
	if p.Row < 0 || p.Row >= len(rows) {
		sel.Clear()
		f.selected()
		if p.Menu && f.OnMenu != nil {
			f.OnMenu(nil, p.At)
		}
		return
	}
	n := rows[p.Row]
	held := sel.Has(n) && !p.Extend && !p.Toggle
	switch {
	case p.Double && f.OnOpen != nil:
		sel.Set(n)
		f.selected()
		f.OnOpen(n)
		return
	case held:
		f.pending = !p.Menu
	default:
		sel.Click(rows, p.Row, p.Extend, p.Toggle)
	}
	f.selected()
	if p.Menu && f.OnMenu != nil {
		f.OnMenu(f.list.Selected(), p.At)
	}
}

// release selects one of several selected rows alone, after a press on it that did not
// begin a drag.
func (f *List) release(p pressEvent) {
	rows := f.list.Rows()
	if f.pending && p.Row < len(rows) {
		f.list.Selection.Set(rows[p.Row])
		f.selected()
	}
	f.pending = false
}

func (f *List) drag(row int, at fyne.Position) {
	f.pending = false
	if f.Drag == nil {
		return
	}
	if !f.Drag.active() && row < len(f.list.Rows()) {
		if n := f.list.Rows()[row]; !f.list.Selection.Has(n) {
			f.list.Selection.Set(n)
			f.selected()
		}
		f.Drag.begin(f.list.Selected())
	}
	f.Drag.move(at)
}

func (f *List) drop(_ int, at fyne.Position) {
	if f.Drag != nil {
		f.Drag.end(at)
	}
}

func (f *List) selected() {
	f.rows.Reload()
	if f.OnSelect != nil {
		f.OnSelect()
	}
}

// Rename opens an editor over the name of a row.
func (f *List) Rename(n *tree.Node) {
	rows := f.list.Rows()
	f.list.Selection.Set(n)
	at := f.list.Selection.At(rows)
	if at < 0 || f.OnRename == nil {
		return
	}
	f.rows.Reveal(at)
	f.selected()
	x, w := nameColumn(f.Size().Width, f.list.Query() != "", f.MarkOf != nil)
	y := f.header.MinSize().Height + f.rows.RowTop(at)
	c := fyne.CurrentApp().Driver().CanvasForObject(f)
	f.editor.begin(c, n.Name, fyne.NewPos(x-6, y-2), fyne.NewSize(w, theme.RowHeight+4), func(name string) {
		f.OnRename(n, name)
		f.Focus()
	}, f.Focus)
}

// CreateRenderer implements fyne.Widget.
func (f *List) CreateRenderer() fyne.WidgetRenderer {
	bg := canvas.NewRectangle(theme.Color(theme.Surface))
	bg.CornerRadius = theme.Radius - 1
	return &filesRenderer{f, bg}
}

type filesRenderer struct {
	f  *List
	bg *canvas.Rectangle
}

func (r *filesRenderer) Destroy() {}

func (r *filesRenderer) Layout(s fyne.Size) {
	h := r.f.header.MinSize().Height
	r.bg.Resize(s)
	r.f.header.Resize(fyne.NewSize(s.Width, h))
	r.f.rows.Move(fyne.NewPos(0, h))
	r.f.rows.Resize(fyne.NewSize(s.Width, max(s.Height-h, 0)))
	r.f.empty.Move(fyne.NewPos(0, h+theme.Margin*2))
	r.f.empty.Resize(fyne.NewSize(s.Width, theme.RowHeight))
}

func (r *filesRenderer) MinSize() fyne.Size {
	return fyne.NewSize(240, r.f.header.MinSize().Height+r.f.rows.MinSize().Height)
}

func (r *filesRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.bg, r.f.rows, r.f.header, r.f.empty, r.f.editor}
}

func (r *filesRenderer) Refresh() {
	r.bg.FillColor = theme.Color(theme.Surface)
	r.bg.Refresh()
	r.f.Reload()
}
