package session_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// otherSessions makes images with two sessions by other programs, and returns the files
// that the second one shows.
func otherSessions(t *testing.T) map[string]string {
	t.Helper()
	peertest.Need(t, "xorriso", "genisoimage")
	one, two, dir := t.TempDir(), t.TempDir(), t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(one, "first file"), noise(50_000, 1), 0o640))
	isotest.Must(t, os.WriteFile(filepath.Join(two, "second file"), noise(3000, 2), 0o600))
	// genisoimage, as growisofs calls it: the second session at a multiple of 16.
	g := filepath.Join(dir, "genisoimage")
	peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-J", "-V", "G", "-o", g, one)
	info, err := os.Stat(g)
	isotest.Must(t, err)
	start := (info.Size()/disc.SectorSize + 15) / 16 * 16
	peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-J", "-V", "G2", "-C", fmt.Sprintf("0,%d", start), "-M", g, "-o", g+".2", two)
	second, err := os.ReadFile(g + ".2")
	isotest.Must(t, err)
	f, err := os.OpenFile(g, os.O_WRONLY, 0)
	isotest.Must(t, err)
	_, err = f.WriteAt(second, start*disc.SectorSize)
	isotest.Must(t, err)
	isotest.Must(t, f.Close())
	// xorriso keeps a chain of sessions on overwritable media.
	x := filepath.Join(dir, "xorriso")
	for _, from := range []string{one, two} {
		peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-dev", x, "-joliet", "on", "-volid", "X", "-map", from, "/", "-commit")
	}
	return map[string]string{"genisoimage": g, "xorriso": x}
}

// noise returns pseudo-random bytes.
func noise(size int, seed byte) []byte {
	b := make([]byte, size)
	x := uint32(seed) + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

// TestContinueOthers adds a session to images with sessions of other programs. The kernel,
// xorriso and isoinfo read it.
func TestContinueOthers(t *testing.T) {
	peertest.Need(t, "isoinfo")
	dir := t.TempDir()
	var script strings.Builder
	for name, image := range otherSessions(t) {
		before, err := os.ReadFile(image)
		isotest.Must(t, err)
		c := continued(t, before)
		if want := map[string]string{"genisoimage": "G2", "xorriso": "X"}[name]; c.Options.Label != want {
			t.Errorf("%s: the label is %q", name, c.Options.Label)
		}
		c.Root.Child("first file").Name = "renamed"
		c.Root.Append(tree.NewFile("third file", 5, time.Unix(1e9, 0), layout.Bytes("third")))
		_, l, start := next(t, c.Root, before, c.Options)
		for _, n := range c.Notices() {
			t.Errorf("%s: %v", name, n)
		}
		out := filepath.Join(dir, name)
		writeAfter(t, out, before, l, start)
		want := map[string][]byte{"renamed": noise(50_000, 1), "second file": noise(3000, 2), "third file": []byte("third")}
		for _, view := range []string{"Rock Ridge", "Joliet"} {
			v, err := volume.Open(l, l.Size(), volume.Options{View: view, Start: disc.LBA(start)})
			isotest.Must(t, err)
			for path, text := range want {
				if got, err := fs.ReadFile(v, path); err != nil || !bytes.Equal(got, text) {
					t.Errorf("%s, %s: %s: %d bytes, %v", name, view, path, len(got), err)
				}
			}
		}
		if n := l.Size() - start*disc.SectorSize; n > 400<<10 {
			t.Errorf("%s: the session has %d bytes", name, n)
		}
		copied := filepath.Join(t.TempDir(), "out")
		peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-load", "sbsector", fmt.Sprint(start), "-indev", out, "-osirrox", "on", "-extract", "/", copied)
		if got := peertest.Run(t, "", "isoinfo", "-R", "-f", "-T", fmt.Sprint(start), "-i", out); !strings.Contains(got, "/third file") {
			t.Errorf("%s: isoinfo lists %s", name, got)
		}
		for path, text := range want {
			if got, err := os.ReadFile(filepath.Join(copied, path)); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%s: xorriso: %s: %d bytes, %v", name, path, len(got), err)
			}
		}
		fmt.Fprintf(&script, "mount -t iso9660 -o loop,ro,sbsector=%d %s /run/mnt\ncd %s; for f in *; do cmp \"$f\" \"/run/mnt/$f\"; done; cd /\nls /run/mnt | wc -l\numount /run/mnt\n", start, out, copied)
	}
	if got := strings.Fields(peertest.Kernel(t, dir, script.String())); len(got) != 2 || got[0] != "3" || got[1] != "3" {
		t.Errorf("the kernel counts %q files", got)
	}
}

// TestContinueISOAsBridge continues a bridge disc as such.
func TestContinueISOAsBridge(t *testing.T) {
	l, _, err := master.Plan(smallTree(), master.Options{Label: "BRIDGE", UDF: &master.UDF{}, Time: time.Unix(1e9, 0)})
	isotest.Must(t, err)
	var b bytes.Buffer
	isotest.Must(t, l.WriteTo(t.Context(), &b, layout.WriteOptions{}))
	c := continued(t, b.Bytes())
	if c.Options.UDF == nil || c.Options.UDFOnly || c.Options.UDF.Virtual != nil {
		t.Fatalf("options %+v", c.Options)
	}
	_, second, start := next(t, c.Root, b.Bytes(), c.Options)
	for _, view := range []string{"Rock Ridge", "Joliet", "UDF"} {
		v, err := volume.Open(second, second.Size(), volume.Options{View: view, Start: disc.LBA(start)})
		isotest.Must(t, err)
		if got, err := fs.ReadFile(v, "b/b2"); err != nil || len(got) != 3001 {
			t.Errorf("%s: %d bytes, %v", view, len(got), err)
		}
	}
}
