package extract

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/filename"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// long returns a name of the largest length that begins with a letter.
func long(letter string) string { return letter + strings.Repeat("o", maxName-5) + ".txt" }

// TestChooseNames converts names of a disc to names of the host: they stay unique in their
// folder, do not change unnecessarily, and changes are reported.
func TestChooseNames(t *testing.T) {
	for _, c := range []struct {
		windows bool
		set     string
		names   string // with slashes between them
		want    string
		told    int
	}{
		{false, "", "caf\xe9/café/Foo/foo/a:b/plain", "caf\xe9/café/Foo/foo/a:b/plain", 0},
		{false, "", "x\x1b/x\\x1b/y", "x\\x1b~1/x\\x1b/y", 1},
		{false, "latin1", "caf\xe9/plain", "café/plain", 0},
		{false, "latin1", "\xc3\xa9/caf\xe9", "Ã©/café", 0},
		{false, "shift_jis", "\x91g\x8d\x87/caf\xe9/plain", "組合/caf\xe9/plain", 1},
		{true, "", "caf\xe9/caf\xe8s/plain", "café/cafès/plain", 2},
		{true, "", "Foo/foo/FOO", "Foo/foo~1/FOO~2", 2},
		{true, "", "a:b/a_b/a?b", "a_b~1/a_b/a_b~2", 2},
		{true, "", "x\x1b/con", "x_x1b/_con", 2},
		{true, "", long("F") + "/" + long("f"), long("F") + "/f" + strings.Repeat("o", maxName-7) + "~1.txt", 1},
		{true, "latin1", "caf\xe9/plain", "café/plain", 0},
	} {
		x := &extraction{rep: progress.Discard}
		x.plan = newPlan(x)
		x.plan.names.windows = c.windows
		if c.set != "" {
			set, err := filename.Named(c.set)
			must(t, err)
			x.o.Charset = set
		}
		for _, name := range strings.Split(c.names, "/") {
			x.plan.addFile(0, name, &volume.Entry{Path: []byte(name), Mode: fs.FileMode(0o644)})
		}
		x.plan.names.text = x.textOf()
		x.plan.chooseNames()
		var got []string
		for i := range x.plan.files {
			got = append(got, x.plan.files[i].host)
		}
		if !slices.Equal(got, strings.Split(c.want, "/")) || len(x.report.Notices) != c.told {
			t.Errorf("windows %v, %q: %q becomes %q, reported %s", c.windows, c.set, c.names, got, fmt.Sprint(x.report.Notices))
		}
	}
}
