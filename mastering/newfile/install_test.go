package newfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/newfile"
)

// TestInstall replaces the files of an image, but no file that belongs to something else.
func TestInstall(t *testing.T) {
	for _, c := range []struct {
		name  string
		old   []string // files of the image, beside image.cue
		fails bool
	}{
		{"files of the image", []string{"image.cue", "image.bin"}, false},
		{"a file of something else", []string{"image.cue", "track.bin"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			from, to := t.TempDir(), t.TempDir()
			for _, name := range []string{"image.cue", "image.bin", "track.bin"} {
				write(t, filepath.Join(to, name), "old "+name)
			}
			write(t, filepath.Join(from, "image.cue"), "new image.cue")
			write(t, filepath.Join(from, "image.bin"), "new image.bin")
			var old []string
			for _, name := range c.old {
				old = append(old, filepath.Join(to, name))
			}
			err := newfile.Install(from, to, "image.cue", old, 0o640)
			if (err != nil) != c.fails {
				t.Fatalf("error %v", err)
			}
			want := "new "
			if c.fails {
				want = "old "
			}
			for _, name := range []string{"image.cue", "image.bin"} {
				if b, err := os.ReadFile(filepath.Join(to, name)); err != nil || string(b) != want+name {
					t.Errorf("%s has %q: %v", name, b, err)
				}
			}
			if b, err := os.ReadFile(filepath.Join(to, "track.bin")); err != nil || string(b) != "old track.bin" {
				t.Errorf("track.bin has %q: %v", b, err)
			}
		})
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
