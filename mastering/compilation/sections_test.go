package compilation

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
)

// TestSections uses files of the lengths at which a file needs another section, and
// counts the sections with other programs. A file that fits into one section does not
// need level 3.
func TestSections(t *testing.T) {
	peertest.Need(t, "xorriso", "bsdtar")
	for size, want := range map[int64]int{1<<32 - 2048: 1, 1<<32 - 1: 1, 1 << 32: 2, 1<<33 - 4096: 2, 1<<33 - 2049: 2, 1<<33 - 2048: 3} {
		src := t.TempDir()
		if err := os.WriteFile(filepath.Join(src, "large"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(filepath.Join(src, "large"), size); err != nil {
			t.Fatal(err)
		}
		_, err := compile(t, src, master.Options{Features: isoplan.Features{Level: 2}}).Plan(t.Context())
		if (err == nil) != (want == 1) {
			t.Errorf("%d bytes at level 2: %v", size, err)
		}
		img := makeImage(t, src, master.Options{})
		out := peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-indev", img, "-find", "/large", "-exec", "report_lba", "--")
		if got := strings.Count(out, "File data lba:"); got != want || !strings.Contains(out, fmt.Sprint(size)) {
			t.Errorf("%d bytes: %d sections, want %d: %s", size, got, want, out)
		}
		if list := peertest.Run(t, "", "bsdtar", "-tvf", img); !strings.Contains(list, fmt.Sprint(size)) {
			t.Errorf("%d bytes: bsdtar lists %s", size, list)
		}
	}
}

// TestDeviceWithoutNumbers checks that the numbers of a device node are recorded even if
// they are 0 (RRIP 4.1.2).
func TestDeviceWithoutNumbers(t *testing.T) {
	c := New()
	for name, dev := range map[string]tree.Device{"none": 0, "null": 1<<32 | 3} {
		n := tree.NewNode(name, fs.ModeDevice|fs.ModeCharDevice|0o600, dev)
		n.Modified = time.Unix(1e9, 0).UnixNano()
		c.Root().Append(n)
	}
	b, err := os.ReadFile(writeImage(t, c))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(string(b), "PN\x14\x01"); got != 2 {
		t.Errorf("%d of 2 device nodes have numbers", got)
	}
}
