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
}

// mostDrives is the number of drives that are shown without scrolling.
const mostDrives = 4

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
	if len(l.rows) != len(list) {
		l.rows = nil
		l.box.RemoveAll()
		for i := range list {
			row := newDriveRow(func() { l.v.burn.Show(i) })
			l.rows = append(l.rows, row)
			l.box.Add(row)
		}
		var content fyne.CanvasObject = l.box
		if len(list) > mostDrives {
			content = widgets.MinHeight(mostDrives*driveRowHeight+12, container.NewVScroll(l.box))
		}
		l.object.Objects = []fyne.CanvasObject{widgets.Inset(widgets.Panel(widgets.Inset(content, 4, 4, 4, 4)), 0, 0, 0, 0)}
		l.object.Refresh()
	}
	for i, r := range list {
		l.rows[i].set(r, i == l.v.burn.Shown())
	}
}

const driveRowHeight float32 = 44

// driveRow is a drive.
type driveRow struct {
	widget.BaseWidget
	tapped          func()
	chosen, hovered bool
	back            *canvas.Rectangle
	title, state    *widgets.Text
	bar             *widgets.Bar
	body            *fyne.Container
}

var _ desktop.Hoverable = (*driveRow)(nil)

func newDriveRow(tapped func()) *driveRow {
	r := &driveRow{tapped: tapped, title: widgets.NewText("").Bold(), state: widgets.Muted("").Align(fyne.TextAlignTrailing), bar: widgets.NewBar()}
	r.back = canvas.NewRectangle(color.Transparent)
	r.back.CornerRadius = theme.Radius
	head := container.NewGridWithColumns(2, r.title, r.state)
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

func (x *driveRenderer) Destroy()           {}
func (x *driveRenderer) MinSize() fyne.Size { return fyne.NewSize(200, driveRowHeight) }

func (x *driveRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{x.r.back, x.r.body}
}

func (x *driveRenderer) Layout(s fyne.Size) {
	x.r.back.Resize(s)
	x.r.body.Resize(s)
}

func (x *driveRenderer) paint() {
	x.r.back.FillColor = color.Transparent
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
