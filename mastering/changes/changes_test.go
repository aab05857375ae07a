package changes_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/changes"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

// text returns changes as lines.
func text(r *changes.Result) string {
	var b strings.Builder
	for _, c := range r.Changes {
		fmt.Fprintf(&b, "%v %s %s%v %v\n", c.Kind, c.Path, c.From, c.What.Names(), c.Err)
	}
	return b.String()
}

func open(t *testing.T, path string) disc.Disc {
	t.Helper()
	d, _, err := image.Open(t.Context(), path)
	isotest.Must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// made is the time of the files.
var made = time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC)

// folder makes a folder of files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	top := t.TempDir()
	for name, contents := range files {
		path := filepath.Join(top, filepath.FromSlash(name))
		isotest.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		isotest.Must(t, os.WriteFile(path, []byte(contents), 0o644))
	}
	isotest.Must(t, filepath.WalkDir(top, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Chtimes(path, made, made))
	}))
	return top
}

// Sessions that xorriso adds to an image, as a chain from sector 32 on.
func TestXorriso(t *testing.T) {
	peertest.Need(t, "xorriso")
	dir := folder(t, map[string]string{"a/one": "1", "a/two": "2", "a/sub/three": strings.Repeat("3", 5000), "a/same": "same", "b/two": "II", "b/new": "new"})
	run := func(args ...string) {
		t.Helper()
		peertest.Run(t, dir, "xorriso", append(append([]string{"-return_with", "FAILURE", "32"}, args...), "-commit")...)
	}
	run("-outdev", "x.iso", "-map", "a", "/")
	run("-dev", "x.iso", "-mv", "/sub/three", "/moved", "--", "-rm", "/one", "--", "-map", "b/new", "/sub/new", "-chmod", "0600", "/same", "--")
	run("-dev", "x.iso", "-update", "b/two", "/two")
	d := open(t, filepath.Join(dir, "x.iso"))
	for session, want := range map[int]string{
		1: "added one [] <nil>\nadded same [] <nil>\nadded sub [] <nil>\nadded sub/three [] <nil>\nadded two [] <nil>\n",
		2: "renamed moved sub/three[] <nil>\nremoved one [] <nil>\nchanged same [permissions] <nil>\nadded sub/new [] <nil>\n",
		3: "changed two [contents] <nil>\n",
	} {
		r, err := changes.OfSession(t.Context(), d, session, volume.Options{})
		isotest.Must(t, err)
		if got := text(r); got != want {
			t.Errorf("session %d:\n%swant\n%s", session, got, want)
		}
		if r.Read > 0 {
			t.Errorf("session %d: %d bytes of contents were read", session, r.Read)
		}
	}
	if _, err := changes.OfSession(t.Context(), d, 4, volume.Options{}); err == nil {
		t.Error("session 4 exists")
	}
}

// Real sessions, in the table of contents of a CD.
func TestCD(t *testing.T) {
	dir := folder(t, map[string]string{"a/one": "1", "a/two": "2", "b/new": "new", "b/two": "II"})
	first := isotest.Genisoimage(t, filepath.Join(dir, "a"), "-R")
	info, err := os.Stat(first)
	isotest.Must(t, err)
	start := info.Size()/disc.SectorSize + int64(disc.SessionGap(1))
	second := isotest.Genisoimage(t, filepath.Join(dir, "b"), "-R", "-C", fmt.Sprintf("0,%d", start), "-M", first)
	sheet := fmt.Sprintf("REM SESSION 01\nFILE %q BINARY\n  TRACK 01 MODE1/2048\n    INDEX 01 00:00:00\nREM SESSION 02\nFILE %q BINARY\n  TRACK 02 MODE1/2048\n    INDEX 01 00:00:00\n", "a.iso", "b.iso")
	isotest.Must(t, os.Rename(first, filepath.Join(dir, "a.iso")))
	isotest.Must(t, os.Rename(second, filepath.Join(dir, "b.iso")))
	isotest.Must(t, os.WriteFile(filepath.Join(dir, "disc.cue"), []byte(sheet), 0o644))
	d := open(t, filepath.Join(dir, "disc.cue"))
	if all := volume.EachSession(t.Context(), d); len(all) != 2 || all[1].Number != 2 || int64(all[1].Start) != start {
		t.Fatalf("sessions %+v", all)
	}
	r, err := changes.OfSession(t.Context(), d, 2, volume.Options{})
	isotest.Must(t, err)
	if got, want := text(r), "added new [] <nil>\nchanged two [contents] <nil>\n"; got != want {
		t.Errorf("%swant\n%s", got, want)
	}
}

// Two images: contents are read where size and time do not say whether they are equal.
func TestImages(t *testing.T) {
	first := map[string]string{"size": "1", "time": "same", "hidden": "abc", "both": "xyz", "gone": "1", "sub/deep": "1", "kind": "1"}
	second := map[string]string{"size": "22", "time": "same", "hidden": "abd", "both": "xyw", "come": "1", "sub/deep": "1", "kind/file": "1"}
	a, b := folder(t, first), folder(t, second)
	isotest.Must(t, os.Chtimes(filepath.Join(b, "time"), made, made.AddDate(1, 0, 0)))
	isotest.Must(t, os.Chtimes(filepath.Join(b, "both"), made, made.AddDate(1, 0, 0)))
	x, y := open(t, isotest.Genisoimage(t, a, "-r")), open(t, isotest.Xorriso(t, b, "-r"))
	older, newer, err := changes.Open(t.Context(), x, y, 1, 1, volume.Options{})
	isotest.Must(t, err)
	const plain = "changed both [contents time] <nil>\nadded come [] <nil>\nremoved gone [] <nil>\n%schanged kind [type] <nil>\nadded kind/file [] <nil>\nchanged size [contents] <nil>\nchanged time [time] <nil>\n"
	for _, c := range []struct {
		contents bool
		want     string
	}{{false, fmt.Sprintf(plain, "")}, {true, fmt.Sprintf(plain, "changed hidden [contents] <nil>\n")}} {
		r, err := changes.Compare(t.Context(), older, newer, changes.Options{Contents: c.contents})
		isotest.Must(t, err)
		if got := text(r); got != c.want {
			t.Errorf("contents %v:\n%swant\n%s", c.contents, got, c.want)
		}
	}
}

// A file whose contents cannot be read is not taken to be equal.
func TestUnreadable(t *testing.T) {
	top := folder(t, map[string]string{"file": "contents", "other": "contents"})
	x, y := open(t, isotest.Genisoimage(t, top, "-r")), open(t, isotest.Xorriso(t, top, "-r"))
	older, newer, err := changes.Open(t.Context(), x, y, 1, 1, volume.Options{})
	isotest.Must(t, err)
	r, err := changes.Compare(t.Context(), older, broken{newer}, changes.Options{Contents: true})
	isotest.Must(t, err)
	if got, want := text(r), "changed file [] it is damaged\n"; got != want {
		t.Errorf("%swant\n%s", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := changes.Compare(ctx, older, newer, changes.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// broken is a volume with a file that cannot be read.
type broken struct{ volume.FS }

func (b broken) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	if name == "file" {
		return unreadable{f}, err
	}
	return f, err
}

type unreadable struct{ fs.File }

func (unreadable) Read([]byte) (int, error) { return 0, errors.New("it is damaged") }
