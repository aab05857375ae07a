package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/ui/engine"
	"glassmaster/ui/widgets"
)

// mixed writes a CUE sheet of a data track with one file and two audio tracks.
func mixed(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(image(t))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	sheet := `TITLE "Album"
PERFORMER "Band"
FILE "data.bin" BINARY
  TRACK 01 MODE1/2048
    INDEX 01 00:00:00
FILE "audio.bin" BINARY
  TRACK 02 AUDIO
    TITLE "One"
    PERFORMER "Band"
    PREGAP 00:02:00
    INDEX 01 00:00:00
  TRACK 03 AUDIO
    TITLE "Two"
    PERFORMER "Singer"
    INDEX 01 00:04:00
`
	for name, text := range map[string]string{"mixed.cue": sheet, "data.bin": string(data), "audio.bin": strings.Repeat("\x01\x02", 2352*300)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "mixed.cue")
}

// TestMixedDisc shows the files, tracks and sectors of a mixed-mode disc, and converts it.
func TestMixedDisc(t *testing.T) {
	p := newPilot(t)
	p.openFiles([]string{mixed(t)})
	p.until("the files", func() bool { return p.last("browse")["files"] == 1 })
	p.press("Tracks")
	if s := p.last("section")["section"]; s != "tracks" {
		t.Errorf("the section is %v", s)
	}
	for _, want := range []string{"Album", "Band", "1 data track with", "2 audio tracks with"} {
		if !p.shown(want) {
			t.Errorf("%q is not shown", want)
		}
	}
	p.press("Sectors")
	p.until("the sector", func() bool { return p.last("sector")["lba"] == int64(0) })
	if n := p.last("sector")["bytes"]; n != 2352 {
		t.Errorf("the sector has %v bytes", n)
	}
	p.press("Next sector")
	p.until("the next sector", func() bool { return p.last("sector")["lba"] == int64(1) })

	// Every sector is checked: the data track was stored without EDC, the audio has none.
	p.press("Check all")
	p.until("the check", func() bool { return p.last("checked")["text"] != nil })
	if e := p.last("checked"); e["good"] != true || !strings.Contains(e["text"].(string), "have no checksum") {
		t.Errorf("the check: %v", e)
	}

	// An ISO image cannot hold audio: nothing is written until that is accepted.
	p.pick = filepath.Join(t.TempDir(), "x.iso")
	p.press("Convert…")
	p.choose(p.format(), "ISO")
	if !p.sees("2 audio tracks are left out") {
		t.Error("the loss is not shown")
	}
	p.answerSheet("Save as…")
	if _, err := os.Stat(p.pick); err == nil || p.sheet() == "" {
		t.Error("the image was written although the loss was not accepted")
	}
	p.accept("Leave it out")
	p.answerSheet("Save as…")
	p.until("the image", func() bool { return p.last("converted")["ok"] == true })
	if info, err := os.Stat(p.pick); err != nil || info.Size() == 0 {
		t.Errorf("the image: %v", err)
	}

	p.pick = filepath.Join(t.TempDir(), "y.nrg")
	p.press("Convert…")
	p.choose(p.format(), "Nero")
	p.answerSheet("Save as…")
	p.until("the second image", func() bool { return p.last("converted")["to"] == p.pick })
	if e := p.last("converted"); e["ok"] != true {
		t.Errorf("the second image: %v", e)
	}
}

// format returns the format that the sheet for converting proposes.
func (p *pilot) format() string {
	p.t.Helper()
	for _, o := range p.overlay() {
		if c, ok := o.(*widgets.Select); ok {
			return c.Selected
		}
	}
	p.t.Fatal("the sheet has no formats")
	return ""
}

// accept ticks the check box of the sheet whose text begins with text.
func (p *pilot) accept(text string) {
	p.t.Helper()
	for _, o := range p.overlay() {
		if c, ok := o.(*widgets.Check); ok && strings.HasPrefix(c.Text, text) {
			c.SetChecked(true)
			return
		}
	}
	p.t.Fatalf("no check box %q", text)
}

// TestDiscWithoutFiles opens discs that have no file system: their tracks are shown.
func TestDiscWithoutFiles(t *testing.T) {
	p := newPilot(t)
	p.openFiles([]string{imagetest.Create(t, cue.Format, imagetest.Audio(t), format.Options{}, "audio.cue")})
	p.until("the tracks", func() bool { return p.last("section")["section"] == "tracks" })
	if !p.shown("Sample disc") || !p.shown("3 audio tracks") || p.shown("cannot be opened") {
		t.Error("the audio disc is not shown as it is")
	}
	p.press("Files")
	if !p.shown("No files to show") {
		t.Error("the empty list of files does not say why")
	}
	p.openFiles([]string{imagetest.Create(t, cue.Format, imagetest.Sessions(t), format.Options{}, "sessions.cue")})
	p.until("the sessions", func() bool { return strings.Contains(fmt.Sprint(p.last("browse")["name"]), "sessions") })
	if !p.shown("2 sessions, 2 data tracks") || !p.shown("The files of sessions.cue cannot be opened") {
		t.Error("the disc of two sessions is not shown as it is")
	}
}

// TestRepair checks an image with a damaged sector, and writes a repaired one.
func TestRepair(t *testing.T) {
	p := newPilot(t)
	path := imagetest.Create(t, cue.Format, imagetest.Mode1(t), format.Options{}, "damaged.cue")
	bin := filepath.Join(filepath.Dir(path), "damaged.bin")
	data, err := os.ReadFile(bin)
	if err != nil {
		t.Fatal(err)
	}
	good := string(data)
	data[20*2352+500] ^= 0x55
	if err := os.WriteFile(bin, data, 0o666); err != nil {
		t.Fatal(err)
	}
	p.openFiles([]string{path})
	p.until("the tracks", func() bool { return p.last("section")["section"] == "tracks" })
	p.press("Sectors")
	p.press("Check all")
	p.until("the check", func() bool { return p.last("checked")["text"] != nil })
	if e := p.last("checked"); e["good"] != false || e["correctable"] != int64(1) {
		t.Errorf("the check: %v", e)
	}
	p.pick = filepath.Join(t.TempDir(), "repaired.cue")
	p.answerSheet("Save repaired image…")
	p.until("the repair", func() bool { return p.last("repaired")["text"] != nil })
	if e := p.last("repaired"); e["good"] != true {
		t.Errorf("the repair: %v", e)
	}
	if got, err := os.ReadFile(filepath.Join(filepath.Dir(p.pick), "repaired.bin")); err != nil || string(got) != good {
		t.Errorf("the repaired image differs from the good one, or: %v", err)
	}
	if got, _ := os.ReadFile(bin); string(got) != string(data) {
		t.Error("the damaged image was changed")
	}
}

// Every format that can be written says what it is for.
func TestFormatsAreDescribed(t *testing.T) {
	for _, f := range engine.New().ImageFormats() {
		if f.Description == "" || f.Extension == "" {
			t.Errorf("%+v", f)
		}
	}
}
