package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// TestEditNewSession adds sessions to images of other programs, has one of those continue the
// image, and takes the last session back.
func TestEditNewSession(t *testing.T) {
	peertest.Need(t, "xorriso", "genisoimage", "bsdtar")
	dir := t.TempDir()
	for name, contents := range map[string]string{"a/one": "1", "a/two": "2", "three": "new", "four": "IV", "five": "V"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	peertest.Run(t, dir, "xorriso", "-outdev", at("chain.iso"), "-map", "a", "/", "-commit")
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-o", at("single.iso"), "a")
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-o", at("kept.iso"), "a")

	for _, img := range []string{"chain.iso", "single.iso", "kept.iso"} {
		before, err := os.ReadFile(at(img))
		if err != nil {
			t.Fatal(err)
		}
		args := []string{"edit", at(img), "--add", at("three"), "--remove", "two", "--new-session"}
		if img == "kept.iso" {
			args = append(args, "--keep-first")
		}
		if out := must(t, OK, append(args, "--dry-run")...).out; !strings.Contains(out, "three") {
			t.Errorf("%s: %s", img, out)
		}
		must(t, OK, append(args, "--in-place")...)
		if out := must(t, OK, "ls", at(img)).out; out != "one\nthree\n" {
			t.Errorf("%s: %s", img, out)
		}
		if img != "single.iso" {
			out := must(t, OK, "sessions", "-l", at(img)).out
			if !strings.HasSuffix(out, ": 1 added, 1 removed\n+ three\n- two\n") {
				t.Errorf("%s: %s", img, out)
			}
		}
		want, other := "three", "two"
		if img == "kept.iso" {
			want, other = other, want
		}
		if out := peertest.Run(t, dir, "bsdtar", "-tf", at(img)); !strings.Contains(out, want) || strings.Contains(out, other) {
			t.Errorf("%s: bsdtar finds %s", img, out)
		}
		must(t, OK, "undo", "-y", at(img))
		if after, err := os.ReadFile(at(img)); err != nil || string(after) != string(before) {
			t.Errorf("%s: undo does not restore the image: %v", img, err)
		}
		must(t, OK, append(args, "--in-place")...)
	}

	peertest.Run(t, dir, "xorriso", "-abort_on", "WARNING", "-dev", at("chain.iso"), "-map", "four", "/four", "-commit")
	must(t, OK, "edit", at("chain.iso"), "--add", at("five"), "--new-session", "--in-place")
	if out := peertest.Run(t, dir, "xorriso", "-abort_on", "WARNING", "-indev", at("chain.iso"), "-toc"); strings.Count(out, "ISO session  :") != 4 {
		t.Errorf("xorriso: %s", out)
	}
	if out := must(t, OK, "sessions", at("chain.iso")).out; strings.Count(out, ": 1 added\n") != 2 || !strings.Contains(out, "Session 4, ") {
		t.Errorf("sessions: %s", out)
	}
	if out := must(t, OK, "ls", at("chain.iso")).out; out != "five\nfour\none\nthree\n" {
		t.Errorf("ls: %s", out)
	}

	must(t, Usage, "edit", at("chain.iso"), "--add", at("five"), "--new-session", "-o", at("new.iso"))
	must(t, Usage, "edit", at("chain.iso"), "--add", at("five"), "--keep-first", "--in-place")
	must(t, OK, "convert", at("kept.iso"), at("kept.cue"))
	must(t, Failed, "edit", at("kept.cue"), "--add", at("five"), "--new-session", "--in-place")
}

// TestEditOtherFiles rewrites an image whose new files would replace one that is not a file of
// it: that stays, and so does the image.
func TestEditOtherFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	write := func(name, text string) {
		if err := os.WriteFile(at(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("file", "contents")
	must(t, OK, "build", at("file"), "-o", at("image.iso"))
	must(t, OK, "convert", at("image.iso"), at("image.cue"))
	if err := os.Rename(at("image.bin"), at("track.bin")); err != nil {
		t.Fatal(err)
	}
	sheet, err := os.ReadFile(at("image.cue"))
	if err != nil {
		t.Fatal(err)
	}
	write("image.cue", strings.ReplaceAll(string(sheet), "image.bin", "track.bin"))
	write("image.bin", "of something else")
	before := must(t, OK, "ls", at("image.cue")).out

	r := run(t, "edit", at("image.cue"), "--rename", "/file=/other", "--in-place")
	if r.code == OK || !strings.Contains(r.log, "is not a file of the old one") || strings.Contains(r.log, "1 moved") {
		t.Errorf("exit code %d: %s", r.code, r.log)
	}
	if b, err := os.ReadFile(at("image.bin")); err != nil || string(b) != "of something else" {
		t.Errorf("image.bin has %q: %v", b, err)
	}
	if after := must(t, OK, "ls", at("image.cue")).out; after != before {
		t.Errorf("the image has %q instead of %q", after, before)
	}
}
