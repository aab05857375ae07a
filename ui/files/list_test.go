package files

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"glassmaster/mastering/tree"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// bench is a list in a window.
type bench struct {
	t     *testing.T
	files *List
	list  *model.Listing
	w     fyne.Window
	now   time.Time
}

func newBench(t *testing.T, names ...string) *bench {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.Theme{})
	root := tree.NewFolder("", time.Unix(1, 0))
	for _, name := range names {
		if folder, ok := strings.CutSuffix(name, "/"); ok {
			root.Append(tree.NewFolder(folder, time.Unix(1, 0)))
			continue
		}
		root.Append(tree.NewFile(name, 1000, time.Unix(1, 0), nil))
	}
	b := &bench{t: t, list: model.NewListing(root, func(f func()) { f() }), now: time.Unix(100, 0)}
	b.files = newList(b.list)
	b.files.rows.now = func() time.Time { return b.now }
	b.list.OnChange = b.files.Reload
	b.w = test.NewTempWindow(t, b.files)
	b.w.SetPadded(false)
	b.w.Resize(fyne.NewSize(640, 400))
	return b
}

// at returns the position of the name in a row.
func (b *bench) at(row int) fyne.Position {
	return fyne.NewPos(80, b.files.header.MinSize().Height+(float32(row)+0.5)*theme.RowHeight)
}

// line returns the widget of a row.
func (b *bench) line(row int) *rowWidget {
	b.t.Helper()
	var found *rowWidget
	for _, o := range test.LaidOutObjects(b.w.Content()) {
		if l, ok := o.(*rowWidget); ok && l.row == row {
			found = l
		}
	}
	if found == nil {
		b.t.Fatalf("row %d is not drawn", row)
	}
	return found
}

func (b *bench) press(row int, mod fyne.KeyModifier, button desktop.MouseButton) {
	e := &desktop.MouseEvent{Button: button, Modifier: mod}
	e.AbsolutePosition = b.at(row)
	b.line(row).MouseDown(e)
}

func (b *bench) click(row int, mod fyne.KeyModifier) {
	b.press(row, mod, desktop.MouseButtonPrimary)
	b.line(row).MouseUp(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary})
	b.now = b.now.Add(time.Second)
}

func (b *bench) selected(want string) {
	b.t.Helper()
	var s []string
	for _, n := range b.list.Selected() {
		s = append(s, n.Name)
	}
	if got := strings.Join(s, " "); got != want {
		b.t.Errorf("selected: %q, want %q", got, want)
	}
}

func TestFilesClicks(t *testing.T) {
	b := newBench(t, "a", "b", "c", "d", "e")
	b.click(1, 0)
	b.selected("b")
	b.click(3, fyne.KeyModifierShift)
	b.selected("b c d")
	b.click(2, fyne.KeyModifierControl)
	b.selected("b d")
	b.click(3, 0) // a click on one of several leaves that one
	b.selected("d")
	var menu []*tree.Node
	b.files.OnMenu = func(n []*tree.Node, _ fyne.Position) { menu = n }
	b.press(0, 0, desktop.MouseButtonSecondary)
	if b.selected("a"); len(menu) != 1 {
		t.Errorf("the menu is of %d", len(menu))
	}
	b.files.rows.Tapped(nil)
	b.selected("")
}

func TestFilesDoubleClick(t *testing.T) {
	b := newBench(t, "a", "b")
	var opened []string
	b.files.OnOpen = func(n *tree.Node) { opened = append(opened, n.Name) }
	b.press(1, 0, desktop.MouseButtonPrimary)
	b.now = b.now.Add(doubleClick - 1)
	b.press(1, 0, desktop.MouseButtonPrimary)
	b.press(1, 0, desktop.MouseButtonPrimary) // the third is not another double
	b.now = b.now.Add(doubleClick)
	b.press(1, 0, desktop.MouseButtonPrimary)
	if fmt.Sprint(opened) != "[b]" {
		t.Errorf("opened %v", opened)
	}
}

func TestFilesKeys(t *testing.T) {
	names := make([]string, 200)
	for i := range names {
		names[i] = fmt.Sprintf("f%03d", i)
	}
	b := newBench(t, append(names, "zebra", "zoo")...)
	b.click(0, 0)
	rows := b.files.rows
	key := func(k fyne.KeyName) { rows.TypedKey(&fyne.KeyEvent{Name: k}) }
	key(fyne.KeyDown)
	b.selected("f001")
	rows.KeyDown(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	key(fyne.KeyDown)
	rows.KeyUp(&fyne.KeyEvent{Name: desktop.KeyShiftLeft})
	b.selected("f001 f002")
	key(fyne.KeyEnd)
	b.selected("zoo")
	if rows.list.GetScrollOffset() == 0 {
		t.Error("the last row was not scrolled to")
	}
	key(fyne.KeyHome)
	b.selected("f000")
	rows.TypedRune('Z')
	b.selected("zebra")
	rows.TypedRune('o')
	b.selected("zoo")
	rows.TypedShortcut(&fyne.ShortcutSelectAll{})
	if n := b.list.Selection.Len(); n != 202 {
		t.Errorf("%d selected", n)
	}
	key(fyne.KeyEscape)
	b.selected("")
}

func TestFilesRename(t *testing.T) {
	b := newBench(t, "a", "b")
	var to string
	b.files.OnRename = func(n *tree.Node, name string) { to = n.Name + " to " + name }
	edit := func(row int, text string, end fyne.KeyName) {
		b.files.Rename(b.list.Rows()[row])
		if b.w.Canvas().Focused() != fyne.Focusable(b.files.editor) || !b.files.editor.Visible() {
			t.Fatal("the name cannot be typed")
		}
		b.files.editor.SetText(text)
		b.files.editor.TypedKey(&fyne.KeyEvent{Name: end})
	}
	edit(1, "new", fyne.KeyEscape)
	if to != "" || b.files.editor.Visible() {
		t.Errorf("escape: %q", to)
	}
	edit(1, "new", fyne.KeyReturn)
	if to != "b to new" {
		t.Errorf("return: %q", to)
	}
	if b.w.Canvas().Focused() != fyne.Focusable(b.files.rows) {
		t.Error("the rows do not have the keyboard focus again")
	}
}

func TestFilesDrag(t *testing.T) {
	b := newBench(t, "Folder/", "Other/", "x", "y")
	layer := widgets.NewLayer()
	var moved string
	b.files.Drag = &Drag{Layer: layer, FolderAt: b.files.FolderAt, OnTarget: b.files.SetTarget, OnMove: func(n []*tree.Node, to *tree.Node) {
		moved = fmt.Sprintf("%d to %s", len(n), to.Name)
	}}
	drag := func(from, to int) {
		moved = ""
		l := b.line(from)
		b.press(from, 0, desktop.MouseButtonPrimary)
		e := &fyne.DragEvent{}
		e.AbsolutePosition = b.at(to)
		l.Dragged(e)
		l.DragEnd()
		b.now = b.now.Add(time.Second)
	}
	b.click(2, 0)
	b.click(3, fyne.KeyModifierShift)
	drag(2, 0) // two selected rows stay two
	if moved != "2 to Folder" {
		t.Errorf("moved %q", moved)
	}
	for _, c := range [][2]int{{0, 0}, {2, 3}} { // into itself, to where it is
		if drag(c[0], c[1]); moved != "" {
			t.Errorf("from %d to %d: moved %q", c[0], c[1], moved)
		}
	}
	if len(layer.Objects) != 0 || b.files.target != nil {
		t.Error("the label of the drag is left")
	}
}

// TestFilesDragFromNowhere begins drags below the rows, on the header and with the other
// button. They neither select nor move the row that the pointer crosses first.
func TestFilesDragFromNowhere(t *testing.T) {
	b := newBench(t, "Folder/", "x", "y")
	moved := 0
	b.files.Drag = &Drag{Layer: widgets.NewLayer(), FolderAt: b.files.FolderAt, OnTarget: b.files.SetTarget, OnMove: func([]*tree.Node, *tree.Node) { moved++ }}
	drag := func(row int) {
		l := b.line(row)
		e := &fyne.DragEvent{}
		e.AbsolutePosition = b.at(0)
		l.Dragged(e)
		if b.files.Drag.active() {
			t.Error("something is being dragged")
		}
		l.MouseUp(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary})
		l.DragEnd()
	}
	for what, press := range map[string]func(){
		"nothing": func() {},
		"the room below": func() {
			b.press(1, 0, desktop.MouseButtonPrimary) // and released elsewhere
			b.files.rows.MouseDown(&desktop.MouseEvent{Button: desktop.MouseButtonPrimary})
			b.list.Selection.Clear()
		},
		"another widget": func() {
			b.press(1, 0, desktop.MouseButtonPrimary)
			b.files.rows.FocusLost()
			b.list.Selection.Clear()
		},
		"the other button": func() { b.press(1, 0, desktop.MouseButtonSecondary); b.list.Selection.Clear() },
	} {
		press()
		if drag(2); moved > 0 || b.list.Selection.Len() > 0 {
			t.Errorf("pressed on %s: moved %d, selected %d", what, moved, b.list.Selection.Len())
		}
	}
	b.now = b.now.Add(time.Hour)
	b.press(1, 0, desktop.MouseButtonPrimary)
	e := &fyne.DragEvent{}
	e.AbsolutePosition = b.at(0)
	l := b.line(2) // the pointer has already moved here when the drag begins
	l.Dragged(e)
	b.selected("x")
	l.DragEnd()
	if moved != 1 {
		t.Errorf("moved %d, want 1", moved)
	}
}

func TestFilesSurvivesShrinking(t *testing.T) {
	b := newBench(t, "a", "b", "c")
	b.list.Root().SetChildren(nil)
	b.files.rows.list.UpdateItem(2, newRow(b.files.rows)) // the list has not been updated yet
	b.list.Refresh()
	b.files.rows.list.UpdateItem(2, newRow(b.files.rows))
	if b.files.empty.Text == "" {
		t.Error("an empty folder shows no text")
	}
}

func TestHeaderSorts(t *testing.T) {
	b := newBench(t, "a", "b", "c")
	tap := func(x float32) {
		e := &fyne.PointEvent{Position: fyne.NewPos(x, 10)}
		b.files.header.Tapped(e)
	}
	tap(30)
	if b.list.Order() != (model.Order{Column: model.ByName, Descending: true}) {
		t.Errorf("the order is %+v", b.list.Order())
	}
	s := spans(fileColumns, 640)
	tap(s[1].x + 10)
	if b.list.Order().Column != model.BySize {
		t.Errorf("the order is %+v", b.list.Order())
	}
}

// TestSpans checks that columns do not overlap and fit in the list.
func TestSpans(t *testing.T) {
	for width := float32(240); width < 2000; width += 37 {
		for _, cols := range [][]column{fileColumns, foundColumns} {
			end := float32(0)
			for i, s := range spans(cols, width) {
				if s.width == 0 {
					continue
				}
				if s.x < end || s.x+s.width > width {
					t.Errorf("width %v, column %d: from %v to %v, the last ended at %v", width, i, s.x, s.x+s.width, end)
				}
				end = s.x + s.width
			}
		}
	}
}
