package files

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/tree"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// Folders shows the folders as a tree.
type Folders struct {
	widget.BaseWidget

	OnOpen func(*tree.Node) // a folder was chosen
	OnMenu func(n *tree.Node, at fyne.Position)
	Root   func() string         // the text for the root folder, which has no name
	Drag   *Drag                 // nil: folders cannot be dragged
	MarkOf func(*tree.Node) Mark // nil: no folder is marked

	outline *model.Outline
	rows    *rowList
	current *tree.Node
	target  *tree.Node
	bg      *canvas.Rectangle
}

// newFolders returns the tree of an outline.
func newFolders(o *model.Outline) *Folders {
	f := &Folders{outline: o, rows: newRowList(), bg: canvas.NewRectangle(color.Transparent)}
	f.bg.CornerRadius = theme.Radius - 1
	f.rows.Length = func() int { return len(f.outline.Lines()) }
	f.rows.NewRow = func() rowContent { return newFolderRow(f) }
	f.rows.Update = func(i int, c rowContent) { c.(*folderRow).show(f.outline.Lines()[i]) }
	f.rows.OnPress = f.press
	f.rows.OnDrag, f.rows.OnDropped = f.drag, f.drop
	f.rows.OnKey = f.key
	f.ExtendBaseWidget(f)
	return f
}

// Follow selects the folder that the list shows, and opens its parents.
func (f *Folders) Follow(n *tree.Node) {
	moved := f.current != n
	f.current = n
	at := f.outline.Reveal(n)
	f.rows.Reload()
	if moved {
		f.rows.Reveal(at)
	}
}

// FolderAt returns the folder at an absolute position, and whether the position is in
// the tree. Below the last row it is the root.
func (f *Folders) FolderAt(at fyne.Position) (*tree.Node, bool) {
	i, in := f.rows.RowAt(at)
	lines := f.outline.Lines()
	switch {
	case !in || len(lines) == 0:
		return nil, false
	case i < 0:
		return lines[0].Node, true
	}
	return lines[i].Node, true
}

// SetTarget highlights the folder that a drag would drop into; nil for none.
func (f *Folders) SetTarget(n *tree.Node) {
	if f.target != n {
		f.target = n
		f.rows.Reload()
	}
}

func (f *Folders) press(p pressEvent) {
	lines := f.outline.Lines()
	if p.Row < 0 || p.Row >= len(lines) {
		return
	}
	b := lines[p.Row]
	if arrow := indent(b.Depth); !p.Menu && !b.Leaf && (p.Double || p.X < arrow+iconSize+2) {
		f.outline.Toggle(b.Node)
		f.rows.Reload()
		if !p.Double {
			return
		}
	}
	f.choose(b.Node)
	if p.Menu && f.OnMenu != nil {
		f.OnMenu(b.Node, p.At)
	}
}

func (f *Folders) choose(n *tree.Node) {
	f.current = n
	f.rows.Reload()
	if f.OnOpen != nil {
		f.OnOpen(n)
	}
}

func (f *Folders) key(k fyne.KeyName, _ bool) bool {
	lines := f.outline.Lines()
	at := f.outline.Reveal(f.current)
	if at < 0 {
		return false
	}
	b := lines[at]
	to := at
	switch k {
	case fyne.KeyUp:
		to = at - 1
	case fyne.KeyDown:
		to = at + 1
	case fyne.KeyHome:
		to = 0
	case fyne.KeyEnd:
		to = len(lines) - 1
	case fyne.KeyRight:
		f.outline.SetOpen(b.Node, true)
	case fyne.KeyLeft:
		if b.Open {
			f.outline.SetOpen(b.Node, false)
		} else if p := b.Node.Parent(); p != nil {
			to = f.outline.Reveal(p)
		}
	default:
		return false
	}
	f.rows.Reload()
	if to != at && to >= 0 && to < len(f.outline.Lines()) {
		f.choose(f.outline.Lines()[to].Node)
		f.rows.Reveal(to)
	}
	return true
}

func (f *Folders) drag(row int, at fyne.Position) {
	lines := f.outline.Lines()
	if f.Drag == nil || row >= len(lines) {
		return
	}
	if !f.Drag.active() && lines[row].Node.Parent() != nil {
		f.Drag.begin([]*tree.Node{lines[row].Node})
	}
	f.Drag.move(at)
}

func (f *Folders) drop(_ int, at fyne.Position) {
	if f.Drag != nil {
		f.Drag.end(at)
	}
}

// CreateRenderer implements fyne.Widget.
func (f *Folders) CreateRenderer() fyne.WidgetRenderer { return &foldersRenderer{f} }

type foldersRenderer struct{ f *Folders }

func (r *foldersRenderer) Destroy()           {}
func (r *foldersRenderer) MinSize() fyne.Size { return fyne.NewSize(140, theme.RowHeight*3) }
func (r *foldersRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.f.bg, r.f.rows}
}

func (r *foldersRenderer) Layout(s fyne.Size) {
	r.f.bg.Resize(s)
	r.f.rows.Move(fyne.NewPos(0, 4))
	r.f.rows.Resize(s.SubtractWidthHeight(0, 4))
}

func (r *foldersRenderer) Refresh() {
	r.f.bg.FillColor = theme.Color(theme.Surface)
	r.f.bg.Refresh()
	r.f.rows.Reload()
}

// indent is the distance of a row's arrow from the left edge.
func indent(depth int) float32 { return 8 + float32(depth)*14 }

// folderRow is the content of a row of the tree.
type folderRow struct {
	f     *Folders
	back  background
	arrow *canvas.Image
	icon  *canvas.Image
	name  *cell
	dot   dot
	mark  Mark
	depth int
	size  fyne.Size
}

var (
	arrowRight = theme.Tint(theme.RightIcon, theme.Muted)
	arrowDown  = theme.Tint(theme.DownIcon, theme.Muted)
	discIcon   = theme.Tint(theme.DiscIcon, theme.Primary)
)

func newFolderRow(f *Folders) *folderRow {
	l := &folderRow{
		f: f, back: newBackground(), name: newCell(fyne.TextAlignLeading), dot: newDot(),
		arrow: canvas.NewImageFromResource(arrowRight),
		icon:  canvas.NewImageFromResource(tinted[model.Folder]),
	}
	return l
}

// Objects implements rowContent.
func (l *folderRow) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{l.back.rect, l.arrow, l.icon, l.name.Text, l.dot.circle}
}

// Layout implements rowContent.
func (l *folderRow) Layout(s fyne.Size) {
	l.size = s
	l.back.layout(s)
	x, y := indent(l.depth), (s.Height-iconSize)/2
	l.arrow.Move(fyne.NewPos(x, y))
	l.arrow.Resize(fyne.NewSquareSize(iconSize))
	x += iconSize + 2
	l.icon.Move(fyne.NewPos(x, y))
	l.icon.Resize(fyne.NewSquareSize(iconSize))
	x += iconRoom
	l.name.place(x, s.Width-x-theme.Gap, s.Height)
	l.dot.place(l.mark, s, l.name)
}

func (l *folderRow) show(b model.Branch) {
	l.depth = b.Depth
	l.arrow.Hidden = b.Leaf
	l.arrow.Resource = arrowRight
	if b.Open {
		l.arrow.Resource = arrowDown
	}
	l.arrow.Refresh()
	name, icon := filename.Printable(b.Node.Name), tinted[model.Folder]
	if b.Depth == 0 {
		name, icon = l.f.Root(), discIcon
	}
	l.icon.Resource = icon
	l.icon.Refresh()
	m := highlightNone
	switch {
	case b.Node == l.f.target:
		m = highlightTarget
	case b.Node == l.f.current && l.f.rows.Focused():
		m = highlightSelected
	case b.Node == l.f.current:
		m = highlightInactive
	}
	l.back.mark(m)
	l.name.set(name, theme.Foreground)
	l.mark = Mark{}
	if l.f.MarkOf != nil && b.Depth > 0 {
		l.mark = l.f.MarkOf(b.Node)
	}
	l.Layout(l.size)
}
