package ui

import (
	"context"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/drive/virtual"
	"glassmaster/ui/widgets"
)

func TestMain(m *testing.M) {
	// A drive that writes a wrong byte and reports success.
	drive.Register("faulty", func(_ context.Context, name string) (scsi.Transport, error) {
		d, err := virtual.OpenName(virtual.Prefix + strings.TrimPrefix(name, "faulty:"))
		if err != nil {
			return nil, err
		}
		d.SetFaults(virtual.Faults{Corrupt: []int64{400}})
		return d, nil
	})
	// A drive with an open tray.
	drive.Register("tray", func(ctx context.Context, name string) (scsi.Transport, error) {
		d, err := virtual.Open(strings.TrimPrefix(name, "tray:"))
		if err != nil {
			return nil, err
		}
		_ = tray.Eject(ctx, d)
		return d, nil
	})
	os.Exit(m.Run())
}

// picture saves a screenshot where the environment names a folder for it.
func (p *pilot) picture(name string) {
	p.t.Helper()
	dir := os.Getenv("GLASSMASTER_PICTURES")
	if dir == "" {
		return
	}
	p.window.Content().Refresh()
	f, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, p.window.Canvas().Capture()); err != nil {
		p.t.Fatal(err)
	}
}

// shown reports whether a text is visible in the window.
func (p *pilot) shown(text string) bool {
	for _, o := range test.LaidOutObjects(p.window.Content()) {
		if t, ok := o.(*widgets.Text); ok && strings.Contains(t.String(), text) && p.seen(t) {
			return true
		}
	}
	return false
}

// TestBadDiscIsReported burns with a drive that reports success and writes a wrong byte.
// The window must show FAILED, the address and the file.
func TestBadDiscIsReported(t *testing.T) {
	t.Setenv(drive.Environment, "faulty:"+filepath.Join(t.TempDir(), "dvd")+"?medium=dvd+r")
	p := newPilot(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "large.bin"), make([]byte, 2<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	p.drop(fyne.NewPos(700, 400), filepath.Join(dir, "large.bin"))
	p.compiled(1)
	p.press("Burn…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	o := p.last("outcome")
	if o["verdict"] != "failed" || o["headline"] != "FAILED" {
		t.Errorf("the outcome is %v", o)
	}
	for _, text := range []string{"FAILED", "LBA 400", "large.bin"} {
		if !p.shown(text) {
			t.Errorf("%q cannot be read", text)
		}
	}
	if p.shown("VERIFIED") {
		t.Error("it looks verified")
	}
	p.picture("burn-failed")
}

// TestWithoutVerifyIsUnverified burns without reading the disc back.
func TestWithoutVerifyIsUnverified(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "dvd")+"?medium=dvd+r")
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a.txt"), "a.txt"))
	p.compiled(1)
	p.press("Burn…")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	p.tick("Verify")
	p.until("the new plan", func() bool { return p.last("settings")["ready"] == true })
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if o := p.last("outcome"); o["verdict"] != "not verified" || !p.shown("WRITTEN, NOT VERIFIED") {
		t.Errorf("the outcome is %v", o)
	}
}

// TestMissingFilesInBurn adds a folder and a file that does not exist. The disc is
// not burned without a question, and does not look good afterwards.
func TestMissingFilesInBurn(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "dvd")+"?medium=dvd+r")
	p := newPilot(t)
	gone := filepath.Join(t.TempDir(), "gone.txt")
	p.drop(fyne.NewPos(700, 400), filepath.Join(hostFiles(t, "a.txt"), "a.txt"), gone)
	p.compiled(1)
	p.press("Burn…")
	p.until("the refusal", func() bool {
		why, _ := p.last("settings")["why"].(string)
		return strings.Contains(why, "could not be added") && strings.Contains(why, gone)
	})
	p.picture("burn-missing")
	p.press("Burn it anyway…")
	p.answerSheet("Burn it anyway")
	p.until("the plan", func() bool { return p.last("settings")["ready"] == true })
	if !p.shown("Missing on the disc: " + gone) {
		t.Error("the plan does not tell what is missing")
	}
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if o := p.last("outcome"); o["verdict"] != "not verified" || !p.shown("INCOMPLETE") || !p.shown(gone) || p.shown("VERIFIED") {
		t.Errorf("the outcome is %v", o)
	}

	// The person has seen the list, and wants the disc as it is.
	p.press("Done")
	p.show(compilePage)
	p.press("Details")
	p.answerSheet("Clear the list")
	p.show(burnPage)
	p.until("another plan", func() bool {
		why, _ := p.last("settings")["why"].(string)
		return why != "" && !strings.Contains(why, "could not be added") && !strings.Contains(why, "Reading")
	})
}
