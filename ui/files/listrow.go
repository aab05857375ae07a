package files

import (
	"cmp"
	"path"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// column is a column of the list, for the header and the rows.
type column struct {
	title string
	by    model.Column
	sorts bool
	width float32 // 0: the remaining width
	align fyne.TextAlign
	from  float32 // shown only in a list at least this wide
}

var (
	fileColumns = []column{
		{"Name", model.ByName, true, 0, fyne.TextAlignLeading, 0},
		{"Size", model.BySize, true, 88, fyne.TextAlignTrailing, 0},
		{"Modified", model.ByDate, true, 128, fyne.TextAlignLeading, 420},
		{"Kind", model.ByKind, true, 116, fyne.TextAlignLeading, 560},
	}
	markedColumns = []column{
		{"Name", model.ByName, true, 0, fyne.TextAlignLeading, 0},
		{"Size", model.BySize, true, 80, fyne.TextAlignTrailing, 0},
		{"Modified", model.ByDate, true, 128, fyne.TextAlignLeading, 560},
		{"Change", model.ByName, false, 100, fyne.TextAlignLeading, 0},
	}
	foundMarkedColumns = []column{
		{"Name", model.ByName, true, 0, fyne.TextAlignLeading, 0},
		{"Folder", model.ByName, false, 200, fyne.TextAlignLeading, 560},
		{"Size", model.BySize, true, 80, fyne.TextAlignTrailing, 0},
		{"Change", model.ByName, false, 100, fyne.TextAlignLeading, 0},
	}
	foundColumns = []column{
		{"Name", model.ByName, true, 0, fyne.TextAlignLeading, 0},
		{"Folder", model.ByName, false, 200, fyne.TextAlignLeading, 560},
		{"Size", model.BySize, true, 88, fyne.TextAlignTrailing, 0},
		{"Modified", model.ByDate, true, 128, fyne.TextAlignLeading, 760},
	}
)

// Dimensions of a row.
const (
	rowInset float32 = 12 // left and right
	iconSize float32 = 16
	iconRoom         = iconSize + theme.Gap
	cellGap  float32 = 20
)

// span is the position of a column. A width of zero means that it is not shown.
type span struct{ x, width float32 }

// spans returns the positions of the columns in a list of a given width.
func spans(cols []column, width float32) []span {
	fixed := float32(0)
	for _, c := range cols {
		if c.width > 0 && width >= c.from {
			fixed += c.width + cellGap
		}
	}
	out := make([]span, len(cols))
	x := rowInset
	for i, c := range cols {
		w := c.width
		switch {
		case w == 0:
			w = max(width-2*rowInset-fixed, 40)
		case width < c.from:
			continue
		}
		out[i] = span{x, w}
		x += w + cellGap
	}
	return out
}

func columnsOf(found, marked bool) []column {
	switch {
	case found && marked:
		return foundMarkedColumns
	case found:
		return foundColumns
	case marked:
		return markedColumns
	}
	return fileColumns
}

// nameColumn returns the position of the names.
func nameColumn(width float32, found, marked bool) (x, w float32) {
	s := spans(columnsOf(found, marked), width)[0]
	return s.x + iconRoom, s.width - iconRoom
}

// fileRow is the content of a row of the list.
type fileRow struct {
	f     *List
	back  background
	icon  *canvas.Image
	cells [4]*cell
	mark  stripe
	node  *tree.Node
	size  fyne.Size
}

func newFileRow(f *List) *fileRow {
	l := &fileRow{f: f, back: newBackground(), mark: newStripe(), icon: canvas.NewImageFromResource(theme.FileIcon)}
	l.icon.FillMode = canvas.ImageFillContain
	for i := range l.cells {
		l.cells[i] = newCell(fyne.TextAlignLeading)
	}
	return l
}

// Objects implements rowContent.
func (l *fileRow) Objects() []fyne.CanvasObject {
	o := []fyne.CanvasObject{l.back.rect, l.icon}
	for _, c := range l.cells {
		o = append(o, c.Text)
	}
	return append(o, l.mark.bar, l.mark.line)
}

// Layout implements rowContent.
func (l *fileRow) Layout(s fyne.Size) {
	l.size = s
	l.back.layout(s)
	l.icon.Move(fyne.NewPos(rowInset, (s.Height-iconSize)/2))
	l.icon.Resize(fyne.NewSquareSize(iconSize))
	cols := l.f.columns()
	for i, sp := range spans(cols, s.Width) {
		if i == 0 {
			sp.x, sp.width = sp.x+iconRoom, sp.width-iconRoom
		}
		l.cells[i].Alignment = cols[i].align
		l.cells[i].place(sp.x, sp.width, s.Height)
	}
	if l.node != nil {
		l.mark.place(l.f.markOf(l.node), s, l.cells[0])
	}
}

// columns returns the columns that are shown.
func (f *List) columns() []column { return columnsOf(f.list.Query() != "", f.MarkOf != nil) }

func (l *fileRow) show(n *tree.Node) {
	l.node = n
	icon := iconOf(n)
	if l.icon.Resource != icon {
		l.icon.Resource = icon
		l.icon.Refresh()
	}
	l.back.mark(l.f.highlightOf(n))
	ink, mark := theme.Foreground, l.f.markOf(n)
	if mark.Struck {
		ink = theme.Muted
	}
	l.cells[0].set(filename.Printable(n.Name), ink)
	rest := []string{sizeOf(n), model.Date(n.ModTime()), model.Kind(n)}
	if l.f.list.Query() != "" {
		rest = []string{path.Dir(n.Path()), sizeOf(n), model.Date(n.ModTime())}
	}
	for i, text := range rest {
		l.cells[i+1].set(text, theme.Muted)
	}
	if l.f.MarkOf != nil {
		l.cells[3].set(mark.Text, cmp.Or(mark.Color, theme.Muted))
	}
	l.Layout(l.size)
}

func (f *List) highlightOf(n *tree.Node) highlight {
	switch {
	case n == f.target:
		return highlightTarget
	case !f.list.Selection.Has(n):
		return highlightNone
	case f.rows.Focused():
		return highlightSelected
	}
	return highlightInactive
}

func sizeOf(n *tree.Node) string {
	switch {
	case n.Unread():
		return ""
	case n.IsDir():
		return model.Count(len(n.Children()), "item", "items")
	}
	return units.Size(n.Size)
}

// tinted are the icons of the kinds of files, in their colours.
var tinted = map[model.Class]fyne.Resource{
	model.Other:   theme.Tint(theme.FileIcon, theme.Muted),
	model.Folder:  theme.Tint(theme.FolderIcon, theme.FolderColor),
	model.Link:    theme.Tint(theme.LinkIcon, theme.Muted),
	model.Text:    theme.Tint(theme.TextIcon, theme.Muted),
	model.Picture: theme.Tint(theme.PictureIcon, theme.Muted),
	model.Audio:   theme.Tint(theme.AudioIcon, theme.Muted),
	model.Video:   theme.Tint(theme.VideoIcon, theme.Muted),
	model.Archive: theme.Tint(theme.ArchiveIcon, theme.Muted),
	model.Image:   theme.Tint(theme.DiscIcon, theme.Muted),
}

// iconOf returns the icon of a file or folder.
func iconOf(n *tree.Node) fyne.Resource { return tinted[model.ClassOf(n)] }

// columnAt returns the column at a distance from the left edge.
func columnAt(cols []column, width, x float32) (column, bool) {
	at := slices.IndexFunc(spans(cols, width), func(s span) bool {
		return s.width > 0 && x >= s.x-cellGap/2 && x < s.x+s.width+cellGap/2
	})
	if at < 0 {
		return column{}, false
	}
	return cols[at], true
}
