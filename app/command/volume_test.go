package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// TestViewHFS: the Macintosh volume of a hybrid disc can be chosen like the other views.
func TestViewHFS(t *testing.T) {
	peertest.Need(t, "genisoimage")
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "hybrid.iso")
	if err := os.WriteFile(filepath.Join(dir, "a.txt"), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, "", "genisoimage", "-quiet", "-hfs", "-J", "-r", "-o", path, dir)
	r := must(t, OK, "ls", "--view", "hfs", path)
	if !strings.Contains(r.out, "Desktop DB") {
		t.Errorf("%s", r.out)
	}
	if r := must(t, OK, "ls", path); strings.Contains(r.out, "Desktop DB") {
		t.Errorf("%s", r.out)
	}
}
