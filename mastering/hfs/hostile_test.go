package hfs_test

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"strings"
	"testing"

	"glassmaster/mastering/hfs"
	"glassmaster/mastering/volume"
)

// folder is a record of a folder in the catalog of an HFS volume.
func folder(id, parent int, name string) []byte {
	p := []byte{byte(6 + len(name)), 0, 0, 0, 0, 0, byte(len(name))}
	binary.BigEndian.PutUint32(p[2:], uint32(parent))
	p = append(p, name...)
	if len(p)%2 != 0 {
		p = append(p, 0)
	}
	d := make([]byte, 70)
	d[0] = 1
	binary.BigEndian.PutUint32(d[6:], uint32(id))
	return append(p, d...)
}

// hfsVolume is a volume of HFS with these records in its catalog.
func hfsVolume(list [][]byte) []byte {
	const node, block, first = 512, 512 << 8, 2048
	leaves := make([]byte, node) // of the tree: the header
	for len(list) > 0 {
		n, at := make([]byte, node), 14
		n[8] = 0xFF
		count := 0
		for ; len(list) > 0 && at+len(list[0]) < node-2*(count+2); count++ {
			binary.BigEndian.PutUint16(n[node-2*(count+1):], uint16(at))
			at += copy(n[at:], list[0])
			list = list[1:]
		}
		binary.BigEndian.PutUint16(n[node-2*(count+1):], uint16(at))
		binary.BigEndian.PutUint16(n[10:], uint16(count))
		if len(list) > 0 {
			binary.BigEndian.PutUint32(n, uint32(len(leaves)/node+1))
		}
		leaves = append(leaves, n...)
	}
	leaves[8] = 1
	binary.BigEndian.PutUint32(leaves[14+10:], 1)
	binary.BigEndian.PutUint16(leaves[14+18:], node)
	binary.BigEndian.PutUint32(leaves[14+22:], uint32(len(leaves)/node))
	count := (len(leaves) + block - 1) / block
	p := append(make([]byte, first), leaves...)
	p = append(p, make([]byte, count*block-len(leaves))...)
	h := p[1024:]
	copy(h, "BD")
	binary.BigEndian.PutUint16(h[18:], uint16(count))
	binary.BigEndian.PutUint32(h[20:], block)
	binary.BigEndian.PutUint16(h[28:], first/512)
	binary.BigEndian.PutUint32(h[146:], uint32(len(leaves)))
	binary.BigEndian.PutUint16(h[152:], uint16(count))
	return p
}

func openBytes(t *testing.T, p []byte) volume.FS {
	t.Helper()
	v, err := hfs.Format.Open(bytes.NewReader(p), int64(len(p)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Many files of one name in a folder get names of their own, in a time that is in
// proportion to their number.
func TestSameNames(t *testing.T) {
	const n = 200_000
	var list [][]byte
	for i := range n {
		list = append(list, folder(100+i, 2, "x"))
	}
	entries, err := fs.ReadDir(openBytes(t, hfsVolume(list)), ".")
	if err != nil || len(entries) != n {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for i := 1; i < n; i++ {
		if entries[i].Name() == entries[i-1].Name() {
			t.Fatalf("two entries %q", entries[i].Name())
		}
	}
}

// Folders that are nested without end are cut off, with an error.
func TestDeepFolders(t *testing.T) {
	var list [][]byte
	parent := 2
	for i := range 50_000 {
		list = append(list, folder(100+i, parent, "x"))
		parent = 100 + i
	}
	deepest := 0
	var said error
	_ = fs.WalkDir(openBytes(t, hfsVolume(list)), ".", func(path string, _ fs.DirEntry, err error) error {
		deepest = max(deepest, strings.Count(path, "/"))
		if err != nil {
			said = err
		}
		return nil
	})
	if deepest > 1000 || said == nil || !strings.Contains(said.Error(), "deep") {
		t.Errorf("%d folders deep, %v", deepest, said)
	}
}

// A volume of HFS Plus that is said to be embedded after the end of its partition has no
// files, instead of a negative number of them.
func TestEmbeddedOutside(t *testing.T) {
	const at, in = 2048, 64 << 10 // of the partition, and of the volume in it
	p := make([]byte, 256<<10)
	copy(p, "ER\x02\x00") // APM, blocks of 512 bytes
	e := p[512:]
	copy(e, "PM\x00\x00\x00\x00\x00\x01")
	binary.BigEndian.PutUint32(e[8:], at/512)
	binary.BigEndian.PutUint32(e[12:], 8) // blocks of the partition
	copy(e[16:], "disc")
	copy(e[48:], "Apple_HFS")
	h := p[at+1024:]
	copy(h, "BD")
	binary.BigEndian.PutUint32(h[20:], 512)
	copy(h[124:], "H+")
	binary.BigEndian.PutUint16(h[126:], in/512)
	binary.BigEndian.PutUint16(h[128:], 100)
	h = p[at+in+1024:]
	copy(h, "H+\x00\x04")
	binary.BigEndian.PutUint32(h[40:], 512)
	binary.BigEndian.PutUint32(h[44:], 1000)
	binary.BigEndian.PutUint64(h[272:], 2048) // catalog
	binary.BigEndian.PutUint32(h[272+16:], 16)
	binary.BigEndian.PutUint32(h[272+20:], 4)
	tree := p[at+in+16*512:]
	tree[8] = 1
	binary.BigEndian.PutUint32(tree[14+10:], 1)
	binary.BigEndian.PutUint16(tree[14+18:], 512)
	binary.BigEndian.PutUint32(tree[14+22:], 4)
	v, err := hfs.Format.Open(bytes.NewReader(p), int64(len(p)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if list, err := fs.ReadDir(v, "."); len(list) > 0 || err == nil {
		t.Errorf("%d files, %v", len(list), err)
	}
}
