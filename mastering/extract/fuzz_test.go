package extract

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// hostileNames are the names that FuzzExtract makes paths of.
var hostileNames = []string{
	"a", "b", "A", "..", ".", "", "a/b", "../x", "/", "a/../../x", "a\x00b", "\xff", `..\x`, "con", "d", "d/a", "d/d", "there", "link",
	"folder", "folder/inner", "folder/link", "a/b/c", strings.Repeat("n", 300), strings.Repeat("n", 301), "../outside", "../outside/file",
}

// FuzzExtract extracts entries of any kind, in any order and number, into a folder with
// links that point outside. Nothing outside of the folder may change.
func FuzzExtract(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 14, 2, 0, 0, 15, 1, 0, 0}, uint8(0))
	f.Add([]byte{0, 3, 26, 0, 0, 1, 0, 0, 14, 2, 0, 0, 16, 3, 3, 0, 14, 1, 1, 0}, uint8(1))
	f.Add([]byte{17, 2, 0, 0, 18, 1, 0, 0, 19, 2, 0, 1, 20, 1, 0, 7, 21, 3, 25, 7}, uint8(2))
	f.Add([]byte{23, 1, 0, 0, 24, 1, 0, 0, 0, 4, 0, 0, 1, 5, 0, 3, 5, 1, 0, 0, 3, 2, 0, 0}, uint8(5))
	for options := range uint8(6) { // a folder with a file, a further name of it, links, and existing names
		f.Add([]byte{14, 2, 0, 7, 15, 0, 0, 9, 0, 0, 1, 200, 1, 0, 1, 200, 13, 3, 3, 7, 18, 0, 0, 50, 18, 3, 25, 7, 19, 6, 0, 7, 20, 0, 0, 30, 6, 3, 21, 7}, options)
	}
	f.Fuzz(func(t *testing.T, what []byte, options uint8) {
		d := &direct{image: bytes.NewReader(bytes.Repeat([]byte("new"), 2000))}
		for ; len(what) >= 4 && len(d.entries) < 32; what = what[4:] {
			name := func(b byte) string { return hostileNames[int(b)%len(hostileNames)] }
			mode := []fs.FileMode{0o777, fs.ModeSetuid | fs.ModeSetgid | 0o755, fs.ModeDir, fs.ModeSymlink, fs.ModeDevice, fs.ModeNamedPipe, fs.ModeDir | 0o1777, 0o000}[what[1]%8]
			e := d.add(name(what[0]), mode|fs.FileMode(what[3]&7)<<6, volume.Extent{Length: int64(what[3])})
			e.Target, e.Inode = []byte(name(what[2])), uint64(what[2]%3)
			e.Links = uint32(what[2] % 4)
		}
		base := tempDir(t)
		outside := filepath.Join(base, "outside")
		dir := filepath.Join(base, "in")
		must(t, os.MkdirAll(filepath.Join(outside, "folder"), 0o755))
		must(t, os.WriteFile(filepath.Join(outside, "file"), []byte("old"), 0o600))
		must(t, os.Mkdir(dir, 0o755))
		must(t, os.Symlink("../outside", filepath.Join(dir, "there")))
		must(t, os.Symlink("../outside/file", filepath.Join(dir, "link")))
		must(t, os.Mkdir(filepath.Join(dir, "folder"), 0o700))
		must(t, os.Symlink("../../outside", filepath.Join(dir, "folder", "inner")))
		before := describe(t, outside)
		open := openHost
		if options&4 != 0 {
			open = openRoot
		}
		h, err := open(dir)
		must(t, err)
		r, err := extract(t.Context(), d, h, Options{Existing: Existing(options % 3)}, progress.Discard)
		if (err != nil) != (r.Failed > 0) {
			t.Errorf("%v with %d entries failed", err, r.Failed)
		}
		if after := describe(t, outside); after != before {
			t.Errorf("the folder outside has changed from\n%s\nto\n%s", before, after)
		}
		if list, err := os.ReadDir(base); err != nil || len(list) != 2 {
			t.Errorf("beside the folder: %v, %v", list, err)
		}
		must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if e.IsDir() {
				must(t, os.Chmod(path, 0o755))
			}
			info, err := e.Info()
			if err == nil && info.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeDevice|fs.ModeNamedPipe) != 0 {
				err = fmt.Errorf("%s is %v", path, info.Mode())
			}
			if err == nil && strings.HasPrefix(e.Name(), ".glassmaster") {
				err = fmt.Errorf("%s was left behind", path)
			}
			return err
		}))
	})
}
