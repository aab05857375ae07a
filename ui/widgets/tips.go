package widgets

import (
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// Layer covers the window and holds tips and the label of a drag. It receives no clicks.
type Layer struct {
	*fyne.Container
	tip  *fyne.Container
	turn int // counts the requested tips

	buttons []*Button // all of this window
	sheets  []*Sheet  // that are open, the topmost last
}

// NewLayer returns an empty layer.
func NewLayer() *Layer { return &Layer{Container: container.NewWithoutLayout()} }

// Place moves an object of the layer, and keeps it inside the window.
func (l *Layer) Place(o fyne.CanvasObject, at fyne.Position) {
	at = at.Subtract(fyne.CurrentApp().Driver().AbsolutePositionForObject(l.Container))
	room := l.Size().Subtract(o.Size())
	o.Move(fyne.NewPos(max(min(at.X, room.Width-4), 4), max(min(at.Y, room.Height-4), 4)))
}

// Cover records that a sheet was opened.
func (l *Layer) Cover(s *Sheet) {
	l.HideTip()
	l.sheets = append(l.sheets, s)
}

// Covered reports whether a sheet is open.
func (l *Layer) Covered() bool { return len(l.sheets) > 0 }

// Uncover records that a sheet was closed.
func (l *Layer) Uncover(s *Sheet) {
	l.sheets = slices.DeleteFunc(l.sheets, func(x *Sheet) bool { return x == s })
}

// Controls returns the centres of the visible buttons by their text, for scripts.
func (l *Layer) Controls() map[string][2]int {
	out := map[string][2]int{}
	middle := func(name string, b fyne.CanvasObject) {
		at, s := fyne.CurrentApp().Driver().AbsolutePositionForObject(b), b.Size()
		if b.Visible() && !at.IsZero() {
			out[name] = [2]int{int(at.X + s.Width/2), int(at.Y + s.Height/2)}
		}
	}
	if n := len(l.sheets); n > 0 { // the buttons below it cannot be pressed
		for _, b := range l.sheets[n-1].buttons {
			middle(b.Text, b)
		}
		return out
	}
	for _, b := range l.buttons {
		name := b.Text
		if name == "" {
			name = b.Tip
		}
		if !b.Disabled() {
			middle(name, b)
		}
	}
	return out
}

// showTip shows a tip after a delay, unless another is requested meanwhile.
func (l *Layer) showTip(text string, below fyne.CanvasObject, post model.Post) {
	l.HideTip()
	turn := l.turn
	time.AfterFunc(500*time.Millisecond, func() {
		post(func() {
			if l.turn != turn {
				return
			}
			l.tip = lines(text)
			l.Add(l.tip)
			at := fyne.CurrentApp().Driver().AbsolutePositionForObject(below)
			l.Place(l.tip, at.AddXY(0, below.Size().Height+4))
			l.Refresh()
		})
	})
}

// HideTip hides the tip that is shown or requested.
func (l *Layer) HideTip() {
	l.turn++
	if l.tip != nil {
		l.Remove(l.tip)
		l.Refresh()
		l.tip = nil
	}
}

// tipWidth is the maximum width of a tip.
const tipWidth = 420

// lines draws a tip.
func lines(text string) *fyne.Container {
	bg := canvas.NewRectangle(theme.Color(theme.MenuBackground))
	bg.StrokeColor, bg.StrokeWidth, bg.CornerRadius = theme.Color(theme.Border), 1, 4
	c := container.NewWithoutLayout(bg)
	width, y := float32(0), float32(6)
	for _, s := range wrapped(text, tipWidth, theme.Size(theme.CaptionSize), fyne.TextStyle{}) {
		t := canvas.NewText(s, theme.Color(theme.Foreground))
		t.TextSize = theme.Size(theme.CaptionSize)
		m := t.MinSize()
		t.Move(fyne.NewPos(8, y))
		t.Resize(m)
		width, y = max(width, m.Width), y+m.Height
		c.Add(t)
	}
	box := fyne.NewSize(width+16, y+6)
	bg.Resize(box)
	c.Resize(box)
	return c
}

// Tips creates buttons with tips. The zero value shows no tips.
type Tips struct {
	Layer *Layer
	Post  model.Post
}

// Button is a button with a tip. The tip of a disabled button is the reason.
type Button struct {
	widget.Button
	Tip  string
	why  string
	tips Tips
}

// NewButton returns a button. Without a text it shows only its icon.
func (t Tips) NewButton(text string, icon fyne.Resource, tip string, tapped func()) *Button {
	b := &Button{Tip: tip, tips: t}
	b.Text, b.Icon, b.OnTapped = text, icon, func() {
		defer model.CatchPanic()
		if b.tips.Layer != nil {
			b.tips.Layer.HideTip()
		}
		tapped()
	}
	b.ExtendBaseWidget(b)
	if t.Layer != nil {
		t.Layer.buttons = append(t.Layer.buttons, b)
	}
	return b
}

// NewQuiet returns a button without a background.
func (t Tips) NewQuiet(text string, icon fyne.Resource, tip string, tapped func()) *Button {
	b := t.NewButton(text, icon, tip, tapped)
	b.Importance = widget.LowImportance
	return b
}

// NewPrimary returns the button of the main action of a page.
func (t Tips) NewPrimary(text string, icon fyne.Resource, tip string, tapped func()) *Button {
	b := t.NewButton(text, icon, tip, tapped)
	b.Importance = widget.HighImportance
	return b
}

// Allow enables the button if why is empty. Otherwise it disables the button and shows
// why as its tip.
func (b *Button) Allow(why string) {
	b.why = why
	if why == "" && b.Disabled() {
		b.Enable()
	} else if why != "" && !b.Disabled() {
		b.Disable()
	}
}

// TypedKey implements fyne.Focusable. Enter presses the focused button, as Space does.
func (b *Button) TypedKey(e *fyne.KeyEvent) {
	if e.Name == fyne.KeyReturn || e.Name == fyne.KeyEnter {
		e = &fyne.KeyEvent{Name: fyne.KeySpace, Physical: e.Physical}
	}
	b.Button.TypedKey(e)
}

// MouseIn implements desktop.Hoverable.
func (b *Button) MouseIn(e *desktop.MouseEvent) {
	b.Button.MouseIn(e)
	text := b.Tip
	if b.why != "" {
		text = b.why
	}
	if b.tips.Layer != nil && text != "" {
		b.tips.Layer.showTip(text, b, b.tips.Post)
	}
}

// MouseOut implements desktop.Hoverable.
func (b *Button) MouseOut() {
	b.Button.MouseOut()
	if b.tips.Layer != nil {
		b.tips.Layer.HideTip()
	}
}
