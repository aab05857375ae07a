package burn

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// driveList shows the drives in which the same disc is burned at once, each with its
// progress or its verdict. The one that is chosen is shown in detail. A burn in one drive
// has no list.
type driveList struct {
	object *fyne.Container
	box    *fyne.Container
	v      *View
	rows   []*driveRow
	ended  bool              // the rows show verdicts
	scroll *container.Scroll // nil: all are seen
	shown  int               // the drive that is shown in detail
}

// mostRoom is the height of the list above which it scrolls: 4 drives with their progress, 6
// with their verdicts.
const mostRoom float32 = 190

func newDriveList(v *View) *driveList {
	l := &driveList{v: v, box: container.New(&widgets.Column{Gap: 2})}
	l.object = container.NewStack()
	return l
}

// set shows the drives.
func (l *driveList) set() {
	list := l.v.burn.Recordings()
	widgets.SetVisible(l.object, len(list) > 1)
	if len(list) < 2 {
		return
	}
	if ended := list[0].Outcome() != nil; len(l.rows) != len(list) || l.ended != ended {
		l.build(len(list), ended)
	}
	shown := l.v.burn.Shown()
	for i, r := range list {
		l.rows[i].set(r, i == shown)
	}
	if shown != l.shown {
		l.shown = shown
		l.reveal(shown)
	}
}

// build makes the rows.
func (l *driveList) build(n int, ended bool) {
	l.rows, l.ended, l.scroll, l.shown = nil, ended, nil, -1
	l.box.RemoveAll()
	for i := range n {
		row := newDriveRow(ended, func() { l.v.burn.Show(i) }, func(by int) { l.move(i + by) })
		l.rows = append(l.rows, row)
		l.box.Add(row)
	}
	var content fyne.CanvasObject = l.box
	if l.box.MinSize().Height > mostRoom {
		l.scroll = container.NewVScroll(l.box)
		content = widgets.MinHeight(mostRoom, l.scroll)
	}
	l.object.Objects = []fyne.CanvasObject{widgets.Panel(widgets.Inset(content, 4, 4, 4, 4))}
	l.object.Refresh()
}

// move shows another drive, and gives it the focus.
func (l *driveList) move(i int) {
	if i < 0 || i >= len(l.rows) {
		return
	}
	l.v.burn.Show(i)
	l.reveal(i)
	if canvas := fyne.CurrentApp().Driver().CanvasForObject(l.rows[i]); canvas != nil {
		canvas.Focus(l.rows[i])
	}
}

// reveal scrolls to a drive.
func (l *driveList) reveal(i int) {
	if l.scroll == nil {
		return
	}
	each := l.rows[i].MinSize().Height + 2
	first, last := l.scroll.Offset.Y, l.scroll.Offset.Y+mostRoom
	switch top := float32(i) * each; {
	case top < first:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top))
	case top+each > last:
		l.scroll.ScrollToOffset(fyne.NewPos(0, top+each-mostRoom))
	}
}

// Heights of a row with the progress of a drive, and of one with its verdict.
const (
	driveRowHeight   float32 = 44
	verdictRowHeight float32 = 29
)

// driveRow is a drive. The arrow keys go to another one.
type driveRow struct {
	widget.BaseWidget
	tapped                   func()
	move                     func(by int)
	chosen, hovered, focused bool
	ended                    bool // without a bar: that of a bad disc would be as full as that of a good one
	back                     *canvas.Rectangle
	title, state             *widgets.Text
	bar                      *widgets.Bar
	body                     *fyne.Container
}

var (
	_ desktop.Hoverable = (*driveRow)(nil)
	_ fyne.Focusable    = (*driveRow)(nil)
)

func newDriveRow(ended bool, tapped func(), move func(int)) *driveRow {
	r := &driveRow{ended: ended, tapped: tapped, move: move, title: widgets.NewText("").Bold(), state: widgets.Muted("").Align(fyne.TextAlignTrailing), bar: widgets.NewBar()}
	r.back = canvas.NewRectangle(color.Transparent)
	r.back.CornerRadius = theme.Radius
	head := container.NewGridWithColumns(2, r.title, r.state)
	if ended {
		r.bar.Hide()
	}
	r.body = widgets.Inset(container.New(&widgets.Column{Gap: 5}, head, r.bar), 10, 5, 10, 7)
	r.ExtendBaseWidget(r)
	return r
}

// set shows the state of a drive.
func (r *driveRow) set(x *model.Recording, chosen bool) {
	r.title.Set(x.Title)
	text, share, ink := driveState(x)
	r.state.Color(ink).Set(text)
	r.bar.Set(share)
	if r.chosen != chosen {
		r.chosen = chosen
		r.Refresh()
	}
}

// driveState returns what a drive does, or the verdict.
func driveState(x *model.Recording) (text string, share float64, ink fyne.ThemeColorName) {
	if o := x.Outcome(); o != nil {
		_, ink, _ := verdictLook(o.Verdict)
		return o.Headline, 1, ink
	}
	s := x.Snapshot()
	text = model.Capital(s.Phase.String())
	if s.Total > 0 {
		share = float64(s.Done) / float64(s.Total)
		text += fmt.Sprintf("  %.0f %%", share*100)
	}
	if s.DriveBuffer >= 0 {
		text += fmt.Sprintf(",  drive buffer %.0f %%", s.DriveBuffer*100)
	}
	if text == "" {
		text = "Waiting"
	}
	return text, share, theme.Muted
}

// verdictLook returns the colours and the icon of a verdict.
func verdictLook(v model.Verdict) (back, ink fyne.ThemeColorName, icon fyne.Resource) {
	switch v {
	case model.Verified:
		return theme.SuccessBackground, theme.Success, theme.CheckIcon
	case model.Failed:
		return theme.ErrorBackground, theme.Error, theme.CloseIcon
	}
	return theme.WarningBackground, theme.Warning, theme.WarningIcon
}

// Tapped implements fyne.Tappable.
func (r *driveRow) Tapped(*fyne.PointEvent) {
	defer model.CatchPanic()
	r.tapped()
}

// FocusGained implements fyne.Focusable.
func (r *driveRow) FocusGained() { r.focused = true; r.Refresh() }

// FocusLost implements fyne.Focusable.
func (r *driveRow) FocusLost() { r.focused = false; r.Refresh() }

// TypedRune implements fyne.Focusable.
func (r *driveRow) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (r *driveRow) TypedKey(e *fyne.KeyEvent) {
	defer model.CatchPanic()
	switch e.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		r.tapped()
	case fyne.KeyUp:
		r.move(-1)
	case fyne.KeyDown:
		r.move(1)
	}
}

// MouseIn implements desktop.Hoverable.
func (r *driveRow) MouseIn(*desktop.MouseEvent) { r.hovered = true; r.Refresh() }

// MouseMoved implements desktop.Hoverable.
func (r *driveRow) MouseMoved(*desktop.MouseEvent) {}

// MouseOut implements desktop.Hoverable.
func (r *driveRow) MouseOut() { r.hovered = false; r.Refresh() }

// CreateRenderer implements fyne.Widget.
func (r *driveRow) CreateRenderer() fyne.WidgetRenderer {
	x := &driveRenderer{r}
	x.paint()
	return x
}

type driveRenderer struct{ r *driveRow }

func (x *driveRenderer) Destroy() {}
func (x *driveRenderer) MinSize() fyne.Size {
	if x.r.ended {
		return fyne.NewSize(200, verdictRowHeight)
	}
	return fyne.NewSize(200, driveRowHeight)
}

func (x *driveRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{x.r.back, x.r.body}
}

func (x *driveRenderer) Layout(s fyne.Size) {
	x.r.back.Resize(s)
	x.r.body.Resize(s)
}

func (x *driveRenderer) paint() {
	x.r.back.FillColor, x.r.back.StrokeColor, x.r.back.StrokeWidth = color.Transparent, color.Transparent, 0
	if x.r.focused {
		x.r.back.StrokeColor, x.r.back.StrokeWidth = theme.Color(theme.Primary), 1.5
	}
	switch {
	case x.r.chosen:
		x.r.back.FillColor = theme.Color(theme.InactiveSelection)
	case x.r.hovered:
		x.r.back.FillColor = theme.Color(theme.Hover)
	}
}

func (x *driveRenderer) Refresh() {
	x.paint()
	x.r.back.Refresh()
	x.r.body.Refresh()
}
