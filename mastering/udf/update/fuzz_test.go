package update_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

var le = binary.LittleEndian

// small returns a tree that makes a small volume.
func small() *tree.Node {
	root := tree.NewFolder("", udftest.When)
	for i, name := range []string{"a", "b", "c"} {
		sub := tree.NewFolder(name, udftest.When)
		root.Append(sub)
		for k := range 1 + 30*i {
			data := layout.Bytes(name + string(rune('A'+k)))
			sub.Append(tree.NewFile(string(data), int64(len(data)), udftest.When, data))
		}
	}
	s := &tree.Shared{Source: layout.Bytes("several names")}
	for _, name := range []string{"first", "second"} {
		n := tree.NewNode(name, 0o644, s)
		n.Size, n.Modified = 13, udftest.When.UnixNano()
		root.Append(n)
	}
	return root
}

// smallImages returns images of small volumes.
func smallImages(t testing.TB) [][]byte {
	t.Helper()
	var list [][]byte
	for _, r := range []plan.Revision{plan.Revision102, plan.Revision201, plan.Revision250} {
		l := udftest.Volume(t, small(), plan.Options{Revision: r})
		list = append(list, save(t, l, l.Size()))
	}
	if _, err := exec.LookPath("mkudffs"); err != nil {
		return list
	}
	for _, args := range [][]string{
		{"-m", "hd", "-b", "2048"},
		{"-m", "dvdrw"},
		{"-m", "cdr", "-r", "1.50"},
		{"-m", "dvdr", "-r", "2.00"},
		{"-m", "hd", "-b", "2048", "--space=unalloctable"},
	} {
		b, err := os.ReadFile(udftest.Mkudffs(t, "2000", args...))
		if err != nil {
			t.Fatal(err)
		}
		root := treeOf(t, bytes.NewReader(b), int64(len(b)))
		for _, n := range small().Children() {
			root.Append(n.Clone())
		}
		set, _ := change(t, bytes.NewReader(b), int64(len(b)), root)
		list = append(list, save(t, set, set.Size()))
	}
	return list
}

// structures returns the blocks of an image that begin with a descriptor.
func structures(image []byte) []int {
	var list []int
	for at := 0; at+2048 <= len(image); at += 2048 {
		if id := le.Uint16(image[at:]); id != 0 && id < 300 && image[at+2] < 4 {
			list = append(list, at)
		}
	}
	return list
}

// FuzzUpdate changes bytes of descriptors, whose checksums are corrected, and makes random
// changes to the volume.
func FuzzUpdate(f *testing.F) {
	images := smallImages(f)
	var blocks [][]int
	for _, image := range images {
		blocks = append(blocks, structures(image))
	}
	for i := range images {
		f.Add(byte(i), uint64(i), []byte{})
		f.Add(byte(i), uint64(i), []byte{7, 56, 1, 10, 172, 9, 3, 20, 0})
	}
	f.Fuzz(func(t *testing.T, which byte, seed uint64, changes []byte) {
		i := int(which) % len(images)
		image := bytes.Clone(images[i])
		for ; len(changes) >= 3; changes = changes[3:] {
			b := image[blocks[i][int(changes[0])%len(blocks[i])]:][:2048]
			b[16+int(changes[1])] = changes[2]
			if n := int(le.Uint16(b[10:])); n <= 2048-16 {
				le.PutUint16(b[8:], crc(b[16:16+n]))
				b[4] = 0
				sum := byte(0)
				for _, c := range b[:16] {
					sum += c
				}
				b[4] = sum
			}
		}
		size := int64(len(image))
		v, err := udf.Open(bytes.NewReader(image), size, volume.Options{})
		if err != nil {
			return
		}
		r := &reader{t, bytes.NewReader(image), v, map[uint64]*tree.Shared{}, true}
		e := &editor{Rand: rand.New(rand.NewPCG(seed, 11)), root: r.root()}
		for range 4 {
			e.step()
		}
		set, _, err := tryChange(t, bytes.NewReader(image), size, patch.Edit{Root: e.root, View: "UDF"})
		if err != nil {
			return
		}
		if set.Size() > 4*size+(1<<22) {
			t.Errorf("the image grew from %d to %d bytes", size, set.Size())
		}
		if _, err := udf.Open(set, set.Size(), volume.Options{}); err != nil {
			t.Errorf("the volume cannot be opened any more: %v", err)
		}
	})
}

// crc is the CRC of ECMA-167 3/7.2.6.
func crc(p []byte) (c uint16) {
	for _, b := range p {
		c ^= uint16(b) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
	}
	return c
}
