package ui

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"glassmaster/drive"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// drawn reports whether a text is drawn outside of text widgets.
func (p *pilot) drawn(text string) bool {
	return slices.ContainsFunc(test.LaidOutObjects(p.window.Content()), func(o fyne.CanvasObject) bool {
		t, ok := o.(*canvas.Text)
		return ok && t.Text == text && p.seen(t)
	})
}

// TestUnreadableFolderIsNotEmpty opens an image whose folders cannot be read. None is
// shown as empty, nothing can be extracted, and closing the image removes the message.
func TestUnreadableFolderIsNotEmpty(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "dvd")+"?medium=dvd+r")
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "Trip/a.txt"), "Trip"))
	p.compiled(1)
	image := filepath.Join(t.TempDir(), "trip.iso")
	p.pick = image
	p.press("Save image…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.press("Write image")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] == "verified" })
	data, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	const first, last = 19, 64 // the folders are after the descriptors
	copy(data[first*2048:min(last*2048, len(data))], bytes.Repeat([]byte{0xa5}, (last-first)*2048))
	if err := os.WriteFile(image, data, 0o644); err != nil {
		t.Fatal(err)
	}
	p.openFiles([]string{image})
	p.until("the image", func() bool { return p.last("browse")["files"] != nil })
	if p.last("browse")["files"] != 0 {
		t.Fatalf("the folders can be read: %v", p.last("browse"))
	}
	if p.drawn("This folder is empty") || !p.drawn("This folder cannot be read") || !p.shown("volume cannot be read") {
		t.Error("an unreadable folder looks empty")
	}
	for _, o := range test.LaidOutObjects(p.window.Content()) {
		if b, ok := o.(*widgets.Button); ok && strings.HasPrefix(b.Text, "Extract") && p.seen(b) && !b.Disabled() {
			t.Errorf("%q can be pressed, and would extract nothing", b.Text)
		}
	}
	p.show(browsePage)
	p.press("Burn…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	if !p.shown("oot folder of the ISO 9660 volume cannot be read") {
		t.Error("an image whose files cannot be found is burned without a warning")
	}
	p.press("Burn")
	p.events = nil
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if text := p.last("outcome")["text"].(string); !strings.Contains(text, "cannot be read") {
		t.Errorf("the disc is reported as good: %s", text)
	}
	p.browse.Close()
	p.show(browsePage)
	if p.shown("volume cannot be read") {
		t.Error("the notice remains after its image was closed")
	}
}

// TestAdvancedOptionsAreHidden checks that the advanced options are hidden at first, and
// that a refusal is a sentence.
func TestAdvancedOptionsAreHidden(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "dvd")+"?medium=dvd+r&sectors=100")
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), hostFiles(t, "a.txt"))
	p.compiled(1)
	p.press("Burn…")
	why := func() string { s, _ := p.last("settings")["why"].(string); return s }
	p.until("the refusal", func() bool {
		return p.burn != nil && why() != "" && !strings.Contains(why(), "…") && !strings.HasPrefix(why(), "Choose")
	})
	if w := why(); !strings.HasPrefix(w, model.Capital(w)) || strings.Contains(strings.ToLower(w), "plan the burn") {
		t.Errorf("it says %q", w)
	}
	rare := func() bool {
		return slices.ContainsFunc(test.LaidOutObjects(p.window.Content()), func(o fyne.CanvasObject) bool {
			c, ok := o.(*widgets.Check)
			return ok && strings.HasPrefix(c.Text, "Overburn") && p.seen(c)
		})
	}
	if rare() {
		t.Error("the advanced options are visible")
	}
	p.press("Advanced  ▸")
	if !rare() {
		t.Error("the advanced options are not shown")
	}
}
