package hfs_test

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/hfs"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// sample writes files into a new folder and returns their contents by path.
func sample(t *testing.T) (string, map[string]string) {
	src := filepath.Join(t.TempDir(), "src")
	files := map[string]string{"readme.txt": "hello", "sub/big.bin": strings.Repeat("0123456789abcdef", 20000), "sub/deep/er/x": "x", "Ünï.txt": "ß", "empty": ""}
	for i := range 300 { // several nodes of the catalog
		files["many/"+strings.Repeat("n", i%20)+string(rune('a'+i%26))+string(rune('a'+i/26))] = strings.Repeat("y", i)
	}
	for name, text := range files {
		path := filepath.Join(src, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("sub/big.bin", filepath.Join(src, "link")); err != nil {
		t.Fatal(err)
	}
	return src, files
}

// open opens the Macintosh volume of an image.
func open(t *testing.T, path string) volume.FS {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	v, err := hfs.Format.Open(f, info.Size(), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// contents returns the files of a volume.
func contents(t *testing.T, v volume.FS) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := fs.ReadFile(v, p)
		got[p] = string(text)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return got
}

// Volumes that genisoimage and xorriso write into hybrid images have the files that were
// given to them.
func TestHybrid(t *testing.T) {
	src, files := sample(t)
	image := filepath.Join(t.TempDir(), "x.iso")
	for _, c := range []struct {
		name, view string
		run        []string
	}{
		{"genisoimage -hfs", "HFS", []string{"genisoimage", "-quiet", "-input-charset", "iso8859-1", "-hfs", "-r", "-V", "LABEL", "-o", image, src}},
		{"genisoimage -part", "HFS", []string{"genisoimage", "-quiet", "-input-charset", "iso8859-1", "-hfs", "-part", "-r", "-V", "LABEL", "-o", image, src}},
		{"xorriso -hfsplus", "HFS Plus", []string{"xorriso", "-as", "mkisofs", "-quiet", "-hfsplus", "-r", "-V", "LABEL", "-o", image, src}},
	} {
		// genisoimage reads names in ISO 8859-1 and writes Mac OS Roman.
		utf8, latin1 := filepath.Join(src, "Ünï.txt"), filepath.Join(src, "\xdcn\xef.txt")
		if c.view == "HFS" {
			if err := os.Rename(utf8, latin1); err != nil {
				t.Fatal(err)
			}
		}
		peertest.Run(t, src, c.run[0], c.run[1:]...)
		if c.view == "HFS" {
			if err := os.Rename(latin1, utf8); err != nil {
				t.Fatal(err)
			}
		}
		v := open(t, image)
		i := v.Volume()
		if i.View != c.view || i.Created.IsZero() || c.view == "HFS" && i.Label != "LABEL" {
			t.Errorf("%s: the volume is %+v", c.name, i)
		}
		got := contents(t, v)
		for _, extra := range []string{"Desktop DB", "Desktop DF", ".DS_Store"} {
			delete(got, extra)
		}
		if !maps.Equal(got, files) {
			for p := range files {
				if got[p] != files[p] {
					t.Errorf("%s: %s has %d bytes instead of %d", c.name, p, len(got[p]), len(files[p]))
				}
			}
			t.Errorf("%s: %d files instead of %d", c.name, len(got), len(files))
		}
		if c.view == "HFS Plus" {
			if target, err := v.ReadLink("link"); target != "sub/big.bin" || err != nil {
				t.Errorf("%s: the link leads to %q, %v", c.name, target, err)
			}
		}
		info, err := v.Stat("sub/big.bin")
		if err != nil {
			t.Fatal(err)
		}
		at := info.Sys().(*volume.Attributes).Extents
		p := make([]byte, 16)
		f, _ := os.Open(image)
		if len(at) == 0 {
			t.Errorf("%s: no extents", c.name)
		} else if _, err := f.ReadAt(p, int64(at[0].Start)*disc.SectorSize); err != nil || string(p) != "0123456789abcdef" {
			t.Errorf("%s: %q is at the first extent, %v", c.name, p, err)
		}
		f.Close()
		os.Remove(image)
	}
}

// hfsutils writes volumes of its own, with fragmented files and resource forks.
func TestHFSUtils(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "x.hfs")
	if err := os.WriteFile(image, make([]byte, 4<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", dir) // where hfsutils remembers the volume
	hfsutil := func(args ...string) { t.Helper(); peertest.Run(t, dir, args[0], args[1:]...) }
	hfsutil("hformat", "-l", "Utils", image)
	hfsutil("hmkdir", "Folder")
	want := map[string]string{}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "file"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		hfsutil("hcopy", "-r", "file", ":"+name)
		want[strings.ReplaceAll(name, ":", "/")] = text
	}
	for i := range 40 {
		put("part"+string(rune('a'+i%26))+string(rune('a'+i/26)), strings.Repeat("x", 40000))
	}
	for i := 0; i < 40; i += 2 {
		name := "part" + string(rune('a'+i%26)) + string(rune('a'+i/26))
		hfsutil("hdel", ":"+name)
		delete(want, name)
	}
	put("Folder:large", strings.Repeat("0123456789", 290000)) // in the holes and after them
	hfsutil("humount")
	v := open(t, image)
	if i := v.Volume(); i.Label != "Utils" || i.View != "HFS" {
		t.Errorf("the volume is %+v", i)
	}
	if got := contents(t, v); !maps.Equal(got, want) {
		t.Errorf("%d files instead of %d; large has %d bytes", len(got), len(want), len(got["Folder/large"]))
	}
}

// Damage is an error where it is, and never an endless loop.
func FuzzOpen(f *testing.F) {
	add := func(p []byte) {
		f.Add(p, uint16(1024), byte(0))
		f.Add(p, uint16(1024+20), byte(0xFF))
	}
	p := make([]byte, 64<<10)
	copy(p[1024:], "BD")
	p[1024+22] = 2
	add(p)
	q := bytes.Clone(p)
	copy(q[1024:], "H+\x00\x04")
	q[1024+42] = 2
	add(q)
	f.Fuzz(func(t *testing.T, p []byte, at uint16, value byte) {
		if len(p) > 1<<20 {
			return
		}
		p = bytes.Clone(p)
		if int(at) < len(p) {
			p[at] = value
		}
		v, err := hfs.Format.Open(bytes.NewReader(p), int64(len(p)), volume.Options{})
		if err != nil {
			return
		}
		files := 0
		_ = fs.WalkDir(v, ".", func(path string, d fs.DirEntry, err error) error {
			if files++; files > 100000 {
				t.Fatal("too many files")
			}
			if err == nil && d.Type().IsRegular() {
				if r, err := v.Open(path); err == nil {
					_, _ = io.CopyN(io.Discard, r, 1<<20)
					r.Close()
				}
			}
			return nil
		})
	})
}
