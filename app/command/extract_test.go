package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

func TestExtract(t *testing.T) {
	dir := sample(t)
	if err := os.Symlink("readme.txt", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(t.TempDir(), "theirs.iso")
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-input-charset", "utf-8", "-o", image, ".")
	to := filepath.Join(t.TempDir(), "new", "folder")
	r := must(t, OK, "extract", image, "-C", to)
	if !strings.Contains(r.log, "4 files, 3 folders, 1 link") {
		t.Errorf("%s", r.log)
	}
	peertest.Run(t, "", "diff", "-r", "--no-dereference", dir, to)

	part := t.TempDir()
	r = must(t, OK, "extract", "--json", image, "/docs/deep", "-C", part)
	if got := string(content(t, filepath.Join(part, "docs/deep/er/still.bin"))); got != files["docs/deep/er/still.bin"] {
		t.Errorf("still.bin: %d bytes", len(got))
	}
	if _, err := os.Stat(filepath.Join(part, "readme.txt")); err == nil {
		t.Error("more was extracted than requested")
	}
	if data := outcomeOf(t, r.out)["data"].(map[string]any); data["files"] != 1.0 || data["failed"] != 0.0 {
		t.Errorf("%v", data)
	}
}

func TestExtractKeepsExisting(t *testing.T) {
	image, to := builtImage(t), t.TempDir()
	mine := filepath.Join(to, "readme.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := must(t, Partly, "extract", image, "-C", to)
	if string(content(t, mine)) != "mine" || !strings.Contains(r.log, "readme.txt") {
		t.Errorf("%q\n%s", content(t, mine), r.log)
	}
	must(t, Usage, "extract", image, "-C", to, "--existing=perhaps")
	must(t, OK, "extract", image, "-C", to, "--existing=keep")
	must(t, OK, "extract", image, "-C", to, "--existing=replace")
	if got := string(content(t, mine)); got != files["readme.txt"] {
		t.Errorf("replaced: %q", got)
	}
	must(t, Failed, "extract", image, "nowhere", "-C", t.TempDir())
}

// TestExtractEqualContents writes to one of two extracted files whose equal contents the
// disc stores once: the other must not change. Hard links on the disc remain hard links.
func TestExtractEqualContents(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"conf", "conf.orig", "name"} {
		put(t, filepath.Join(dir, name), "the same")
	}
	age(t, dir)
	if err := os.Link(filepath.Join(dir, "name"), filepath.Join(dir, "second name")); err != nil {
		t.Fatal(err)
	}
	img := filepath.Join(t.TempDir(), "theirs.iso")
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-cache-inodes", "-o", img, ".")
	images := map[string]string{"genisoimage": img}
	for _, o := range []string{"--rock-ridge=on", "--rock-ridge=1.12", "--rock-ridge=off", "--udf=2.01"} {
		images[o] = filepath.Join(t.TempDir(), "ours.iso")
		must(t, OK, "build", "-q", "--identical", o, dir+"/", "-o", images[o])
	}
	for name, image := range images {
		args := []string{"extract", "-q", image, "-C", t.TempDir()}
		if name == "--udf=2.01" {
			args = append(args, "--view=udf")
		}
		must(t, OK, args...)
		to := args[4]
		if err := os.WriteFile(filepath.Join(to, "conf"), []byte("changed"), 0o644); err != nil {
			t.Fatal(err)
		}
		for _, other := range []string{"conf.orig", "name", "second name"} {
			if got := string(content(t, filepath.Join(to, other))); got != "the same" {
				t.Errorf("%s: %s is %q", name, other, got)
			}
		}
		a, err := os.Stat(filepath.Join(to, "name"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.Stat(filepath.Join(to, "second name"))
		if err != nil {
			t.Fatal(err)
		}
		if one := name != "--rock-ridge=off"; os.SameFile(a, b) != one {
			t.Errorf("%s: the two names are one file: %v, want %v", name, !one, one)
		}
	}
}
