package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"glassmaster/drive/job"
)

// result is the outcome of a run of the program.
type result struct {
	code     Code
	out, log string
}

// run runs the program in this process, with nothing on its standard input.
func run(t *testing.T, args ...string) result {
	t.Helper()
	var out, log bytes.Buffer
	code := Run(t.Context(), args, strings.NewReader(""), &out, &log)
	return result{Code(code), out.String(), log.String()}
}

// must runs the program and fails the test unless it ends with that code.
func must(t *testing.T, want Code, args ...string) result {
	t.Helper()
	r := run(t, args...)
	if r.code != want {
		t.Fatalf("glassmaster %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), r.code, want, r.out, r.log)
	}
	return r
}

// objects decodes what a run with --json printed.
func objects(t *testing.T, out string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(out) {
		var o map[string]any
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q is no object: %v", line, err)
		}
		all = append(all, o)
	}
	return all
}

// outcomeOf returns the last object of a run with --json, which is its result.
func outcomeOf(t *testing.T, out string) map[string]any {
	t.Helper()
	all := objects(t, out)
	if len(all) == 0 || all[len(all)-1]["type"] != "result" {
		t.Fatalf("no result at the end of:\n%s", out)
	}
	return all[len(all)-1]
}

// files are the sample that the tests build, by path.
var files = map[string]string{
	"readme.txt":              "read me\n",
	"empty":                   "",
	"docs/a name, längst.txt": "with spaces and an umlaut\n",
	"docs/deep/er/still.bin":  strings.Repeat("0123456789abcdef", 10_000),
}

// sample makes a folder with the files.
func sample(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "Sample")
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// builtImage makes an image of the sample with this program.
func builtImage(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.iso")
	must(t, OK, "build", sample(t), "-o", path)
	return path
}

// program builds the command line as it is shipped, once for all tests, and
// returns the path of a copy in a folder of its own.
func program(t *testing.T) string {
	t.Helper()
	bin, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "glassmaster")
	if err := os.WriteFile(path, bin, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

var shipped = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "glassmaster")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "glassmaster")
	cmd := exec.Command("go", "build", "-o", path, "glassmaster/app/glassmaster")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return os.ReadFile(path)
})

func isEmpty(t *testing.T, dir string) {
	t.Helper()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

func content(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestExitCodes(t *testing.T) {
	image := builtImage(t)
	dir := filepath.Dir(image)
	noise := filepath.Join(dir, "noise.iso")
	if err := os.WriteFile(noise, bytes.Repeat([]byte("noise"), 50_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want Code
		says string // on standard error
	}{
		{"frobnicate", Usage, `unknown command "frobnicate"`},
		{"ls", Usage, "ls needs IMAGE"},
		{"biuld x", Usage, `unknown command "biuld" for "glassmaster"; did you mean build?` + "\n"},
		{"media trace:" + noise, Failed, "line 1 is not a line of a recording"},
		{"ls --frob x", Usage, "unknown flag: --frob"},
		{"info a b", Usage, `does not accept "b"`},
		{"build " + dir, Usage, "build needs -o IMAGE"},
		{"build -o x.iso", Usage, "build needs a SOURCE"},
		{"build " + dir + " -o x.iso --joliet=maybe", Usage, "--joliet is on, long or off"},
		{"build " + dir + " -o x.iso --level 7", Usage, "--level is 1, 2, 3 or 4"},
		{"read " + image, Usage, "read needs -o IMAGE"},
		{"read " + image + " -o x.iso --format docx", Usage, "docx"},
		{"info " + dir + "/missing.iso", Failed, "open image " + dir + "/missing.iso: no such file"},
		{"ls " + noise, Failed, "glassmaster: "},
		{"ls " + image + " nowhere", Failed, "list " + image + ": nowhere is not on the disc\nhint: \"glassmaster ls -R\""},
		{"cat " + image + " nowhere", Failed, image + ": nowhere is not on the disc\nhint: \"glassmaster ls -R\""},
		{"extract " + image + " nowhere -C " + dir + "/none", Failed, "error: nowhere: it is not on the disc"},
		{"cat " + image + " docs", Failed, "it is a folder"},
		{"build " + dir + "/missing -o " + dir + "/x.iso", Failed, "missing"},
		{"extract " + image + " -C " + dir + "/twice", OK, ""},
		{"extract " + image + " -C " + dir + "/twice", Partly, "--existing replace"},
		{"extract --boot --owners " + image, Usage, "--boot copies all boot images"},
		{"ls --view udf " + image, Failed, "no view \"UDF\", only Rock Ridge, Joliet, ISO 9660"},
		{"ls --session 3 " + image, Failed, "no session 3"},
		{"media " + dir + "/missing", NoMedium, "missing does not exist"},
		{"media iscsi://127.0.0.1:1/target/0", Failed, "127.0.0.1:1"},
		{"help frobnicate", Usage, "no help topic"},
		{"completion", Usage, "completion needs a SHELL"},
		{"completion frobnicate", Usage, "frobnicate"},
		{"ls " + image, OK, ""},
		{"help exit-codes", OK, ""},
		{"help boot", OK, ""},
		{"help help", OK, ""},
		{"completion bash", OK, ""},
	} {
		r := run(t, strings.Fields(c.args)...)
		if r.code != c.want {
			t.Errorf("%s: exit code %d, want %d\n%s", c.args, r.code, c.want, r.log)
		}
		if !strings.Contains(r.log, c.says) {
			t.Errorf("%s: %q is missing in %q", c.args, c.says, r.log)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x.iso")); err == nil {
		t.Error("a build that failed left an image")
	}
}

// The exit code is in the result object too, with the error and a hint.
func TestErrorsForPrograms(t *testing.T) {
	r := must(t, Usage, "ls", "--json")
	o := outcomeOf(t, r.out)
	if o["ok"] != false || o["exit"] != 2.0 || o["verb"] != "ls" || o["error"] != "ls needs IMAGE [PATH...]" || o["hint"] == "" {
		t.Errorf("result: %v", o)
	}
}

// Every field of every object is in the help.
func TestHelpNamesEveryField(t *testing.T) {
	help := must(t, OK, "help", "json").out
	words := strings.FieldsFunc(help, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	for _, o := range []any{
		outcome{},
		entryObject{},
		extentObject{},
		moreObject{},
		built{},
		discInfo{},
		sessionInfo{},
		trackInfo{},
		textInfo{},
		trackText{},
		volumeInfo{},
		propertyObject{},
		bootObject{},
		bootImageEntry{},
		tableObject{},
		partitionObject{},
		checkInfo{},
		extracted{},
		extractedNote{},
		bootExtracted{},
		trackExtracted{},
		copiedBoot{},
		converted{},
		repaired{},
		checks{},
		faults{},
		faultySector{},
		copied{},
		verified{},
		differs{},
		driveInfo{},
		mediaInfo{},
		job.DiscReport{},
		job.TrackReport{},
		job.CheckReport{},
		job.Difference{},
		job.ChangedSource{},
		burnedDiscs{},
		blanked{},
		formatted{},
		closed{},
		moved{},
	} {
		kind := reflect.TypeOf(o)
		for i := range kind.NumField() {
			name, _, _ := strings.Cut(kind.Field(i).Tag.Get("json"), ",")
			if name != "" && !slices.Contains(words, name) {
				t.Errorf("%s of %v is missing in the help", name, kind)
			}
		}
	}
}

func TestCancelledBeforeItBegan(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "x.iso")
	var out, log bytes.Buffer
	code := Run(ctx, []string{"build", sample(t), "-o", path}, strings.NewReader(""), &out, &log)
	if Code(code) != Cancelled || !strings.Contains(log.String(), "cancelled") {
		t.Errorf("exit code %d, %q", code, log.String())
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("there is an image")
	}
}

func TestHelpNamesEveryVerb(t *testing.T) {
	out := must(t, OK, "--help").out
	for _, verb := range []string{
		"build", "info", "ls", "sessions", "diff", "cat", "extract", "convert", "undo", "drives", "media", "burn", "copy", "read", "verify", "blank", "format", "close", "eject", "load", "completion",
	} {
		if !strings.Contains(out, "\n  "+verb+" ") {
			t.Errorf("%s is missing in the help", verb)
		}
		if help := must(t, OK, verb, "--help").out; !strings.Contains(help, "Usage:") {
			t.Errorf("%s --help: %q", verb, help)
		}
	}
}
