package command

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// TestSessions: the sessions that xorriso wrote into an image are listed with what each of them
// changed, and compared with each other and with a folder.
func TestSessions(t *testing.T) {
	peertest.Need(t, "xorriso")
	dir := t.TempDir()
	for name, contents := range map[string]string{"a/one": "1", "a/two": "2", "b": "new"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(contents), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	img := filepath.Join(dir, "x.iso")
	peertest.Run(t, dir, "xorriso", "-outdev", img, "-volid", "FIRST", "-map", "a", "/", "-commit")
	peertest.Run(t, dir, "xorriso", "-dev", img, "-volid", "SECOND", "-mv", "/one", "/uno", "--", "-rm", "/two", "--", "-map", "b", "/b", "-commit")

	out := must(t, OK, "sessions", img).out
	for _, want := range []string{"Session 1, from sector 32, FIRST, ", ": 2 added\n", "Session 2, from sector ", ", SECOND, ", ": 1 added, 1 renamed, 1 removed\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	const changes = "+ b\n- two\n> one -> uno\n"
	if out := must(t, OK, "sessions", "-l", "--session", "2", img).out; !strings.HasSuffix(out, "1 removed\n"+changes) {
		t.Errorf("sessions -l: %s", out)
	}
	if out := must(t, Differs, "diff", img).out; out != changes {
		t.Errorf("diff: %s", out)
	}
	if out := must(t, OK, "diff", "--session", "2", "--old-session", "2", img).out; out != "" {
		t.Errorf("a session and itself: %s", out)
	}
	must(t, Failed, "sessions", "--session", "3", img)
	must(t, Failed, "diff", "--session", "1", img)
	must(t, Failed, "diff", filepath.Join(dir, "a"))
	must(t, OK, "diff", "--view", "iso9660", "--old-session", "1", img, img, "--session", "1")

	lines := strings.Split(strings.TrimSpace(must(t, OK, "sessions", "--json", img).out), "\n")
	var kinds []string
	for _, line := range lines {
		var o struct{ Type, Change, Path, From string }
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatal(err)
		}
		if o.Type == "change" {
			kinds = append(kinds, o.Change+" "+o.Path+" "+o.From)
		}
	}
	if got, want := strings.Join(kinds, "; "), "added one ; added two ; added b ; removed two ; renamed uno one"; got != want {
		t.Errorf("--json: %s, want %s", got, want)
	}
	if last := lines[len(lines)-1]; !strings.Contains(last, `"label":"SECOND"`) || !strings.Contains(last, `"added":1,"changed":0,"renamed":1,"removed":1,"same":0`) {
		t.Errorf("--json: %s", last)
	}
}
