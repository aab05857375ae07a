package compilation

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
)

// sampleTree creates a folder with long, unusual and Unicode names, links of both kinds,
// empty and sparse files, and more than eight levels.
func sampleTree(t testing.TB) string {
	t.Helper()
	top := filepath.Join(t.TempDir(), "tree")
	put := func(name string, size int, mode fs.FileMode) {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(i*7 + i>>8 + len(name))
		}
		if err := os.WriteFile(path, b, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	put("readme.txt", 100, 0o644)
	put("run.sh", 3000, 0o755)
	put("set-user", 10, 0o4755)
	put("secret", 2048, 0o600)
	put("empty", 0, 0o644)
	put("exactly two sectors", 4096, 0o644)
	put("large.bin", 1<<20+17, 0o644)
	put(".hidden", 5, 0o644)
	put("élan naïve Straße.txt", 50, 0o644)
	put("資料/写真 фото.jpg", 70, 0o644)
	put("clef 𝄞 and 🙂.txt", 80, 0o644)
	put(strings.Repeat("n", 200)+".bin", 90, 0o644)
	put(strings.Repeat("長", 84), 95, 0o644)
	put("many.dots.in.a.name.tar.gz", 3, 0o644)
	put("1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/deep.txt", 20, 0o644)
	put("1/2/3/4/5/6/7/8/eight.txt", 8, 0o644)
	put("1/2/3/4/5/6/7/8/other/9.txt", 9, 0o644)
	for i := range 120 {
		put(fmt.Sprintf("folder/the same beginning of all names %03d.text", i), i*37, 0o644)
	}
	if err := os.MkdirAll(filepath.Join(top, "empty folder"), 0o750); err != nil {
		t.Fatal(err)
	}
	for _, l := range [][2]string{
		{"readme.txt", "link"},
		{"../readme.txt", "folder/up"},
		{"/etc/./hostname", "absolute"},
		{"nowhere", "dangling"},
		{strings.Repeat("a/", 300) + "end", "long link"},
		{strings.Repeat("x", 250), "one long component"},
	} {
		if err := os.Symlink(l[0], filepath.Join(top, l[1])); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"hard one", "folder/hard two"} {
		if err := os.Link(filepath.Join(top, "large.bin"), filepath.Join(top, name)); err != nil {
			t.Fatal(err)
		}
	}
	sparse, err := os.Create(filepath.Join(top, "sparse.img"))
	if err != nil {
		t.Fatal(err)
	}
	defer sparse.Close()
	for _, off := range []int64{0, 5 << 20, 9<<20 - 100} {
		if _, err := sparse.WriteAt(bytes.Repeat([]byte("data"), 25), off); err != nil {
			t.Fatal(err)
		}
	}
	at := time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	err = filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		at = at.Add(time.Hour)
		return os.Chtimes(path, at, at)
	})
	if err != nil {
		t.Fatal(err)
	}
	return top
}

// compile compiles the entries of a folder.
func compile(t testing.TB, folder string, o master.Options) *Compilation {
	t.Helper()
	c := New()
	c.Label = "INTEROP"
	c.Options = o
	nodes, problems, err := Scan(context.Background(), []string{folder + "/"}, c.ScanOptions(), nil)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if problems := c.Add(c.Root(), nodes); len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// makeImage writes a folder as an image and returns its path.
func makeImage(t testing.TB, folder string, o master.Options) string {
	t.Helper()
	return writeImage(t, compile(t, folder, o))
}

// writeImage writes the image of a compilation.
func writeImage(t testing.TB, c *Compilation) string {
	t.Helper()
	m, err := c.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	path := filepath.Join(t.TempDir(), "x.iso")
	if err := writeFile(context.Background(), m, path); err != nil {
		t.Fatal(err)
	}
	s, err := os.Stat(path)
	if err != nil || s.Size() != m.Size() {
		t.Fatalf("the image has %d bytes, planned were %d (%v)", s.Size(), m.Size(), err)
	}
	return path
}

// describe lists a tree of the host: names, types, modes, sizes, times, targets,
// contents, and which names are one file.
func describe(t *testing.T, top string) map[string]string {
	t.Helper()
	list := map[string]string{}
	same := map[any][]string{}
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == top {
			return err
		}
		rel, _ := filepath.Rel(top, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := info.Mode().String()
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			text = "link " + target
		case info.IsDir():
			text += " " + info.ModTime().UTC().Format(time.DateTime)
		default:
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text += fmt.Sprintf(" %s %d %x", info.ModTime().UTC().Format(time.DateTime), info.Size(), sha256.Sum256(b))
			for other, names := range same {
				if os.SameFile(other.(fs.FileInfo), info) {
					same[other] = append(names, rel)
					info = nil
					break
				}
			}
			if info != nil {
				same[info] = []string{rel}
			}
		}
		list[rel] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, names := range same {
		if len(names) > 1 {
			slices.Sort(names)
			list["one file: "+names[0]] = strings.Join(names, ", ")
		}
	}
	return list
}

func equalTrees(t *testing.T, got, want map[string]string, ignore ...string) {
	t.Helper()
	for name, w := range want {
		if g, ok := got[name]; g != w && !slices.ContainsFunc(ignore, func(s string) bool { return strings.HasPrefix(name, s) }) {
			t.Errorf("%s:\n got %q (%v)\nwant %q", name, g, ok, w)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: should not be there", name)
		}
	}
}

func TestBsdtarExtracts(t *testing.T) {
	src := sampleTree(t)
	img := makeImage(t, src, master.Options{})
	out := t.TempDir()
	peertest.Run(t, out, "bsdtar", "-xpf", img)
	equalTrees(t, describe(t, out), describe(t, src))
}

func TestXorrisoExtracts(t *testing.T) {
	src := sampleTree(t)
	for _, o := range []master.Options{{}, {Features: isoplan.Features{Deep: true}}, {Features: isoplan.Features{Joliet: isoplan.JolietOff}}, {Features: isoplan.Features{Level: 1}}} {
		img := makeImage(t, src, o)
		out := filepath.Join(t.TempDir(), "out")
		peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-osirrox", "on", "-hardlinks", "on",
			"-indev", img, "-extract", "/", out)
		got := describe(t, out)
		equalTrees(t, got, describe(t, src), "one file:")
	}
}

// TestIsoinfoLists compares names, sizes and modes in all three views.
func TestIsoinfoLists(t *testing.T) {
	src := sampleTree(t)
	img := makeImage(t, src, master.Options{Features: isoplan.Features{Joliet: isoplan.JolietLong}})
	for _, c := range []struct {
		option string
		want   []string
	}{
		{"-R", []string{"/readme.txt", "/clef 𝄞 and 🙂.txt", "/folder/the same beginning of all names 017.text", "/" + strings.Repeat("n", 200) + ".bin"}},
		{"-J", []string{"/readme.txt", "/folder/the same beginning of all names 017.text", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/deep.txt"}},
		{"-l", []string{"/README.TXT;1", "/MANY_DOTS_IN_A_NAME_TAR.GZ;1"}},
	} {
		args := []string{"-f", "-i", img}
		if c.option != "-l" {
			args = append([]string{c.option}, args...)
		}
		lines := strings.Split(peertest.Run(t, "", "isoinfo", args...), "\n")
		for _, w := range c.want {
			if !slices.Contains(lines, w) {
				t.Errorf("isoinfo %v does not list %s", args, w)
			}
		}
	}
	if got := peertest.Run(t, "", "isoinfo", "-R", "-i", img, "-x", "/readme.txt"); len(got) != 100 {
		t.Errorf("isoinfo -x gives %d bytes", len(got))
	}
}

// Test7zExtracts extracts the Joliet tree, which has no links, with 7-Zip.
func Test7zExtracts(t *testing.T) {
	src := sampleTree(t)
	for _, p := range []string{strings.Repeat("n", 200) + ".bin", strings.Repeat("長", 84)} {
		if err := os.Remove(filepath.Join(src, p)); err != nil { // names that Joliet cuts
			t.Fatal(err)
		}
	}
	img := makeImage(t, src, master.Options{})
	out := t.TempDir()
	peertest.Run(t, out, "7z", "x", "-bd", "-y", img)
	want := describe(t, src)
	for name, text := range want {
		if strings.HasPrefix(text, "link ") || strings.HasPrefix(name, "one file:") {
			delete(want, name)
			continue
		}
		f := strings.Fields(text) // no modes
		want[name] = f[len(f)-1]
	}
	got := describe(t, out)
	for name, text := range got {
		f := strings.Fields(text)
		got[name] = f[len(f)-1]
		if text[0] == 'd' {
			want[name] = got[name] // 7-Zip does not set the times of folders
		}
	}
	equalTrees(t, got, want)
}

func TestSameInputSameBytes(t *testing.T) {
	src := sampleTree(t)
	t.Setenv("SOURCE_DATE_EPOCH", "1600000000")
	var sums [2][sha256.Size]byte
	for i := range sums {
		b, err := os.ReadFile(makeImage(t, src, master.Options{}))
		if err != nil {
			t.Fatal(err)
		}
		sums[i] = sha256.Sum256(b)
		// Another order in the folder, and other times of access and change.
		if err := os.Rename(filepath.Join(src, "readme.txt"), filepath.Join(src, "x")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(src, "x"), filepath.Join(src, "readme.txt")); err != nil {
			t.Fatal(err)
		}
	}
	if sums[0] != sums[1] {
		t.Error("two images of the same files differ")
	}
}

// TestReadAt reads the planned image at many offsets, as a burn and a verification do.
func TestReadAt(t *testing.T) {
	src := sampleTree(t)
	m, err := compile(t, src, master.Options{}).Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var whole bytes.Buffer
	if err := writeTo(context.Background(), m, &whole); err != nil {
		t.Fatal(err)
	}
	for _, step := range []int{2048, 32768, 100003} {
		for off := 0; off < whole.Len(); off += step {
			p := make([]byte, min(step, whole.Len()-off))
			if n, err := m.ReadAt(p, int64(off)); n != len(p) {
				t.Fatalf("%d bytes at %d: %v", n, off, err)
			}
			if !bytes.Equal(p, whole.Bytes()[off:off+len(p)]) {
				t.Fatalf("%d bytes at %d differ from what was written", step, off)
			}
		}
	}
}

// TestLargeFile masters a sparse file of more than 4 GiB, which needs two
// sections, and reads both ends of it with other programs.
func TestLargeFile(t *testing.T) {
	src := t.TempDir()
	f, err := os.Create(filepath.Join(src, "large.img"))
	if err != nil {
		t.Fatal(err)
	}
	const size = 4<<30 + 12345
	for _, off := range []int64{0, 1<<32 - 2048 - 3, size - 6} {
		if _, err := f.WriteAt([]byte("marker"), off); err != nil {
			t.Fatal(err)
		}
	}
	f.Close()
	img := makeImage(t, src, master.Options{})
	if list := peertest.Run(t, "", "bsdtar", "-tvf", img); !strings.Contains(list, fmt.Sprint(size)) {
		t.Errorf("bsdtar lists:\n%s", list)
	}
	if list := peertest.Run(t, "", "7z", "l", img); !strings.Contains(list, fmt.Sprint(size)) {
		t.Errorf("7z lists:\n%s", list)
	}
	markers := &markers{at: []int64{0, 1<<32 - 2048 - 3, size - 6}}
	cmd := exec.Command("bsdtar", "-xOf", img, "large.img")
	cmd.Stdout = markers
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if markers.off != size || string(markers.got) != "markermarkermarker" {
		t.Errorf("bsdtar reads %d bytes, with %q where markers are", markers.off, markers.got)
	}
	if _, err := compile(t, src, master.Options{Features: isoplan.Features{Level: 2}}).Plan(context.Background()); err == nil {
		t.Error("level 2 accepted a file of more than 4 GiB")
	}
}

// markers keeps six bytes at each of some offsets of a stream.
type markers struct {
	at  []int64
	got []byte
	off int64
}

func (m *markers) Write(p []byte) (int, error) {
	for _, at := range m.at {
		from, to := max(at, m.off), min(at+6, m.off+int64(len(p)))
		if from < to {
			m.got = append(m.got, p[from-m.off:to-m.off]...)
		}
	}
	m.off += int64(len(p))
	return len(p), nil
}
