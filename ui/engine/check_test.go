package engine_test

import (
	"os"
	"strings"
	"testing"

	"glassmaster/mastering/image"
	"glassmaster/mastering/image/chd"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/ui/engine"
)

// TestCheckSectors: "Check all" does not call an image good whose own checksum is wrong.
func TestCheckSectors(t *testing.T) {
	path := imagetest.Create(t, chd.Format, imagetest.Mixed(t), format.Options{}, "x.chd")
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, good := range []bool{true, false} {
		if !good {
			p[70] ^= 1 // of the SHA-1
			if err := os.WriteFile(path, p, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		d, _, err := image.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		c, err := new(engine.Engine).CheckSectors(t.Context(), d, progress.Discard)
		d.Close()
		if err != nil || c.Good != good || !strings.Contains(c.Text, "SHA-1 of the contents of the CHD") || (len(c.Faults) == 0) != good {
			t.Errorf("good %v: %+v, %v", good, c, err)
		}
	}
}
