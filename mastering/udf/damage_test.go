package udf_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// small returns a bridge image by genisoimage with one file.
func small(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	image := filepath.Join(t.TempDir(), "image.iso")
	if err := os.MkdirAll(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "folder", "file"), bytes.Repeat([]byte("data"), 1000), 0o644); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, "", "genisoimage", "-quiet", "-udf", "-o", image, dir)
	p, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// findTag returns the first sector, beginning with the given one, that has a
// descriptor of that kind.
func findTag(t testing.TB, p []byte, from int, id uint16) int {
	t.Helper()
	for s := from; (s+1)*2048 <= len(p); s++ {
		if got, err := ecma167.CheckTag(p[s*2048 : (s+1)*2048]); err == nil && got == id {
			return s
		}
	}
	t.Fatalf("no %s", ecma167.TagName(id))
	return 0
}

// blockOf returns the block of the file entry of a file, in its partition.
func blockOf(t testing.TB, v *udf.FS, path string) int {
	t.Helper()
	i, err := v.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(uint32(i.Sys().(*volume.Attributes).Inode - 1)) // the number of the place, which is not 0
}

// rootOf returns the block of the file entry of the root directory, and the sector
// where the partition begins.
func rootOf(t testing.TB, p []byte) (root, partition int) {
	t.Helper()
	set := findTag(t, p, 257, ecma167.TagFSD)
	partition = int(le.Uint32(p[findTag(t, p, 17, ecma167.TagPD)*2048+188:]))
	return int(ecma167.DecodeLongAD(p[set*2048+400:]).Block), partition
}

// resealSector updates the tag of a changed descriptor.
func resealSector(p []byte, sector int) {
	d := p[sector*2048 : sector*2048+2048]
	n := int(le.Uint16(d[10:]))
	ecma167.SealTag(d[:ecma167.TagLength+n], le.Uint16(d), le.Uint16(d[2:]), le.Uint32(d[12:]))
}

func openBytes(p []byte, o volume.Options) (*udf.FS, error) {
	return udf.Open(bytes.NewReader(p), int64(len(p)), o)
}

func TestDamage(t *testing.T) {
	peertest.Need(t, "genisoimage")
	image := small(t)
	main := findTag(t, image, 17, ecma167.TagPVD)
	root := findTag(t, image, 257, ecma167.TagFE)
	read := func(p []byte) error {
		v, err := openBytes(p, volume.Options{View: "UDF"})
		if err != nil {
			return err
		}
		return fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			_, err = udftest.DigestOf(v, p)
			return err
		})
	}
	partition := int(le.Uint32(image[findTag(t, image, main, ecma167.TagPD)*2048+188:]))
	tests := []struct {
		name   string
		change func(p []byte) []byte
		want   string // part of the error, empty for none
	}{
		{"nothing", func(p []byte) []byte { return p }, ""},
		{"main sequence", func(p []byte) []byte { clear(p[main*2048 : (main+16)*2048]); return p }, ""},
		{"main logical volume descriptor", func(p []byte) []byte { p[findTag(t, p, main, ecma167.TagLVD)*2048+300]++; return p }, ""},
		{"first anchor", func(p []byte) []byte { clear(p[256*2048 : 257*2048]); return p }, ""},
		{"both sequences", func(p []byte) []byte { clear(p[main*2048 : (main+32)*2048]); return p }, "has no logical volume"},
		{"root checksum", func(p []byte) []byte { p[root*2048+6]++; return p }, "block " + strconv.Itoa(root-partition) + " of partition 0: sector " + strconv.Itoa(root) + ": the checksum"},
		{"root CRC", func(p []byte) []byte { p[root*2048+40]++; return p }, "the CRC of the descriptor is wrong"},
		{"root moved", func(p []byte) []byte { p[root*2048+12]++; resealSector(p, root); return p }, "belongs to block"},
		{"root blank", func(p []byte) []byte { clear(p[root*2048 : (root+1)*2048]); return p }, "blank"},
		{"root of another type", func(p []byte) []byte { p[root*2048+27] = ecma167.TypeFile; resealSector(p, root); return p }, "not a directory"},
		{"root endless", func(p []byte) []byte { le.PutUint64(p[root*2048+56:], 1<<60); resealSector(p, root); return p }, "on a volume of"},
		{"too many descriptors", func(p []byte) []byte { le.PutUint32(p[root*2048+172:], 1<<31); resealSector(p, root); return p }, "room for only"},
		{"cut off", func(p []byte) []byte { return p[:root*2048] }, "truncated"},
		{"loop of allocation", func(p []byte) []byte {
			d := p[root*2048:]
			le.PutUint32(d[176:], ecma167.ExtentContinues<<30|2048)
			le.PutUint32(d[180:], uint32(root+1-partition))
			resealSector(p, root)
			d = d[2048:]
			clear(d[:2048])
			le.PutUint32(d[20:], 8)
			le.PutUint32(d[24:], ecma167.ExtentContinues<<30|2048)
			le.PutUint32(d[28:], uint32(root+1-partition))
			ecma167.SealTag(d[:32], ecma167.TagAED, 2, uint32(root+1-partition))
			return p
		}, "forms a loop"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := read(test.change(bytes.Clone(image)))
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// TestReserve checks that the use of the reserve sequence is reported.
func TestReserve(t *testing.T) {
	peertest.Need(t, "genisoimage")
	image := small(t)
	main := findTag(t, image, 17, ecma167.TagPVD)
	clear(image[main*2048 : (main+16)*2048])
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p := property(v.Volume(), "Recovered"); !strings.Contains(p, "the main one is not usable: it is blank") {
		t.Errorf("damage %q", p)
	}
}

// TestBridgeDamage checks that a bridge disc with damaged UDF is opened as ISO 9660,
// unless UDF was asked for.
func TestBridgeDamage(t *testing.T) {
	peertest.Need(t, "genisoimage")
	image := small(t)
	root := findTag(t, image, 257, ecma167.TagFE)
	clear(image[root*2048 : (root+1)*2048])
	if _, err := openBytes(image, volume.Options{}); !errors.Is(err, volume.ErrUnknown) {
		t.Errorf("error %v", err)
	}
	if _, err := openBytes(image, volume.Options{View: "UDF"}); err == nil || errors.Is(err, volume.ErrUnknown) {
		t.Errorf("error %v", err)
	}
	if _, err := openBytes(image, volume.Options{View: "Joliet"}); !errors.Is(err, volume.ErrUnknown) {
		t.Errorf("error %v", err)
	}
}

// TestDirectoryLoop reads a directory that contains the root.
func TestDirectoryLoop(t *testing.T) {
	peertest.Need(t, "genisoimage")
	image := small(t)
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	root, partition := rootOf(t, image)
	dir := partition + blockOf(t, v, "folder")
	data := int(le.Uint32(image[dir*2048+180:])) + partition
	p := image[data*2048:]
	second := (ecma167.FIDLength + int(p[19]) + 3) &^ 3
	p[second+18] = ecma167.FIDDirectory
	le.PutUint32(p[second+24:], uint32(root))
	ecma167.SealTag(p[second:second+ecma167.TagLength+int(le.Uint16(p[second+10:]))], ecma167.TagFID, 2, le.Uint32(p[second+12:]))
	if v, err = openBytes(image, volume.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.ReadDir("folder/file"); err == nil || !strings.Contains(err.Error(), "contains itself") {
		t.Errorf("error %v", err)
	}
}

// bounded is an io.ReaderAt that limits how many bytes are read.
type bounded struct {
	*bytes.Reader
	left int
}

func (b *bounded) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, io.ErrNoProgress
	}
	return b.Reader.ReadAt(p, off)
}

// FuzzOpen changes bytes of descriptors, updates the tags, and reads the volume.
func FuzzOpen(f *testing.F) {
	peertest.Need(f, "genisoimage", "mkudffs")
	images := [][]byte{small(f)}
	for _, args := range [][]string{{"-m", "hd", "-b", "512"}, {"-m", "cdr", "-r", "1.50"}, {"-m", "dvdrw"}, {"-m", "bdr", "-r", "2.50"}} {
		p, err := os.ReadFile(udftest.Mkudffs(f, "2000", args...))
		if err != nil {
			f.Fatal(err)
		}
		images = append(images, p)
	}
	for _, r := range []plan.Revision{plan.Revision150, plan.Revision250} {
		root := tree.NewFolder("", udftest.When)
		dir := tree.NewFolder("folder", udftest.When)
		root.Append(dir)
		dir.Append(tree.NewFile("file", 5000, udftest.When, layout.Bytes(make([]byte, 5000))))
		dir.Append(tree.NewNode("link", fs.ModeSymlink|0o777, tree.Symlink("file")))
		dir.Append(tree.NewNode("null", fs.ModeDevice|0o666, tree.Device(1<<32|3)))
		l := udftest.Volume(f, root, plan.Options{Revision: r})
		p := make([]byte, l.Size())
		if _, err := l.ReadAt(p, 0); err != nil {
			f.Fatal(err)
		}
		images = append(images, p)
	}
	for i := range images {
		f.Add(uint8(i), []byte{0, 0, 0})
		f.Add(uint8(i), []byte{1, 0, 1, 27, 9, 1, 88, 200, 3})
	}
	f.Fuzz(func(t *testing.T, which uint8, edits []byte) {
		p := bytes.Clone(images[int(which)%len(images)])
		var tagged []int
		for at := 16 * 2048; at+512 <= len(p); at += 512 {
			if _, err := ecma167.CheckTag(p[at:min(len(p), at+4096)]); err == nil {
				tagged = append(tagged, at)
			}
		}
		for ; len(edits) >= 4; edits = edits[4:] { // a descriptor, a byte of it, a value
			at := tagged[int(edits[0])%len(tagged)]
			if k := at + int(le.Uint16(edits[1:]))%512; k < len(p) {
				p[k] = edits[3]
			}
			d := p[at:]
			if n := ecma167.TagLength + int(le.Uint16(d[10:])); n <= len(d) {
				ecma167.SealTag(d[:n], le.Uint16(d), le.Uint16(d[2:]), le.Uint32(d[12:]))
			}
		}
		r := &bounded{bytes.NewReader(p), 256 << 20}
		used := allocated(func() { readAll(r, int64(len(p))) })
		if limit := int64(64<<20 + 64*len(p)); used > limit || r.left < 0 {
			t.Errorf("a volume of %d bytes took %d bytes of memory and %d of reading", len(p), used, 256<<20-r.left)
		}
	})
}

// readAll reads a volume that may be damaged, up to a limit.
func readAll(r io.ReaderAt, size int64) {
	v, err := udf.Open(r, size, volume.Options{})
	if err != nil {
		return
	}
	v.Volume()
	_, _ = v.Check(context.Background())
	left := 1000
	_ = v.Walk(".", func(e *volume.Entry) error {
		if e.More != nil {
			_ = e.More()
			_, _ = v.OpenPlace(e.Place)
		}
		if left--; left < 0 {
			return fs.SkipAll
		}
		return nil
	})
	left = 1000
	buf := make([]byte, 65536)
	_ = fs.WalkDir(v, ".", func(p string, d fs.DirEntry, err error) error {
		if left--; left < 0 {
			return fs.SkipAll
		}
		if err != nil {
			return nil
		}
		i, err := d.Info()
		if err != nil {
			return nil
		}
		_ = i.Sys()
		_, _ = v.ReadLink(p)
		_, _ = v.Stat(p)
		if f, err := v.Open(p); err == nil {
			_, _ = f.Read(buf)
			f.Close()
		}
		return nil
	})
}

// TestTruncated reads a file whose end is missing. The error names the first sector
// that is missing.
func TestTruncated(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("file", 40*disc.SectorSize, udftest.When, layout.Bytes(make([]byte, 40*disc.SectorSize))))
	p := image(t, root, plan.Revision201)
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := v.Stat("file")
	if err != nil {
		t.Fatal(err)
	}
	end := int(info.Sys().(*volume.Attributes).Extents[0].Start) + 10
	if v, err = openBytes(p[:end*disc.SectorSize], volume.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := fs.ReadFile(v, "file"); err == nil || !strings.Contains(err.Error(), fmt.Sprintf(": sector %d is beyond", end)) {
		t.Errorf("error %v, want sector %d", err, end)
	}
}

// allocated returns the bytes that f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}
