package udf

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
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
	n, _, err := v.resolve(path, false)
	if err != nil {
		t.Fatal(err)
	}
	off, _, err := v.locate(n.icb)
	if err != nil {
		t.Fatal(err)
	}
	return int(off / disc.SectorSize)
}

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
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	seen, reported := 0, false
	if err := v.Walk(".", func(e *volume.Entry) error {
		seen++
		reported = reported || errors.Is(e.Err, errWalkLimit)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if limit := (walkFactor*len(p) + walkSpare) / ecma167.FIDLength * 2; seen > limit || !reported {
		t.Errorf("%d entries of a volume of %d bytes, reported %v", seen, len(p), reported)
	}
	read := v.followed.Load()
	if got := defects(t, p); !strings.Contains(got, errWalkLimit.Error()) {
		t.Errorf("%.1000s", got)
	}
	if read = v.followed.Load() - read; read > 2*walkFactor*int64(len(p))+walkSpare {
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
	if seen > maxWalkPath/200+2 || last == nil || !strings.Contains(last.Error(), "path is longer") {
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
	v, err := openBytes(p, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n, _, err := v.resolve("a", false)
	if err != nil {
		t.Fatal(err)
	}
	icb := n.icb
	icb.Length = 2 * disc.SectorSize
	le.PutUint16(p[at*disc.SectorSize+20:], 4096)
	resealSector(p, at)
	b := p[next*disc.SectorSize:][:disc.SectorSize]
	clear(b)
	ecma167.PutLongAD(b[36:], icb)
	ecma167.SealTag(b[:52], ecma167.TagIE, 2, icb.Block+1)
	if v, err = openBytes(p, volume.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := v.readEntry(icb); err == nil || !strings.Contains(err.Error(), "loop") {
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

// TestPartialMetadataBlock reads a metadata file whose extents end within a block.
// That must give an error, not an endless loop.
func TestPartialMetadataBlock(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("a", 10, udftest.When, layout.Bytes("0123456789")))
	p := image(t, root, plan.Revision250)
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
	c := contents{v: v.reader, extents: []extent{{partition: 1}}, end: disc.SectorSize, size: disc.SectorSize}
	if _, err := io.Copy(io.Discard, io.NewSectionReader(&c, 0, c.size)); err == nil {
		t.Error("no error")
	}
}

// TestEqualNames has many entries of the same name. All of them are shown.
func TestEqualNames(t *testing.T) {
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
			t.Fatalf("%q is not a valid name", n.text)
		}
	}
	for _, want := range []string{"a", "a~2", "a~3", "b"} {
		if !seen[want] {
			t.Errorf("%q is missing", want)
		}
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

// allocated returns the bytes that f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// smallBlock is the block size of FuzzBlocks.
const smallBlock = 512

// seedBlocks returns blocks with a directory of two names, a file with a chain of
// allocation descriptors, a symbolic link, and an ICB of strategy 4096.
func seedBlocks() []byte {
	p := make([]byte, 12*smallBlock)
	entry := func(block int, kind byte, strategy, flags uint16, size uint64, ads []byte) []byte {
		b := p[block*smallBlock:]
		le.PutUint16(b[20:], strategy)
		b[27] = kind
		le.PutUint16(b[34:], flags)
		le.PutUint64(b[56:], size)
		le.PutUint32(b[172:], uint32(len(ads)))
		copy(b[176:], ads)
		ecma167.SealTag(b[:176+len(ads)], ecma167.TagFE, 2, uint32(block))
		return b
	}
	short := func(length, block uint32) []byte {
		return le.AppendUint32(le.AppendUint32(nil, length), block)
	}
	names := p[2*smallBlock:]
	for i := range 2 {
		f := names[40*i:]
		f[19] = 2
		ecma167.PutLongAD(f[20:], ecma167.LongAD{Length: smallBlock, Block: uint32(3 + i), Partition: uint16(i)})
		copy(f[38:], []byte{8, 'a' + byte(i)})
		ecma167.SealTag(f[:40], ecma167.TagFID, 2, 2)
	}
	entry(0, ecma167.TypeDirectory, 4, ecma167.ADShort, 80, short(80, 2))
	entry(3, ecma167.TypeFile, 4, ecma167.ADShort, 3*smallBlock, append(short(2*smallBlock, 8), short(ecma167.ExtentContinues<<30|smallBlock, 5)...))
	aed := p[5*smallBlock:]
	le.PutUint32(aed[20:], 16)
	copy(aed[24:], short(ecma167.ExtentHole<<30|smallBlock, 0))
	copy(aed[32:], short(ecma167.ExtentContinues<<30|smallBlock, 5))
	ecma167.SealTag(aed[:40], ecma167.TagAED, 2, 5)
	entry(4, ecma167.TypeSymlink, 4, ecma167.ADInline, 10, []byte{3, 0, 0, 0, 5, 2, 0, 0, 8, 'x'})
	entry(6, ecma167.TypeFile, 4096, ecma167.ADLong, 0, nil)
	ie := p[7*smallBlock:]
	ecma167.PutLongAD(ie[36:], ecma167.LongAD{Length: 2 * smallBlock, Block: 6, Partition: 0})
	ecma167.SealTag(ie[:52], ecma167.TagIE, 2, 7)
	return p
}

// FuzzBlocks reads descriptors of a small partition, and of each other kind of
// partition on top of it: ICBs, chains of allocation descriptors, directories and
// symbolic links. It updates the tags first.
func FuzzBlocks(f *testing.F) {
	seed := seedBlocks()
	f.Add(seed, uint16(0))
	f.Add(seed, uint16(3))
	long := clone(seed)
	le.PutUint16(long[3*smallBlock+34:], ecma167.ADLong)
	f.Add(long, uint16(3))
	f.Fuzz(func(t *testing.T, p []byte, block uint16) {
		p = clone(p[:min(len(p), 64*smallBlock)/smallBlock*smallBlock])
		for at := 0; at+ecma167.FIDLength <= len(p); at += 4 {
			if d := p[at:]; le.Uint16(d) == ecma167.TagFID && le.Uint16(d[2:]) == 2 {
				n := (ecma167.FIDLength + int(le.Uint16(d[36:])) + int(d[19]) + 3) &^ 3
				ecma167.SealTag(d[:min(n, len(d))], ecma167.TagFID, 2, le.Uint32(d[12:]))
			}
		}
		for at := 0; at < len(p); at += smallBlock {
			d := p[at : at+smallBlock]
			n := ecma167.TagLength + int(le.Uint16(d[10:]))%(smallBlock-ecma167.TagLength)
			if id := le.Uint16(d); id >= ecma167.TagFSD && id <= ecma167.TagEFE && id != ecma167.TagFID {
				ecma167.SealTag(d[:n], id, 2, uint32(at/smallBlock))
			}
		}
		m := &medium{r: bytes.NewReader(p), size: int64(len(p)), block: smallBlock}
		base := &physical{partitionDescriptor{length: uint32(len(p) / smallBlock)}, m}
		v := reader{state: &state{medium: m, parts: []partition{
			base, &sparable{physical: base, packet: 2, moved: map[uint32]uint32{2: 5}},
			&virtual{physical: base, table: bytes.NewReader(p), entries: int64(len(p) / 4)},
		}}}
		inner := &contents{v: v, extents: []extent{{}}, end: m.size, size: m.size}
		v.parts = append(v.parts, &metadata{main: inner})
		used := allocated(func() {
			for part := range uint16(4) {
				readBlock(t, v, ecma167.LongAD{Length: 2 * smallBlock, Block: uint32(block), Partition: part})
			}
		})
		if limit := int64(4<<20 + 100*len(p)); used > limit || v.followed.Load() > limit {
			t.Errorf("%d bytes took %d of memory, and %d were followed", len(p), used, v.followed.Load())
		}
	})
}

// readBlock reads everything that an ICB may point to.
func readBlock(t *testing.T, v reader, icb ecma167.LongAD) {
	e, err := v.readEntry(icb)
	if err != nil {
		return
	}
	names, _ := v.readDirectory(e)
	for _, n := range names {
		if !filename.ValidPath(n.text) || strings.Contains(n.text, "/") {
			t.Errorf("the name %q is not valid", n.text)
		}
	}
	_, _ = v.readTarget(e)
	c, err := v.contents(e)
	if err != nil {
		return
	}
	if n, err := io.Copy(io.Discard, io.NewSectionReader(c, 0, min(c.size, 1<<16))); err == nil && n != min(c.size, 1<<16) {
		t.Errorf("%d of %d bytes without an error", n, c.size)
	}
	list, err := c.sectors(nil)
	total := int64(0)
	for _, x := range list {
		total += x.Length
	}
	if err == nil && list != nil && total != c.size {
		t.Errorf("extents of %d bytes for a file of %d", total, c.size)
	}
}
