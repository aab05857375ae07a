package command

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The commands of the tour in README.md work, with a virtual drive.
func TestTour(t *testing.T) {
	_, tour, _ := strings.Cut(string(content(t, "../../README.md")), "## A tour of the command line\n\n```\n")
	tour, _, ok := strings.Cut(tour, "```")
	if !ok {
		t.Fatal("README.md has no tour")
	}
	room := t.TempDir()
	t.Chdir(room)
	for _, name := range []string{"Holiday/notes/readme.txt", "Holiday/pictures/2026.png"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, name, name)
	}
	drives := regexp.MustCompile(`/dev/sr(\d)`)
	verbs := map[string]bool{}
	for line := range strings.Lines(tour) {
		line, _, _ = strings.Cut(line, "#")
		args := strings.Fields(drives.ReplaceAllString(strings.Replace(line, "-C /tmp", "-C out", 1), "virtual:disc$1?sectors=20000"))
		if len(args) < 2 || args[0] != "glassmaster" {
			t.Fatalf("%q is not a command", line)
		}
		must(t, OK, args[1:]...)
		verbs[args[1]] = true
	}
	if len(verbs) < 8 {
		t.Errorf("the tour uses only %v", verbs)
	}
	if got := string(content(t, "out/pictures/2026.png")); got != "Holiday/pictures/2026.png" {
		t.Errorf("extracted: %q", got)
	}
}
