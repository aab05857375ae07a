package model

import (
	"errors"
	"strings"
	"testing"

	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/mastering/disc"
)

// TestChecksText checks that the number of a track is not shown twice.
func TestChecksText(t *testing.T) {
	var r job.Result
	r.Checks = []record.Check{
		{What: "track 1", Expected: "1: audio, from address 0", OK: true},
		{What: "track 2", Expected: "2: audio", Found: "2: data"},
		{What: "the CD-TEXT"},
	}
	bad, good, _ := Outcome{Result: r}.Checks()
	if len(good) != 1 || good[0] != (Line{"Track 1", "audio, from address 0"}) {
		t.Errorf("as planned: %v", good)
	}
	if len(bad) != 2 || bad[0] != (Line{"Track 2", "Expected audio, found data"}) || bad[1] != (Line{"CD-TEXT", "Not found"}) {
		t.Errorf("not as planned: %v", bad)
	}
}

// TestWrittenText checks that sectors of audio are not counted as 2048 bytes.
func TestWrittenText(t *testing.T) {
	var r job.Result
	r.Written, r.Seconds = 7500, 10
	find := func(name string) string {
		for _, l := range (Outcome{Result: r}).Lines() {
			if l.Name == name {
				return l.Value
			}
		}
		return ""
	}
	if s := find("Written") + " " + find("Time"); !strings.Contains(s, "15.4 MB") || !strings.Contains(s, "MB/s") && !strings.Contains(s, "kB/s") {
		t.Errorf("data: %q", s)
	}
	r.Verified = true
	for _, err := range []error{nil, errors.New("a fault")} {
		for _, l := range Judge(r, err, record.Options{Simulate: true}).Lines() {
			if l.Name == "Written" {
				t.Errorf("with %v a simulation has written %s", err, l.Value)
			}
		}
	}
	r.Plan.Tracks = []record.Track{{Track: disc.Track{Mode: disc.Audio}}}
	if s := find("Written") + " " + find("Time"); strings.Contains(s, "B") || !strings.Contains(s, "on average 10x") {
		t.Errorf("audio: %q", s)
	}
}

// TestLossTexts checks that the same loss is said once, and that texts can be joined.
func TestLossTexts(t *testing.T) {
	got := LossTexts([]disc.Notice{{Text: "a is left out."}, {Text: "b"}, {Text: "a is left out"}})
	if s := strings.Join(got, "; "); s != "a is left out; b" {
		t.Errorf("%q", s)
	}
}

// TestDiscSummary checks that a playing time in a sentence is one of hours, minutes and
// seconds, as all durations are, and not of frames.
func TestDiscSummary(t *testing.T) {
	toc := disc.TOC{Sessions: []disc.Session{{Tracks: []disc.Track{{Mode: disc.Audio, Length: 75 * 94}, {Mode: disc.Audio, Length: 75 * 3600}}}}}
	if s := DiscSummary(toc); s != "2 audio tracks (1:01:34)" {
		t.Errorf("%q", s)
	}
}
