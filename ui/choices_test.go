package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"

	"glassmaster/drive"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
	"glassmaster/ui/model"
	"glassmaster/ui/widgets"
)

// audioDisc writes an image of audio tracks with CD-TEXT and ISRC.
func audioDisc(t *testing.T, tracks int) string {
	t.Helper()
	const length = 5 * 75 // sectors of a track
	var sheet strings.Builder
	sheet.WriteString("PERFORMER \"The Band\"\nTITLE \"The Album\"\nFILE \"a.bin\" BINARY\n")
	for i := range tracks {
		fmt.Fprintf(&sheet, "  TRACK %02d AUDIO\n    TITLE \"Song %d\"\n    ISRC DEABC26%05d\n    INDEX 01 %v\n", i+1, i+1, i+1, disc.Duration(int64(i*length)))
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.bin"), make([]byte, tracks*length*disc.RawSectorSize), 0o666); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "a.cue")
	if err := os.WriteFile(path, []byte(sheet.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestLossNeedsAgreement burns an audio disc in a mode that cannot write its texts. That
// is said first, and begins only after the person has agreed. Another mode keeps them.
func TestLossNeedsAgreement(t *testing.T) {
	t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "cd")+"?medium=cd-r")
	p := newPilot(t)
	p.burn.SetImage(audioDisc(t, 3))
	p.show(burnPage)
	ready := func(want bool) {
		t.Helper()
		p.until("the plan", func() bool {
			why, _ := p.last("settings")["why"].(string)
			return p.last("settings")["ready"] == want && !strings.Contains(why, "…") && len(p.burning.Modes()) > 0
		})
	}
	ready(true)
	if p.shown("Different from the source") || !p.shown("Automatic:  session at once") {
		t.Error("something is lost, or the mode is not shown")
	}
	p.press("Tracks")
	list := p.burning.Tracks()
	if len(list) != 3 || list[2].Track.Title != "Song 3" || list[2].Track.ISRC != "DEABC2600003" || !p.shown("The Band – The Album") || !p.shown("ISRC") {
		t.Errorf("the tracks are %+v", list)
	}
	p.picture("burn-tracks")
	p.press("Settings")
	p.press("Choose how the disc is written")
	if !p.sees("Track at once") || !p.sees("CD-TEXT is left out") || !p.sees("Everything of the source will be on the disc") {
		t.Error("the sheet does not say what the modes lose")
	}
	p.picture("burn-modes")
	p.answerSheet("Cancel")

	p.burning.Options.Mode = record.TrackAtOnce
	p.burning.Plan()
	ready(false)
	if !p.shown("Different from the source") || !p.shown("agree to that first") {
		t.Errorf("it says %v", p.last("settings"))
	}
	p.picture("burn-loss")
	p.burning.Begin()
	if p.burning.Stage() != model.Settings {
		t.Fatal("it has begun")
	}
	p.tick("Burn it with these differences")
	if p.last("settings")["ready"] != true {
		t.Fatalf("after the agreement: %v", p.last("settings"))
	}
	p.burning.Options.Mode = record.Auto // and what was agreed to holds for what was shown only
	p.burning.Plan()
	ready(true)
	p.press("Burn")
	p.until("the outcome", func() bool { return p.last("outcome")["verdict"] != nil })
	if o := p.last("outcome"); o["verdict"] == "failed" || !p.shown("Checks") {
		t.Errorf("the outcome is %v", o)
	}
	p.picture("burn-checks")
}

// TestOnlyOptionsThatApply checks that options that do not exist for a medium are absent.
func TestOnlyOptionsThatApply(t *testing.T) {
	for medium, want := range map[string]string{
		"cd-r": "Simulation Overburn", "dvd+r": "Overburn", "dvd+r%20dl": "", "dvd-r": "Simulation Overburn", "dvd-ram": "Let", "bd-re": "Let", "dvd+rw": "",
	} {
		t.Run(medium, func(t *testing.T) {
			t.Setenv(drive.Environment, "virtual:"+filepath.Join(t.TempDir(), "disc")+"?medium="+medium)
			p := newPilot(t)
			p.burn.SetImage(audioDisc(t, 1))
			p.show(burnPage)
			p.until("the disc", func() bool { return p.shown("blank") || p.shown("rewritable") })
			p.press("Advanced  ▸")
			var got []string
			for _, o := range test.LaidOutObjects(p.window.Content()) {
				if c, ok := o.(*widgets.Check); ok && p.seen(c) {
					got = append(got, strings.TrimSuffix(strings.Fields(c.Text)[0], ":"))
				}
			}
			if s := strings.Join(got, " "); s != strings.TrimSpace("Verify Open "+want) {
				t.Errorf("%q, want %q", s, want)
			}
		})
	}
	p := newPilot(t)
	p.burn.SetFile(filepath.Join(t.TempDir(), "x.iso"))
	p.show(burnPage)
	if p.shown("Speed") || p.shown("Copies") {
		t.Error("an image file has options of a drive")
	}
}
