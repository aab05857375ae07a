package terminal

import (
	"bytes"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// burnTwo reports a part of two burns to a group, and closes it.
func burnTwo(out *bytes.Buffer, style Style) string {
	g := NewGroup(out, style, []string{"/dev/sr0", "virtual:a/rather/long/path/of/a/disc"})
	r := g.Reports()
	r[0].Phase(progress.Writing, 4096)
	r[1].Phase(progress.Erasing, 0)
	r[0].Add(4096)
	r[1].Notice(disc.Notice{Severity: disc.Warning, Text: "slow"})
	r[0].Phase(progress.Comparing, 4096)
	g.Close()
	g.Close()
	return out.String()
}

// In a log each line has the name of its drive.
func TestGroupLines(t *testing.T) {
	const want = `/dev/sr0: writing: 4.10 kB
virtual:a/rather/long/path/of/a/disc: erasing
virtual:a/rather/long/path/of/a/disc: warning: slow
/dev/sr0: comparing: 4.10 kB
`
	if got := burnTwo(new(bytes.Buffer), Lines); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	if got, want := burnTwo(new(bytes.Buffer), Quiet), "virtual:a/rather/long/path/of/a/disc: warning: slow\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Each object has the name of its drive.
func TestGroupObjects(t *testing.T) {
	n := 0
	for line := range strings.Lines(burnTwo(new(bytes.Buffer), JSON)) {
		n++
		if !strings.Contains(line, `"drive":"/dev/sr0"`) && !strings.Contains(line, `"drive":"virtual:a/rather/long/path/of/a/disc"`) {
			t.Errorf("%s", line)
		}
	}
	if n < 6 {
		t.Errorf("%d objects", n)
	}
}

// On a terminal each drive has a line. Finished phases and notices stay above them.
func TestGroupBars(t *testing.T) {
	got := burnTwo(new(bytes.Buffer), Bars)
	frames := strings.Split(got, "\x1b[2A\x1b[J") // both lines are drawn again
	if len(frames) < 3 {
		t.Fatalf("%d frames: %q", len(frames), got)
	}
	last := frames[len(frames)-1]
	for _, want := range []string{"/dev/sr0", "…her/long/path/of/a/disc"} {
		if !strings.Contains(last, want) {
			t.Errorf("%q is missing in the last frame: %q", want, last)
		}
	}
	for _, want := range []string{"path/of/a/disc: warning: slow\n", "━ 4.10 kB, 0:00\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing: %q", want, got)
		}
	}
	if strings.HasSuffix(got, "\x1b[J") {
		t.Error("the last lines are removed")
	}
}
