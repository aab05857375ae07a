package widgets

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/widget"

	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

// Graph draws a rate against the amount of work done. Its right edge is the end of the
// disc.
type Graph struct {
	widget.BaseWidget
	Ended  bool // what is shown has ended
	trace  model.Trace
	raster *canvas.Raster
	frame  *canvas.Rectangle
	marks  [graphMarks]*canvas.Text
}

// Texts of a graph.
const (
	markTop    = iota // the rate at the top
	markMiddle        // the rate in the middle
	markCaption
	markHost  // the legend of the line of the host's buffer
	markDrive // and of that of the drive
	markLow   // and of the places where one of them was low
	graphMarks
)

// graphInks are the colours of the texts, those of the legend like what they explain.
var graphInks = [graphMarks]fyne.ThemeColorName{
	theme.Muted, theme.Muted, theme.Muted, theme.ParityPColor, theme.ParityQColor, theme.Warning,
}

// NewGraph returns an empty graph.
func NewGraph() *Graph {
	g := &Graph{frame: canvas.NewRectangle(color.Transparent)}
	g.raster = canvas.NewRaster(g.draw)
	for i := range g.marks {
		g.marks[i] = canvas.NewText("", color.Transparent)
	}
	g.ExtendBaseWidget(g)
	return g
}

// Set shows a trace.
func (g *Graph) Set(t model.Trace) {
	g.trace = t
	g.Refresh()
}

// CreateRenderer implements fyne.Widget.
func (g *Graph) CreateRenderer() fyne.WidgetRenderer { return &graphRenderer{g} }

type graphRenderer struct{ g *Graph }

func (r *graphRenderer) Destroy() {}

// graphHead is the height of the texts above the curve.
const graphHead = 26

func (r *graphRenderer) MinSize() fyne.Size { return fyne.NewSize(240, 120) }

func (r *graphRenderer) Objects() []fyne.CanvasObject {
	g := r.g
	all := []fyne.CanvasObject{g.frame, g.raster}
	for _, m := range g.marks {
		all = append(all, m)
	}
	return all
}

func (r *graphRenderer) Layout(s fyne.Size) {
	g := r.g
	g.frame.Resize(s)
	g.raster.Move(fyne.NewPos(1, graphHead))
	g.raster.Resize(s.SubtractWidthHeight(2, graphHead+1))
	g.marks[markTop].Move(fyne.NewPos(8, 6))
	g.marks[markMiddle].Move(fyne.NewPos(8, graphHead+(s.Height-graphHead)/2+2))
	x := s.Width
	for _, i := range []int{markCaption, markLow, markDrive, markHost} { // from the right
		if g.marks[i].Text != "" {
			x -= g.marks[i].MinSize().Width + 14
			g.marks[i].Move(fyne.NewPos(x+6, 6))
		}
	}
	for _, t := range g.marks {
		t.Resize(t.MinSize())
	}
}

func (r *graphRenderer) Refresh() {
	g := r.g
	g.frame.FillColor, g.frame.StrokeColor = theme.Color(theme.Surface), theme.Color(theme.Border)
	g.frame.StrokeWidth, g.frame.CornerRadius = 1, theme.Radius
	for i, text := range g.texts() {
		g.marks[i].Text, g.marks[i].Color = text, theme.Color(graphInks[i])
		g.marks[i].TextSize = theme.Size(theme.CaptionSize)
	}
	r.Layout(g.Size())
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

// texts returns the texts.
func (g *Graph) texts() [graphMarks]string {
	all := [graphMarks]string{markTop: rateMark(g.trace.Top()), markMiddle: rateMark(g.trace.Top() / 2), markCaption: g.caption()}
	for i, b := range []model.Buffer{model.HostBuffer, model.DriveBuffer} {
		if least, ok := g.trace.Least(b); ok {
			all[markHost+i] = fmt.Sprintf("%s, lowest %.0f %%", model.Capital(b.String()), least*100)
			if least < model.LowLevel {
				all[markLow] = "Low"
			}
		}
	}
	return all
}

// caption returns the text below the graph.
func (g *Graph) caption() string {
	switch {
	case g.Ended && g.trace.Phase == progress.NoPhase:
		return "Nothing was written"
	case g.Ended && g.trace.Top() <= 0:
		return "Too short to measure a rate"
	}
	return model.Capital(g.trace.Phase.String())
}

func rateMark(r float64) string {
	if r <= 0 {
		return ""
	}
	return units.Size(int64(r)) + "/s"
}

// draw renders grid, area and line, column by column.
func (g *Graph) draw(w, h int) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	grid := theme.Color(theme.Border)
	for i := 1; i < 4; i++ {
		for x := range w {
			img.Set(x, h*i/4, grid)
		}
	}
	for i := 1; i < 8; i++ {
		for y := range h {
			img.Set(w*i/8, y, grid)
		}
	}
	g.drawLows(img)
	top := g.trace.Top()
	if top <= 0 {
		return img
	}
	ink := toNRGBA(theme.Color(theme.Primary))
	before := math.NaN()
	for x := range w {
		v, ok := g.trace.At(float64(x) / float64(max(w-1, 1)))
		if !ok {
			break
		}
		y := float64(h) * max(1-v/top, 0)
		if math.IsNaN(before) {
			before = y
		}
		drawColumn(img, x, min(before, y), max(before, y), ink, 0.22)
		before = y
	}
	g.drawLevels(img)
	return img
}

// drawLows marks where a buffer was low, over the whole height.
func (g *Graph) drawLows(img *image.NRGBA) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	ink := toNRGBA(theme.Color(theme.Warning))
	for x := range w {
		for near := -1; near <= 1; near++ { // a single place is 3 pixels wide
			if !g.trace.Low(float64(min(max(x+near, 0), w-1)) / float64(max(w-1, 1))) {
				continue
			}
			for y := range h {
				blend(img, x, y, ink, 0.35)
			}
			break
		}
	}
}

// drawLevels draws the levels of the buffers as lines, full at the top.
func (g *Graph) drawLevels(img *image.NRGBA) {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	for b, name := range []fyne.ThemeColorName{theme.ParityPColor, theme.ParityQColor} {
		ink, before := toNRGBA(theme.Color(name)), math.NaN()
		for x := range w {
			v, ok := g.trace.Level(model.Buffer(b), float64(x)/float64(max(w-1, 1)))
			if !ok {
				continue
			}
			y := 2 + float64(h-4)*(1-v)
			if math.IsNaN(before) {
				before = y
			}
			drawColumn(img, x, min(before, y), max(before, y), ink, 0)
			before = y
		}
	}
}

// drawColumn draws one column: the line between y0 and y1, and the area below with an
// opacity.
func drawColumn(img *image.NRGBA, x int, y0, y1 float64, ink color.NRGBA, opacity float64) {
	const half = 0.9 // of the line's width
	h := img.Rect.Dy()
	for y := max(int(y0-half)-1, 0); y < h; y++ {
		top, bottom := float64(y), float64(y+1)
		line := max(0, min(bottom, y1+half)-max(top, y0-half))
		area := max(0, min(1, bottom-y1)) * opacity
		blend(img, x, y, ink, max(min(line, 1), area))
	}
}

func blend(img *image.NRGBA, x, y int, ink color.NRGBA, a float64) {
	if a <= 0 {
		return
	}
	i := img.PixOffset(x, y)
	p := img.Pix[i : i+4 : i+4]
	under := float64(p[3]) / 255 * (1 - a)
	out := a + under
	for k, c := range [3]uint8{ink.R, ink.G, ink.B} {
		p[k] = uint8((float64(c)*a + float64(p[k])*under) / out)
	}
	p[3] = uint8(out * 255)
}

func toNRGBA(c color.Color) color.NRGBA { return color.NRGBAModel.Convert(c).(color.NRGBA) }
