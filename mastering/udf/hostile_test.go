package udf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// image renders a volume with that root.
func image(t *testing.T, root *tree.Node, r Revision) []byte {
	t.Helper()
	l := plan(t, root, Options{Revision: r})
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
	n, err := v.resolve(path, false)
	if err != nil {
		t.Fatal(err)
	}
	off, _, err := v.locate(n.icb)
	if err != nil {
		t.Fatal(err)
	}
	return int(off / sectorSize)
}

// TestSharedDirectory has hundreds of folders hold the names of the same one: a
// walk ends long before it has seen all of them.
func TestSharedDirectory(t *testing.T) {
	const files, folders = 2000, 1000
	root := tree.NewFolder("", when)
	d := tree.NewFolder("a", when)
	root.Append(d)
	for i := range files {
		d.Append(tree.NewFile(fmt.Sprint(i), 0, when, layout.Bytes(nil)))
	}
	for i := range folders {
		root.Append(tree.NewFolder(fmt.Sprintf("b%d", i), when))
	}
	p := image(t, root, Revision150)
	full := p[sectorOf(t, p, "a")*sectorSize:][:sectorSize]
	for i := range folders {
		at := sectorOf(t, p, fmt.Sprintf("b%d", i))
		b := p[at*sectorSize:][:sectorSize]
		copy(b[34:36], full[34:36])
		copy(b[56:72], full[56:72])
		copy(b[172:], full[172:])
		le.PutUint16(b[10:], le.Uint16(full[10:]))
		resealSector(p, at)
	}
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen, told := 0, false
	if err := v.Walk(".", func(e *volume.Entry) error {
		seen++
		told = told || errors.Is(e.Err, errRoom)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if limit := (walkRoom*len(p) + walkSpare) / fidLength * 2; seen > limit || !told {
		t.Errorf("%d entries of a volume of %d bytes, told %v", seen, len(p), told)
	}
}

// TestIndirectLoop has an ICB of strategy 4096 that leads back to itself.
func TestIndirectLoop(t *testing.T) {
	root := tree.NewFolder("", when)
	root.Append(tree.NewFile("a", 0, when, layout.Bytes(nil)))
	root.Append(tree.NewFile("b", 0, when, layout.Bytes(nil)))
	p := image(t, root, Revision150)
	at, next := sectorOf(t, p, "a"), sectorOf(t, p, "b")
	if next != at+1 {
		t.Fatalf("the file entries are at sectors %d and %d", at, next)
	}
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, err := v.resolve("a", false)
	if err != nil {
		t.Fatal(err)
	}
	icb := n.icb
	icb.length = 2 * sectorSize
	le.PutUint16(p[at*sectorSize+20:], 4096)
	resealSector(p, at)
	b := p[next*sectorSize:][:sectorSize]
	clear(b)
	putLongAD(b[36:], icb)
	sealTag(b[:52], tagIE, 2, icb.block+1)
	if v, err = openBytes(p, volume.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.readEntry(icb); err == nil || !strings.Contains(err.Error(), "loop") {
		t.Errorf("error %v", err)
	}
}

// TestManyMaps has a logical volume with more partition maps than there can be,
// each of which could bring a table along.
func TestManyMaps(t *testing.T) {
	p := image(t, tree.NewFolder("", when), Revision150)
	for at := findTag(t, p, 0, tagLVD); ; at = findTag(t, p, at+1, tagLVD) {
		b := p[at*sectorSize:]
		for i := range 100 {
			copy(b[440+6*i:], b[440:446])
		}
		le.PutUint32(b[264:], 600)
		le.PutUint32(b[268:], 100)
		le.PutUint16(b[10:], 440+600-tagLength)
		resealSector(p, at)
		if at > len(p)/sectorSize-TailSectors {
			break
		}
	}
	if _, err := openBytes(p, volume.Options{}); err == nil || !strings.Contains(err.Error(), "partition maps") {
		t.Errorf("error %v", err)
	}
}

// TestTornMetadata has a metadata file whose extents end within a block: what
// lies in such a block is an error, not a read of nothing again and again.
func TestTornMetadata(t *testing.T) {
	root := tree.NewFolder("", when)
	root.Append(tree.NewFile("a", 10, when, layout.Bytes("0123456789")))
	p := image(t, root, Revision250)
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m := v.parts[1].(*metadata)
	for _, c := range []*contents{m.main, m.mirror} {
		first := c.extents[0]
		c.extents = []extent{first, {start: 100, block: first.block, partition: first.partition}}
		c.end = 150
	}
	for block := range uint32(3) {
		if _, n, err := m.locate(block, false); err == nil {
			t.Errorf("block %d: %d bytes without an error", block, n)
		}
	}
	c := contents{v: v.reader, extents: []extent{{partition: 1}}, end: sectorSize, size: sectorSize}
	if _, err := io.Copy(io.Discard, io.NewSectionReader(&c, 0, c.size)); err == nil {
		t.Error("no error")
	}
}

// TestNamesakes has many entries of one name, all of which are shown.
func TestNamesakes(t *testing.T) {
	names := make([]name, 100_000)
	for i := range names {
		names[i].text = "a"
	}
	names[len(names)-2].text, names[len(names)-1].text = "a~2", "b"
	unique(names)
	seen := map[string]bool{}
	for _, n := range names {
		if seen[n.text] {
			t.Fatalf("%q is there twice", n.text)
		}
		seen[n.text] = true
		if !fs.ValidPath(n.text) {
			t.Fatalf("%q is no name", n.text)
		}
	}
	for _, want := range []string{"a", "a~2", "a~3", "b"} {
		if !seen[want] {
			t.Errorf("%q is missing", want)
		}
	}
}

// TestTooLarge has a file whose extents lie on each other and are together more
// than the volume: where they are is not listed.
func TestTooLarge(t *testing.T) {
	root := tree.NewFolder("", when)
	root.Append(tree.NewFile("a", 8*sectorSize, when, layout.Bytes(make([]byte, 8*sectorSize))))
	p := image(t, root, Revision150)
	at := sectorOf(t, p, "a")
	b := p[at*sectorSize:]
	const n = 200
	for i := range n {
		copy(b[176+8*i:], b[176:184])
		le.PutUint32(b[176+8*i:], 8*sectorSize)
	}
	le.PutUint64(b[56:], n*8*sectorSize)
	le.PutUint32(b[172:], 8*n)
	le.PutUint16(b[10:], 176+8*n-tagLength)
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
