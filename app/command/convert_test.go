package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/image"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
)

// TestConvertToItself converts a plain image to a plain image, which is a copy of it.
func TestConvertToItself(t *testing.T) {
	from := builtImage(t)
	to := filepath.Join(t.TempDir(), "copy.iso")
	data := outcomeOf(t, must(t, OK, "convert", "--json", from, to).out)["data"].(map[string]any)
	if !bytes.Equal(content(t, from), content(t, to)) || data["verified"] != true || data["format"] != "ISO" || data["files"].([]any)[0] != to {
		t.Errorf("%v", data)
	}
	if out := must(t, OK, "convert", from, "-").out; out != string(content(t, from)) {
		t.Error("the image on standard output is another one")
	}
	must(t, Failed, "convert", from, from)
	must(t, Usage, "convert", from)
	must(t, Usage, "convert", from, filepath.Join(t.TempDir(), "x.zip"))
}

// written writes a sample disc as an image of a format, and skips the test if there is no
// such format.
func written(t *testing.T, name, file string) string {
	t.Helper()
	f, ok := image.ByName(name)
	if !ok || f.Create == nil {
		t.Skipf("%s cannot be written", name)
	}
	return imagetest.Create(t, f, imagetest.Sessions(t), format.Options{}, file)
}

// TestConvertRefusesLoss: what the format cannot hold is told, and nothing is written
// without --force.
func TestConvertRefusesLoss(t *testing.T) {
	from := written(t, "cue", "disc.cue")
	dir := t.TempDir()
	to := filepath.Join(dir, "disc.iso")
	r := must(t, Lossy, "convert", from, to)
	for _, want := range []string{
		"3 audio tracks are left out", "its 2 sessions", "in mode 2 only the user data is kept", "2 pre-gaps and 2 indexes are left out",
		"the catalogue number, 2 ISRCs and the control bits of 2 tracks are left out", "CD-TEXT in ", "64 sectors have no user data", "use --force",
	} {
		if !strings.Contains(r.log, want) {
			t.Errorf("%q is missing in\n%s", want, r.log)
		}
	}
	isEmpty(t, dir)
	must(t, OK, "convert", "--force", from, to)
	if _, err := os.Stat(to); err != nil {
		t.Error(err)
	}
}
