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

// TestKeepFilesOfUDF works on an image with a file that only its UDF volume shows: what would
// lose it is refused, and nothing is written; compact keeps it.
func TestKeepFilesOfUDF(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Mkdir(at("src"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"src/seen", "src/unseen", "new"} {
		if err := os.WriteFile(at(name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	image := at("image.iso")
	must(t, OK, "build", at("src"), "-o", image, "--udf", "2.01", "--hide", "unseen", "--hide-joliet", "unseen")
	before, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	must(t, OK, "compact", image, "-o", at("smaller.iso"))
	if out := must(t, OK, "ls", at("smaller.iso"), "--view", "UDF").out; out != "seen\nunseen\n" {
		t.Errorf("the compacted image shows %s", out)
	}
	must(t, Failed, "edit", image, "--add", at("new"), "--new-session", "--in-place")
	d := "virtual:" + at("disc") + "?medium=dvd+r"
	must(t, OK, "burn", image, d, "--append", "--yes")
	must(t, Failed, "burn", at("new"), d, "--add", "--yes")
	if out := must(t, OK, "ls", d, "--view", "UDF").out; out != "seen\nunseen\n" {
		t.Errorf("the disc shows %s", out)
	}
	if after, err := os.ReadFile(image); err != nil || string(after) != string(before) {
		t.Errorf("the image was changed: %v", err)
	}
	must(t, Partly, "burn", at("new"), d, "--add", "--yes", "--keep-going")
	if out := must(t, OK, "ls", d, "--view", "UDF").out; out != "new\nseen\n" {
		t.Errorf("the disc shows %s", out)
	}
}
