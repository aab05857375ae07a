package compilation

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
	"glassmaster/mastering/zisofs"
)

// masterWith writes a folder as an image with these contents.
func masterWith(t *testing.T, folder string, o master.Options, contents Contents) (string, *Image) {
	t.Helper()
	c := compile(t, folder, o)
	c.Contents = contents
	m, err := c.Plan(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	path := filepath.Join(t.TempDir(), "x.iso")
	if err := writeFile(context.Background(), m, path); err != nil {
		t.Fatal(err)
	}
	return path, m
}

func put(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func noise(seed int64, n int) []byte {
	b := make([]byte, n)
	rand.New(rand.NewSource(seed)).Read(b)
	return b
}

// text is data that compresses well, with a long run of zeros.
func text(n int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d of a text that says little\n", i)
	}
	p := b.Bytes()[:n]
	if n > 400<<10 {
		clear(p[100<<10 : 300<<10])
	}
	return p
}

func TestIdenticalContents(t *testing.T) {
	src := t.TempDir()
	a, b := noise(1, 300<<10), noise(2, 300<<10)
	put(t, filepath.Join(src, "one"), a)
	put(t, filepath.Join(src, "sub/two"), a)
	put(t, filepath.Join(src, "sub/other"), b)
	put(t, filepath.Join(src, "three"), a)
	put(t, filepath.Join(src, "empty"), nil)
	put(t, filepath.Join(src, "empty too"), nil)
	if err := os.Link(filepath.Join(src, "three"), filepath.Join(src, "a link of three")); err != nil {
		t.Fatal(err)
	}
	plain, _ := masterWith(t, src, master.Options{}, Contents{})
	img, m := masterWith(t, src, master.Options{Features: isoplan.Features{RockRidge112: true}}, Contents{Identical: true})
	if m.Files != 2 {
		t.Errorf("%d contents are stored, want 2", m.Files)
	}
	before, err1 := os.Stat(plain)
	after, err2 := os.Stat(img)
	if err1 != nil || err2 != nil || before.Size()-after.Size() < 2*300<<10 {
		t.Errorf("the image has %d bytes instead of %d", after.Size(), before.Size())
	}
	v := view(t, img, "")
	_, one := attributes(t, v, "one")
	_, two := attributes(t, v, "sub/two")
	_, link := attributes(t, v, "a link of three")
	if !reflect.DeepEqual(one.Extents, two.Extents) || one.Links != 1 || link.Links != 2 {
		t.Errorf("extents %v and %v, links %d and %d", one.Extents, two.Extents, one.Links, link.Links)
	}
	for name, want := range map[string][]byte{"one": a, "three": a, "a link of three": a, "sub/two": a, "sub/other": b, "empty": nil} {
		if got, err := fs.ReadFile(v, name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is another file (%v)", name, err)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-osirrox", "on", "-indev", img, "-extract", "/", out)
	peertest.Run(t, "", "diff", "-r", src, out)
}

// TestLateChecksums checks that the checksums computed while an image is written are the
// same as those read in pieces, and come after all other contents. A file that cannot be
// read is a comment in them. A cancelled write does not affect later ones.
func TestLateChecksums(t *testing.T) {
	peertest.Need(t, "sha256sum")
	src := sampleTree(t)
	o := master.Options{Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	img, _ := masterWith(t, src, o, Contents{Checksums: true})
	written, err := os.ReadFile(img)
	if err != nil {
		t.Fatal(err)
	}
	v := view(t, img, "")
	sums, err := v.Lstat(checksumFile)
	if err != nil {
		t.Fatal(err)
	}
	last := sums.Sys().(*volume.Attributes).Extents[0].Start
	_ = v.Walk(".", func(e *volume.Entry) error {
		for _, x := range e.Extents {
			if !e.IsDir() && x.Start > last {
				t.Errorf("%s is after %s", e.Path, checksumFile)
			}
		}
		return nil
	})
	c := compile(t, src, o)
	c.Contents.Checksums = true
	again, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := writeTo(ctx, again, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	p := make([]byte, sums.Size())
	if _, err := again.ReadAt(p, int64(last)*2048); err != nil || !bytes.Equal(p, written[int64(last)*2048:][:len(p)]) {
		t.Errorf("read in pieces, the list is different (%v):\n%s", err, p)
	}
	// Once it is prepared, as before a burn, no file is read for the list.
	prepared, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer prepared.Close()
	if err := prepared.Prepare(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("settling was cancelled: %v", err)
	}
	if err := prepared.Prepare(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	// A file that is gone.
	if err := os.Remove(filepath.Join(src, "secret")); err != nil {
		t.Fatal(err)
	}
	q := make([]byte, len(p))
	if _, err := prepared.ReadAt(q, int64(last)*2048); err != nil || !bytes.Equal(q, p) {
		t.Errorf("prepared, the list is another one (%v)", err)
	}
	third, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	path := filepath.Join(t.TempDir(), "y.iso")
	d := third.Disc(DiscOptions{KeepGoing: true})
	if err := copyTo(t.Context(), d, path); err != nil || len(disc.Errors(d.(disc.Planned).Changes())) != 1 {
		t.Errorf("a missing file: %v", err)
	}
	list, err := fs.ReadFile(view(t, path, ""), checksumFile)
	if err != nil || len(list) != len(p) || !strings.Contains(string(list), "#"+strings.Repeat("-", 63)+"  ./secret\n") {
		t.Errorf("a missing file in the list (%v):\n%s", err, list)
	}
}

func TestChecksumFile(t *testing.T) {
	peertest.Need(t, "sha256sum")
	src := sampleTree(t)
	put(t, filepath.Join(src, "a\\back\nslash"), []byte("x"))
	put(t, filepath.Join(src, "-"), []byte("minus"))
	put(t, filepath.Join(src, "hidden"), []byte("h"))
	o := master.Options{Hide: []string{"hidden"}}
	want := -1 // all but the hidden one
	_ = filepath.WalkDir(src, func(_ string, d fs.DirEntry, _ error) error {
		if d.Type().IsRegular() {
			want++
		}
		return nil
	})
	for name, contents := range map[string]Contents{
		"alone":          {Checksums: true},
		"with all":       {Checksums: true, Identical: true, MD5: true},
		"and compressed": {Checksums: true, Zisofs: &zisofs.Options{}},
	} {
		img, _ := masterWith(t, src, o, contents)
		out := filepath.Join(t.TempDir(), "out")
		peertest.Run(t, "", "xorriso", "-report_about", "WARNING", "-osirrox", "on", "-zisofs", "default", "-indev", img, "-extract", "/", out)
		list := peertest.Run(t, out, "sha256sum", "-c", "--strict", checksumFile)
		if got := strings.Count(list, ": OK\n"); got != want {
			t.Errorf("%s: %d files are good, want %d:\n%s", name, got, want, list)
		}
		if strings.Contains(list, "hidden: OK") && !strings.Contains(list, ".hidden: OK") {
			t.Errorf("%s: the list names a hidden file", name)
		}
	}
	put(t, filepath.Join(src, checksumFile), []byte("mine"))
	c := compile(t, src, master.Options{})
	c.Contents.Checksums = true
	if _, err := c.Plan(t.Context()); err == nil || !strings.Contains(err.Error(), checksumFile) {
		t.Errorf("a file of that name: %v", err)
	}
}

// zisofsTree has files that compress, files that do not, and sizes around block limits.
func zisofsTree(t *testing.T) string {
	t.Helper()
	src := t.TempDir()
	for name, b := range map[string][]byte{
		"text":       text(1<<20 + 3),
		"one block":  text(32 << 10),
		"less":       text(32<<10 - 1),
		"more":       text(32<<10 + 1),
		"block 128":  text(128 << 10),
		"noise":      noise(3, 200<<10),
		"zeros":      make([]byte, 500<<10),
		"small":      text(2048),
		"empty":      nil,
		"sub/a.text": text(99999),
		"sub/half":   append(noise(4, 100<<10), text(100<<10)...),
	} {
		put(t, filepath.Join(src, name), b)
	}
	if err := os.Link(filepath.Join(src, "text"), filepath.Join(src, "sub", "hard")); err != nil {
		t.Fatal(err)
	}
	return src
}

func TestZisofs(t *testing.T) {
	src := zisofsTree(t)
	want := describe(t, src)
	for _, z := range []zisofs.Options{{}, {Block: 64, Level: 9}, {Block: 128}, {Version: 2}, {Version: 2, Block: 128, Level: 1}} {
		img, _ := masterWith(t, src, master.Options{}, Contents{Zisofs: &z})
		v := view(t, img, "")
		saved := 0
		err := fs.WalkDir(v, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			got, err := fs.ReadFile(v, path)
			expected, werr := os.ReadFile(filepath.Join(src, path))
			if err != nil || werr != nil || !bytes.Equal(got, expected) {
				t.Errorf("%+v: %s differs from the source (%v, %v)", z, path, err, werr)
			}
			_, a := attributes(t, v, path)
			stored := int64(0)
			for _, e := range a.Extents {
				stored += e.Length
			}
			if stored != int64(len(expected)) {
				saved++
			}
			return nil
		})
		if err != nil || saved != 9 {
			t.Errorf("%+v: %d files are compressed, want 9 (%v)", z, saved, err)
		}
		out := filepath.Join(t.TempDir(), "x")
		peertest.Run(t, "", "xorriso", "-abort_on", "WARNING", "-report_about", "WARNING", "-osirrox", "on", "-hardlinks", "on", "-zisofs", "susp_z2=on", "-indev", img, "-extract", "/", out)
		peertest.Run(t, "", "diff", "-r", src, out)
		if z.Version == 2 {
			continue // bsdtar supports version 1 only
		}
		dir := t.TempDir()
		peertest.Run(t, dir, "bsdtar", "-xpf", img)
		equalTrees(t, describe(t, dir), want)
	}
}

// TestZisofsChoice chooses files by patterns and gain.
func TestZisofsChoice(t *testing.T) {
	src := zisofsTree(t)
	for _, c := range []struct {
		z    zisofs.Options
		want []string
	}{
		{zisofs.Options{Patterns: []string{"*.text"}}, []string{"sub/a.text"}},
		{zisofs.Options{Patterns: []string{"/sub"}, Gain: 60}, []string{"sub/a.text", "sub/hard", "text"}},
		{zisofs.Options{Patterns: []string{"half"}, Gain: 20}, []string{"sub/half"}},
		{zisofs.Options{Patterns: []string{"half"}, Gain: 60}, nil},
	} {
		img, _ := masterWith(t, src, master.Options{}, Contents{Zisofs: &c.z})
		v := view(t, img, "")
		var got []string
		for _, path := range names(t, v) {
			if i, a := attributes(t, v, path); !i.IsDir() && len(a.Extents) > 0 && a.Extents[0].Length != i.Size() {
				got = append(got, path)
			}
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%+v: compressed are %v, want %v", c.z, got, c.want)
		}
	}
	for _, z := range []zisofs.Options{{Version: 3}, {Block: 16}, {Level: 10}, {Gain: 100}, {Patterns: []string{"["}}} {
		c := compile(t, src, master.Options{})
		c.Contents.Zisofs = &z
		if _, err := c.Plan(t.Context()); err == nil {
			t.Errorf("%+v was accepted", z)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := zisofs.Compress(ctx, nil, zisofs.Options{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestKernelReads reads compressed files and Rock Ridge 1.12 with the Linux kernel.
func TestKernelReads(t *testing.T) {
	src := zisofsTree(t)
	dir := t.TempDir()
	for i, z := range []zisofs.Options{{}, {Block: 64}, {Block: 128}} {
		img, _ := masterWith(t, src, master.Options{Features: isoplan.Features{RockRidge112: i == 1, Level: 3 + i%2, Stamps: true}}, Contents{Zisofs: &z, Checksums: true})
		if err := os.Rename(img, filepath.Join(dir, fmt.Sprintf("%d.iso", i))); err != nil {
			t.Fatal(err)
		}
	}
	out := peertest.Kernel(t, dir, `
for i in 0 1 2; do
	mount -t iso9660 -o loop,ro,norock $i.iso /run/mnt; umount /run/mnt
	mount -t iso9660 -o loop,ro $i.iso /run/mnt
	(cd /run/mnt; sha256sum -c --strict --quiet SHA256SUMS; ls -lR > /dev/null)
	umount /run/mnt
done
echo all good
`)
	if out != "all good\n" {
		t.Error(out)
	}
}

// TestImplanted checks images written to a file and to a stream with checkisomd5.
func TestImplanted(t *testing.T) {
	peertest.Need(t, "checkisomd5", "implantisomd5")
	src := sampleTree(t)
	path, m := masterWith(t, src, master.Options{}, Contents{MD5: true})
	peertest.Run(t, "", "checkisomd5", path)
	var b bytes.Buffer
	if err := writeTo(t.Context(), m, &b); err != nil {
		t.Fatal(err)
	}
	if first, err := os.ReadFile(path); err != nil || !bytes.Equal(first, b.Bytes()) {
		t.Errorf("the stream differs from the file (%v)", err)
	}
	// A stream, and what a burn reads.
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	c := compile(t, src, master.Options{})
	c.Contents.MD5 = true
	m, err := c.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	before := make([]byte, 4096)
	if _, err := m.ReadAt(before[:100], 16*2048); err != nil { // remembers the descriptors
		t.Fatal(err)
	}
	b.Reset()
	if err := writeTo(t.Context(), m, &b); err != nil {
		t.Fatal(err)
	}
	if _, err := isomd5.Check(t.Context(), bytes.NewReader(b.Bytes()), nil); err != nil {
		t.Error(err)
	}
	if _, err := isomd5.Check(t.Context(), m, nil); err != nil {
		t.Error(err)
	}
	// implantisomd5 writes its checksum into an image that has none.
	img := makeImage(t, src, master.Options{})
	peertest.Run(t, "", "implantisomd5", img)
	theirs, err := os.ReadFile(img)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(theirs[16*2048+883:][:512], b.Bytes()[16*2048+883:][:512]) {
		t.Errorf("implantisomd5 writes\n%s\nGlassmaster writes\n%s", theirs[16*2048+883:][:512], b.Bytes()[16*2048+883:][:512])
	}
	if n := binary.LittleEndian.Uint32(theirs[16*2048+80:]); int64(n)*2048 != int64(len(theirs)) {
		t.Errorf("the volume has %d sectors", n)
	}
}

func TestContentsAreSaved(t *testing.T) {
	src := t.TempDir()
	write(t, src, "a")
	c := compile(t, src, master.Options{
		Features: isoplan.Features{Level: 4, Stamps: true}, Hide: []string{"x"}, Order: []master.Weight{{Pattern: "a", Weight: 3}},
		Owners: &master.Owners{Rational: true},
	})
	c.Contents = Contents{Identical: true, Checksums: true, MD5: true, Zisofs: &zisofs.Options{Patterns: []string{"*.txt"}, Gain: 10, Version: 2}}
	path := filepath.Join(t.TempDir(), "x"+Extension)
	if err := c.Save(path); err != nil {
		t.Fatal(err)
	}
	got, problems, err := Load(path)
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	if !reflect.DeepEqual(got.Contents, c.Contents) || !reflect.DeepEqual(got.Options, c.Options) {
		t.Errorf("got %+v\nand %+v", got.Contents, got.Options)
	}
}
