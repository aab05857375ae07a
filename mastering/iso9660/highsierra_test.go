package iso9660_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
)

// toHighSierra converts an image with ISO 9660 only to High Sierra, by the places that
// Linux's reader uses.
func toHighSierra(t *testing.T, p []byte) {
	const pvd = 16 * 2048
	iso := bytes.Clone(p[pvd : pvd+2048])
	hs := p[pvd : pvd+2048]
	clear(hs)
	number := func(d []byte, lba uint32) {
		binary.LittleEndian.PutUint32(d, lba)
		binary.BigEndian.PutUint32(d[4:], lba)
	}
	number(hs, 16)
	hs[8] = 1
	copy(hs[9:], "CDROM\x01")
	for _, f := range [][3]int{ // to, from, size
		{16, 8, 32},
		{48, 40, 32},
		{88, 80, 8},
		{128, 120, 4},
		{132, 124, 4},
		{136, 128, 4},
		{140, 132, 8},
		{148, 140, 4},
		{164, 148, 4},
		{180, 156, 34},
		{214, 190, 512},
		{726, 702, 32},
		{758, 739, 32},
		{790, 813, 16},
		{806, 830, 16},
		{822, 847, 16},
		{838, 864, 16},
		{854, 881, 1},
	} {
		copy(hs[f[0]:f[0]+f[2]], iso[f[1]:])
	}
	end := p[pvd+2048 : pvd+4096]
	if end[0] != 255 {
		t.Fatalf("the second descriptor is of type %d", end[0])
	}
	clear(end)
	number(end, 17)
	end[8] = 255
	copy(end[9:], "CDROM\x01")

	record := func(r []byte) { r[24], r[25] = r[25], 0 }
	root := bytes.Clone(iso[156:190])
	record(hs[180:214])
	var folder func(rec []byte)
	folder = func(rec []byte) {
		at, n := int(binary.LittleEndian.Uint32(rec[2:]))*2048, int(binary.LittleEndian.Uint32(rec[10:]))
		for i := 0; i < n; {
			r := p[at+i : at+n]
			if r[0] == 0 {
				i = (i/2048 + 1) * 2048
				continue
			}
			if r[25]&2 != 0 && (r[32] != 1 || r[33] > 1) {
				folder(bytes.Clone(r[:r[0]]))
			}
			record(r)
			i += int(r[0])
		}
	}
	folder(root)
	size := int(binary.LittleEndian.Uint32(iso[132:]))
	for _, block := range []uint32{binary.LittleEndian.Uint32(iso[140:]), binary.BigEndian.Uint32(iso[148:])} {
		table := p[int(block)*2048:][:size]
		for len(table) >= 8 {
			id, extended := table[0], table[1]
			copy(table, table[2:6])
			table[4], table[5] = extended, id
			table = table[8+(int(id)+1)&^1:]
		}
	}
}

// Linux, which nobody here wrote, reads the same files from a High Sierra volume.
func TestHighSierra(t *testing.T) {
	dir := t.TempDir()
	src := filepath.Join(dir, "src")
	files := map[string]string{"README.TXT": "hello", "SUB/DATA.BIN": string(bytes.Repeat([]byte("0123456789"), 1000)), "SUB/DEEP/A.B": "x"}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(src, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(src, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	image := filepath.Join(dir, "hs.iso")
	peertest.Run(t, dir, "genisoimage", "-quiet", "-V", "HIGHSIERRA", "-o", image, src)
	p, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	toHighSierra(t, p)
	if err := os.WriteFile(image, p, 0o666); err != nil {
		t.Fatal(err)
	}

	v, err := iso9660.Open(bytes.NewReader(p), int64(len(p)), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if i := v.Volume(); i.Format != "High Sierra" || i.Label != "HIGHSIERRA" || i.Created.IsZero() {
		t.Errorf("the volume is %+v", i)
	}
	found := 0
	err = fs.WalkDir(v, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		got, err := fs.ReadFile(v, path)
		if string(got) != files[path] {
			t.Errorf("%s: %q", path, got)
		}
		found++
		return err
	})
	if err != nil || found != len(files) {
		t.Errorf("%d files, %v", found, err)
	}
	if list, err := v.Check(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("check: %v, %v", list, err)
	}

	out := peertest.Kernel(t, dir, "mount -t iso9660 -o loop,ro,map=off "+image+" /run/mnt\ncd /run/mnt\nfind . -type f -exec sha256sum {} +\ncd /\numount /run/mnt\n")
	for name, text := range files {
		if line := fmt.Sprintf("%x  ./%s;1\n", sha256.Sum256([]byte(text)), name); !strings.Contains(out, line) {
			t.Errorf("Linux does not read %s; it found\n%s", name, out)
		}
	}
}
