package command

import (
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/cue"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
)

// TestBurnAudio burns a CUE image with everything that an audio CD can have: the plan shows mode
// and tracks, a mode that loses something is refused with exit code 7, and the disc reads as the
// image.
func TestBurnAudio(t *testing.T) {
	image := imagetest.Create(t, cue.Format, imagetest.Audio(t), format.Options{}, "disc.cue")
	drive := "virtual:" + filepath.Join(t.TempDir(), "medium") + "?medium=cd-r"
	r := must(t, Lossy, "burn", "--yes", "--mode", "tao", image, drive)
	for _, want := range []string{"CD-TEXT", "less is lost with: session at once", "--accept-loss"} {
		if !strings.Contains(r.log, want) {
			t.Errorf("%q is missing in\n%s", want, r.log)
		}
	}
	if r := must(t, OK, "media", drive); !strings.Contains(r.out, "blank") {
		t.Errorf("%s", r.out)
	}
	r = must(t, OK, "burn", "--yes", "--json", image, drive)
	for _, want := range []string{`"mode":"session at once"`, `"title":"First song"`, `"what":"CD-TEXT"`, `"medium_id":"97m34s23f`} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is missing in\n%s", want, r.out)
		}
	}
}

// TestVerifyPregaps burns images whose pre-gaps have sound, which the table of contents of the disc
// does not tell: disc and image are equal, until a sector of a pre-gap differs.
func TestVerifyPregaps(t *testing.T) {
	for name, src := range map[string]disc.Disc{"audio": imagetest.Audio(t), "mixed": imagetest.Mixed(t)} {
		image := imagetest.Create(t, cue.Format, src, format.Options{}, "disc.cue")
		drive := "virtual:" + filepath.Join(t.TempDir(), "medium") + "?medium=cd-r"
		must(t, OK, "burn", "--yes", image, drive)
		must(t, OK, "verify", image, drive)
		bin := filepath.Join(filepath.Dir(image), "disc.bin")
		p := []byte(content(t, bin))
		at := 20
		if name == "mixed" {
			at = 350
		}
		p[at*2352+100] ^= 1
		put(t, bin, string(p))
		must(t, Differs, "verify", image, drive)
	}
}
