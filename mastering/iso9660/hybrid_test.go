package iso9660

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

// TestDamagedGPT reads GUID partition tables whose numbers lead elsewhere.
func TestDamagedGPT(t *testing.T) {
	le := binary.LittleEndian
	table := func() *handmade {
		h := newHandmade()
		head, array := h.p[512:1024], h.p[1024:1024+4*128]
		copy(head, "EFI PART\x00\x00\x01\x00\x5c\x00\x00\x00")
		le.PutUint64(head[72:], 2)
		le.PutUint32(head[80:], 4)
		le.PutUint32(head[84:], 128)
		copy(array[128:], "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10")
		le.PutUint64(array[128+32:], 100)
		le.PutUint64(array[128+40:], 163)
		copy(array[128+56:], "N\x00a\x00m\x00e\x00")
		le.PutUint32(head[88:], crc32.ChecksumIEEE(array))
		le.PutUint32(head[16:], crc32.ChecksumIEEE(head[:92]))
		return h
	}
	const second = `2: 04030201-0605-0807-090A-0B0C0D0E0F10, 64 blocks from 100, "Name"`
	for _, c := range []struct {
		name   string
		damage func(p []byte)
		want   string
	}{
		{"sound", func([]byte) {}, second},
		{"entry", func(p []byte) { p[1024+128+60] ^= 1 }, "a checksum is wrong"},
		{"header", func(p []byte) { p[512+40] ^= 1 }, second + "; a checksum is wrong"},
		{"many entries", func(p []byte) { le.PutUint32(p[512+80:], 1<<31) }, "damaged: 2147483648 entries"},
		{"small entries", func(p []byte) { le.PutUint32(p[512+84:], 0) }, "damaged: 4 entries of 0 bytes"},
		{"large entries", func(p []byte) { le.PutUint32(p[512+80:], 1<<31); le.PutUint32(p[512+84:], 1<<31) }, "damaged: 2147483648 entries of 2147483648 bytes"},
		{"far away", func(p []byte) { le.PutUint64(p[512+72:], 1<<62) }, "damaged: 4 entries of 128 bytes at block"},
		{"large header", func(p []byte) { le.PutUint32(p[512+12:], 1<<31) }, second + "; a checksum is wrong"},
		{"empty", func(p []byte) { clear(p[1024:2048]) }, "no partitions; a checksum is wrong"},
	} {
		h := table()
		c.damage(h.p)
		got := ""
		for _, p := range h.open(t, "").Volume().Properties {
			if p.Name == "GUID partition table" {
				got = p.Value
			}
		}
		if !strings.Contains(got, c.want) || c.name == "sound" && got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
