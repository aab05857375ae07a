package udf_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

var le = binary.LittleEndian

// openFile opens the volume in an image file for the time of the test.
func openFile(t testing.TB, image string) *udf.FS {
	t.Helper()
	f, size := udftest.OpenImage(t, image)
	v, err := udf.Open(f, size, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// media are what mkudffs makes.
var media = []struct {
	args   []string
	format string
	block  int
	kind   string // of one of the partitions
}{
	{[]string{"-m", "hd", "-r", "1.02"}, "UDF 1.02", 512, "physical"},
	{[]string{"-m", "hd", "-r", "1.50", "-b", "1024"}, "UDF 1.50", 1024, "physical"},
	{[]string{"-m", "hd", "-r", "2.00", "-b", "2048"}, "UDF 2.00", 2048, "physical"},
	{[]string{"-m", "hd", "-r", "2.01", "-b", "4096"}, "UDF 2.01", 4096, "physical"},
	{[]string{"-m", "hd", "-r", "2.01", "-b", "8192"}, "UDF 2.01", 8192, "physical"},
	{[]string{"-m", "hd", "--ad=short"}, "UDF 2.01", 512, "physical"},
	{[]string{"-m", "hd", "--ad=long"}, "UDF 2.01", 512, "physical"},
	{[]string{"-m", "dvdram", "-r", "2.00"}, "UDF 2.00", 2048, "physical"},
	{[]string{"-m", "hd", "-b", "2048", "--strategy=4096"}, "UDF 2.01", 2048, "physical"},
	{[]string{"-m", "dvdrw", "-r", "2.01"}, "UDF 2.01", 2048, "sparable (0 packets replaced)"},
	{[]string{"-m", "cdrw", "-r", "1.50"}, "UDF 1.50", 2048, "sparable (0 packets replaced)"},
	{[]string{"-m", "cdr", "-r", "1.50"}, "UDF 1.50", 2048, "virtual (2 entries)"},
	{[]string{"-m", "cdr", "-r", "2.01", "--closed"}, "UDF 2.01", 2048, "virtual (2 entries)"},
	{[]string{"-m", "dvdr", "-r", "2.00"}, "UDF 2.00", 2048, "virtual (2 entries)"},
	{[]string{"-m", "bdr", "-r", "2.50"}, "UDF 2.50", 2048, "virtual (2 entries)"},
	{[]string{"-m", "bdr", "-r", "2.60"}, "UDF 2.60", 2048, "virtual (2 entries)"},
}

func TestOpenMkudffs(t *testing.T) {
	peertest.Need(t, "mkudffs")
	for _, m := range media {
		t.Run(strings.Join(m.args, " "), func(t *testing.T) {
			image := udftest.Mkudffs(t, "20000", append(m.args, "--label=Läbel 日本", "--owner=Ada", "--mode=0751", "--uid=7", "--gid=8")...)
			v := openFile(t, image)
			i := v.Volume()
			if i.Format != m.format || i.BlockSize != m.block || i.Label != "Läbel 日本" {
				t.Errorf("format %q, blocks of %d bytes, label %q", i.Format, i.BlockSize, i.Label)
			}
			if p := property(i, "Partition map"); !strings.Contains(p, m.kind) {
				t.Errorf("partitions %q, want %q", p, m.kind)
			}
			if info, err := os.Stat(image); err != nil || strings.HasPrefix(m.kind, "virtual") && i.Blocks != info.Size()/int64(m.block) {
				t.Errorf("%d blocks, error %v", i.Blocks, err)
			}
			if p := property(i, "Owner"); p != "Ada" {
				t.Errorf("owner %q", p)
			}
			root, err := v.Stat(".")
			if err != nil {
				t.Fatal(err)
			}
			a := root.Sys().(*volume.Attributes)
			if root.Mode() != fs.ModeDir|0o751 || a.UID != 7 || a.GID != 8 || root.ModTime().IsZero() {
				t.Errorf("root %v, %v, %+v", root.Mode(), root.ModTime(), a)
			}
		})
	}
}

// property returns the values of all properties of that name.
func property(i volume.Info, name string) string {
	var all []string
	for _, p := range i.Properties {
		if p.Name == name {
			all = append(all, p.Value)
		}
	}
	return strings.Join(all, "; ")
}

// makeFolder makes some files for genisoimage.
func makeFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"empty":                  nil,
		"one":                    []byte("1"),
		"sub/two sectors":        bytes.Repeat([]byte("0123456789abcdef"), 256),
		"sub/Été à la plage.txt": []byte("mer\n"),
		"sub/deeper/日本語のファイル.txt":          []byte("ファイル\n"),
		"sub/deeper/large":                 bytes.Repeat([]byte("glassmaster "), 100_000),
		"many/" + strings.Repeat("n", 100): []byte("long name"),
	} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 300 {
		p := filepath.Join(dir, "many", fmt.Sprintf("file number %d", i))
		if err := os.WriteFile(p, fmt.Append(nil, i), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestOpenGenisoimage(t *testing.T) {
	peertest.Need(t, "genisoimage")
	dir, image := makeFolder(t), filepath.Join(t.TempDir(), "image.iso")
	peertest.Run(t, "", "genisoimage", "-quiet", "-udf", "-r", "-iso-level", "3", "-input-charset", "UTF-8", "-V", "BRIDGE", "-o", image, dir)
	v := openFile(t, image)
	if i := v.Volume(); i.Format != "UDF 1.02" || i.Label != "BRIDGE" {
		t.Errorf("volume %+v", i)
	}
	sameFiles(t, os.DirFS(dir), v)
}

// sameFiles compares the names and contents of the regular files of two trees.
func sameFiles(t testing.TB, want, got fs.FS) {
	t.Helper()
	list := func(f fs.FS) string {
		var b strings.Builder
		err := fs.WalkDir(f, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			fmt.Fprintln(&b, p, d.Type())
			if d.Type().IsRegular() {
				s, err := udftest.DigestOf(f, p)
				fmt.Fprintln(&b, s)
				return err
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	udftest.Diff(t, list(want), list(got))
}

// TestOpenCorpus reads images that other programs made, if they are there.
func TestOpenCorpus(t *testing.T) {
	corpus := "../../../shared/corpus"
	list, err := os.ReadFile(filepath.Join(corpus, "corpus.tsv"))
	if err != nil {
		t.Skip("no corpus")
	}
	for _, line := range strings.Split(string(list), "\n") {
		name, _, _ := strings.Cut(line, "\t")
		base := filepath.Base(name)
		if !strings.Contains(line, "UDF") && !strings.HasPrefix(base, "udf") || !strings.HasSuffix(base, ".img") && !strings.HasSuffix(base, ".iso") {
			continue
		}
		t.Run(base, func(t *testing.T) { udftest.Manifest(t, openFile(t, filepath.Join(corpus, name))) })
	}
}

// TestSession opens the volume of each session of a disc.
func TestSession(t *testing.T) {
	peertest.Need(t, "mkudffs")
	image := udftest.Mkudffs(t, "2000", "-m", "cdr", "-r", "2.01", "--label=first")
	info, err := os.Stat(image)
	if err != nil {
		t.Fatal(err)
	}
	const start = 2000
	if err := os.Truncate(image, start*2048); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, "", "mkudffs", "--utf8", "-m", "cdr", "-r", "2.01", "--label=second", "--startblock=2000", image, "4000")
	disc, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		size  int64
		o     volume.Options
		label string
	}{
		{info.Size(), volume.Options{}, "first"},
		{int64(len(disc)), volume.Options{Start: start}, "second"},
		{info.Size(), volume.Options{Start: 50}, "first"}, // no volume begins there
	} {
		v, err := openBytes(disc[:test.size], test.o)
		if err != nil {
			t.Fatal(err)
		}
		if got := v.Volume().Label; got != test.label {
			t.Errorf("%+v: %q, want %q", test.o, got, test.label)
		}
	}
}
