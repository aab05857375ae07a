package widgets

import (
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/test"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
	"glassmaster/ui/theme"
)

func newApp(t *testing.T) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(theme.Theme{})
}

func TestFit(t *testing.T) {
	newApp(t)
	width := func(s string) float32 { return fyne.MeasureText(s, 13, fyne.TextStyle{}).Width }
	long := "A rather long name of a file.flac"
	for w := float32(0); w < 300; w += 7 {
		got := Fit(long, w, 13, fyne.TextStyle{})
		if width(got) > w && got != "" {
			t.Errorf("%v: %q is %v wide", w, got, width(got))
		}
		if got != long && got != "" && !strings.HasSuffix(got, "…") {
			t.Errorf("%v: %q is cut and does not say so", w, got)
		}
	}
	if got := Fit(long, 1000, 13, fyne.TextStyle{}); got != long {
		t.Errorf("%q was cut without need", got)
	}
}

func TestWrapped(t *testing.T) {
	newApp(t)
	text := "one two\nthree aVeryLongWordThatFitsNowhere " + strings.Repeat("äö", 30) + " end"
	lines := wrapped(text, 90, 13, fyne.TextStyle{})
	for _, l := range lines {
		if fyne.MeasureText(l, 13, fyne.TextStyle{}).Width > 90 {
			t.Errorf("%q is too wide", l)
		}
	}
	letters := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
	if letters(strings.Join(lines, "")) != letters(text) {
		t.Errorf("letters are lost: %q", lines)
	}
}

func TestBroken(t *testing.T) {
	for line, want := range map[string]string{
		"": "", "short": "short", "aaa bbb ccc": "aaa bbb|ccc", "aaaaaaaaaa": "aaaaaaaa|aa", "aaaaaaaa b": "aaaaaaaa|b",
	} {
		if got := strings.Join(broken(line, 8), "|"); got != want {
			t.Errorf("%q: %q, want %q", line, got, want)
		}
	}
}

func TestCapacityBar(t *testing.T) {
	newApp(t)
	b := NewCapacityBar()
	b.Resize(fyne.NewSize(1000, barHeight))
	test.WidgetRenderer(b)
	medium := disc.Medium{Name: "x", Sectors: 1000}
	b.Set(model.Capacity{Medium: medium, Content: 500 * 2048, Sectors: 600})
	if b.files.Size().Width != 500 || b.overhead.Size().Width != 100 || b.excess.Visible() || b.limit.Visible() {
		t.Errorf("files %v, overhead %v", b.files.Size(), b.overhead.Size())
	}
	b.Set(model.Capacity{Medium: medium, Content: 1900 * 2048, Sectors: 2000})
	if !b.excess.Visible() || b.excess.Position().X != 500 || b.limit.Position().X != 499 {
		t.Errorf("too much: from %v, the limit at %v", b.excess.Position(), b.limit.Position())
	}
	b.Set(model.Capacity{Medium: medium, Content: 1, Sectors: 1})
	if b.files.Size().Width < 2 {
		t.Error("a small content is invisible")
	}
}

func TestGraph(t *testing.T) {
	newApp(t)
	g := NewGraph()
	var tr model.Trace
	for done := int64(1); done <= 500; done++ {
		tr.Record(progress.Snapshot{Phase: progress.Writing, Done: done, Total: 1000, Rate: 50, HostBuffer: -1, DriveBuffer: -1}, 0)
	}
	g.Set(tr)
	img := g.draw(200, 100) // the scale ends at 60
	_, _, _, inside := img.At(50, 90).RGBA()
	_, _, _, above := img.At(51, 5).RGBA()
	_, _, _, later := img.At(151, 90).RGBA()
	if inside == 0 || above != 0 || later != 0 {
		t.Errorf("inside %d, above %d, not reached yet %d", inside, above, later)
	}
	tr.Record(progress.Snapshot{Phase: progress.Writing, Done: 500, Total: 1000, Rate: 50, HostBuffer: 0.1, DriveBuffer: 1, Elapsed: time.Minute}, 0)
	g.Set(tr)
	if _, _, _, marked := g.draw(200, 100).At(100, 5).RGBA(); marked == 0 || g.texts()[markLow] == "" || g.texts()[markHost] != "Buffer, lowest 10 %" {
		t.Errorf("a low buffer is not marked: %d, %q", marked, g.texts())
	}
	NewGraph().draw(0, 0)
	NewGraph().draw(1, 1)
}

func TestButtonExplains(t *testing.T) {
	newApp(t)
	layer := NewLayer()
	tapped := 0
	b := Tips{Layer: layer, Post: func(f func()) { f() }}.NewButton("Burn", nil, "Burn it", func() { tapped++ })
	b.Allow("there is no disc")
	test.Tap(b)
	if tapped != 0 || b.why != "there is no disc" {
		t.Errorf("tapped %d times, tip %q", tapped, b.why)
	}
	b.Allow("")
	test.Tap(b)
	if tapped != 1 {
		t.Error("the button does not work")
	}
	b.MouseIn(&desktop.MouseEvent{})
	b.MouseOut()
	if len(layer.Objects) != 0 {
		t.Error("a tip is left")
	}
}

// TestButtonKeys checks that Enter and Space press a button, unless it is disabled.
func TestButtonKeys(t *testing.T) {
	test.NewTempApp(t)
	pressed := 0
	b := Tips{}.NewButton("Burn", nil, "", func() { pressed++ })
	test.NewTempWindow(t, b)
	for i, k := range []fyne.KeyName{fyne.KeyReturn, fyne.KeyEnter, fyne.KeySpace} {
		b.TypedKey(&fyne.KeyEvent{Name: k})
		if pressed != i+1 {
			t.Errorf("%s: pressed %d times", k, pressed)
		}
	}
	b.Allow("no disc")
	b.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if pressed != 3 {
		t.Error("a disabled button was pressed")
	}
}

func TestSplit(t *testing.T) {
	newApp(t)
	first, second := canvas.NewRectangle(color.Transparent), canvas.NewRectangle(color.Transparent)
	first.SetMinSize(fyne.NewSize(100, 10))
	second.SetMinSize(fyne.NewSize(100, 10))
	s := NewSplit(false, 0.5, first, second)
	w := test.NewTempWindow(t, s)
	w.SetPadded(false)
	w.Resize(fyne.NewSize(408, 100))
	if first.Size().Width != 200 || second.Position().X != 208 {
		t.Errorf("%v and %v", first.Size(), second.Position())
	}
	e := &fyne.DragEvent{}
	e.AbsolutePosition = fyne.NewPos(1, 1)
	s.handle.Dragged(e)
	if first.Size().Width != 200 {
		t.Errorf("a drag that began elsewhere moved it: %v", first.Size())
	}
	s.handle.MouseDown(&desktop.MouseEvent{})
	s.handle.Dragged(e)
	if first.Size().Width != 100 {
		t.Errorf("dragged below the minimum: %v", first.Size())
	}
}

// TestTextIsShownSafely checks that names in messages cannot reverse the line.
func TestTextIsShownSafely(t *testing.T) {
	newApp(t)
	for text, want := range map[string]string{
		"plain – ü “x”\nline 2": "plain – ü “x”\nline 2",
		"a\u202eb\u009bc\xffd":  `a\xe2\x80\xaeb\xc2\x9bc\xffd`,
		`C:\x`:                  `C:\x`,
	} {
		made, set := NewText(text), NewText("")
		set.Set(text)
		if made.String() != want || set.String() != want {
			t.Errorf("%q: made %q, set %q", text, made.String(), set.String())
		}
	}
}

// TestSheetClosedBelowAnother closes a sheet below another. The keys are those of the
// other one, and then those of the window.
func TestSheetClosedBelowAnother(t *testing.T) {
	newApp(t)
	w := test.NewTempWindow(t, nil)
	w.Resize(fyne.NewSize(600, 400))
	var got []string
	note := func(what string) func() bool {
		return func() bool { got = append(got, what); return true }
	}
	enter := func() { w.Canvas().OnTypedKey()(&fyne.KeyEvent{Name: fyne.KeyReturn}) }
	w.Canvas().SetOnTypedKey(func(*fyne.KeyEvent) { note("window")() })
	below := ShowSheet(w.Canvas(), "below", NewText(""), 300, Choice{Text: "OK", Primary: true, Do: note("below")})
	ShowSheet(w.Canvas(), "above", NewText(""), 300, Choice{Text: "OK", Primary: true, Do: note("above")})
	below.Close()
	enter()
	enter()
	if want := []string{"above", "window"}; !slices.Equal(got, want) {
		t.Errorf("the keys went to %q, want %q", got, want)
	}
}

// TestChoicesScroll goes through more options than fit on a sheet. The one with the focus is
// always visible, as is the chosen one at the beginning.
func TestChoicesScroll(t *testing.T) {
	newApp(t)
	w := test.NewTempWindow(t, nil)
	w.Resize(fyne.NewSize(600, 400))
	options := make([]Option, 40)
	for i := range options {
		options[i] = Option{Title: fmt.Sprintf("Option %d", i), Detail: "a detail"}
	}
	options[21].Why = "it is not possible"
	list := NewChoices(20, options...)
	sheet := ShowSheet(w.Canvas(), "many", container.New(&Column{Gap: 10}, NewText("Choose one."), list.Container), 300, Choice{Text: "Cancel"})
	list.Reveal = sheet.Reveal
	list.Focus(w.Canvas())
	visible := func() {
		t.Helper()
		row := list.rows[list.Chosen()]
		if w.Canvas().Focused() != row {
			t.Fatalf("option %d does not have the focus", list.Chosen())
		}
		at := func(o fyne.CanvasObject) float32 {
			return fyne.CurrentApp().Driver().AbsolutePositionForObject(o).Y
		}
		top, bottom := at(sheet.scroll), at(sheet.scroll)+sheet.scroll.Size().Height
		if y := at(row); y < top || y+row.Size().Height > bottom+1 {
			t.Errorf("option %d is at %g, and visible is %g to %g", list.Chosen(), y, top, bottom)
		}
	}
	visible()
	for _, c := range []struct {
		key  fyne.KeyName
		n    int
		want int
	}{{fyne.KeyDown, 1, 22}, {fyne.KeyDown, 30, 39}, {fyne.KeyUp, 60, 0}} {
		for range c.n {
			w.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: c.key})
		}
		if list.Chosen() != c.want {
			t.Errorf("option %d is chosen, want %d", list.Chosen(), c.want)
		}
		visible()
	}
}
