package command

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCatStream turns a folder of a UDF volume into the stream directory of a file
// (ECMA-167 4/9.2), and prints a stream.
func TestCatStream(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "streams"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"file": "main", "streams/icon": "pixels"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	img := filepath.Join(t.TempDir(), "x.udf")
	must(t, OK, "build", dir, "-o", img, "--udf-only")
	p := []byte(content(t, img))
	// The file entries of the root, of "file" and of "streams" follow each other.
	const start, tagEFE, folder, streams = 257, 266, 4, 13
	first := start
	for first < len(p)/2048 && binary.LittleEndian.Uint16(p[first*2048:]) != tagEFE {
		first++
	}
	file, other := p[(first+1)*2048:][:2048], p[(first+2)*2048:][:2048]
	if other[27] != folder {
		t.Fatalf("sector %d holds no file entry of a folder", first+2)
	}
	other[27] = streams
	binary.LittleEndian.PutUint32(file[152:], 2048)
	binary.LittleEndian.PutUint32(file[156:], uint32(first+2-start))
	sealUDF(file)
	sealUDF(other)
	if err := os.WriteFile(img, p, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := must(t, OK, "ls", "-a", img, "file").out; !strings.Contains(got, `stream "icon"`) {
		t.Errorf("ls -a: %q", got)
	}
	if got := must(t, OK, "cat", "--stream", "icon", img, "file").out; got != "pixels" {
		t.Errorf("the stream: %q", got)
	}
	must(t, Failed, "cat", "--stream", "none", img, "file")
	iso := build(t)
	if r := must(t, Failed, "cat", "--stream", "icon", iso, "readme.txt"); !strings.Contains(r.log, "(ISO 9660) has no named streams") {
		t.Errorf("ISO 9660: %s", r.log)
	}
}

// sealUDF updates the checksums of a descriptor (ECMA-167 3/7.2).
func sealUDF(d []byte) {
	le := binary.LittleEndian
	var crc uint16
	for _, b := range d[16 : 16+int(le.Uint16(d[10:]))] {
		crc ^= uint16(b) << 8
		for range 8 {
			high := crc&0x8000 != 0
			if crc <<= 1; high {
				crc ^= 0x1021
			}
		}
	}
	le.PutUint16(d[8:], crc)
	d[4] = 0
	var sum byte
	for _, b := range d[:16] {
		sum += b
	}
	d[4] = sum
}
