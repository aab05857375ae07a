package widgets

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/filename"
	"glassmaster/ui/theme"
)

// Text is text without padding. It is shortened with an ellipsis to fit its width, or
// wrapped.
type Text struct {
	widget.BaseWidget
	text  string
	color fyne.ThemeColorName
	size  fyne.ThemeSizeName
	style fyne.TextStyle
	align fyne.TextAlign
	wrap  bool
	width float32 // that the lines were made for
	lines []*canvas.Text
}

// shown escapes characters that must not be drawn. Names from discs may have characters
// that reverse the direction of a line.
func shown(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = filename.Message(line)
	}
	return strings.Join(lines, "\n")
}

// NewText returns one line of text.
func NewText(text string) *Text {
	t := &Text{text: shown(text), color: theme.Foreground, size: theme.BodySize}
	t.ExtendBaseWidget(t)
	return t
}

// Muted returns secondary text.
func Muted(text string) *Text { return NewText(text).Color(theme.Muted) }

// Title returns the title of a card or page.
func Title(text string) *Text { return NewText(text).Sized(theme.TitleSize).Bold() }

// Color sets the colour. It returns the text, as Sized, Bold, Align and Wrap do.
func (t *Text) Color(c fyne.ThemeColorName) *Text {
	if t.color != c {
		t.color = c
		t.Refresh()
	}
	return t
}

// Sized sets the size.
func (t *Text) Sized(s fyne.ThemeSizeName) *Text { t.size = s; return t }

// Bold sets a bold font.
func (t *Text) Bold() *Text { t.style.Bold = true; return t }

// Mono sets a font in which all letters have the same width.
func (t *Text) Mono() *Text { t.style.Monospace = true; return t }

// Align sets the alignment.
func (t *Text) Align(a fyne.TextAlign) *Text { t.align = a; return t }

// Wrap wraps the text instead of shortening it.
func (t *Text) Wrap() *Text { t.wrap = true; return t }

// Set changes the text.
func (t *Text) Set(text string) {
	if text = shown(text); t.text != text {
		t.text = text
		t.Refresh()
	}
}

// Natural returns the width of the text when it is not shortened.
func (t *Text) Natural() float32 {
	if t.text == "" {
		return 0
	}
	return fyne.MeasureText(t.text, theme.Size(t.size), t.style).Width + 1
}

// String returns the text as it is shown.
func (t *Text) String() string { return t.text }

// MinSize implements fyne.CanvasObject. It is small, since the text can be shortened.
func (t *Text) MinSize() fyne.Size {
	t.ExtendBaseWidget(t)
	return t.BaseWidget.MinSize()
}

// CreateRenderer implements fyne.Widget.
func (t *Text) CreateRenderer() fyne.WidgetRenderer {
	r := &textRenderer{t}
	r.build()
	return r
}

type textRenderer struct{ t *Text }

func (r *textRenderer) Destroy() {}

func (r *textRenderer) Objects() []fyne.CanvasObject {
	o := make([]fyne.CanvasObject, len(r.t.lines))
	for i, l := range r.t.lines {
		o[i] = l
	}
	return o
}

func (r *textRenderer) height() float32 {
	return fyne.MeasureText("Mg", theme.Size(r.t.size), r.t.style).Height
}

func (r *textRenderer) MinSize() fyne.Size {
	t := r.t
	h := r.height()
	if t.wrap {
		return fyne.NewSize(60, h*float32(max(len(t.lines), 1)))
	}
	w := fyne.MeasureText(t.text, theme.Size(t.size), t.style).Width
	return fyne.NewSize(min(w, 60), h)
}

func (r *textRenderer) Layout(s fyne.Size) {
	if s.Width != r.t.width {
		r.t.width = s.Width
		r.build()
	}
	h := r.height()
	for i, l := range r.t.lines {
		l.Move(fyne.NewPos(0, float32(i)*h))
		l.Resize(fyne.NewSize(s.Width, h))
	}
}

func (r *textRenderer) Refresh() {
	r.build()
	r.Layout(r.t.Size())
	canvas.Refresh(r.t)
}

func (r *textRenderer) build() {
	t := r.t
	size := theme.Size(t.size)
	texts := []string{Fit(t.text, t.width, size, t.style)}
	if t.wrap {
		texts = wrapped(t.text, t.width, size, t.style)
	}
	t.lines = t.lines[:0]
	for _, s := range texts {
		l := canvas.NewText(s, theme.Color(t.color))
		l.TextSize, l.TextStyle, l.Alignment = size, t.style, t.align
		t.lines = append(t.lines, l)
	}
}

// wrapped wraps a text between words, and within a word that is longer than a line.
func wrapped(text string, width, size float32, style fyne.TextStyle) []string {
	fits := func(s string) bool { return fyne.MeasureText(s, size, style).Width <= width }
	var out []string
	for _, paragraph := range strings.Split(text, "\n") {
		line := ""
		for _, word := range strings.Split(paragraph, " ") {
			next := word
			if line != "" {
				next = line + " " + word
			}
			if width <= 0 || fits(next) {
				line = next
				continue
			}
			if line != "" {
				out = append(out, line)
			}
			for line = word; !fits(line); {
				head := breakable(line, fits)
				out, line = append(out, head), line[len(head):]
			}
		}
		out = append(out, line)
	}
	return out
}

// breakable returns the longest prefix that fits, at least one letter.
func breakable(s string, fits func(string) bool) string {
	end := 0
	for i := range s {
		if i > 0 && !fits(s[:i]) {
			break
		}
		end = i
	}
	if end == 0 {
		for i := range s {
			if i > 0 {
				return s[:i]
			}
		}
		return s
	}
	return s[:end]
}

// Facts is a table of names and values, which wrap.
type Facts struct {
	*fyne.Container
	names float32 // the width of the names
}

// Fact is a row of Facts.
type Fact struct {
	Name, Value string
	Color       fyne.ThemeColorName // empty: as usual
}

// NewFacts returns an empty table.
func NewFacts() *Facts { return &Facts{container.New(&Column{Gap: 5}), nameRoom} }

// NewSteps returns an empty table whose names are numbers.
func NewSteps() *Facts { return &Facts{container.New(&Column{Gap: 4}), 34} }

// Set shows facts. Those without a value are left out.
func (f *Facts) Set(facts []Fact) {
	f.Objects = nil
	for _, x := range facts {
		if x.Value == "" {
			continue
		}
		value := NewText(x.Value).Wrap()
		if x.Color != "" {
			value.Color(x.Color)
		}
		f.Objects = append(f.Objects, container.New(factRow{f.names}, Muted(x.Name).Wrap(), value))
	}
	f.Refresh()
}

// nameRoom is the width of the names of facts.
const nameRoom float32 = 86

type factRow struct{ names float32 }

func (f factRow) Layout(o []fyne.CanvasObject, s fyne.Size) {
	o[1].Move(fyne.NewPos(f.names, 0))
	for range 2 { // the height follows from the width
		o[0].Resize(fyne.NewSize(f.names-8, o[0].MinSize().Height))
		o[1].Resize(fyne.NewSize(max(s.Width-f.names, 20), o[1].MinSize().Height))
	}
}

func (f factRow) MinSize(o []fyne.CanvasObject) fyne.Size {
	return fyne.NewSize(f.names+60, max(o[0].MinSize().Height, o[1].MinSize().Height))
}

// Fit shortens a text with an ellipsis to a width.
func Fit(s string, width, size float32, style fyne.TextStyle) string {
	if s == "" || fyne.MeasureText(s, size, style).Width <= width {
		return s
	}
	runes := []rune(s)
	lo, hi := 0, len(runes) // lo runes fit, hi do not
	for hi-lo > 1 {
		mid := (lo + hi) / 2
		if fyne.MeasureText(string(runes[:mid])+"…", size, style).Width <= width {
			lo = mid
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return ""
	}
	return string(runes[:lo]) + "…"
}
