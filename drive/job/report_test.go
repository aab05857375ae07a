package job_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/drive/record"
	"glassmaster/drive/source"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
)

// A disc is called good only if nothing speaks against it.
func TestVerdict(t *testing.T) {
	good := record.Result{Verified: true, Equal: true, Written: 100}
	changed := &record.Error{Step: "its source has changed", Err: &record.SourceChange{LBA: 3}}
	for _, x := range []struct {
		name     string
		o        job.Outcome
		simulate bool
		want     job.Verdict
	}{
		{"verified", job.Outcome{Result: job.Result{Result: good}}, false, job.Good},
		{"equal", job.Outcome{Result: job.Result{Result: record.Result{Equal: true}}}, false, job.NotAssured},
		{"not compared", job.Outcome{}, false, job.Unverified},
		{"simulated", job.Outcome{}, true, job.Simulated},
		{"a failed simulation", job.Outcome{Err: errors.New("x")}, true, job.Bad},
		{"an error after the proof", job.Outcome{Result: job.Result{Result: good}, Err: errors.New("x")}, false, job.Bad},
		{"a difference", job.Outcome{Result: job.Result{Result: record.Result{Mismatch: &verify.Mismatch{}, Equal: true, Verified: true}}}, false, job.Bad},
		{"zeros", job.Outcome{Result: job.Result{Result: good, Unread: &verify.Mismatch{}}}, false, job.Flawed},
		{"changed files", job.Outcome{Result: job.Result{Result: record.Result{Verified: true, Equal: true, Changes: []disc.Notice{{Text: "x"}}}}}, false, job.Flawed},
		{"the source has changed", job.Outcome{Result: job.Result{Result: good}, Err: changed}, false, job.Changed},
		{"the source has changed, and nothing was proved", job.Outcome{Err: changed}, false, job.Bad},
	} {
		if got := job.NewDiscReport(drive.Found{}, x.o, x.simulate).Verdict; got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

// fullReport is a report in which every field is set.
func fullReport() job.Report {
	offset := 6
	began := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	plan := record.Plan{
		Profile: "CD-R", Recipe: "session at once, disc closed", Mode: record.SessionAtOnce, Reason: "The source has audio.",
		Tracks:  []record.Track{{Session: 1, Track: disc.Track{Number: 1, Mode: disc.Audio, Length: 500, ISRC: "DEA620000001"}, Title: "One"}, {Session: 1, Track: disc.Track{Number: 2, Start: 500, Mode: disc.Audio, Length: 400}}},
		Sectors: 900, Capacity: 359847, Speed: 7056,
	}
	r := job.Result{
		Result: record.Result{
			Plan: plan, Written: 900, Seconds: 2, LeastSeconds: 1.5, Verified: true, Equal: true, SHA256: "abcd", Retried: 2,
			Retries: []disc.LBA{17, 18}, MediumID: "97:24:01", ReadOffset: &offset,
			Checks:        []record.Check{{What: "table of contents", OK: true}, {What: "ISRC of track 1", Expected: "DEA620000001"}},
			Mismatch:      &verify.Mismatch{LBA: 30, Offset: 4, File: "a\x1bb", Count: 2, Err: errors.New("unreadable")},
			SourceChanged: &record.SourceChange{LBA: 40, File: "c", Err: errors.New("gone")},
			NotAssured:    []string{"the drive did not reload the disc"},
			Notices:       []disc.Notice{{Severity: disc.Warning, Text: "slow"}, {Severity: disc.Warning, Text: "hot"}},
		},
		Unread: &verify.Mismatch{LBA: 3, Count: 1},
		Levels: job.Levels{Size: 32 << 20, Host: 0.5, Drive: 0.25},
		Began:  began, Ended: began.Add(time.Minute),
	}
	found := drive.Found{Vendor: "ACME", Product: "BURNER", Revision: "1.0", Bus: "USB"}
	report := job.NewReport("Glassmaster 1", &source.Source{Name: "a.cue", Kind: "image", Format: "CUE"})
	d := job.NewDiscReport(found, job.Outcome{Drive: "/dev/sr0", Result: r, Err: errors.New("it failed\nbadly")}, false)
	d.Copy = 2
	report.Discs = append(report.Discs, d)
	return report
}

// The text of a report has everything that is known, and no control characters.
func TestReportText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.txt")
	if err := fullReport().Save(path); err != nil {
		t.Fatal(err)
	}
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `Report of a burn

Program          Glassmaster 1
Source           a.cue (image, CUE)

Copy             2
Verdict          Failed
Error            it failed; badly
Not assured      the drive did not reload the disc
Flaws            sectors that cannot be read were replaced by zeros: the disc differs from its source at sector 3, byte 0 (1 bad sector)
Drive            /dev/sr0
                 ACME BURNER, firmware 1.0, USB
Medium           CD-R
Medium ID        97:24:01
Capacity         359847 sectors (737 MB) free before the burn
Mode             session at once
                 The source has audio.
Recipe           session at once, disc closed
Tracks           session 1, track  1, audio, LBA 0, 500 sectors, ISRC DEA620000001, One
                 session 1, track  2, audio, LBA 500, 400 sectors
Began            2026-03-04T05:06:07Z
Ended            2026-03-04T05:07:07Z
Source size      900 sectors (1.84 MB)
Written          900 sectors (1.84 MB)
Speed            40x (7056 kB/s)
Writing took     2.0 s, 922 kB/s; at the speed of the disc at least 1.5 s
Host buffer      33.6 MB, at least 50 % full
Drive buffer     at least 25 % full
Checks           table of contents: correct
                 ISRC of track 1: expected DEA620000001, found nothing
Compared         differs in 2 sectors; the first is 30 (a\x1bb)
Retries          2 sectors needed more than one attempt: LBA 17, 18
Read offset      +6 samples
Source changed   since it was burned, from sector 40 on (c)
SHA-256          abcd
Notices          slow
                 hot
`
	if string(p) != want {
		t.Errorf("got:\n%s\nwant:\n%s", p, want)
	}
}

// Every field of a report that is set is in the JSON.
func TestReportJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if err := fullReport().Save(path); err != nil {
		t.Fatal(err)
	}
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Discs []map[string]any }
	if err := json.Unmarshal(p, &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"verdict", "error", "copy", "drive", "vendor", "product", "revision", "bus", "medium", "medium_id", "capacity_sectors", "recipe", "mode",
		"mode_reason", "tracks", "sectors", "written_sectors", "began", "ended", "speed", "seconds", "least_seconds", "rate", "buffer_bytes",
		"least_host_buffer", "least_drive_buffer", "equal", "verified", "not_assured", "checks", "retried_sectors", "retries", "read_offset",
		"sha256", "differs", "source_changed", "flaws", "warnings",
	} {
		if got.Discs[0][name] == nil {
			t.Errorf("%s is missing: %s", name, p)
		}
	}
	if n := len(got.Discs[0]); n != 38 {
		t.Errorf("%d fields", n)
	}
	if err := fullReport().Save(filepath.Join(t.TempDir(), "no", "r.json")); err == nil {
		t.Error("a report was saved in a folder that does not exist")
	}
}

// The report has the lowest levels of the buffers.
func TestLevels(t *testing.T) {
	b := newBench(t, 3000, record.Options{Buffer: 1 << 20}, "dvd+r")
	o := b.run(t, t.Context())[0]
	if o.Err != nil || o.Result.Levels.Size != 1<<20 || o.Result.Levels.Host > 1 || o.Result.Levels.Drive > 1 {
		t.Errorf("%v, %+v", o.Err, o.Result.Levels)
	}
	if o.Result.Ended.Before(o.Result.Began) || o.Result.Began.IsZero() {
		t.Errorf("from %v to %v", o.Result.Began, o.Result.Ended)
	}
	if d := job.NewDiscReport(drive.Found{}, o, false); d.Verdict != job.Good || fmt.Sprint(d.BufferBytes) != "1048576" {
		t.Errorf("%+v", d)
	}
}

// Names of reports say their format.
func TestReportName(t *testing.T) {
	dir := t.TempDir()
	for name, good := range map[string]bool{"a.txt": true, "a.JSON": true, "a": false, "a.pdf": false, "none/a.txt": false} {
		if err := job.CheckReportName(filepath.Join(dir, name)); (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := job.CheckReportName(filepath.Join(dir, "a")); !errors.Is(err, job.ErrReportName) || !strings.Contains(err.Error(), ".json") {
		t.Errorf("%v", err)
	}
}
