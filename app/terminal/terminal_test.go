package terminal

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// halfway is a snapshot in the middle of a phase.
var halfway = progress.Snapshot{
	Phase: progress.Writing, Done: 2_350_000_000, Total: 4_700_000_000,
	Rate: 11_080_000, Elapsed: 212 * time.Second, HostBuffer: 0.98, DriveBuffer: 0.5,
}

func TestLines(t *testing.T) {
	var out bytes.Buffer
	l := &lines{w: &out}
	l.begin(progress.Snapshot{Phase: progress.Scanning})
	l.update(progress.Snapshot{Phase: progress.Scanning, HostBuffer: -1, DriveBuffer: -1})
	l.begin(progress.Snapshot{Phase: progress.Writing, Total: 4_700_000_000})
	l.update(halfway)
	l.notice(progress.LogEntry{Notice: disc.Notice{Severity: disc.Info, Text: "closing the session"}})
	l.notice(progress.LogEntry{Notice: disc.Notice{Severity: disc.Warning, Text: "bad\x1b[0mname"}})
	want := `scanning
writing: 4.70 GB
writing: 50 %, 2.35 GB of 4.70 GB, 11.1 MB/s, 3:32 left, buffer 98 %, drive 50 %
closing the session
warning: bad\x1b[0mname` + "\n"
	if got := out.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestQuiet(t *testing.T) {
	var out bytes.Buffer
	r := New(&out, Quiet)
	r.Phase(progress.Writing, 100)
	r.Add(50)
	r.Notice(disc.Notice{Severity: disc.Info, Text: "for information"})
	r.Notice(disc.Notice{Severity: disc.Warning, Text: "slow"})
	r.Notice(disc.Notice{Severity: disc.Error, Text: "broken"})
	r.Close()
	if got, want := out.String(), "warning: slow\nerror: broken\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPercent(t *testing.T) {
	for _, c := range []struct{ done, total, want int64 }{
		{0, 100, 0}, {999_999, 1_000_000, 99}, {1_000_000, 1_000_000, 100}, {200, 100, 100}, {5, 0, 0},
	} {
		if got := percent(progress.Snapshot{Done: c.done, Total: c.total}); got != c.want {
			t.Errorf("%d of %d: %d %%, want %d", c.done, c.total, got, c.want)
		}
	}
}

func TestObjects(t *testing.T) {
	var out bytes.Buffer
	r := New(&out, JSON)
	r.Phase(progress.Writing, 4096)
	r.Add(2048)
	r.Buffers(1, -1)
	r.tick()
	r.Notice(disc.Notice{Severity: disc.Warning, Text: "<slow> & odd"})
	r.Add(2048)
	r.Phase(progress.Comparing, 0)
	r.Close()

	type object struct {
		Type, Phase, Level, Text string
		Done, Total              int64
		HostBuffer               *float64 `json:"host_buffer"`
		DriveBuffer              *float64 `json:"drive_buffer"`
	}
	var got []object
	for line := range strings.Lines(out.String()) {
		var o object
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		got = append(got, o)
	}
	want := []object{
		{Type: "phase", Phase: "writing", Total: 4096},
		{Type: "progress", Phase: "writing", Done: 2048, Total: 4096},
		{Type: "message", Level: "warning", Text: "<slow> & odd"},
		{Type: "progress", Phase: "writing", Done: 4096, Total: 4096},
		{Type: "phase", Phase: "comparing"},
		{Type: "progress", Phase: "comparing"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d objects, want %d:\n%s", len(got), len(want), out.String())
	}
	if b := got[1].HostBuffer; b == nil || *b != 1 || got[1].DriveBuffer != nil {
		t.Errorf("buffers: %v %v, want 1 and none", b, got[1].DriveBuffer)
	}
	for i := range got {
		got[i].HostBuffer = nil
		if got[i] != want[i] {
			t.Errorf("object %d: %+v, want %+v", i, got[i], want[i])
		}
	}
}

func TestBars(t *testing.T) {
	var out bytes.Buffer
	r := New(&out, Bars)
	r.Phase(progress.Scanning, 0)
	r.Add(1234)
	r.Phase(progress.Writing, 4096)
	r.Add(4096)
	r.tick()
	r.Notice(disc.Notice{Severity: disc.Info, Text: "closing the session"})
	r.Phase(progress.Comparing, 1_000_000)
	r.Add(250_000)
	r.Close()
	r.Close()
	got := out.String()
	for _, want := range []string{
		"scanning", "1.23 kB, 0:00", "writing", "━━━━", "4.10 kB, 0:00",
		"closing the session\n", "comparing", "250 kB of 1.00 MB, 0:00",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in:\n%s", want, got)
		}
	}
}

// screen returns what a terminal shows after the output, line by line.
func screen(t *testing.T, out string) []string {
	t.Helper()
	var lines []string
	for out != "" {
		if rest, ok := strings.CutPrefix(out, "\x1b["); ok { // N lines up, and erase from there
			up, after, ok := strings.Cut(rest, "A\x1b[J")
			n, err := strconv.Atoi(up)
			if !ok || err != nil || n > len(lines) {
				t.Fatalf("unknown control sequence in %q", out)
			}
			lines, out = lines[:len(lines)-n], after
			continue
		}
		line, rest, ok := strings.Cut(out, "\n")
		if !ok || strings.Contains(line, "\x1b") {
			t.Fatalf("the line %q is not complete", line)
		}
		lines, out = append(lines, line), rest
	}
	return lines
}

// Only the line of the current phase is redrawn.
func TestBarsOnScreen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		r := New(&out, Bars)
		r.Notice(disc.Notice{Severity: disc.Info, Text: "first"})
		r.Phase(progress.Scanning, 0)
		time.Sleep(2 * time.Second)
		r.Notice(disc.Notice{Severity: disc.Warning, Text: "second"})
		r.Add(1234)
		time.Sleep(time.Second)
		r.Phase(progress.Writing, 4096)
		r.Add(1024)
		time.Sleep(time.Second)
		r.mu.Lock()
		got := screen(t, out.String())
		r.mu.Unlock()
		if len(got) != 4 || !strings.HasPrefix(got[3], "writing            ━━━━━━────────────────── 25 %, 1.02 kB of 4.10 kB") {
			t.Errorf("while it is written:\n%s", strings.Join(got, "\n"))
		}
		r.Notice(disc.Notice{Severity: disc.Info, Text: "third"})
		r.Add(3072)
		r.Close()
		r.Notice(disc.Notice{Severity: disc.Info, Text: "fourth"})
		want := []string{
			"first", "warning: second", "scanning           1.23 kB, 0:03, 411 B/s",
			"third", "writing            ━━━━━━━━━━━━━━━━━━━━━━━━ 4.10 kB, 0:01, 4.10 kB/s", "fourth",
		}
		if got := screen(t, out.String()); !slices.Equal(got, want) {
			t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Without a phase and notices nothing is written.
func TestNothingToShow(t *testing.T) {
	for _, style := range []Style{Lines, Bars, JSON, Quiet} {
		var out bytes.Buffer
		New(&out, style).Close()
		if out.Len() != 0 {
			t.Errorf("style %d printed %q", style, out.String())
		}
	}
}

// Characters that a terminal interprets are escaped in JSON, and decode to the same text.
func TestObjectsEscape(t *testing.T) {
	for _, text := range []string{"plain", "café 日本", "a\x1b[2Jb", "a\x7fb", "a\u009b31mb", "a\u202egpj.exe", "\u2066\u061c\u00a0", "<&>\\u009b"} {
		var out bytes.Buffer
		if err := NewEncoder(&out).Encode(text); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(strings.TrimSuffix(out.String(), "\n"), acts); i >= 0 {
			t.Errorf("%q: %q", text, out.String())
		}
		var back string
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back != text {
			t.Errorf("%q: %q, %v", text, back, err)
		}
	}
}

// acts reports whether a terminal interprets a character.
func acts(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }
