package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/ui/theme"
)

// Mono shows a longer text in a monospaced font, wrapped to its width.
type Mono struct {
	widget.BaseWidget
	text   string
	cols   int // that the grid was filled for; 0: none
	grid   *widget.TextGrid
	scroll *container.Scroll
}

// NewMono returns an empty text.
func NewMono() *Mono {
	m := &Mono{grid: widget.NewTextGrid()}
	m.grid.Scroll = fyne.ScrollNone
	m.scroll = container.NewVScroll(m.grid)
	m.ExtendBaseWidget(m)
	return m
}

// Set shows a text from the start.
func (m *Mono) Set(text string) {
	m.text, m.cols = text, 0
	m.fill(m.Size().Width)
	m.scroll.ScrollToTop()
}

// MinSize implements fyne.CanvasObject.
func (m *Mono) MinSize() fyne.Size { return fyne.NewSize(60, 40) }

// Resize implements fyne.CanvasObject.
func (m *Mono) Resize(s fyne.Size) {
	m.BaseWidget.Resize(s)
	m.fill(s.Width)
}

// CreateRenderer implements fyne.Widget.
func (m *Mono) CreateRenderer() fyne.WidgetRenderer { return widget.NewSimpleRenderer(m.scroll) }

func (m *Mono) fill(width float32) {
	one := fyne.MeasureText("M", theme.Size(theme.BodySize), fyne.TextStyle{Monospace: true}).Width
	cols := int(width/one) - 1
	if cols < 8 || cols == m.cols {
		return
	}
	m.cols = cols
	var lines []string
	for line := range strings.SplitSeq(m.text, "\n") {
		lines = append(lines, broken(line, cols)...)
	}
	m.grid.SetText(strings.Join(lines, "\n"))
}

// broken wraps a line after at most cols letters, between words where possible.
func broken(line string, cols int) []string {
	var out []string
	r := []rune(line)
	for len(r) > cols {
		at := cols
		for i := cols; i > cols/2; i-- {
			if r[i] == ' ' {
				at = i
				break
			}
		}
		out = append(out, string(r[:at]))
		r = r[at:]
		if len(r) > 0 && r[0] == ' ' {
			r = r[1:]
		}
	}
	return append(out, string(r))
}

// TopFit is a layout of a picture at the top, as large as fits.
type TopFit struct{ Aspect float32 } // width by height

// Layout implements fyne.Layout.
func (l *TopFit) Layout(o []fyne.CanvasObject, s fyne.Size) {
	w, h := s.Width, s.Height
	if l.Aspect > 0 {
		if h = w / l.Aspect; h > s.Height {
			w, h = s.Height*l.Aspect, s.Height
		}
	}
	o[0].Move(fyne.NewPos((s.Width-w)/2, 0))
	o[0].Resize(fyne.NewSize(w, h))
}

// MinSize implements fyne.Layout.
func (l *TopFit) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(40, 40) }
