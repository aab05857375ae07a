package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folderOf returns a new folder with these files: their names, which are their contents too.
func folderOf(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestBurnAdd adds files to discs, which are refused without --add, and reports what that costs.
func TestBurnAdd(t *testing.T) {
	for _, medium := range []string{"dvd+r", "dvd+rw"} {
		t.Run(medium, func(t *testing.T) {
			drive := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?sectors=9000&medium=" + medium
			must(t, OK, "burn", "--yes", "--append", folderOf(t, "one", "docs/two"), drive)
			more := folderOf(t, "three")
			if r := must(t, NoMedium, "burn", "--yes", more, drive); !strings.Contains(r.log, "--add") {
				t.Errorf("it does not say how the files can be added:\n%s", r.log)
			}
			must(t, Failed, "burn", "--yes", "--add", "--remove", "missing", more, drive)
			r := must(t, OK, "burn", "--add", "--dry-run", "--json", more, drive)
			for _, want := range []string{`"verdict":"planned: nothing was written"`, `"kept":2,"added":1,`, `"left_sectors":`, `"steps":[`} {
				if !strings.Contains(r.out, want) {
					t.Errorf("%s is missing in %s", want, r.out)
				}
			}
			list := func() string { return strings.Join(strings.Fields(must(t, OK, "list", drive).out), " ") }
			if got := list(); strings.Contains(got, "three") {
				t.Errorf("after the plan alone there is %s", got)
			}
			r = must(t, OK, "burn", "--yes", "--add", "--rename", "docs/two=2", "--remove", "docs", more, drive)
			for _, want := range []string{"kept: 2 files, new: 1, renamed: 1", "remain for the next session", "read back and equal"} {
				if !strings.Contains(r.log, want) {
					t.Errorf("%q is missing in\n%s", want, r.log)
				}
			}
			if got := list(); !strings.Contains(got, "three") || !strings.Contains(got, "one") || strings.Contains(got, "docs") {
				t.Errorf("the disc has %s", got)
			}
		})
	}
}

// TestBurnAddCounts counts a file that takes the name of a renamed one as new, and the removed
// file as removed. A session that hides later ones says so.
func TestBurnAddCounts(t *testing.T) {
	drive := "virtual:" + filepath.Join(t.TempDir(), "disc") + "?sectors=9000&medium=dvd+r"
	must(t, OK, "burn", "--yes", "--append", folderOf(t, "one", "two", "three"), drive)
	more := folderOf(t, "one", "four")
	r := must(t, OK, "burn", "--dry-run", "--add", "--rename", "one=1", "--remove", "two", more, drive)
	if want := "kept: 2 files, new: 2, removed: 1, renamed: 1\n"; !strings.Contains(r.log, want) {
		t.Errorf("%q is missing in\n%s", want, r.log)
	}
	const hides = "what only later sessions have stays on the disc, and is hidden"
	for _, session := range []string{"1", "2"} {
		r = must(t, OK, "burn", "--yes", "--add", "--session", session, more, drive)
		if strings.Contains(r.log, hides) {
			t.Errorf("session %s, the newest one: %s", session, r.log)
		}
	}
	if r = must(t, OK, "burn", "--dry-run", "--add", "--session", "1", more, drive); !strings.Contains(r.log, hides) {
		t.Errorf("session 1 of 3: %s", r.log)
	}
	for _, args := range [][]string{{"burn", "--add", drive}, {"burn", "--add", "--remove", "one", drive}, {"undo", drive}} {
		if r := must(t, Usage, args...); !strings.Contains(r.log, "is a drive") {
			t.Errorf("%v: %s", args, r.log)
		}
	}
}

// TestBurnAddRefuses refuses options that do not go together, and discs that cannot be
// continued.
func TestBurnAddRefuses(t *testing.T) {
	dir := folderOf(t, "file")
	for _, c := range []struct {
		args []string
		code Code
		want string
	}{
		{[]string{"--add", "--new-session"}, Usage, "give one of them"},
		{[]string{"--session", "1"}, Usage, "give --add"},
		{[]string{"--remove", "x"}, Usage, "give --add"},
		{[]string{"--close"}, Usage, "--close goes with"},
		{[]string{"--add", "--close", "--append"}, Usage, "not both"},
		{[]string{"--add", "--blank"}, Usage, "--blank erases"},
		{[]string{"--add", "--copies", "2"}, Usage, "one drive at a time"},
		{[]string{"--add"}, NoMedium, "there is nothing to add to"},
		{[]string{"--new-session"}, NoMedium, "--append"},
	} {
		r := must(t, c.code, append(append([]string{"burn", "--yes"}, c.args...), dir, blankWith(t, "dvd+r", ""))...)
		if !strings.Contains(r.log, c.want) {
			t.Errorf("%v: %q is missing in\n%s", c.args, c.want, r.log)
		}
	}
}

// TestBurnAfterAudio adds a session to a CD that has only audio tracks.
func TestBurnAfterAudio(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, b := range map[string][]byte{
		"a.cue": []byte("FILE \"a.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n"),
		"a.bin": bytes.Repeat([]byte{1, 2, 3, 4}, 400*2352/4), "file": []byte("file"),
	} {
		if err := os.WriteFile(at(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := "virtual:" + at("disc") + "?medium=cd-r"
	must(t, OK, "burn", at("a.cue"), d, "--append", "--yes")
	if out := must(t, NoMedium, "burn", at("file"), d, "--add", "--yes").log; !strings.Contains(out, "--new-session") {
		t.Errorf("%s", out)
	}
	if log := must(t, OK, "burn", at("file"), d, "--new-session", "--yes", "--close").log; strings.Contains(log, "hidden") {
		t.Errorf("the audio tracks are hidden: %s", log)
	}
	if out := must(t, OK, "ls", d).out; out != "file\n" {
		t.Errorf("the disc shows %s", out)
	}
	if out := must(t, OK, "info", d).out; !strings.Contains(out, "audio, 400 sectors") {
		t.Errorf("%s", out)
	}
}
