package udftest

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

// Manifest returns a line for every file below the root, with the path, type and
// permissions, owner, size of regular files, time in microseconds, link count and
// target, and another one with the digest of the contents.
func Manifest(t testing.TB, v fs.FS) string {
	t.Helper()
	var b strings.Builder
	err := fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		a := i.Sys().(*volume.Attributes)
		target, digest, size := "", "", int64(0)
		switch {
		case i.Mode()&fs.ModeSymlink != 0:
			if target, err = fs.ReadLink(v, p); err != nil {
				return err
			}
		case i.Mode().IsRegular():
			size = i.Size()
			if digest, err = DigestOf(v, p); err != nil {
				return err
			}
		}
		p = strings.TrimPrefix("/"+p, "/.")
		if p == "" {
			p = "/"
		}
		fmt.Fprintf(&b, "%s %s %d %d %d %d.%06d %d %s\n", p, unixMode(i.Mode()), a.UID, a.GID, size,
			i.ModTime().Unix(), i.ModTime().Nanosecond()/1000, a.Links, target)
		if digest != "" {
			fmt.Fprintln(&b, p, digest)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func DigestOf(v fs.FS, p string) (string, error) {
	r, err := v.Open(p)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// unixMode formats a mode as find -printf "%y%m" does.
func unixMode(m fs.FileMode) string {
	kind := map[fs.FileMode]string{
		0: "f", fs.ModeDir: "d", fs.ModeSymlink: "l", fs.ModeNamedPipe: "p",
		fs.ModeSocket: "s", fs.ModeDevice: "b", fs.ModeDevice | fs.ModeCharDevice: "c",
	}[m.Type()]
	n := uint32(m.Perm())
	for i, bit := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if m&bit != 0 {
			n |= 1 << (9 + i)
		}
	}
	return fmt.Sprintf("%s%o", kind, n)
}

// Diff fails the test with the first line that differs.
func Diff(t testing.TB, want, got string) {
	t.Helper()
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			t.Fatalf("line %d:\nwant %s\ngot  %s", i+1, w[i], g[i])
		}
	}
	if len(w) != len(g) {
		t.Fatalf("want %d lines, got %d", len(w), len(g))
	}
}

// OpenImage opens an image file for the time of the test, and returns its size in
// bytes.
func OpenImage(t testing.TB, name string) (io.ReaderAt, int64) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return f, info.Size()
}

// Mkudffs creates an image with mkudffs and returns its path.
func Mkudffs(t testing.TB, blocks string, args ...string) string {
	t.Helper()
	image := filepath.Join(t.TempDir(), "image.udf")
	peertest.Run(t, "", "mkudffs", append(append([]string{"--utf8"}, args...), "--new-file", image, blocks)...)
	return image
}

// KernelManifest is a shell function, manifest, that prints the lines of Manifest for
// the files below a folder, in any order.
const KernelManifest = `
manifest() {
	cd $1
	find . -type f -printf '/%P %y%m %U %G %s %T@0 %n %l\n' -o -printf '/%P %y%m %U %G 0 %T@0 %n %l\n' |
		sed -E 's/ ([0-9]+\.[0-9]{6})[0-9]* / \1 /'
	find . -type f -print0 | xargs -0 -r sha256sum | sed -E 's/^(\S+)  \.(.*)/\2 \1/'
	cd - > /dev/null
}
`

// SortLines sorts lines by their bytes.
func SortLines(s string) string {
	lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}
