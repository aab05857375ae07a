package imagetest

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/peertest"
)

// VideoCD returns a folder with videocd.xml, a description from which vcdxbuild of
// vcdimager makes images of a Video CD: a track with a file system and one with a film, in
// sectors of form 1 and 2. The folder has videocd.bin, which vcdxbuild made: the whole
// sectors from address 0 on.
func VideoCD(t testing.TB) string {
	t.Helper()
	peertest.Need(t, "vcdxgen", "vcdxbuild")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "film.mpg"), film(), 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "vcdxgen", "-q", "-t", "vcd11", "-o", "videocd.xml", "film.mpg")
	peertest.Run(t, dir, "vcdxbuild", "-q", "-T", "2020-01-01 00:00:00", "videocd.xml")
	return dir
}

// film returns an MPEG-1 system stream (ISO/IEC 11172-1) of packs of 2324 bytes, as a Video
// CD has. Its pictures have no contents.
func film() []byte {
	const pack, packs = 2324, 60
	// stamp encodes a time of 33 bits after four bits.
	stamp := func(bits byte, v uint64) []byte {
		return []byte{bits<<4 | byte(v>>29)&14 | 1, byte(v >> 22), byte(v>>14) | 1, byte(v >> 7), byte(v<<1) | 1}
	}
	var out []byte
	for n := range uint64(packs) {
		clock := n * 1200
		p := append([]byte{0, 0, 1, 0xBA}, stamp(2, clock)...)
		p = append(p, 0x80, 0x1B, 0x91) // 3528 * 50 bytes a second
		length := pack - len(p) - 6
		p = binary.BigEndian.AppendUint16(append(p, 0, 0, 1, 0xE0), uint16(length))
		p = append(p, stamp(2, clock+9000)...)
		if n%15 == 0 {
			p = append(p, 0, 0, 1, 0xB3, 0x16, 0x01, 0x20, 0x83, 0x02, 0xCE, 0x60, 0xA4) // 352 by 288, 25 pictures a second
			p = append(p, 0, 0, 1, 0xB8, 0x80, 0x08, 0x00, 0x40)                         // group of pictures
			p = append(p, 0, 0, 1, 0, 0, 0x08, 0xFF, 0xF8, 0, 0, 1, 1, 0x13)             // picture and slice
		}
		for len(p) < pack {
			p = append(p, 0xFF)
		}
		out = append(out, p...)
	}
	return append(out[:len(out)-4], 0, 0, 1, 0xB9)
}
