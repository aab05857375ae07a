package iso9660

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

// folders makes folders a, b and c with a file of the same name in each.
func folders(t *testing.T) string {
	top := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		isotest.Must(t, os.Mkdir(filepath.Join(top, name), 0o755))
		isotest.Must(t, os.WriteFile(filepath.Join(top, name, name), []byte("content "+name), 0o644))
	}
	return top
}

func names(t *testing.T, v *FS) string {
	t.Helper()
	list, err := v.ReadDir(".")
	isotest.Must(t, err)
	var s []string
	for _, d := range list {
		s = append(s, d.Name())
	}
	return strings.Join(s, " ")
}

// TestSessionsOverwritable reads the sessions that xorriso writes to an overwritable
// medium.
func TestSessionsOverwritable(t *testing.T) {
	top := folders(t)
	image := filepath.Join(t.TempDir(), "m.iso")
	peertest.Need(t, "xorriso")
	for _, s := range []string{"a", "b", "c"} {
		peertest.Run(t, top, "timeout", "60", "xorriso", "-report_about", "FAILURE", "-dev", image,
			"-volid", "SESSION_"+strings.ToUpper(s), "-map", s, "/", "-commit_eject", "none")
	}
	v := open(t, image, "")
	if got := fmt.Sprintf("%d %d %s %s", len(v.sessions), v.sessions[0].Start, v.Volume().Label, names(t, v)); got != "3 32 SESSION_C a b c" {
		t.Errorf("got %s", got)
	}
	for n, want := range []string{1: "SESSION_A: a", 2: "SESSION_B: a b", 3: "SESSION_C: a b c"} {
		if n == 0 {
			continue
		}
		v := openWith(t, image, volume.Options{Session: n})
		if got := v.Volume().Label + ": " + names(t, v); got != want {
			t.Errorf("session %d: %s, want %s", n, got, want)
		}
	}
	if _, err := Open(v.r, v.size, volume.Options{Session: 4}); err == nil {
		t.Error("a session that does not exist was opened")
	}
}

// TestSessionsCD reads an image of a CD of two sessions, with the gap between.
func TestSessionsCD(t *testing.T) {
	top := folders(t)
	first := isotest.Genisoimage(t, filepath.Join(top, "a"), "-R", "-V", "ONE")
	info, err := os.Stat(first)
	isotest.Must(t, err)
	start := info.Size()/disc.SectorSize + 11400
	second := isotest.Genisoimage(t, filepath.Join(top, "b"), "-R", "-V", "TWO", "-M", first, "-C", fmt.Sprintf("0,%d", start))
	p, err := os.ReadFile(second)
	isotest.Must(t, err)
	f, err := os.OpenFile(first, os.O_WRONLY, 0)
	isotest.Must(t, err)
	_, err = f.WriteAt(p, start*disc.SectorSize)
	isotest.Must(t, err)
	size := start*disc.SectorSize + int64(len(p))
	isotest.Must(t, f.Close())

	v := open(t, first, "")
	if got := v.Volume().Label + ": " + names(t, v); got != "TWO: a b" {
		t.Errorf("newest: %s", got)
	}
	if got := v.sessions[1].Start; got != disc.LBA(start) {
		t.Errorf("session 2 starts at %d, want %d", got, start)
	}
	old := openWith(t, first, volume.Options{Session: 1})
	if got := old.Volume().Label + ": " + names(t, old); got != "ONE: a" {
		t.Errorf("oldest: %s", got)
	}

	// The same image as a disc with known sessions.
	d := twoSessions{disc.FromReaderAt(v.r, size, nil), []disc.Session{
		{Number: 1, Tracks: []disc.Track{{Number: 1, Mode: disc.Mode1, Length: start - 11400}}},
		{Number: 2, Tracks: []disc.Track{{Number: 2, Mode: disc.Mode1, Start: disc.LBA(start), Length: int64(len(p)) / disc.SectorSize}}},
	}}
	for session, want := range map[int]string{0: "TWO", 1: "ONE", 2: "TWO"} {
		v, err := volume.OpenDisc(context.Background(), d, volume.Options{Session: session})
		isotest.Must(t, err)
		if got := v.Volume().Label; got != want {
			t.Errorf("session %d of the disc: %s, want %s", session, got, want)
		}
	}
	if _, err := volume.OpenDisc(context.Background(), d, volume.Options{Session: 3}); err == nil {
		t.Error("a session that does not exist was opened")
	}
	// A later session alone cannot be read, and the error says so.
	if _, err := Open(strings.NewReader(string(p)), int64(len(p)), volume.Options{}); err == nil || !strings.Contains(err.Error(), "later session") {
		t.Errorf("alone: %v", err)
	}
}

// twoSessions is a disc with the given sessions.
type twoSessions struct {
	disc.Disc
	sessions []disc.Session
}

func (d twoSessions) TOC() disc.TOC { return disc.TOC{Sessions: d.sessions} }
