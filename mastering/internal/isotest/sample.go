// Package isotest contains what the tests of ISO 9660 have in common: a tree with
// everything that is difficult for a file system, images of it made by other programs,
// and listings to compare.
package isotest

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
)

// SampleTree makes a folder with everything that is difficult for a file system.
func SampleTree(t testing.TB) string {
	t.Helper()
	top := t.TempDir()
	r := rand.New(rand.NewSource(1))
	put := func(name string, size int, mode fs.FileMode) string {
		path := filepath.Join(top, name)
		Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		p := make([]byte, size)
		r.Read(p)
		Must(t, os.WriteFile(path, p, 0o644))
		Must(t, os.Chmod(path, mode))
		return path
	}
	put("readme.txt", 100, 0o644)
	put("one sector", 2048, 0o600)
	put("more than one", 2049, 0o755)
	put("empty", 0, 0o444)
	put("also empty", 0, 0o644)
	put("big.bin", 300<<10, 0o640)
	put("deep/2/3/4/5/6/7/8/9/10/11/12/bottom", 10, 0o644)
	put(strings.Repeat("n", 200)+".bin", 5, 0o644)
	put(strings.Repeat("y", 255), 6, 0o644)
	put("unicode/élan Ångström 資料 \U0001F4BF\U00020000.txt", 20, 0o644)
	put("unicode/ελλάδα", 21, 0o644)
	put("set/uid", 10, 0o755|fs.ModeSetuid)
	Must(t, os.MkdirAll(filepath.Join(top, "empty folder"), 0o700))
	for i := range 300 {
		put(fmt.Sprintf("many/file %03d with a name that is rather long", i), i, 0o644)
	}
	first := put("links/first", 5000, 0o644)
	Must(t, os.Link(first, filepath.Join(top, "links/second")))
	Must(t, os.Symlink("first", filepath.Join(top, "links/relative")))
	Must(t, os.Symlink("../readme.txt", filepath.Join(top, "links/up")))
	Must(t, os.Symlink("/absolute/path", filepath.Join(top, "links/absolute")))
	Must(t, os.Symlink("nowhere", filepath.Join(top, "links/dangling")))
	Must(t, os.Symlink("./a/../b/./"+strings.Repeat("c/", 20)+strings.Repeat("d", 90), filepath.Join(top, "links/long")))
	Must(t, os.Symlink("../deep", filepath.Join(top, "links/folder")))
	Must(t, mkfifo(filepath.Join(top, "pipe")))
	SetTimes(t, top)
	return top
}

// SetTimes gives everything below top a different time in whole seconds, as discs record
// them.
func SetTimes(t testing.TB, top string) {
	t.Helper()
	at := time.Date(1999, 12, 31, 23, 59, 58, 0, time.UTC)
	var paths []string
	Must(t, filepath.WalkDir(top, func(path string, _ fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	}))
	for i := len(paths) - 1; i >= 0; i-- {
		at = at.Add(time.Hour)
		if info, err := os.Lstat(paths[i]); err == nil && info.Mode().Type() != fs.ModeSymlink {
			Must(t, os.Chtimes(paths[i], at, at))
		}
	}
}

func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Xorriso makes an image of a folder and returns its path.
func Xorriso(t testing.TB, top string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "x.iso")
	args = append([]string{"60", "xorriso", "-report_about", "FAILURE", "-as", "mkisofs", "-quiet", "-o", out}, args...)
	peertest.Need(t, "xorriso")
	peertest.Run(t, "", "timeout", append(args, top)...)
	return out
}

// Genisoimage makes an image of a folder and returns its path.
func Genisoimage(t testing.TB, top string, args ...string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "g.iso")
	charset := []string{"-input-charset", "utf-8"}
	if slices.Contains(args, "4") || slices.Contains(args, "-hfs") { // which support few character sets
		charset = nil
	}
	args = append(append([]string{"60", "genisoimage", "-quiet", "-o", out}, charset...), args...)
	peertest.Need(t, "genisoimage")
	peertest.Run(t, "", "timeout", append(args, top)...)
	return out
}

// SparseImage makes an image with xorriso and stores it as a sparse file, so that a large
// one takes little disk space.
func SparseImage(t testing.TB, top string, args ...string) string {
	t.Helper()
	peertest.Need(t, "xorriso")
	out, err := os.Create(filepath.Join(t.TempDir(), "s.iso"))
	Must(t, err)
	defer out.Close()
	args = append([]string{"-report_about", "FAILURE", "-as", "mkisofs", "-quiet", "-o", "-"}, args...)
	cmd := exec.Command("xorriso", append(args, top)...)
	pipe, err := cmd.StdoutPipe()
	Must(t, err)
	Must(t, cmd.Start())
	p, zeros := make([]byte, 64<<10), make([]byte, 64<<10)
	size := int64(0)
	for {
		n, err := io.ReadFull(pipe, p)
		if !bytes.Equal(p[:n], zeros[:n]) {
			_, err := out.WriteAt(p[:n], size)
			Must(t, err)
		}
		size += int64(n)
		if err != nil {
			break
		}
	}
	Must(t, cmd.Wait())
	Must(t, out.Truncate(size))
	return out.Name()
}

// Listing describes every entry below the root of a file system on a line, by its path
// and what with returns for it.
func Listing(t testing.TB, v fs.FS, with func(path string, info fs.FileInfo) string) string {
	t.Helper()
	var lines []string
	Must(t, fs.WalkDir(v, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if path == "." {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		lines = append(lines, path+with(path, info))
		return nil
	}))
	sort.Strings(lines)
	return strings.Join(lines, "\n") + "\n"
}

// Posix returns a function for Listing that describes the attributes stored by Rock
// Ridge.
func Posix(t testing.TB, v fs.FS) func(string, fs.FileInfo) string {
	return func(path string, info fs.FileInfo) string {
		s := fmt.Sprintf(" %v", info.Mode())
		switch info.Mode().Type() {
		case fs.ModeSymlink:
			target, err := fs.ReadLink(v, path)
			Must(t, err)
			return s + " -> " + target
		case 0:
			s += " " + Content(t, v, path, info)
		}
		return s + info.ModTime().UTC().Format(" 2006-01-02 15:04:05")
	}
}

// Content describes the contents of a file.
func Content(t testing.TB, v fs.FS, path string, info fs.FileInfo) string {
	p, err := fs.ReadFile(v, path)
	Must(t, err)
	if int64(len(p)) != info.Size() {
		t.Errorf("%s: size %d, but %d bytes read", path, info.Size(), len(p))
	}
	sum := uint32(1)
	for _, c := range p {
		sum = sum*31 + uint32(c)
	}
	return fmt.Sprintf("%d %08x", len(p), sum)
}

// Compare fails the test with the first line in which two listings differ.
func Compare(t testing.TB, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := bytes.Split([]byte(got), []byte("\n")), bytes.Split([]byte(want), []byte("\n"))
	for i := range max(len(g), len(w)) {
		var a, b []byte
		if i < len(g) {
			a = g[i]
		}
		if i < len(w) {
			b = w[i]
		}
		if !bytes.Equal(a, b) {
			t.Fatalf("%s differ at line %d:\n got %s\nwant %s", what, i+1, a, b)
		}
	}
}

// Extents returns the extents of a layout, each of which begins a sector.
func Extents(l *layout.Layout) []layout.Extent {
	var all []layout.Extent
	for off := int64(0); off < l.Size(); {
		e, ok := l.Find(off)
		if !ok {
			off += disc.SectorSize
			continue
		}
		all = append(all, e)
		off = (e.End() + disc.SectorSize - 1) / disc.SectorSize * disc.SectorSize
	}
	return all
}
