package browse

import (
	"fmt"
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/disc"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
	"glassmaster/ui/widgets"
)

// partColors are the colours of the parts of a sector.
var partColors = [...]fyne.ThemeColorName{
	model.PartData: theme.Foreground, model.PartSync: theme.Muted, model.PartHeader: theme.Warning, model.PartSubheader: theme.Success,
	model.PartEDC: theme.Primary, model.PartP: theme.ParityPColor, model.PartQ: theme.ParityQColor, model.PartUnused: theme.Muted, model.PartSub: theme.Success,
}

// smallText is the theme of the bytes of a sector, which have to fit into the narrowest
// window in lines of sixteen.
type smallText struct{ theme.Theme }

// Size implements fyne.Theme.
func (t smallText) Size(n fyne.ThemeSizeName) float32 {
	if n == theme.BodySize {
		return 11
	}
	return t.Theme.Size(n)
}

// hexView shows bytes as hexadecimal numbers and characters, in the colours of their parts.
type hexView struct {
	widget.BaseWidget
	onStep  func(by disc.LBA) // show another sector
	sector  model.Sector
	perLine int // bytes
	grid    *widget.TextGrid
	scroll  *container.Scroll
	frame   *canvas.Rectangle // is visible while it has the focus
}

var _ fyne.Focusable = (*hexView)(nil)

// Bytes in a line: as many as fit, but not more than that.
const (
	leastPerLine = 16
	mostPerLine  = 32
	lineGroup    = 8 // bytes
)

// columns returns the number of characters of a line.
func columns(perLine int) int { return 6 + 3*perLine + perLine/lineGroup + perLine }

func newHexView() *hexView {
	h := &hexView{grid: widget.NewTextGrid(), perLine: leastPerLine, frame: canvas.NewRectangle(color.Transparent)}
	h.frame.CornerRadius, h.frame.StrokeWidth = theme.Radius, 1
	h.frame.Hide()
	h.grid.Scroll = fyne.ScrollNone
	h.scroll = container.NewVScroll(h.grid)
	h.ExtendBaseWidget(h)
	return h
}

// MinSize implements fyne.CanvasObject.
func (h *hexView) MinSize() fyne.Size { return fyne.NewSize(200, 100) }

// Resize implements fyne.CanvasObject.
func (h *hexView) Resize(s fyne.Size) {
	h.BaseWidget.Resize(s)
	one := fyne.MeasureText("M", smallText{}.Size(theme.BodySize), fyne.TextStyle{Monospace: true}).Width
	n := leastPerLine
	if s.Width > one*float32(columns(mostPerLine)+4) {
		n = mostPerLine
	}
	if n != h.perLine {
		h.perLine = n
		h.fill()
	}
}

// Tapped implements fyne.Tappable.
func (h *hexView) Tapped(*fyne.PointEvent) {
	if c := fyne.CurrentApp().Driver().CanvasForObject(h); c != nil {
		c.Focus(h)
	}
}

// FocusGained implements fyne.Focusable.
func (h *hexView) FocusGained() {
	h.frame.StrokeColor = theme.Color(theme.Primary)
	h.frame.Show()
}

// FocusLost implements fyne.Focusable.
func (h *hexView) FocusLost() { h.frame.Hide() }

// TypedRune implements fyne.Focusable.
func (h *hexView) TypedRune(rune) {}

// TypedKey implements fyne.Focusable.
func (h *hexView) TypedKey(e *fyne.KeyEvent) {
	defer model.CatchPanic()
	line := h.grid.MinSize().Height / float32(max(len(h.grid.Rows), 1))
	switch e.Name {
	case fyne.KeyPageUp, fyne.KeyLeft:
		h.onStep(-1)
	case fyne.KeyPageDown, fyne.KeyRight:
		h.onStep(1)
	case fyne.KeyUp:
		h.scroll.ScrollToOffset(h.scroll.Offset.SubtractXY(0, line))
	case fyne.KeyDown:
		h.scroll.ScrollToOffset(h.scroll.Offset.AddXY(0, line))
	case fyne.KeyHome:
		h.scroll.ScrollToTop()
	case fyne.KeyEnd:
		h.scroll.ScrollToBottom()
	}
}

// TypedShortcut implements fyne.Shortcutable. Ctrl+C copies the lines of the sector.
func (h *hexView) TypedShortcut(s fyne.Shortcut) {
	if _, ok := s.(*fyne.ShortcutCopy); ok {
		fyne.CurrentApp().Clipboard().SetContent(h.grid.Text())
		return
	}
	widgets.ToWindow(h, s)
}

// show shows a sector from its beginning.
func (h *hexView) show(s model.Sector) {
	h.sector = s
	h.fill()
	h.scroll.ScrollToTop()
}

// CreateRenderer implements fyne.Widget.
func (h *hexView) CreateRenderer() fyne.WidgetRenderer {
	return &hexRenderer{h, widget.NewSimpleRenderer(container.NewStack(widgets.Inset(container.NewThemeOverride(h.scroll, smallText{}), 4, 3, 2, 3), h.frame))}
}

// hexRenderer fills the grid again when the colours of the theme change.
type hexRenderer struct {
	h *hexView
	fyne.WidgetRenderer
}

func (r *hexRenderer) Refresh() {
	r.h.fill()
	r.WidgetRenderer.Refresh()
}

// style returns how a byte is drawn.
func (h *hexView) style(at int) widget.TextGridStyle {
	name, bad := theme.Foreground, false
	for _, f := range h.sector.Fields {
		if at >= f.From && at < f.To {
			name, bad = partColors[f.Part], f.Bad && f.Part != model.PartData
		}
	}
	s := &widget.CustomTextGridStyle{FGColor: theme.Color(name)}
	if bad {
		s.FGColor, s.BGColor = theme.Color(theme.Error), theme.Color(theme.ErrorBackground)
	}
	return s
}

// fill fills the grid.
func (h *hexView) fill() {
	p := h.sector.Bytes
	muted := &widget.CustomTextGridStyle{FGColor: theme.Color(theme.Muted)}
	rows := make([]widget.TextGridRow, 0, (len(p)+h.perLine-1)/h.perLine)
	for from := 0; from < len(p); from += h.perLine {
		line := p[from:min(from+h.perLine, len(p))]
		var cells []widget.TextGridCell
		put := func(text string, s widget.TextGridStyle) {
			for _, r := range text {
				cells = append(cells, widget.TextGridCell{Rune: r, Style: s})
			}
		}
		put(fmt.Sprintf("%04x  ", from), muted)
		for i := range h.perLine {
			if i < len(line) {
				put(fmt.Sprintf("%02x ", line[i]), h.style(from+i))
			} else {
				put("   ", muted)
			}
			if i%lineGroup == lineGroup-1 {
				put(" ", muted)
			}
		}
		for i, b := range line {
			r := rune(b)
			if b < 0x20 || b >= 0x7F {
				r = '.'
			}
			put(string(r), h.style(from+i))
		}
		rows = append(rows, widget.TextGridRow{Cells: cells})
	}
	h.grid.Rows = rows
	h.grid.Refresh()
}

// legend names the parts of a sector in their colours.
type legend struct {
	*fyne.Container
}

func newLegend() *legend { return &legend{container.NewHBox()} }

// show names the parts of a sector.
func (l *legend) show(fields []model.Field) {
	l.RemoveAll()
	for _, f := range fields {
		text := widgets.NewText(f.Part.String()).Sized(theme.CaptionSize).Color(partColors[f.Part])
		if f.Bad && f.Part != model.PartData {
			text.Color(theme.Error)
		}
		l.Add(widgets.Wide(text.Natural()+8, text))
	}
}
