package udf

import (
	"bytes"
	"io"
	"io/fs"
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

// TestPartialMetadataBlock reads a metadata file whose extents end within a block.
// That must give an error, not an endless loop.
func TestPartialMetadataBlock(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("a", 10, udftest.When, layout.Bytes("0123456789")))
	l := udftest.Volume(t, root, plan.Options{Revision: plan.Revision250})
	v, err := Open(l, l.Size(), volume.Options{})
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

// allocated returns the bytes that f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}
