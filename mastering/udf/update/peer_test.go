package update_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glassmaster/mastering/patch"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// folder makes a folder of the host with some files, for other programs.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"empty": nil, "one": []byte("1"), "sub/two sectors": bytes.Repeat([]byte("0123456789abcdef"), 256),
		"sub/Été à la plage.txt": []byte("mer\n"), "sub/deeper/日本語.txt": []byte("ファイル\n"),
		"sub/deeper/large": bytes.Repeat([]byte("glassmaster "), 100_000), "many/" + strings.Repeat("n", 60): []byte("long name"),
	} {
		put(t, filepath.Join(dir, name), data)
	}
	for i := range 200 {
		put(t, filepath.Join(dir, "many", fmt.Sprintf("file number %d", i)), []byte(fmt.Sprint(i)))
	}
	return dir
}

func put(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// owners matches the type, the mode and the owners in a line of a manifest.
var owners = regexp.MustCompile(`( [a-z][0-7]+) \d+ \d+ `)

// noOwners are mount options for a volume that does not record owners.
const noOwners = ",uid=0,gid=0"

// kernel mounts images, and compares what it finds with what this program finds.
func kernel(t *testing.T, dir string, images []string, options string) {
	t.Helper()
	var script strings.Builder
	script.WriteString(udftest.KernelManifest)
	for _, image := range images {
		fmt.Fprintf(&script, "mount -t udf -o loop,ro%[2]s %[1]s /run/mnt\nmanifest /run/mnt > %[1]s.manifest\numount /run/mnt\n", image, options)
	}
	peertest.Kernel(t, dir, script.String())
	for _, image := range images {
		want, err := os.ReadFile(image + ".manifest")
		if err != nil {
			t.Fatal(err)
		}
		r, size := udftest.OpenImage(t, image)
		v, err := udf.Open(r, size, volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := udftest.SortLines(udftest.Manifest(t, v))
		if options != "" {
			got = owners.ReplaceAllString(got, "$1 0 0 ")
		}
		udftest.Diff(t, udftest.SortLines(string(want)), got)
		peertest.Run(t, "", "udfinfo", "--utf8", image)
	}
}

// TestKernelReadsPlanned has the kernel and udfinfo read edited volumes of every revision.
func TestKernelReadsPlanned(t *testing.T) {
	peertest.Need(t, "udfinfo")
	dir := t.TempDir()
	var images []string
	for i, r := range plan.Revisions {
		l := udftest.Volume(t, udftest.Sample(), plan.Options{Revision: r})
		image := filepath.Join(dir, fmt.Sprintf("planned%d.udf", i))
		put(t, image, random(t, save(t, l, l.Size()), uint64(100+i)))
		images = append(images, image)
	}
	kernel(t, dir, images, "")
}

// TestGenisoimage edits bridge discs of genisoimage.
func TestGenisoimage(t *testing.T) {
	peertest.Need(t, "genisoimage", "udfinfo")
	dir := t.TempDir()
	var images []string
	from := folder(t)
	for seed := range uint64(3) {
		image := filepath.Join(dir, fmt.Sprintf("bridge%d.iso", seed))
		peertest.Run(t, "", "genisoimage", "-quiet", "-udf", "-R", "-J", "-V", "BEFORE", "-o", image, from)
		b, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		put(t, image, random(t, b, seed))
		images = append(images, image)
	}
	kernel(t, dir, images, noOwners)
}

// TestMkudffs edits volumes that mkudffs made and the kernel filled.
func TestMkudffs(t *testing.T) {
	peertest.Need(t, "mkudffs", "udfinfo")
	dir := t.TempDir()
	var images []string
	var script strings.Builder
	script.WriteString(fill)
	for i, args := range [][]string{ // the kernel does not write to the first two
		{"-m", "hd", "-r", "2.00", "-b", "2048", "--space=freedbitmap"},
		{"-m", "hd", "-r", "2.01", "-b", "2048", "--space=unalloctable"},
		{"-m", "hd", "-r", "1.02", "-b", "2048"},
		{"-m", "hd", "-r", "1.50", "-b", "2048", "--ad=long"},
		{"-m", "hd", "-r", "2.01", "-b", "2048", "--ad=short", "--noefe"},
		{"-m", "dvdram", "-r", "2.00"},
		{"-m", "dvdrw", "-r", "2.01"},
		{"-m", "cdrw", "-r", "1.50"},
	} {
		image := filepath.Join(dir, fmt.Sprintf("image%d.udf", i))
		if err := os.Rename(udftest.Mkudffs(t, "20000", args...), image); err != nil {
			t.Fatal(err)
		}
		images = append(images, image)
		if i >= 2 {
			fmt.Fprintf(&script, "fill %s\n", image)
		}
	}
	peertest.Kernel(t, dir, script.String())
	for i, image := range images {
		b, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		after := random(t, b, uint64(200+i))
		if len(after) != len(b) {
			t.Errorf("%s grew from %d to %d bytes", image, len(b), len(after))
		}
		put(t, image, after)
	}
	kernel(t, dir, images, "")
	// What the kernel adds and removes now does not damage what was there.
	script.Reset()
	script.WriteString(udftest.KernelManifest + again)
	for _, image := range images[2:] {
		fmt.Fprintf(&script, "again %s\n", image)
	}
	peertest.Kernel(t, dir, script.String())
	kernel(t, dir, images[2:], "")
	for _, image := range images[2:] {
		before, err := os.ReadFile(image + ".before")
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(image)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, b, treeOf(t, bytes.NewReader(b), int64(len(b))))
		v, err := udf.Open(bytes.NewReader(b), int64(len(b)), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		after := udftest.SortLines(udftest.Manifest(t, v))
		for line := range strings.Lines(string(before)) {
			if f := strings.Fields(line); len(f[len(f)-1]) == 64 && !strings.Contains(after, strings.TrimSuffix(line, "\n")) {
				t.Errorf("%s is missing", line)
			}
		}
	}
}

// again defines the shell function again, which adds files to an image and removes them.
const again = `
again() {
	mount -t udf -o loop,rw $1 /run/mnt
	manifest /run/mnt > $1.before
	cd /run/mnt
	mkdir again
	for i in $(seq 1 60); do printf "%0$((i * 177))d" $i > again/$i; done
	rm again/*5
	cd - > /dev/null
	sync
	umount /run/mnt
}
`

// fill defines the shell function fill, which creates files in an image.
const fill = `
fill() {
	mount -t udf -o loop,rw $1 /run/mnt
	cd /run/mnt
	mkdir -p dir/deep/deeper "dir/Été 日本語 😀" many
	for i in $(seq 1 200); do echo $i > "many/file number $i"; done
	rm many/*7
	echo hello > dir/hello; ln dir/hello dir/deep/hardlink
	ln -s ../hello dir/deep/symlink; ln -s /absolute/path abs
	mkfifo fifo; mknod null c 1 3
	printf x > small; chown 12:34 small; chmod 4751 small
	: > empty
	head -c 2000000 /dev/urandom > large
	sync
	cd - > /dev/null
	umount /run/mnt
}
`

// TestVirtual appends to volumes for write-once media, open and closed ones.
func TestVirtual(t *testing.T) {
	peertest.Need(t, "mkudffs", "udfinfo")
	dir := t.TempDir()
	var images []string
	for i, args := range [][]string{
		{"-m", "cdr", "-r", "1.50"},
		{"-m", "cdr", "-r", "2.01", "--closed"},
		{"-m", "dvdr", "-r", "2.00"},
		{"-m", "bdr", "-r", "2.50"},
		{"-m", "bdr", "-r", "2.60"},
	} {
		b, err := os.ReadFile(udftest.Mkudffs(t, "60000", args...))
		if err != nil {
			t.Fatal(err)
		}
		for round := range uint64(3) {
			b = random(t, b, uint64(300+i)+100*round)
		}
		image := filepath.Join(dir, fmt.Sprintf("virtual%d.udf", i))
		put(t, image, b)
		images = append(images, image)
	}
	kernel(t, dir, images, "")
}

// TestVirtualLabel changes the label of volumes with a virtual allocation table. That of UDF
// 1.50 has it in an extended attribute, without which there is no place for it.
func TestVirtualLabel(t *testing.T) {
	peertest.Need(t, "mkudffs", "udfinfo")
	for _, c := range []struct {
		revision string
		place    bool
	}{{"1.50", true}, {"1.50", false}, {"2.01", true}} {
		b, err := os.ReadFile(udftest.Mkudffs(t, "60000", "-m", "cdr", "-r", c.revision))
		if err != nil {
			t.Fatal(err)
		}
		if !c.place {
			renameAttribute(t, b)
		}
		label := "another label"
		e := patch.Edit{Root: treeOf(t, bytes.NewReader(b), int64(len(b))), View: "UDF", Label: &label}
		set, _, err := tryChange(t, bytes.NewReader(b), int64(len(b)), e)
		if !c.place {
			wantUnsafe(t, err, "no place for another label")
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		v, err := udf.Open(set, set.Size(), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Volume().Label; got != label {
			t.Errorf("UDF %s has the label %q, want %q", c.revision, got, label)
		}
		image := filepath.Join(t.TempDir(), "image.udf")
		put(t, image, save(t, set, set.Size()))
		if out := peertest.Run(t, "", "udfinfo", image); !strings.Contains(out, "lvid="+label) {
			t.Errorf("UDF %s: udfinfo: %s", c.revision, out)
		}
	}
}

// renameAttribute renames the attribute of a table's ICB that has the label.
func renameAttribute(t *testing.T, image []byte) {
	t.Helper()
	at := bytes.Index(image, []byte("*UDF VAT LVExtension"))
	if at < 0 {
		t.Fatal("the table has no logical volume extended information")
	}
	copy(image[at:], "*UDF FreeEASpace    ")
	block := image[at/2048*2048:][:2048]
	ecma167.Reseal(block[:16+int(binary.LittleEndian.Uint16(block[10:]))])
}
