package iso9660

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

func TestRockRidge(t *testing.T) {
	top := isotest.SampleTree(t)
	src := os.DirFS(top)
	want := isotest.Listing(t, src, isotest.Posix(t, src))
	for name, image := range map[string]string{
		"xorriso":             isotest.Xorriso(t, top, "-R", "-J", "-joliet-long", "-iso-level", "3"),
		"xorriso hard links":  isotest.Xorriso(t, top, "-R", "--hardlinks", "-iso-level", "3"),
		"genisoimage":         isotest.Genisoimage(t, top, "-R", "-J", "-joliet-long"),
		"genisoimage level 3": isotest.Genisoimage(t, top, "-R", "-iso-level", "3"),
		"genisoimage deep":    isotest.Genisoimage(t, top, "-R", "-D"),
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, image, "")
			if got := v.Volume().View; got != ViewRockRidge {
				t.Fatalf("view %q", got)
			}
			isotest.Compare(t, "listings", isotest.Listing(t, v, isotest.Posix(t, v)), want)
			checkWalk(t, v)
			checkHardLinks(t, v)
		})
	}
}

// checkWalk compares Walk, entry for entry, with ReadDir and Stat.
func checkWalk(t *testing.T, v *FS) {
	t.Helper()
	line := func(path string, mode fs.FileMode, size, mod int64, target string, a *volume.Attributes) string {
		return fmt.Sprintf("%s %v %d %d %q %d %d %d %x %v %q\n", path, mode, size, mod, target, a.UID, a.GID, a.Links, a.Inode, a.Extents, a.Unreadable)
	}
	var walked, want []string
	isotest.Must(t, v.Walk(".", func(e *volume.Entry) error {
		isotest.Must(t, e.Err)
		walked = append(walked, line(string(e.Path), e.Mode, e.Size, e.Modified, string(e.Target), &volume.Attributes{
			UID: e.UID, GID: e.GID, Links: e.Links, Inode: e.Inode, Extents: e.Extents, Unreadable: e.Unreadable,
		}))
		return nil
	}))
	isotest.Must(t, fs.WalkDir(v, ".", func(path string, d fs.DirEntry, err error) error {
		isotest.Must(t, err)
		if path == "." {
			return nil
		}
		info, err := v.Lstat(path)
		isotest.Must(t, err)
		target := ""
		if info.Mode().Type() == fs.ModeSymlink {
			target, err = v.ReadLink(path)
			isotest.Must(t, err)
		}
		want = append(want, line(path, info.Mode(), info.Size(), info.ModTime().UnixNano(), target, info.Sys().(*volume.Attributes)))
		return nil
	}))
	sort.Strings(walked)
	sort.Strings(want)
	isotest.Compare(t, "walks", strings.Join(walked, ""), strings.Join(want, ""))
}

func checkHardLinks(t *testing.T, v *FS) {
	t.Helper()
	inode := func(name string) uint64 {
		info, err := v.Stat(name)
		isotest.Must(t, err)
		return info.Sys().(*volume.Attributes).Inode
	}
	a, b := inode("links/first"), inode("links/second")
	if a == 0 || a != b {
		t.Errorf("hard links have numbers %x and %x", a, b)
	}
	if c := inode("big.bin"); a == c {
		t.Errorf("two files have the number %x", a)
	}
}

// TestConformance runs the tests of package fstest. They open every link, so links
// without a target are removed first.
func TestConformance(t *testing.T) {
	top := isotest.SampleTree(t)
	for _, name := range []string{"links/absolute", "links/dangling", "links/long", "pipe"} {
		isotest.Must(t, os.Remove(filepath.Join(top, name)))
	}
	for name, image := range map[string]string{
		"xorriso":     isotest.Xorriso(t, top, "-R"),
		"genisoimage": isotest.Genisoimage(t, top, "-R"),
	} {
		v := open(t, image, "")
		if err := fstest.TestFS(v, "readme.txt", "links/up", "deep/2/3/4/5/6/7/8/9/10/11/12/bottom"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLongLinks reads links whose components and SL entries are split.
// genisoimage truncates such links.
func TestLongLinks(t *testing.T) {
	top := t.TempDir()
	for i, target := range []string{
		strings.Repeat("c/", 400) + "end",
		"../" + strings.Repeat("d", 255) + "/" + strings.Repeat("e", 255) + "/" + strings.Repeat("f", 255),
		"/" + strings.Repeat("g", 200) + "/./../" + strings.Repeat("h", 251),
		"/",
		".",
		"../..",
	} {
		isotest.Must(t, os.Symlink(target, filepath.Join(top, fmt.Sprint(i))))
	}
	src := os.DirFS(top)
	links := func(v fs.FS) func(string, fs.FileInfo) string {
		return func(path string, _ fs.FileInfo) string {
			target, err := fs.ReadLink(v, path)
			isotest.Must(t, err)
			return " -> " + target
		}
	}
	v := open(t, isotest.Xorriso(t, top, "-R"), "")
	isotest.Compare(t, "links", isotest.Listing(t, v, links(v)), isotest.Listing(t, src, links(src)))
}

func TestJoliet(t *testing.T) {
	top := isotest.SampleTree(t)
	for _, name := range []string{"links/relative", "links/up", "links/absolute", "links/dangling", "links/long", "links/folder", "pipe"} {
		isotest.Must(t, os.Remove(filepath.Join(top, name)))
	}
	for _, name := range []string{strings.Repeat("n", 200) + ".bin", strings.Repeat("y", 255)} { // longer than Joliet can
		isotest.Must(t, os.Remove(filepath.Join(top, name)))
	}
	src := os.DirFS(top)
	plain := func(v fs.FS) func(string, fs.FileInfo) string {
		return func(path string, info fs.FileInfo) string {
			if info.IsDir() {
				return "/"
			}
			return " " + isotest.Content(t, v, path, info)
		}
	}
	want := isotest.Listing(t, src, plain(src))
	const beyond = "\U0001F4BF\U00020000.txt" // neither program supports characters outside of the BMP
	for name, image := range map[string]string{
		"xorriso":     isotest.Xorriso(t, top, "-J", "-joliet-long", "-iso-level", "3"),
		"genisoimage": isotest.Genisoimage(t, top, "-J", "-joliet-long", "-D"),
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, image, ViewJoliet)
			want := strings.ReplaceAll(want, beyond, map[string]string{"xorriso": "__.txt", "genisoimage": ""}[name])
			isotest.Compare(t, "listings", isotest.Listing(t, v, plain(v)), want)
			isotest.Must(t, fstest.TestFS(v, "readme.txt"))
			checkWalk(t, v)
		})
	}
}

func TestViews(t *testing.T) {
	top := isotest.SampleTree(t)
	image := isotest.Xorriso(t, top, "-R", "-J", "-joliet-long", "-V", "SAMPLE", "-publisher", "NOBODY", "-iso-level", "2")
	v := open(t, image, "")
	if got := fmt.Sprint(v.Volume().Views); got != "[Rock Ridge Joliet ISO 9660]" {
		t.Errorf("views %s", got)
	}
	if i := v.Volume(); i.Label != "SAMPLE" || i.Publisher != "NOBODY" || i.BlockSize != 2048 || i.Blocks == 0 || i.Created.IsZero() {
		t.Errorf("volume %+v", i)
	}
	plain := open(t, image, ViewPlain)
	if _, err := plain.Stat("README.TXT"); err != nil {
		t.Error(err)
	}
	if _, err := plain.Stat("EMPTY"); err != nil {
		t.Error(err)
	}
	var names []string
	isotest.Must(t, plain.Walk(".", func(e *volume.Entry) error {
		if e.IsDir() {
			names = append(names, "/"+string(e.Path))
		} else {
			names = append(names, "/"+string(e.Path)+";1")
		}
		return nil
	}))
	var want []string
	for _, l := range strings.Split(peertest.Run(t, "", "isoinfo", "-f", "-i", image), "\n") {
		if l = strings.TrimSpace(l); l != "" {
			want = append(want, strings.ReplaceAll(l, ".;1", ";1"))
		}
	}
	sort.Strings(names)
	sort.Strings(want)
	isotest.Compare(t, "names", strings.Join(names, "\n"), strings.Join(want, "\n"))
	if _, err := Open(v.r, v.size, volume.Options{View: "UDF"}); err == nil {
		t.Error("a view that does not exist was opened")
	}
}

// TestOtherRoot shows the Joliet tree if the root of the primary tree is missing.
func TestOtherRoot(t *testing.T) {
	p, err := os.ReadFile(isotest.Xorriso(t, folders(t), "-R", "-J"))
	isotest.Must(t, err)
	copy(p[16*2048+158:], "\xff\xff\xff\x7f\x7f\xff\xff\xff")
	v, err := Open(bytes.NewReader(p), int64(len(p)), volume.Options{})
	isotest.Must(t, err)
	if got := fmt.Sprint(v.Volume().Views, names(t, v)); got != "[Joliet]a b c" {
		t.Errorf("%s", got)
	}
	copy(p[17*2048+158:], "\xff\xff\xff\x7f\x7f\xff\xff\xff")
	if _, err := Open(bytes.NewReader(p), int64(len(p)), volume.Options{}); err == nil || !strings.Contains(err.Error(), "root directory") {
		t.Errorf("error %v", err)
	}
}

// TestBsdtar compares our listing of images with that of bsdtar: type and permissions,
// owner, size, path and target.
func TestBsdtar(t *testing.T) {
	top := isotest.SampleTree(t)
	peertest.Need(t, "bsdtar")
	for name, image := range map[string]string{
		"xorriso":     isotest.Xorriso(t, top, "-R", "-iso-level", "3"),
		"genisoimage": isotest.Genisoimage(t, top, "-R"),
	} {
		t.Run(name, func(t *testing.T) {
			v := open(t, image, "")
			mine := map[string]string{}
			isotest.Must(t, v.Walk(".", func(e *volume.Entry) error {
				size := e.Size
				if !e.Mode.IsRegular() { // bsdtar shows other sizes for folders and links
					size = 0
				}
				s := fmt.Sprintf("%s %d %d %d", permissions(e.Mode), e.UID, e.GID, size)
				if len(e.Target) > 0 {
					s += " -> " + string(e.Target)
				}
				mine[string(e.Path)] = s
				return e.Err
			}))
			for _, l := range strings.Split(strings.TrimSpace(peertest.Run(t, "", "bsdtar", "--numeric-owner", "-tvf", image)), "\n") {
				f := strings.Fields(l)
				path := strings.Join(f[8:], " ")
				path, target, isLink := strings.Cut(path, " -> ")
				path, _, isHard := strings.Cut(path, " link to ")
				path = strings.TrimSuffix(path, "/")
				want := strings.Join([]string{f[0], f[2], f[3], f[4]}, " ")
				if f[0][0] != '-' {
					want = strings.Join([]string{f[0], f[2], f[3], "0"}, " ")
				}
				if isLink {
					want += " -> " + target
				}
				got := mine[path]
				delete(mine, path)
				if path != "." && !isHard && got != want {
					t.Errorf("%s: %q, bsdtar shows %q", path, got, want)
				}
			}
			if len(mine) > 0 {
				t.Errorf("bsdtar does not show %v", mine)
			}
		})
	}
}

// permissions writes a mode as ls does.
func permissions(m fs.FileMode) string {
	s := []byte("-" + m.Perm().String()[1:])
	switch m.Type() {
	case fs.ModeDir:
		s[0] = 'd'
	case fs.ModeSymlink:
		s[0] = 'l'
	case fs.ModeNamedPipe:
		s[0] = 'p'
	}
	if m&fs.ModeSetuid != 0 {
		s[3] = 's'
	}
	return string(s)
}

// TestConcurrent reads a volume from several goroutines.
func TestConcurrent(t *testing.T) {
	top := isotest.SampleTree(t)
	v := open(t, isotest.Xorriso(t, top, "-R"), "")
	want := isotest.Listing(t, v, isotest.Posix(t, v))
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			entries := 0
			if err := v.Walk(".", func(e *volume.Entry) error { entries++; return e.Err }); err != nil || entries != strings.Count(want, "\n") {
				t.Errorf("%d entries, %v", entries, err)
			}
			if err := fs.WalkDir(v, ".", func(path string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() {
					_, err = fs.ReadFile(v, path)
				}
				return err
			}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// TestLargeFile reads a file of more than 4 GiB, which has several extents, from an
// image of another program. It takes a quarter of a minute, so it runs only in strict
// mode; TestHandmadeLarge always runs.
func TestLargeFile(t *testing.T) {
	if testing.Short() || !peertest.Strict() {
		t.Skip("makes an image of 4 GiB: set GLASSMASTER_STRICT to run it")
	}
	top := t.TempDir()
	f, err := os.Create(filepath.Join(top, "large"))
	isotest.Must(t, err)
	const size = 4<<30 + 5000
	isotest.Must(t, f.Truncate(size))
	for _, off := range []int64{0, 4<<30 - 2048, 4<<30 - 1, size - 4} {
		_, err := f.WriteAt([]byte("mark"), off)
		isotest.Must(t, err)
	}
	isotest.Must(t, f.Close())
	image := isotest.SparseImage(t, top, "-R", "-iso-level", "3")
	v := open(t, image, "")
	info, err := v.Stat("large")
	isotest.Must(t, err)
	a := info.Sys().(*volume.Attributes)
	if info.Size() != size || len(a.Extents) < 2 {
		t.Fatalf("size %d in %d extents, want %d in at least 2", info.Size(), len(a.Extents), int64(size))
	}
	g, err := v.Open("large")
	isotest.Must(t, err)
	for _, off := range []int64{0, 4<<30 - 2048, 4<<30 - 1, size - 4} {
		p := make([]byte, 4)
		if _, err := g.(interface {
			ReadAt([]byte, int64) (int, error)
		}).ReadAt(p, off); err != nil || (string(p) != "mark" && off != 4<<30-2048) {
			t.Errorf("at %d: %q, %v", off, p, err)
		}
	}
	if got := volume.NewLocator(v).Locate(a.Extents[1].Start); got != "large" {
		t.Errorf("locate: %q", got)
	}
}

// TestZisofs reads files that xorriso compressed, in both versions.
func TestZisofs(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := t.TempDir()
	put := func(name string, p []byte) { isotest.Must(t, os.WriteFile(filepath.Join(top, name), p, 0o644)) }
	noise := make([]byte, 70000)
	rand.New(rand.NewSource(4)).Read(noise)
	put("text", bytes.Repeat([]byte("hello world "), 50000))
	put("zeros", append(make([]byte, 500000), "end"...))
	put("exact", bytes.Repeat([]byte{7}, 2<<17))
	put("half noise", append(bytes.Repeat([]byte("x"), 200000), noise...))
	put("small", []byte("not worth it"))
	src := os.DirFS(top)
	want := isotest.Listing(t, src, func(path string, info fs.FileInfo) string { return isotest.Content(t, src, path, info) })
	for settings, version := range map[string]string{
		"version_2=off:block_size=32k": "pz", "version_2=on:block_size_v2=64k": "PZ", "version_2=on:block_size_v2=1m": "PZ",
	} {
		image := filepath.Join(t.TempDir(), "z.iso")
		peertest.Run(t, "", "timeout", "60", "xorriso", "-report_about", "FAILURE", "-zisofs", "level=6:"+settings,
			"-outdev", image, "-map", top, "/", "-set_filter_r", "--zisofs", "/", "--")
		v := open(t, image, "")
		isotest.Compare(t, "contents", isotest.Listing(t, v, func(path string, info fs.FileInfo) string { return isotest.Content(t, v, path, info) }), want)
		f, err := v.lookup("text", true)
		isotest.Must(t, err)
		if f.compressed.Algorithm != version {
			t.Errorf("xorriso wrote method %q, not %q", f.compressed.Algorithm, version)
		}
		isotest.Must(t, v.Walk(".", func(e *volume.Entry) error {
			if string(e.Path) == "text" && !e.Encoded {
				t.Error("a compressed file is not marked as encoded")
			}
			return nil
		}))
		isotest.Must(t, fstest.TestFS(v, "zeros"))
	}
}

// TestAttributes reads extended attributes and an access control list.
func TestAttributes(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(top, "file"), []byte("x"), 0o640))
	image := filepath.Join(t.TempDir(), "a.iso")
	long := strings.Repeat("long value ", 100)
	peertest.Run(t, "", "timeout", "60", "xorriso", "-report_about", "FAILURE", "-xattr", "on", "-acl", "on",
		"-outdev", image, "-map", top, "/",
		"-setfattr", "user.mime", "text/plain", "/file", "--",
		"-setfattr", "user.long", long, "/file", "--",
		"-setfacl", "u::rw-,u:123:rw-,g::r--,g:65534:r--,m::rw-,o::---", "/file", "--")
	v := open(t, image, "")
	info, err := v.Stat("file")
	isotest.Must(t, err)
	a := info.Sys().(*volume.Attributes)
	if string(a.Xattr["user.mime"]) != "text/plain" || string(a.Xattr["user.long"]) != long {
		t.Errorf("attributes %q", a.Xattr)
	}
	if want := "user::rw-,user:123:rw-,group::r--,group:65534:r--,mask::rw-,other::---"; a.ACL != want {
		t.Errorf("list %q, want %q", a.ACL, want)
	}
}

// TestEnhanced reads the tree of the descriptor of ISO 9660:1999.
func TestEnhanced(t *testing.T) {
	top := t.TempDir()
	name := strings.Repeat("long name ", 18) + "end.text.with.dots"
	isotest.Must(t, os.WriteFile(filepath.Join(top, "dot."), nil, 0o644))
	deep := "1/2/3/4/5/6/7/8/9/10/" + name
	isotest.Must(t, os.MkdirAll(filepath.Join(top, filepath.Dir(deep)), 0o755))
	isotest.Must(t, os.WriteFile(filepath.Join(top, deep), []byte("deep"), 0o644))
	v := open(t, isotest.Genisoimage(t, top, "-iso-level", "4"), "")
	if got := v.Volume().View; got != ViewEnhanced {
		t.Fatalf("view %q of %q", got, v.Volume().Views)
	}
	if _, err := v.Stat("dot."); err != nil {
		t.Error(err)
	}
	p, err := fs.ReadFile(v, deep)
	if err != nil || string(p) != "deep" {
		t.Errorf("%q, %v", p, err)
	}
}
