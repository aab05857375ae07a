package model

import "testing"

// TestImageNames takes the names of image files apart, also of compressed ones.
func TestImageNames(t *testing.T) {
	for name, want := range map[string][2]string{
		"x.iso": {"x", ".iso"}, "x.y.cue": {"x.y", ".cue"}, "x.iso.gz": {"x", ".iso"}, "x.BIN.XZ": {"x", ".BIN"}, "x": {"x", ""}, "x.gz": {"x", ""},
	} {
		if got := [2]string{Stem(name), ImageExtension(name)}; got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
