package session_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/session"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// oldFiles is the folder that the first session is made of.
func oldFiles(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	isotest.Must(t, os.Mkdir(filepath.Join(top, "folder"), 0o755))
	isotest.Must(t, os.WriteFile(filepath.Join(top, "folder", "kept.txt"), bytes.Repeat([]byte("kept"), 3000), 0o644))
	isotest.Must(t, os.WriteFile(filepath.Join(top, "first.txt"), []byte("first"), 0o644))
	return top
}

// bridge returns an image with ISO 9660 and UDF that we made.
func bridge(t *testing.T) string {
	t.Helper()
	root := tree.NewFolder("", time.Unix(1e9, 0))
	folder := tree.NewFolder("folder", time.Unix(1e9, 0))
	add(root, folder)
	add(folder, file("kept.txt", strings.Repeat("kept", 3000)))
	add(root, file("first.txt", "first"))
	l, _, err := master.Plan(root, master.Options{Label: "BRIDGE", Time: time.Unix(1e9, 0), UDF: &master.UDF{Revision: udfplan.Revision150}})
	isotest.Must(t, err)
	return written(t, l)
}

func file(name, contents string) *tree.Node {
	n := tree.NewNode(name, 0o644, layout.Bytes(contents))
	n.Size = int64(len(contents))
	return n
}

func add(folder, n *tree.Node) { folder.SetChildren(append(slices.Clone(folder.Children()), n)) }

func written(t *testing.T, l *layout.Layout) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "image.iso")
	var b bytes.Buffer
	isotest.Must(t, l.WriteTo(t.Context(), &b, layout.WriteOptions{}))
	isotest.Must(t, os.WriteFile(path, b.Bytes(), 0o644))
	return path
}

// appended adds a session to an image that adds a file with the given name and removes
// first.txt, and returns the path of the result.
func appended(t *testing.T, path, name string, keepFirst bool) (string, error) {
	t.Helper()
	b, err := os.ReadFile(path)
	isotest.Must(t, err)
	set := patch.New(bytes.NewReader(b), int64(len(b)), nil)
	c := continued(t, b)
	root := c.Root
	root.SetChildren(slices.DeleteFunc(slices.Clone(root.Children()), func(n *tree.Node) bool { return n.Name == "first.txt" }))
	add(root, file(name, "new in "+name))
	o := c.Options
	o.Start, o.Previous, o.Time = session.NextStart(set), set.Base(), time.Now().Add(time.Hour)
	l, _, err := master.Plan(root, o)
	isotest.Must(t, err)
	if err := session.Append(set, l, keepFirst); err != nil {
		return "", err
	}
	whole, err := set.Layout()
	isotest.Must(t, err)
	return written(t, whole), nil
}

// TestAppend adds two sessions to images of each kind: read from the beginning, all programs
// show the newest session, with the files of the ones before it.
func TestAppend(t *testing.T) {
	peertest.Need(t, "xorriso", "genisoimage", "bsdtar", "isoinfo", "7z")
	chain := filepath.Join(t.TempDir(), "chain.iso")
	peertest.Run(t, "", "xorriso", "-outdev", chain, "-joliet", "on", "-map", oldFiles(t), "/", "-commit")
	for _, c := range []struct {
		name, path string
		sessions   int // that can be found afterwards
	}{
		{"genisoimage", isotest.Genisoimage(t, oldFiles(t), "-R", "-J"), 1},
		{"xorriso", isotest.Xorriso(t, oldFiles(t), "-R"), 1},
		{"a chain of xorriso", chain, 3},
		{"bridge", bridge(t), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, err := appended(t, c.path, "second.txt", false)
			isotest.Must(t, err)
			path, err = appended(t, path, "third.txt", false)
			isotest.Must(t, err)
			b, err := os.ReadFile(path)
			isotest.Must(t, err)
			d := disc.FromReaderAt(bytes.NewReader(b), int64(len(b)), nil)
			want := map[string]string{"folder/kept.txt": strings.Repeat("kept", 3000), "second.txt": "new in second.txt", "third.txt": "new in third.txt"}
			for _, view := range volume.Views(t.Context(), d, volume.Options{}) {
				if view == "ISO 9660" {
					continue // its names are others
				}
				v, err := volume.OpenDisc(t.Context(), d, volume.Options{View: view})
				isotest.Must(t, err)
				for name, contents := range want {
					if got, err := fs.ReadFile(v, name); err != nil || string(got) != contents {
						t.Errorf("%s: %s has %d bytes: %v", view, name, len(got), err)
					}
				}
				if _, err := fs.Stat(v, "first.txt"); err == nil {
					t.Errorf("%s: the file that was removed is there", view)
				}
			}
			if n := len(volume.EachSession(t.Context(), d)); n != c.sessions {
				t.Errorf("%d sessions are found, want %d", n, c.sessions)
			}
			if n := volume.Known(t.Context(), d); slices.ContainsFunc(n, func(n disc.Notice) bool { return n.Severity != disc.Info }) {
				t.Errorf("the image: %v", n)
			}
			peers(t, path, want, c.sessions)
		})
	}
}

// peers has other programs read an image from its beginning.
func peers(t *testing.T, path string, want map[string]string, sessions int) {
	t.Helper()
	for _, program := range [][]string{
		{"bsdtar", "-xf", path},
		{"7z", "x", "-bd", path},
		{"xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-indev", path, "-osirrox", "on", "-extract", "/", "."},
	} {
		dir := t.TempDir()
		peertest.Run(t, dir, program[0], program[1:]...)
		for name, contents := range want {
			if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != contents {
				t.Errorf("%s: %s has %d bytes: %v", program[0], name, len(got), err)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "first.txt")); err == nil {
			t.Errorf("%s: the file that was removed is there", program[0])
		}
	}
	if out := peertest.Run(t, "", "isoinfo", "-R", "-f", "-i", path); !strings.Contains(out, "/third.txt") || strings.Contains(out, "first.txt") {
		t.Errorf("isoinfo: %s", out)
	}
	if sessions > 1 {
		if out := peertest.Run(t, "", "xorriso", "-indev", path, "-toc"); strings.Count(out, "ISO session  :") != sessions {
			t.Errorf("xorriso: %s", out)
		}
	}
}

// TestAppendKeepFirst leaves the beginning of an image as it is: the first session is shown by
// what reads only that, and xorriso and we find all.
func TestAppendKeepFirst(t *testing.T) {
	path := isotest.Genisoimage(t, oldFiles(t), "-R")
	before, err := os.ReadFile(path)
	isotest.Must(t, err)
	path, err = appended(t, path, "second.txt", true)
	isotest.Must(t, err)
	path, err = appended(t, path, "third.txt", true)
	isotest.Must(t, err)
	after, err := os.ReadFile(path)
	isotest.Must(t, err)
	if !bytes.HasPrefix(after, before) {
		t.Error("what was in the image has changed")
	}
	d := disc.FromReaderAt(bytes.NewReader(after), int64(len(after)), nil)
	all := volume.EachSession(t.Context(), d)
	if len(all) != 3 {
		t.Fatalf("sessions %+v", all)
	}
	for i, name := range []string{"first.txt", "second.txt", "third.txt"} {
		v, err := volume.OpenDisc(t.Context(), d, volume.Options{Session: i + 1})
		isotest.Must(t, err)
		if _, err := fs.Stat(v, name); err != nil {
			t.Errorf("session %d: %v", i+1, err)
		}
	}
}

// TestAppendRefused: an image whose partition table would not cover the session.
func TestAppendRefused(t *testing.T) {
	path := isotest.Xorriso(t, oldFiles(t), "-R", "-partition_offset", "16")
	var unsafe *patch.UnsafeError
	if _, err := appended(t, path, "second.txt", false); !errors.As(err, &unsafe) {
		t.Errorf("an image with a partition table: %v", err)
	}
	if _, err := appended(t, path, "second.txt", true); err != nil {
		t.Errorf("an image with a partition table, which stays right: %v", err)
	}
}
