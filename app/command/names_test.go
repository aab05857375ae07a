package command

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"glassmaster/mastering/peertest"
)

// foreign is a folder of names in several character sets, with their contents.
func foreign(t *testing.T) (dir string, names map[string]string) {
	t.Helper()
	names = map[string]string{
		"caf\xe9.txt":                         "latin",
		"café.txt":                            "utf-8",
		"\x91g\x8d\x87.txt":                   "shift_jis",
		"\xf0\xd2\xc9\xd7\xc5\xd4":            "koi8-r",
		"half \xed\xa0\x80":                   "half a pair of surrogates",
		`dev-disk-by\x2dlabel`:                "backslash",
		"dir \xe9\xe8/\xff/\x80name":          "deep",
		"dir \xe9\xe8/\xfe/\x80name":          "deep too",
		"plain/" + strings.Repeat("\xe9", 99): "long",
	}
	dir = t.TempDir()
	for name, text := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, path, text)
	}
	if err := os.Symlink("caf\xe9.txt", filepath.Join(dir, "link \xe9")); err != nil {
		t.Fatal(err)
	}
	age(t, dir)
	return dir, names
}

// TestNamesKeepTheirBytes builds an image of a folder and extracts it: names in any
// character set must keep their bytes.
func TestNamesKeepTheirBytes(t *testing.T) {
	dir, names := foreign(t)
	image := filepath.Join(t.TempDir(), "names.iso")
	must(t, OK, "build", "-q", dir+"/", "-o", image)
	must(t, OK, "verify", dir+"/", image)
	for _, args := range [][]string{nil, {"--existing=replace"}} {
		to := t.TempDir()
		r := must(t, OK, append([]string{"extract", image, "-C", to}, args...)...)
		if strings.Contains(r.log, "warning") {
			t.Errorf("%s", r.log)
		}
		peertest.Run(t, "", "diff", "-r", "--no-dereference", dir, to)
	}
	for name, text := range names {
		if got := must(t, OK, "cat", image, name).out; got != text {
			t.Errorf("%q: %q, want %q", name, got, text)
		}
	}
	theirs := filepath.Join(t.TempDir(), "theirs.iso")
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", theirs, ".")
	to := t.TempDir()
	must(t, OK, "extract", "-q", theirs, "-C", to)
	peertest.Run(t, "", "diff", "-r", "--no-dereference", dir, to)
}

// TestListNamesForPrograms checks that --json output is valid UTF-8, has the bytes of
// each name, and marks guessed text.
func TestListNamesForPrograms(t *testing.T) {
	dir, names := foreign(t)
	image := filepath.Join(t.TempDir(), "names.iso")
	must(t, OK, "build", "-q", dir+"/", "-o", image)
	r := must(t, OK, "ls", "-R", "--json", image)
	if !utf8.ValidString(r.out) || !strings.Contains(r.out, "which is a guess") {
		t.Errorf("%q", r.out)
	}
	found := 0
	for _, o := range objects(t, r.out) {
		if o["type"] != "entry" || o["kind"] != "file" {
			continue
		}
		name := o["path"].(string)
		if strings.Contains(name, "\ufffd") {
			t.Errorf("%q", name)
		}
		if raw, ok := o["path_bytes"].(string); ok {
			b, err := base64.StdEncoding.DecodeString(raw)
			if err != nil {
				t.Fatal(err)
			}
			name = string(b)
		}
		if _, ok := names[name]; !ok {
			t.Errorf("%q is none of the files", name)
		}
		found++
	}
	if found != len(names) {
		t.Errorf("%d files of %d", found, len(names))
	}
	if got := must(t, OK, "ls", "-R", image).out; !strings.Contains(got, "caf\xe9.txt") || !strings.Contains(got, "café.txt") {
		t.Errorf("%q", got)
	}
	if got := must(t, OK, "info", "--check", image).out; !strings.Contains(got, "not UTF-8; the character set is probably") {
		t.Errorf("%s", got)
	}
}

// TestCharset checks --charset for each verb that shows or accepts names.
func TestCharset(t *testing.T) {
	for _, c := range []struct{ set, name, text string }{
		{"shift_jis", "\x91g\x8d\x87.txt", "組合.txt"},
		{"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4.txt", "Привет.txt"},
		{"cp437", "caf\x82.txt", "café.txt"},
		{"latin1", "caf\xe9.txt", "café.txt"},
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, c.name), c.set)
		image := filepath.Join(t.TempDir(), "names.iso")
		must(t, OK, "build", "-q", dir+"/", "-o", image)
		set := "--charset=" + c.set
		if got := must(t, OK, "ls", set, image).out; got != c.text+"\n" {
			t.Errorf("%s: %q", c.set, got)
		}
		if got := must(t, OK, "ls", set, "--json", image).out; !strings.Contains(got, `"path":"`+c.text+`"`) || strings.Contains(got, "guess") {
			t.Errorf("%s: %q", c.set, got)
		}
		for _, name := range []string{c.text, c.name, "/" + c.text} {
			if got := must(t, OK, "cat", set, image, name).out; got != c.set {
				t.Errorf("%s: %q: %q", c.set, name, got)
			}
			to := t.TempDir()
			must(t, OK, "extract", "-q", set, image, name, "-C", to)
			if got := string(content(t, filepath.Join(to, c.text))); got != c.set {
				t.Errorf("%s: %q is extracted as %q", c.set, name, got)
			}
		}
		must(t, Failed, "cat", set, image, "other.txt")
	}
	r := must(t, Usage, "ls", "--charset=nothing", builtImage(t))
	if !strings.Contains(r.log, "unknown character set") {
		t.Errorf("%s", r.log)
	}
	must(t, Usage, "ls", "--charset=utf-16", builtImage(t))
	theirs := filepath.Join(t.TempDir(), "label.iso")
	peertest.Run(t, sample(t), "xorriso", "-as", "mkisofs", "-quiet", "-V", "LABEL12", "-o", theirs, ".")
	p := content(t, theirs)
	copy(p[16*2048+40:], "\xf0\xd2\xc9\xd7\xc5\xd4 ")
	if err := os.WriteFile(theirs, p, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := must(t, OK, "info", "--charset=koi8-r", theirs).out; !strings.Contains(got, "Привет") {
		t.Errorf("%s", got)
	}
}

// TestExtractHostileNames checks that extracted names contain no control characters and
// stay distinct, and that each changed name is reported.
func TestExtractHostileNames(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"red\x1b[31m":       "escape",
		`red\x1b[31m`:       "the same written out",
		"two\nlines":        "newline",
		"C1 \u009b31m":      "C1",
		"turned\u202egpj.e": "override",
		"mark\u200f":        "a mark that may stay",
	} {
		put(t, filepath.Join(dir, name), text)
	}
	image := filepath.Join(t.TempDir(), "names.iso")
	for _, o := range [][]string{nil, {"--udf=2.01"}, {"--rock-ridge=off"}} {
		must(t, OK, append([]string{"build", "-q", dir + "/", "-o", image}, o...)...)
		view := "--view="
		if len(o) > 0 && strings.HasPrefix(o[0], "--udf") {
			view += "udf"
		}
		to := t.TempDir()
		r := must(t, OK, "extract", view, "--json", image, "-C", to)
		list, err := os.ReadDir(to)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range list {
			got = append(got, e.Name())
			if strings.ContainsAny(e.Name(), "\x1b\n\u009b\u202e") {
				t.Errorf("%v: %q is a name of a file", o, e.Name())
			}
		}
		if len(o) > 0 && o[0] == "--rock-ridge=off" { // Joliet has no control characters
			if len(got) != 6 {
				t.Errorf("%q", got)
			}
			continue
		}
		want := []string{`C1 \xc2\x9b31m`, "mark\u200f", `red\x1b[31m`, `red\x1b[31m~1`, `turned\xe2\x80\xaegpj.e`, `two\x0alines`}
		if !slices.Equal(got, want) {
			t.Errorf("%v: %q, want %q", o, got, want)
		}
		if text := string(content(t, filepath.Join(to, `red\x1b[31m`))); text != "the same written out" {
			t.Errorf("%q", text)
		}
		notes := outcomeOf(t, r.out)["data"].(map[string]any)["notes"].([]any)
		reported := 0
		for _, n := range notes {
			if strings.Contains(n.(map[string]any)["text"].(string), "in the folder: ") {
				reported++
			}
		}
		if reported != 4 {
			t.Errorf("%d names are in the notes %v", reported, notes)
		}
		if got := must(t, OK, "cat", view, image, `two\x0alines`).out; got != "newline" {
			t.Errorf("by what is shown: %q", got)
		}
	}
}

// TestCharsetOfUnicode checks the warning that --charset has no effect on names in
// Unicode.
func TestCharsetOfUnicode(t *testing.T) {
	image := builtImage(t)
	if r := must(t, OK, "ls", "--view=joliet", "--charset=koi8-r", image); !strings.Contains(r.log, "no effect") {
		t.Errorf("%s", r.log)
	}
	if r := must(t, OK, "ls", "--charset=koi8-r", image); strings.Contains(r.log, "no effect") {
		t.Errorf("%s", r.log)
	}
}
