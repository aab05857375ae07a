package compilation_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

func TestLabel(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "My Holiday")
	long := filepath.Join(t.TempDir(), strings.Repeat("ä", 40))
	for _, d := range []string{dir, long} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	film := filepath.Join(dir, "film.mkv")
	if err := os.WriteFile(film, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{dir}, "My Holiday"},
		{[]string{dir + "/"}, "My Holiday"},
		{[]string{dir + "/."}, "My Holiday"},
		{[]string{film}, "film"},
		{[]string{long}, strings.Repeat("ä", 32)},
		{[]string{dir, long}, "DISC"},
		{[]string{"/"}, "DISC"},
		{nil, "DISC"},
	} {
		if got := compilation.LabelFor(c.paths); got != c.want {
			t.Errorf("LabelFor(%q) = %q, want %q", c.paths, got, c.want)
		}
	}
}

func TestRemoveFile(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "sub/a", "b"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := compilation.New()
	if notices, err := c.AddPaths(context.Background(), []string{dir}, false, progress.Discard); err != nil || len(notices) > 0 {
		t.Fatal(err, notices)
	}
	if !c.RemoveFile(filepath.Join(dir, "sub", "..", "a")) || c.RemoveFile(filepath.Join(dir, "c")) {
		t.Error("RemoveFile returns the wrong result")
	}
	if c.Root().Lookup("a") != nil || c.Root().Lookup("sub/a") == nil || c.Root().Lookup("b") == nil {
		t.Error("the wrong file was removed")
	}
}

// TestAddPathsFar adds a folder whose time is outside the range of Unix time in
// nanoseconds.
func TestAddPathsFar(t *testing.T) {
	dir := t.TempDir()
	peertest.Run(t, "", "touch", "-d", "2400-01-01", dir) // os.Chtimes cannot
	if info, err := os.Stat(dir); err != nil || info.ModTime().Year() < 2399 {
		t.Skip("the file system does not hold this time")
	}
	c := compilation.New()
	if _, err := c.AddPaths(t.Context(), []string{dir}, false, nil); err != nil {
		t.Fatal(err)
	}
	if got := c.Root().Modified; got != math.MaxInt64 {
		t.Errorf("%d", got)
	}
}
