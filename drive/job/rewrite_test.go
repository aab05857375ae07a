package job_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	mimage "glassmaster/mastering/image"
	"glassmaster/mastering/progress"
)

// cueImage writes a CUE image of x.iso as x.cue and x.bin into a folder, whose .bin file has
// the name that is given.
func cueImage(t *testing.T, dir, bin string) string {
	t.Helper()
	path := filepath.Join(dir, "x.cue")
	text := "FILE \"" + bin + "\" BINARY\n  TRACK 01 MODE1/2048\n    INDEX 01 00:00:00\n"
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, bin), make([]byte, 400*2048), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

// rewriting rewrites an image as an image of bytes of 1.
func rewriting(t *testing.T, path string) job.Rewriting {
	t.Helper()
	src, err := source.Open(t.Context(), path, source.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	changed := disc.FromReaderAt(strings.NewReader(strings.Repeat("\x01", 500*2048)), 500*2048, nil)
	return job.Rewriting{Image: src, Changed: changed}
}

func contents(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		info, err := os.Stat(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Name()+" "+info.Mode().String())
	}
	return strings.Join(out, ", ")
}

// TestRewriting replaces all files of an image, which keep their permissions.
func TestRewriting(t *testing.T) {
	dir := t.TempDir()
	w := rewriting(t, cueImage(t, dir, "x.bin"))
	r, err := w.Run(t.Context(), progress.Discard)
	if err != nil || !r.Equal {
		t.Fatal(r.Equal, err)
	}
	if got := contents(t, dir); got != "x.bin -rw-r-----, x.cue -rw-r-----" && runtime.GOOS != "windows" {
		t.Errorf("the folder has %s", got)
	}
	if p, _ := os.ReadFile(filepath.Join(dir, "x.bin")); len(p) != 500*2048 && len(p) != 500*2352 {
		t.Errorf("x.bin has %d bytes", len(p))
	}
}

// TestRewritingOfAnothersFile refuses to replace a file that has the name of a new one, but is
// not part of the image.
func TestRewritingOfAnothersFile(t *testing.T) {
	dir := t.TempDir()
	path := cueImage(t, dir, "track 1.bin")
	if err := os.WriteFile(filepath.Join(dir, "x.bin"), []byte("of another"), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	if _, err := rewriting(t, path).Run(t.Context(), progress.Discard); !errors.Is(err, job.ErrExists) {
		t.Errorf("the error is %v", err)
	}
	if p, _ := os.ReadFile(filepath.Join(dir, "x.bin")); string(p) != "of another" || contents(t, dir) != before {
		t.Errorf("x.bin was replaced, or the folder has %s", contents(t, dir))
	}
}

// TestRewritingFails makes the last move fail: all files are as they were, and the new image
// is complete in a folder.
func TestRewritingFails(t *testing.T) {
	dir := t.TempDir()
	path := cueImage(t, dir, "x.bin")
	old, _ := os.ReadFile(path)
	w := rewriting(t, path)
	w.Check = func(job.Result) error { // a folder takes the place of the cue sheet
		return errors.Join(os.Remove(path), os.MkdirAll(filepath.Join(path, "in"), 0o700))
	}
	_, err := w.Run(t.Context(), progress.Discard)
	var apart *job.NotReplacedError
	if !errors.As(err, &apart) {
		t.Fatalf("the error is %v", err)
	}
	if p, _ := os.ReadFile(filepath.Join(dir, "x.bin")); len(p) != 400*2048 {
		t.Errorf("x.bin was replaced, with %d bytes", len(p))
	}
	if p, _ := os.ReadFile(apart.New); string(p) == "" || string(p) == string(old) {
		t.Errorf("%s is not the new image: %q", apart.New, p)
	}
	d, _, err := mimage.Open(t.Context(), apart.New)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if n := disc.Sectors(d); n != 500 {
		t.Errorf("the new image has %d sectors", n)
	}
}

// TestRewritingStops stops and refuses: nothing is left behind.
func TestRewritingStops(t *testing.T) {
	dir := t.TempDir()
	path := cueImage(t, dir, "x.bin")
	before := contents(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	broken := errors.New("broken")
	w := rewriting(t, path)
	w.Check = func(job.Result) error { return broken }
	if _, err := w.Run(t.Context(), progress.Discard); !errors.Is(err, broken) {
		t.Errorf("the error is %v", err)
	}
	if _, err := rewriting(t, path).Run(ctx, progress.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	if got := contents(t, dir); got != before {
		t.Errorf("the folder has %s", got)
	}
}
