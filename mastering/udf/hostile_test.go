package udf_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// image renders a volume with that root.
func image(t *testing.T, root *tree.Node, r plan.Revision) []byte {
	t.Helper()
	l := udftest.Volume(t, root, plan.Options{Revision: r})
	p := make([]byte, l.Size())
	if _, err := l.ReadAt(p, 0); err != nil {
		t.Fatal(err)
	}
	return p
}

// sectorOf returns the sector of the file entry with that path.
func sectorOf(t *testing.T, p []byte, path string) int {
	t.Helper()
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return plan.FirstSector + blockOf(t, v, path)
}

// The limit of what a walk reads, and the error for more.
const (
	walkFactor = 4
	walkSpare  = 1 << 20
	walkLimit  = "take more space than the volume has"
)

// TestSharedDirectory reads a volume in which hundreds of directories share the
// contents of one: a walk ends before it has visited all of them.
func TestSharedDirectory(t *testing.T) {
	const files, folders = 2000, 1000
	root := tree.NewFolder("", udftest.When)
	d := tree.NewFolder("a", udftest.When)
	root.Append(d)
	for i := range files {
		d.Append(tree.NewFile(fmt.Sprint(i), 0, udftest.When, layout.Bytes(nil)))
	}
	for i := range folders {
		root.Append(tree.NewFolder(fmt.Sprintf("b%d", i), udftest.When))
	}
	p := image(t, root, plan.Revision150)
	full := p[sectorOf(t, p, "a")*disc.SectorSize:][:disc.SectorSize]
	for i := range folders {
		at := sectorOf(t, p, fmt.Sprintf("b%d", i))
		b := p[at*disc.SectorSize:][:disc.SectorSize]
		copy(b[34:36], full[34:36])
		copy(b[56:72], full[56:72])
		copy(b[172:], full[172:])
		le.PutUint16(b[10:], le.Uint16(full[10:]))
		resealSector(p, at)
	}
	counted := &bounded{bytes.NewReader(p), 1 << 40}
	v, err := udf.Open(counted, int64(len(p)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen, reported := 0, false
	if err := v.Walk(".", func(e *volume.Entry) error {
		seen++
		reported = reported || e.Err != nil && strings.Contains(e.Err.Error(), walkLimit)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if limit := (walkFactor*len(p) + walkSpare) / ecma167.FIDLength * 2; seen > limit || !reported {
		t.Errorf("%d entries of a volume of %d bytes, reported %v", seen, len(p), reported)
	}
	before := counted.left
	if got := defectsOf(t, v); !strings.Contains(got, walkLimit) {
		t.Errorf("%.1000s", got)
	}
	if read := before - counted.left; read > 2*walkFactor*len(p)+walkSpare {
		t.Errorf("%d bytes were read", read)
	}
}

// TestMore compares the attributes of a walk with those of Lstat.
func TestMore(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFolder("dir", udftest.When))
	root.Append(tree.NewFile("file", 3, udftest.When, layout.Bytes("abc")))
	root.Append(tree.NewNode("null", fs.ModeDevice|0o666, tree.Device(1<<32|3)))
	v, err := openBytes(image(t, root, plan.Revision250), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Walk(".", func(e *volume.Entry) error {
		info, err := v.Lstat(string(e.Path))
		if err != nil {
			return err
		}
		if got, want := e.More(), info.Sys(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", e.Path, got, want)
		}
		f, err := v.OpenPlace(e.Place)
		if !e.Mode.IsRegular() {
			if _, is := f.(fs.ReadDirFile); is {
				t.Errorf("%s was opened by its place", e.Path)
			}
			return nil
		}
		if err != nil {
			return err
		}
		if p, err := io.ReadAll(f); string(p) != "abc" || err != nil {
			t.Errorf("%s: %q, %v", e.Path, p, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// TestPlaces opens places where no file is.
func TestPlaces(t *testing.T) {
	v, err := openBytes(image(t, tree.NewFolder("", udftest.When), plan.Revision250), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []uint64{0, 1 << 32, 1 << 40, 1 << 48, 1<<64 - 1} {
		if f, err := v.OpenPlace(place); err == nil {
			t.Errorf("place %d: %v", place, f)
		}
	}
}

// TestDeep nests directories until their path is too long.
func TestDeep(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	for at, i := root, 0; i < 200; i++ {
		next := tree.NewFolder(strings.Repeat("d", 200), udftest.When)
		at.Append(next)
		at = next
	}
	v, err := openBytes(image(t, root, plan.Revision150), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen, last := 0, error(nil)
	if err := v.Walk(".", func(e *volume.Entry) error {
		seen, last = seen+1, e.Err
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if seen > 8192/200+2 || last == nil || !strings.Contains(last.Error(), "path is longer") {
		t.Errorf("%d folders, %.100v", seen, last)
	}
	list, err := v.Check(t.Context())
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Text, "path is longer") {
		t.Errorf("%.1000v, %v", list, err)
	}
}

// TestIndirectLoop reads an ICB of strategy 4096 that points to itself.
func TestIndirectLoop(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("a", 0, udftest.When, layout.Bytes(nil)))
	root.Append(tree.NewFile("b", 0, udftest.When, layout.Bytes(nil)))
	p := image(t, root, plan.Revision150)
	at, next := sectorOf(t, p, "a"), sectorOf(t, p, "b")
	if next != at+1 {
		t.Fatalf("the file entries are at sectors %d and %d", at, next)
	}
	root0 := sectorOf(t, p, ".")
	name := p[root0*disc.SectorSize+176+ecma167.FIDParentLength:] // of a, in the file entry of the root
	icb := ecma167.DecodeLongAD(name[20:])
	icb.Length = 2 * disc.SectorSize
	ecma167.PutLongAD(name[20:], icb)
	ecma167.SealTag(name[:(ecma167.FIDLength+int(name[19])+3)&^3], ecma167.TagFID, 2, le.Uint32(name[12:]))
	resealSector(p, root0)
	le.PutUint16(p[at*disc.SectorSize+20:], 4096)
	resealSector(p, at)
	b := p[next*disc.SectorSize:][:disc.SectorSize]
	clear(b)
	ecma167.PutLongAD(b[36:], icb)
	ecma167.SealTag(b[:52], ecma167.TagIE, 2, icb.Block+1)
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Lstat("a"); err == nil || !strings.Contains(err.Error(), "loop") {
		t.Errorf("error %v", err)
	}
}

// TestManyMaps opens a logical volume with more partition maps than UDF allows.
func TestManyMaps(t *testing.T) {
	p := image(t, tree.NewFolder("", udftest.When), plan.Revision150)
	for at := findTag(t, p, 0, ecma167.TagLVD); ; at = findTag(t, p, at+1, ecma167.TagLVD) {
		b := p[at*disc.SectorSize:]
		for i := range 100 {
			copy(b[440+6*i:], b[440:446])
		}
		le.PutUint32(b[264:], 600)
		le.PutUint32(b[268:], 100)
		le.PutUint16(b[10:], 440+600-ecma167.TagLength)
		resealSector(p, at)
		if at > len(p)/disc.SectorSize-plan.TailSectors {
			break
		}
	}
	if _, err := openBytes(p, volume.Options{}); err == nil || !strings.Contains(err.Error(), "partition maps") {
		t.Errorf("error %v", err)
	}
}

// TestTooLarge reads a file whose extents overlap and are larger than the volume. Its
// extents are not listed.
func TestTooLarge(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("a", 8*disc.SectorSize, udftest.When, layout.Bytes(make([]byte, 8*disc.SectorSize))))
	p := image(t, root, plan.Revision150)
	at := sectorOf(t, p, "a")
	b := p[at*disc.SectorSize:]
	const n = 200
	for i := range n {
		copy(b[176+8*i:], b[176:184])
		le.PutUint32(b[176+8*i:], 8*disc.SectorSize)
	}
	le.PutUint64(b[56:], n*8*disc.SectorSize)
	le.PutUint32(b[172:], 8*n)
	le.PutUint16(b[10:], 176+8*n-ecma167.TagLength)
	resealSector(p, at)
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := v.Lstat("a")
	if err != nil {
		t.Fatal(err)
	}
	if a := info.Sys().(*volume.Attributes); !strings.Contains(a.Unreadable, "cannot be on a volume") {
		t.Errorf("unreadable: %q", a.Unreadable)
	}
}
