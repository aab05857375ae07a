package ui

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/ui/engine"
	"glassmaster/ui/model"
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
	for _, want := range []string{"Album", "Band", "1 data track (", "2 audio tracks ("} {
		if !p.shown(want) {
			t.Errorf("%q is not shown", want)
		}
	}
	p.press("Sectors")
	p.until("the sector", func() bool { return p.last("sector")["lba"] == int64(0) })
	if n := p.last("sector")["bytes"]; n != 2048 { // that are stored
		t.Errorf("the sector has %v bytes", n)
	}
	p.press("Next sector  (Page down)")
	p.until("the next sector", func() bool { return p.last("sector")["lba"] == int64(1) })

	// Every sector is checked: the data track was stored without EDC, the audio has none.
	p.press("Check all")
	p.until("the check", func() bool { return p.last("checked")["text"] != nil })
	if e := p.last("checked"); e["good"] != true || !strings.Contains(e["text"].(string), "there is no checksum: ") || !strings.Contains(e["text"].(string), "750 audio sectors") {
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

// row selects a row of the list of tracks by the keyboard, from the first row on.
func (p *pilot) row(n int) fyne.Focusable {
	p.t.Helper()
	for _, o := range test.LaidOutObjects(p.window.Content()) {
		if l, ok := o.(interface {
			fyne.Focusable
			Select(int)
		}); ok && p.seen(o) {
			l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyHome})
			for range n {
				l.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
			}
			return l
		}
	}
	p.t.Fatal("there is no list of tracks")
	return nil
}

// TestSaveTrack saves tracks of a mixed-mode disc, chosen by the keyboard alone.
func TestSaveTrack(t *testing.T) {
	p := newPilot(t)
	path := mixed(t)
	p.openFiles([]string{path})
	p.until("the files", func() bool { return p.last("browse")["files"] == 1 })
	p.press("Tracks")
	dir := t.TempDir()
	for _, c := range []struct {
		row  int
		name string
		size int64
		ok   bool
	}{
		{1, "two.wav", 300*2352 + 44, true},
		{0, "one.iso", 0, true},
		{0, "one.wav", 0, false},
		{1, "one.iso", 0, false},
		{2, "three.bin", 0, true},
	} {
		p.row(c.row)
		p.pick = filepath.Join(dir, fmt.Sprint(c.ok)+c.name)
		p.press("Save track…")
		p.until(c.name, func() bool { return p.last("saved track")["to"] == p.pick })
		if e := p.last("saved track"); e["ok"] != c.ok {
			t.Errorf("%s: %v", c.name, e)
		}
		info, err := os.Stat(p.pick)
		if (err == nil) != c.ok || c.size > 0 && info.Size() != c.size {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	want, err := os.ReadFile(filepath.Join(filepath.Dir(path), "data.bin"))
	if got, rerr := os.ReadFile(filepath.Join(dir, "trueone.iso")); err != nil || rerr != nil || string(got) != string(want) {
		t.Errorf("the data track differs: %v, %v", err, rerr)
	}

	// A file of the image itself is not replaced.
	p.row(1)
	p.pick = filepath.Join(filepath.Dir(path), "audio.bin")
	p.press("Save track…")
	p.until("the refusal", func() bool { return p.last("saved track")["to"] == p.pick })
	if e := p.last("saved track"); e["ok"] != false || !p.shown("would be overwritten") {
		t.Errorf("a file of the image was replaced: %v", e)
	}

	// Enter shows the files of a data track, and the sectors of an audio track.
	p.row(1).TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	p.until("the sectors", func() bool { return p.last("section")["section"] == "sectors" })
	p.press("Tracks")
	p.row(0).TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	p.until("the files", func() bool { return p.last("section")["section"] == "files" })
}

// TestSectorKeys goes through sectors by the keyboard.
func TestSectorKeys(t *testing.T) {
	p := newPilot(t)
	p.openFiles([]string{mixed(t)})
	p.until("the files", func() bool { return p.last("browse")["files"] == 1 })
	p.goTo() // Ctrl+G
	p.until("the first sector", func() bool { return p.last("sector")["lba"] == int64(0) })
	field, ok := p.window.Canvas().Focused().(*widgets.Field)
	if !ok {
		t.Fatalf("the focus is at %T", p.window.Canvas().Focused())
	}
	field.SetText("00:02:16")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	p.until("sector 16", func() bool { return p.last("sector")["lba"] == int64(16) })
	p.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageDown})
	p.until("sector 17", func() bool { return p.last("sector")["lba"] == int64(17) })
	p.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: fyne.KeyPageUp})
	p.until("sector 16 again", func() bool { return p.last("sector")["lba"] == int64(16) })
	field.SetText("1 000 000")
	field.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	p.until("a sector that does not exist", func() bool { return p.last("sector")["lba"] == int64(1000000) })
	if !p.shown("Sector 1000000 cannot be read") {
		t.Error("the error is not shown")
	}
}

// TestAnotherDisc opens another disc under the same name: nothing of the first one stays.
func TestAnotherDisc(t *testing.T) {
	p := newPilot(t)
	path := mixed(t)
	p.openFiles([]string{path})
	p.until("the files", func() bool { return p.last("browse")["files"] == 1 })
	p.press("Tracks")
	sheet := "FILE \"audio.bin\" BINARY\n  TRACK 01 AUDIO\n    TITLE \"Another\"\n    INDEX 01 00:00:00\n"
	if err := os.WriteFile(path, []byte(sheet), 0o666); err != nil {
		t.Fatal(err)
	}
	p.browse.Open(path)
	p.until("the other disc", func() bool { return p.last("browse")["files"] == 0 })
	if !p.shown("1 audio track (") || p.shown("2 audio tracks") {
		t.Error("the tracks are those of the first disc")
	}
}

// blocking is an engine whose check of a disc waits until it is cancelled.
type blocking struct{ *engine.Engine }

func (blocking) CheckSectors(ctx context.Context, _ disc.Disc, _ progress.Reporter) (model.Checked, error) {
	<-ctx.Done()
	return model.Checked{}, fmt.Errorf("read %s: file already closed", "disc.bin")
}

// TestDiscChangesDuringCheck opens another disc while the first one is checked: it is asked
// first, and nothing is said about the second disc that is true of the first one.
func TestDiscChangesDuringCheck(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	p := startPilot(t, blocking{engine.New()})
	p.openFiles([]string{mixed(t)})
	p.until("the files", func() bool { return p.last("browse")["files"] == 1 })
	p.press("Sectors")
	p.press("Check all")
	other := image(t)
	p.browse.Open(other)
	if p.sheet() != "Stop the running job?" || !p.sees("will not be checked") {
		t.Fatalf("the sheet is %q", p.sheet())
	}
	p.answerSheet("Keep it running")
	if name := p.last("browse")["name"]; name == other || p.browse.Work() == "" {
		t.Error("the check was stopped without a question")
	}
	p.browse.Open(other)
	p.answerSheet("Stop it")
	p.until("the other disc", func() bool { return p.last("browse")["name"] == other })
	if p.shown("already closed") || p.shown("The check") {
		t.Error("a message about the first disc is shown with the second one")
	}
	if p.browse.Work() != "" {
		t.Error("the check still runs")
	}
}

// TestLaterSession opens an image of a later session alone.
func TestLaterSession(t *testing.T) {
	peertest.Need(t, "genisoimage")
	dir, first := t.TempDir(), image(t)
	if err := os.WriteFile(filepath.Join(dir, "later.txt"), []byte("later"), 0o666); err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone.iso")
	if out, err := exec.Command("genisoimage", "-quiet", "-R", "-C", "0,11725", "-M", first, "-o", alone, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	p := newPilot(t)
	p.openFiles([]string{alone})
	p.until("the disc", func() bool { return p.last("browse")["name"] == alone })
	p.press("Files")
	p.press("Later session…")
	p.typed("nonsense")
	p.answerSheet("Open")
	if p.sheet() == "" || !p.sees("is not an address") {
		t.Error("nonsense was accepted")
	}
	p.typed("11725")
	p.answerSheet("Open")
	p.until("the files", func() bool { files, _ := p.last("browse")["files"].(int); return files > 0 })
}

// typed enters a text in the field of the open sheet.
func (p *pilot) typed(text string) {
	p.t.Helper()
	for _, o := range p.overlay() {
		if f, ok := o.(*widgets.Field); ok {
			f.SetText(text)
			return
		}
	}
	p.t.Fatal("the sheet has no field")
}

// TestImageDroppedOnCompile drops a sheet on the compilation: it is added as a file, and the
// window says what that means.
func TestImageDroppedOnCompile(t *testing.T) {
	p := newPilot(t)
	p.drop(fyne.NewPos(700, 400), mixed(t))
	p.compiled(1)
	if !p.shown("this disc image is added as a file") {
		t.Error("it is not said that the sheet is only a file")
	}
}

// TestLossFoundLater converts a disc with sectors of form 2, of which an ISO image has no
// place. That becomes known when the disc is read: it is asked then.
func TestLossFoundLater(t *testing.T) {
	p := newPilot(t)
	p.openFiles([]string{imagetest.Create(t, cue.Format, imagetest.XA(t), format.Options{}, "xa.cue")})
	p.until("the disc", func() bool { return p.last("browse")["name"] != nil })
	p.pick = filepath.Join(t.TempDir(), "x.iso")
	p.press("Convert…")
	p.choose(p.format(), "ISO")
	if p.sees("holds everything on this disc") {
		t.Error("the sheet says that an ISO image holds everything")
	}
	p.accept("Leave it out") // the sub-headers, which the table of contents tells of
	p.answerSheet("Save as…")
	p.until("the question", func() bool { return p.sheet() == "ISO cannot hold everything on the disc" })
	if _, err := os.Stat(p.pick); err == nil || !p.sees("form 2") {
		t.Error("the image was written without a question")
	}
	p.answerSheet("Leave it out")
	p.until("the image", func() bool { return p.last("converted")["ok"] == true })
	if _, err := os.Stat(p.pick); err != nil {
		t.Error(err)
	}
}

// TestSuggestedFormat: the sheet proposes a format that holds the whole disc.
func TestSuggestedFormat(t *testing.T) {
	p := newPilot(t)
	for _, c := range []struct{ path, want string }{
		{imagetest.Create(t, cue.Format, imagetest.Audio(t), format.Options{}, "audio.cue"), "CloneCD"},
		{image(t), "CUE"},
	} {
		p.openFiles([]string{c.path})
		p.until("the disc", func() bool { return p.last("browse")["name"] == c.path })
		p.press("Convert…")
		if got := p.format(); got != c.want || !p.sees("holds everything on this disc") {
			t.Errorf("%s: the proposed format is %s", c.path, got)
		}
		p.answerSheet("Cancel")
	}
}
