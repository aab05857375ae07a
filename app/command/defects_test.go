package command

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// cutImage returns an image, built with the given flags, whose end is missing.
func cutImage(t *testing.T, flags ...string) string {
	t.Helper()
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "cut.iso")
	put(t, filepath.Join(dir, "large"), strings.Repeat("large", 400_000))
	must(t, OK, append([]string{"build", dir, "-o", path}, flags...)...)
	if err := os.Truncate(path, 700*2048); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every verb reports an image whose end is missing. Burning it needs --force, and the
// disc is not reported as good either.
func TestIncompleteImage(t *testing.T) {
	for _, flags := range [][]string{nil, {"--udf", "2.01"}, {"--udf", "2.60", "--udf-only"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			cut := cutImage(t, flags...)
			if out := must(t, OK, "info", cut).out; !strings.Contains(out, "\nIncomplete") {
				t.Errorf("info: %s", out)
			}
			data := outcomeOf(t, must(t, OK, "info", "--json", cut).out)["data"].(map[string]any)
			if d := data["defects"].([]any)[0].(map[string]any); d["incomplete"] != true || d["lba"] != 700.0 {
				t.Errorf("info --json: %v", d)
			}
			must(t, Differs, "info", "--check", cut)
			must(t, Differs, "verify", cut)
			for _, args := range [][]string{{"ls", cut}, {"ls", "-R", cut}, {"cat", cut, "large"}, {"extract", cut, "-C", t.TempDir()}} {
				if r := run(t, args...); strings.Count(r.log, "incomplete: the end is missing") != 1 {
					t.Errorf("%v: %s", args, r.log)
				}
			}
			recorder, _ := blankDisc(t, "dvd+r")
			if r := must(t, Differs, "burn", "--yes", cut, recorder); !strings.Contains(r.log, "--force") {
				t.Errorf("burn: %s", r.log)
			}
			if out := must(t, OK, "media", recorder).out; !strings.Contains(out, "blank") {
				t.Errorf("the disc was written: %s", out)
			}
			r := must(t, Partly, "burn", "--yes", "--force", cut, recorder)
			if !strings.Contains(r.log, "as incomplete as its source") || strings.Contains(r.log, "and equal\n") {
				t.Errorf("burn --force: %s", r.log)
			}
			must(t, Differs, "verify", recorder)
			must(t, Differs, "verify", cut, recorder)
		})
	}
}

// A file of unknown format is burned only with --force.
func TestBurnForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "disk")
	put(t, path, "LUKS\xba\xbe"+strings.Repeat("\x01\x02\x03\x04", 200_000))
	recorder, file := blankDisc(t, "dvd+r")
	if r := must(t, Failed, "burn", "--yes", path, recorder); !strings.Contains(r.log, "LUKS") || !strings.Contains(r.log, "--force") {
		t.Errorf("burn: %s", r.log)
	}
	must(t, OK, "burn", "--yes", "--force", path, recorder)
	if want := content(t, path); !strings.HasPrefix(string(content(t, file)), string(want)) {
		t.Error("what is on the disc is not what was burned")
	}
}

// All listings report a damaged folder in the same way, and an image with one is never
// reported as good.
func TestListDamagedFolder(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "x.iso")
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "sub", "x"), "x")
	must(t, OK, "build", dir, "-o", path, "--joliet", "off", "--rock-ridge", "off")
	p := content(t, path)
	root := int(p[16*2048+158]) | int(p[16*2048+159])<<8
	for at, args := range map[int][][]string{
		root:     {{"ls", path}, {"ls", "-R", path}, {"ls", "-l", path}},
		root + 1: {{"ls", path, "SUB"}, {"ls", "-R", path}, {"ls", "-R", path, "SUB"}, {"extract", path, "-C", t.TempDir()}},
	} {
		bad := append([]byte(nil), p...)
		clear(bad[at*2048 : (at+1)*2048])
		put(t, path, string(bad))
		for _, a := range args {
			r := must(t, Partly, a...)
			if strings.Contains(r.out+r.log, "skip this directory") || !strings.Contains(r.log, "record of the directory itself") {
				t.Errorf("%v: %s", a, r.log)
			}
		}
		if r := must(t, Differs, "verify", path); !strings.Contains(r.log, "record of the directory itself") || r.out != "" {
			t.Errorf("verify: %s%s", r.out, r.log)
		}
		must(t, Differs, "info", "--check", path)
	}
	clear(p[16*2048 : 17*2048])
	put(t, path, string(p))
	must(t, Failed, "ls", path)
	if r := must(t, Differs, "verify", path); !strings.Contains(r.log, "but they are damaged") || r.out != "" {
		t.Errorf("verify without a descriptor: %s%s", r.out, r.log)
	}
}

// An image read from a disc with two sessions shows the same files as the disc.
func TestReadTwoSessions(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name, name), name)
	}
	recorder := "virtual:" + filepath.Join(dir, "disc") + "?medium=dvd-r&sectors=60000" // sessions of DVD-R are far apart
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-o", "1.iso", "one")
	must(t, OK, "burn", "--yes", "--append", filepath.Join(dir, "1.iso"), recorder)
	media := outcomeOf(t, must(t, OK, "media", "--json", recorder).out)["data"].(map[string]any)
	next := int(media["next_writable_lba"].(float64))
	peertest.Run(t, dir, "genisoimage", "-quiet", "-R", "-M", "1.iso", "-C", "0,"+strconv.Itoa(next), "-o", "2.iso", "two")
	must(t, OK, "burn", "--yes", filepath.Join(dir, "2.iso"), recorder)
	back := filepath.Join(dir, "back.iso")
	must(t, OK, "read", recorder, "-o", back)
	for _, name := range []string{recorder, back} {
		if out := must(t, OK, "ls", name).out; out != "one\ntwo\n" {
			t.Errorf("%s: %q", name, out)
		}
		if out := must(t, OK, "ls", "--session", "1", name).out; out != "one\n" {
			t.Errorf("%s, session 1: %q", name, out)
		}
		must(t, Failed, "ls", "--session", "9", name)
	}
}
