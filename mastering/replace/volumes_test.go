package replace_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/replace"
	"glassmaster/mastering/volume"
)

// sessions returns a disc of two sessions with volumes made by genisoimage. The second one
// contains the files of the first one, or, if it is on its own, none of them and addresses that
// count from its start.
func sessions(t *testing.T, own bool) disc.Disc {
	t.Helper()
	dir := t.TempDir()
	folder := func(name string) string {
		path := filepath.Join(dir, name)
		isotest.Must(t, os.Mkdir(path, 0o755))
		isotest.Must(t, os.WriteFile(filepath.Join(path, name+".txt"), bytes.Repeat([]byte(name), 5000), 0o644))
		return path
	}
	first := isotest.Genisoimage(t, folder("first"), "-R")
	info, err := os.Stat(first)
	isotest.Must(t, err)
	start := info.Size()/disc.SectorSize + int64(disc.SessionGap(1))
	args := []string{"-R"}
	if !own {
		args = append(args, "-C", fmt.Sprintf("0,%d", start), "-M", first)
	}
	isotest.Must(t, os.Rename(isotest.Genisoimage(t, folder("second"), args...), filepath.Join(dir, "b.iso")))
	isotest.Must(t, os.Rename(first, filepath.Join(dir, "a.iso")))
	sheet := "REM SESSION 01\nFILE \"a.iso\" BINARY\n  TRACK 01 MODE1/2048\n    INDEX 01 00:00:00\n" +
		"REM SESSION 02\nFILE \"b.iso\" BINARY\n  TRACK 02 MODE1/2048\n    INDEX 01 00:00:00\n"
	path := filepath.Join(dir, "disc.cue")
	isotest.Must(t, os.WriteFile(path, []byte(sheet), 0o644))
	return open(t, path)
}

func open(t *testing.T, path string) disc.Disc {
	t.Helper()
	d, _, err := image.Open(t.Context(), path)
	isotest.Must(t, err)
	t.Cleanup(func() { d.Close() })
	return d
}

// contents returns where the contents of a file in a session of a disc are.
func contents(t *testing.T, d disc.Disc, session int, name string) disc.LBA {
	t.Helper()
	v, err := volume.OpenDisc(t.Context(), d, volume.Options{Session: session})
	isotest.Must(t, err)
	info, err := v.Stat(name)
	isotest.Must(t, err)
	return info.Sys().(*volume.Attributes).Extents[0].Start
}

// A track is not replaced if a volume on the disc would no longer find its files.
func TestVolumes(t *testing.T) {
	linked, own, video := sessions(t, false), sessions(t, true), open(t, filepath.Join(imagetest.VideoCD(t), "videocd.cue"))
	file := int64(contents(t, linked, 2, "first.txt"))
	if trackOf(t, linked, 1).End() <= disc.LBA(file) {
		t.Fatal("the second session does not refer to the first one")
	}
	for _, c := range []struct {
		name    string
		d       disc.Disc
		track   int
		by      int64
		changed int64
		volume  int // which would be damaged; 0: none
	}{
		{"a session that is moved", linked, 1, 1, file, 2},
		{"a session that is moved back", linked, 1, -1, file, 2},
		{"a file of a later session", linked, 1, 0, file + 12, 2},
		{"what no later session refers to", linked, 1, 0, 1, 0},
		{"the newest session", linked, 2, 50, 30, 0},
		{"a session that does not depend on its place", own, 1, 50, file, 0},
		{"the tracks of a Video CD", video, 1, 4, 100, 1},
		{"in a Video CD", video, 1, 0, 100, 0},
	} {
		e := edit(t, c.d, c.track, c.by, c.changed)
		got, err := replace.Track(t.Context(), c.d, c.track, e, e.sectors)
		var moved *replace.MovedError
		switch {
		case c.volume == 0 && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.volume != 0 && (!errors.As(err, &moved) || moved.Volume != c.volume || moved.By != c.by):
			t.Errorf("%s: %v", c.name, err)
		case c.volume == 0:
			if v, err := volume.OpenDisc(t.Context(), got, volume.Options{}); err != nil {
				t.Errorf("%s: %v", c.name, err)
			} else if _, err := v.ReadDir("."); err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		}
	}
}
