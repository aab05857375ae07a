package udf_test

import (
	"io"
	"io/fs"
	"os"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// blankBytes makes an image with mkudffs and returns its bytes.
func blankBytes(t testing.TB, blocks string, args ...string) []byte {
	t.Helper()
	p, err := os.ReadFile(udftest.Mkudffs(t, blocks, args...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestSparedPacket replaces the first packet of a sparable partition by a spare.
func TestSparedPacket(t *testing.T) {
	peertest.Need(t, "mkudffs")
	image := blankBytes(t, "20000", "-m", "dvdrw", "--label=spare")
	_, partition := rootOf(t, image)
	packetLength := int(le.Uint16(image[findTag(t, image, 17, ecma167.TagLVD)*2048+440+40:])) // in the partition map
	moved := false
	for sector := 0; (sector+1)*2048 <= len(image); sector++ {
		table := image[sector*2048:]
		if ecma167.EntityID(table[16:]) != "*UDF Sparing Table" {
			continue
		}
		spare := int(le.Uint32(table[56+4:]))
		le.PutUint32(table[56:], 0) // of block 0
		n := int(le.Uint16(table[10:]))
		ecma167.SealTag(table[:ecma167.TagLength+n], ecma167.TagSpare, le.Uint16(table[2:]), le.Uint32(table[12:]))
		if !moved {
			packet := image[partition*2048:][:packetLength*2048]
			copy(image[spare*2048:], packet)
			clear(packet)
			moved = true
		}
	}
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if p := property(v.Volume(), "Partition map"); !strings.Contains(p, "1 packet replaced") {
		t.Errorf("partitions %q", p)
	}
	if _, err := v.ReadDir("."); err != nil {
		t.Error(err)
	}
}

// TestIndirectEntry adds a newer file entry to an ICB of strategy 4096.
func TestIndirectEntry(t *testing.T) {
	peertest.Need(t, "mkudffs")
	image := blankBytes(t, "20000", "-m", "hd", "-b", "2048", "--strategy=4096")
	block, first := rootOf(t, image)
	root := first + block
	const to = 50
	indirect := func(target uint32) {
		d := image[(root+1)*2048 : (root+2)*2048]
		clear(d)
		copy(d[16:36], image[root*2048+16:])
		ecma167.PutLongAD(d[36:], ecma167.LongAD{Length: 2 * 2048, Block: target, Partition: 0})
		ecma167.SealTag(d[:52], ecma167.TagIE, 3, uint32(block+1))
	}
	newer := image[(first+to)*2048:]
	copy(newer[:2048], image[root*2048:])
	le.PutUint32(newer[36:], 77)
	ecma167.SealTag(newer[:ecma167.TagLength+int(le.Uint16(newer[10:]))], ecma167.TagEFE, 3, to)
	indirect(to)
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i, err := v.Stat(".")
	if err != nil || i.Sys().(*volume.Attributes).UID != 77 {
		t.Errorf("the older entry was read: %v, %v", i, err)
	}
	indirect(uint32(block))
	if _, err := openBytes(image, volume.Options{}); err == nil || !strings.Contains(err.Error(), "loop") {
		t.Errorf("indirect entries that form a loop: error %v", err)
	}
}

// TestStreams makes a folder the stream directory of a file.
func TestStreams(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	root.Append(tree.NewFile("file", 4, udftest.When, layout.Bytes("main")))
	dir := tree.NewFolder("streams", udftest.When)
	dir.Append(tree.NewFile("icon", 6, udftest.When, layout.Bytes("pixels")))
	root.Append(dir)
	l := udftest.Volume(t, root, plan.Options{Revision: plan.Revision201})
	image := make([]byte, l.Size())
	if _, err := l.ReadAt(image, 0); err != nil {
		t.Fatal(err)
	}
	const fileBlock, dirBlock = udftest.FirstBlock, udftest.FirstBlock + 1
	patch := func(block int, change func(d []byte)) {
		d := image[(plan.FirstSector+block)*2048:][:2048]
		change(d)
		resealSector(image, plan.FirstSector+block)
	}
	patch(dirBlock, func(d []byte) { d[27] = ecma167.TypeStreams })
	patch(fileBlock, func(d []byte) {
		ecma167.PutLongAD(d[152:], ecma167.LongAD{Length: 2048, Block: dirBlock, Partition: 0})
	})
	v, err := openBytes(image, volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i, err := v.Stat("file")
	if err != nil {
		t.Fatal(err)
	}
	if s := i.Sys().(*volume.Attributes).Streams; len(s) != 1 || s[0] != "icon" {
		t.Errorf("streams %q", s)
	}
	f, err := v.OpenStream("file", "icon")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := io.ReadAll(f); err != nil || string(p) != "pixels" {
		t.Errorf("%q, %v", p, err)
	}
	if _, err := v.OpenStream("file", "none"); err == nil {
		t.Error("a stream that does not exist")
	}
}

// TestLastBlock reads files whose extents are shorter than the file: within the last
// block, as Linux records them, and by a block.
func TestLastBlock(t *testing.T) {
	for _, test := range []struct {
		recorded uint32
		want     bool
	}{{3000, true}, {2049, true}, {2048, false}, {1000, false}} {
		data := strings.Repeat("0123456789", 300)
		root := tree.NewFolder("", udftest.When)
		root.Append(tree.NewFile("file", int64(len(data)), udftest.When, layout.Bytes(data)))
		l := udftest.Volume(t, root, plan.Options{Revision: plan.Revision150})
		image := make([]byte, l.Size())
		if _, err := l.ReadAt(image, 0); err != nil {
			t.Fatal(err)
		}
		const sector = plan.FirstSector + udftest.FirstBlock
		le.PutUint32(image[sector*disc.SectorSize+ecma167.FELength:], test.recorded)
		resealSector(image, sector)
		v, err := openBytes(image, volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := fs.ReadFile(v, "file")
		if ok := err == nil && string(p) == data; ok != test.want {
			t.Errorf("%d bytes in extents: %d bytes were read, error %v", test.recorded, len(p), err)
		}
	}
}
