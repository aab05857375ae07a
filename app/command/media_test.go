package command

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive"
	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/mastering/disc"
)

// leftOpen writes a few sectors to a blank disc and leaves it as a killed burn does.
func leftOpen(t *testing.T, name string) {
	t.Helper()
	d, err := drive.Open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := read.Ready(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := mmc.WriteBlocks(t.Context(), d, 0, make([]byte, 32*disc.SectorSize), disc.SectorSize); err != nil {
		t.Fatal(err)
	}
	if err := mmc.SynchronizeCache(t.Context(), d, false); err != nil {
		t.Fatal(err)
	}
}

// media shows the state of a disc that was left open, with advice.
func TestMediaLeftOpen(t *testing.T) {
	for _, medium := range []string{"dvd+r", "bd-r"} {
		recorder, _ := blankDisc(t, medium)
		leftOpen(t, recorder)
		r := must(t, OK, "media", recorder)
		for _, want := range []string{"appendable, session 1 incomplete", "open, 32 sectors written from 0, continues at 32", "glassmaster close"} {
			if !strings.Contains(r.out, want) {
				t.Errorf("%s: %q is missing in\n%s", medium, want, r.out)
			}
		}
		data := outcomeOf(t, must(t, OK, "media", "--json", recorder).out)["data"].(map[string]any)
		track := data["tracks"].([]any)[0].(map[string]any)
		if data["last_session"] != "incomplete" || track["state"] != "open" || track["written_sectors"] != 32.0 || track["next_writable_lba"] != 32.0 {
			t.Errorf("%s: %v", medium, data)
		}
	}
}

// Following the advice on a disc that was left open, step by step, leads to a disc that
// can be written again. Each step that a message names must work.
func TestLeftOpenStepByStep(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, medium := range []string{"dvd+r", "bd-r"} {
		recorder, _ := blankDisc(t, medium)
		leftOpen(t, recorder)
		if r := must(t, OK, "media", recorder); strings.Contains(r.out, "Next address") {
			t.Errorf("%s: the next address is inside an open track:\n%s", medium, r.out)
		}
		for _, args := range [][]string{{"ls", recorder}, {"verify", recorder}, {"read", recorder, "-o", filepath.Join(t.TempDir(), "x")}} {
			if r := run(t, args...); r.code == OK || !strings.Contains(r.log, `"glassmaster close" closes them`) {
				t.Errorf("%s: %v: exit code %d, %s", medium, args, r.code, r.log)
			}
		}
		if r := must(t, NoMedium, "burn", "--yes", folder, recorder); !strings.Contains(r.log, "glassmaster close") || strings.Contains(r.log, "--blank") {
			t.Errorf("%s: %s", medium, r.log)
		}
		must(t, OK, "close", "--yes", recorder)
		next, ok := outcomeOf(t, must(t, OK, "media", "--json", recorder).out)["data"].(map[string]any)["next_writable_lba"].(float64)
		if !ok {
			t.Fatalf("%s: nothing can be added to the disc", medium)
		}
		if r := must(t, OK, "media", recorder); !strings.Contains(strings.Join(strings.Fields(r.out), " "), fmt.Sprintf("Next address %d", int(next))) {
			t.Errorf("%s: no address\n%s", medium, r.out)
		}
		r := must(t, NoMedium, "burn", "--yes", folder, recorder)
		if !strings.Contains(r.log, fmt.Sprintf("next writable address of this disc is %d", int(next))) || strings.Contains(r.log, "--blank") {
			t.Errorf("%s: %s", medium, r.log)
		}
	}
}

// After a successful burn there is no advice, and nothing to close.
func TestMediaInPlace(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, medium := range []string{"dvd+rw", "bd-re", "dvd-ram"} {
		recorder, _ := blankDisc(t, medium)
		must(t, OK, "burn", "--yes", folder, recorder)
		r := must(t, OK, "media", recorder)
		if strings.Contains(r.out, "What to do") || strings.Contains(r.out, "closed") || !strings.Contains(r.out, "rewritable") {
			t.Errorf("%s:\n%s", medium, r.out)
		}
		if r := must(t, NoMedium, "close", "--yes", recorder); !strings.Contains(r.log, "never open") {
			t.Errorf("%s: %s", medium, r.log)
		}
	}
}

// An interrupted burn of a disc that is overwritten in place is shown.
func TestMediaUnfinished(t *testing.T) {
	for _, medium := range []string{"dvd+rw", "bd-re"} {
		recorder, file := blankDisc(t, medium)
		must(t, OK, "burn", builtImage(t), recorder)
		if r := must(t, OK, "media", recorder); strings.Contains(r.out, "not completed") {
			t.Errorf("%s: %s", medium, r.out)
		}
		mark := make([]byte, 32*disc.SectorSize)
		disc.MarkUnfinished(mark)
		f, err := os.OpenFile(file, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(mark, 0); err != nil {
			t.Fatal(err)
		}
		f.Close()
		r := must(t, OK, "media", recorder)
		if !strings.Contains(r.out, "its last burn was not completed") || !strings.Contains(r.out, "burn the disc again") {
			t.Errorf("%s: %s", medium, r.out)
		}
		back := filepath.Join(t.TempDir(), "back.iso")
		if r := must(t, Differs, "read", recorder, "-o", back); !strings.Contains(r.log, "not completed") {
			t.Errorf("%s: read: %s", medium, r.log)
		}
	}
}

// Each state of a track has a line, and each state other than a good one has advice.
func TestMediaStates(t *testing.T) {
	track := func(n int, s read.TrackState) read.Track {
		return read.Track{Number: n, Session: 2, State: s, Start: 4000, Size: 320, Written: 64, Next: 4064}
	}
	first := read.Track{Number: 1, Session: 1, Size: 320, Written: 320, Next: -1}
	for _, c := range []struct {
		name     string
		erasable bool
		last     mmc.SessionState
		tracks   []read.Track
		format   string
		lines    []string
		advice   []string
	}{
		{"in order", false, mmc.SessionEmpty, []read.Track{first, track(2, read.TrackInvisible)}, "", []string{"Status     appendable\n", "Session 2 track 2  not begun, from 4000"}, nil},
		{"open", false, mmc.SessionIncomplete, []read.Track{first, track(2, read.TrackOpen)}, "", []string{"session 2 incomplete", "open, 64 sectors written from 4000, continues at 4064"}, []string{"close"}},
		{"reserved", true, mmc.SessionIncomplete, []read.Track{first, track(2, read.TrackReserved)}, "", []string{"reserved, empty, 320 sectors from 4000"}, []string{"close", "blank"}},
		{"reserved, begun", false, mmc.SessionIncomplete, []read.Track{first, track(2, read.TrackReservedOpen)}, "", []string{"reserved, partly written, 320 sectors from 4000, of which 64 are written, continues at 4064"}, []string{"close"}},
		{"damaged track", false, mmc.SessionIncomplete, []read.Track{first, track(2, read.TrackDamaged)}, "", []string{"damaged, 64 sectors"}, []string{"repair"}},
		{"damaged session", true, mmc.SessionDamaged, []read.Track{first}, "", []string{"session 2 damaged"}, []string{"repair", "blank"}},
		{"format interrupted", false, mmc.SessionComplete, nil, "format interrupted", []string{"Format up to the end of the data"}, nil},
		{"format running", false, mmc.SessionComplete, nil, "format running", nil, []string{"background"}},
	} {
		info := describeMedia("x", read.MediaInfo{
			Profile: mmc.DVDPR, Status: mmc.Appendable, Erasable: c.erasable, Last: c.last, Count: 2, Tracks: c.tracks, Format: c.format, NextWritable: -1,
			Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: 320}}}, {Number: 2, Tracks: []disc.Track{{Number: 2, Start: 4000, Length: 64, Mode: disc.Mode1}}}},
		})
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		info.print(w)
		w.Flush()
		text := strings.Join(strings.Fields(b.String()), " ")
		for _, line := range c.lines {
			if !strings.Contains(text, strings.Join(strings.Fields(line), " ")) {
				t.Errorf("%s: %q is missing in\n%s", c.name, line, b.String())
			}
		}
		if n := strings.Count(text, "Session 2 track 2"); len(c.tracks) == 2 && n != 1 {
			t.Errorf("%s: track 2 has %d lines:\n%s", c.name, n, b.String())
		}
		if len(info.Advice) != len(c.advice) {
			t.Errorf("%s: %q", c.name, info.Advice)
			continue
		}
		for i, want := range c.advice {
			if !strings.Contains(info.Advice[i], want) {
				t.Errorf("%s: %q does not name %q", c.name, info.Advice[i], want)
			}
		}
	}
}

// media shows by what a disc is protected, its spare areas, and its defects.
func TestMediaWear(t *testing.T) {
	recorder, file := blankDisc(t, "dvd-ram")
	r := must(t, OK, "media", recorder)
	if !strings.Contains(r.out, "Spare areas") || strings.Contains(r.out, "Protected") || strings.Contains(r.out, "Defects") {
		t.Errorf("a new disc:\n%s", r.out)
	}
	must(t, OK, "burn", "--blank", "--drive-verify", sample(t), "virtual:"+file+"?defective=0,100")
	must(t, NoMedium, "burn", "--blank", sample(t), "virtual:"+file+"?tab=1")
	r = must(t, OK, "media", "virtual:"+file+"?tab=1")
	for _, want := range []string{"by the tab of its cartridge", "2 blocks", "free"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("%q is missing in\n%s", want, r.out)
		}
	}
	data := dataOf(t, must(t, OK, "media", "--json", "virtual:"+file+"?tab=1"))
	if data["write_protected"] == nil || data["defective_blocks"] != 2.0 || data["spare_free_sectors"] == nil {
		t.Errorf("%v", data)
	}
}
