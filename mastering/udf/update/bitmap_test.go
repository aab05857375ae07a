package update_test

import (
	"bytes"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// withBitmap gives the metadata partition of a planned volume a bitmap file (UDF 2.2.13.2),
// as Windows writes it. No program for Linux makes such volumes. The file entry and the
// bitmap are in two sectors that no file has.
func withBitmap(t *testing.T, image []byte, entry, bitmap int64) {
	t.Helper()
	v, err := udf.Open(bytes.NewReader(image), int64(len(image)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := v.Structure()
	if err != nil {
		t.Fatal(err)
	}
	start, file := s.Partitions[0].Start, s.Partitions[1].Files[0][0]
	b := image[bitmap*2048:][:2048]
	clear(b)
	le.PutUint32(b[16:], uint32(file.Blocks))
	le.PutUint32(b[20:], uint32(file.Blocks+7)/8)
	for i := range file.Blocks {
		at := (start + file.Block + i) * 2048
		if bytes.Count(image[at:at+2048], []byte{0}) == 2048 {
			b[24+i/8] |= 1 << (i % 8)
		}
	}
	n := 24 + (file.Blocks+7)/8
	ecma167.SealTag(b[:n], ecma167.TagSBD, 3, uint32(bitmap-start))
	e := image[entry*2048:][:2048]
	clear(e)
	le.PutUint32(e[ecma167.EFELength:], uint32(n))
	le.PutUint32(e[ecma167.EFELength+4:], uint32(bitmap-start))
	ecma167.Entry{Block: uint32(entry - start), Kind: 252, Size: n, Recorded: 1, Time: udftest.When, ADs: 8}.Put(e, 3)
	for _, a := range []int64{int64(s.Anchors[0].Main.Location), int64(s.Anchors[0].Reserve.Location)} {
		for d := image[a*2048:][:16*2048]; len(d) > 0; d = d[2048:] {
			if le.Uint16(d) == ecma167.TagLVD {
				le.PutUint32(d[446+48:], uint32(entry-start))
				ecma167.Reseal(d[:16+int(le.Uint16(d[10:]))])
			}
		}
	}
}

// TestMetadataBitmap changes volumes whose metadata partition has a bitmap.
func TestMetadataBitmap(t *testing.T) {
	root := small()
	for _, name := range []string{"a", "b"} {
		root.Child(name).Detach()
		root.Append(tree.NewFile(name, 2048, udftest.When, layout.Bytes(make([]byte, 2048))))
	}
	l := udftest.Volume(t, root, plan.Options{Revision: plan.Revision250})
	image := save(t, l, l.Size())
	root = treeOf(t, bytes.NewReader(image), int64(len(image)))
	var sectors []int64
	for _, name := range []string{"a", "b"} {
		n := root.Child(name)
		sectors = append(sectors, int64(n.Recorded().Extents[0].Start))
		n.Detach()
	}
	set, _ := change(t, bytes.NewReader(image), int64(len(image)), root)
	image = save(t, set, set.Size())
	at := sectors[1]
	withBitmap(t, image, sectors[0], at)
	for round, files := range []int{3, 0, 200, 500, 1} {
		root := treeOf(t, bytes.NewReader(image), int64(len(image)))
		if n := root.Child("new"); n != nil {
			n.Detach()
		}
		if files > 0 {
			sub := tree.NewFolder("new", udftest.When)
			root.Append(sub)
			for i := range files {
				sub.Append(tree.NewFile(string(rune(0x4E00+i)), 1, udftest.When, layout.Bytes("1")))
			}
		}
		set, _ := change(t, bytes.NewReader(image), int64(len(image)), root)
		next := save(t, set, set.Size())
		compare(t, next, root)
		v, err := udf.Open(bytes.NewReader(next), int64(len(next)), volume.Options{})
		if err != nil {
			t.Fatal(err)
		}
		s, err := v.Structure()
		if err != nil {
			t.Fatal(err)
		}
		bits, blocks := int64(le.Uint32(next[at*2048+16:])), int64(0)
		for _, r := range s.Partitions[1].Files[0] {
			blocks += r.Blocks
		}
		if bits != blocks {
			t.Errorf("round %d: the bitmap has %d bits for %d blocks", round, bits, blocks)
		}
		free := 0
		for i := range bits {
			free += int(next[at*2048+24+i/8] >> (i % 8) & 1)
		}
		used := 0 // file entries, and blocks of directories
		_ = v.Walk(".", func(e *volume.Entry) error { used++; return nil })
		if int64(free+used) > blocks || int64(free+used) < blocks-20-int64(files)/30 {
			t.Errorf("round %d: %d of %d blocks are free, about %d are in use", round, free, blocks, used)
		}
		image = next
	}
}
