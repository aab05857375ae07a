package ui

import (
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"glassmaster/drive"
	"glassmaster/mastering/disc"
)

// TestNeverGrows checks that the window fits in 900 by 600 however long names, labels,
// searches and messages are, and that everything is inside it.
func TestNeverGrows(t *testing.T) {
	long := strings.Repeat("a rather long name ", 12)
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), strings.Repeat("long", 50))+"?medium=dvd+r")
	for _, size := range []fyne.Size{fyne.NewSize(900, 600), fyne.NewSize(1280, 800), fyne.NewSize(1920, 1080)} {
		p := newPilot(t)
		p.window.Resize(size)
		check := func(what string) {
			t.Helper()
			p.until("all that is posted", func() bool { return len(p.posted) == 0 })
			p.window.Content().Refresh()
			if m := p.window.Content().MinSize(); m.Width > 900 || m.Height > 600 {
				t.Errorf("%v, %s: the window needs %v", size, what, m)
			}
			for _, o := range test.LaidOutObjects(p.window.Content()) {
				b, ok := o.(fyne.Tappable)
				if !ok || !o.Visible() {
					continue
				}
				at := fyne.CurrentApp().Driver().AbsolutePositionForObject(o)
				if !at.IsZero() && at.X+o.Size().Width > size.Width+1 {
					t.Errorf("%v, %s: %T ends at %v", size, what, b, at.X+o.Size().Width)
				}
			}
		}
		check("empty")
		p.drop(fyne.NewPos(500, 300), filepath.Join(hostFiles(t, strings.TrimSpace(long)+"/a.txt"), strings.TrimSpace(long)))
		p.compiled(1)
		p.project.SetLabel(long)
		p.project.AddProblem(disc.Notice{Path: long, Text: long})
		check("long label")
		n := p.project.Compilation().Root()
		for i := range 6 {
			n = p.project.Mkdir(n)
			if err := p.project.Rename(n, strings.TrimSpace(long)+strconv.Itoa(i)); err != nil {
				t.Fatal(err)
			}
			p.project.List.Open(n)
		}
		check("long folders")
		p.project.List.Search(strings.Repeat("long search ", 30))
		check("long search")
		p.show(burnPage)
		p.until("the drives", func() bool { return p.last("settings")["target"] != "" })
		check("long drive")
		p.burn.SetFile("/tmp/" + strings.Repeat("long", 80))
		check("long file")
		p.show(browsePage)
		p.browse.Open("/nowhere/" + strings.Repeat("long", 80) + ".iso")
		p.until("the message", func() bool { return p.shown("cannot be opened") })
		check("long message")
		p.host.Error(long, errors.New(strings.Repeat(long, 40)))
		if m := p.window.Canvas().Overlays().Top().MinSize(); m.Width > size.Width || m.Height > size.Height {
			t.Errorf("%v: a sheet needs %v", size, m)
		}
		p.key(fyne.KeyReturn)
	}
}
