package iso9660

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf16"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
)

// describeHybrid tells what else the image is: a disk with partitions, or a
// Macintosh volume. All of that lies in the system area, which ISO 9660 leaves
// alone (ECMA-119 6.2.1).
func (v *FS) describeHybrid() {
	p := make([]byte, 16*disc.SectorSize)
	n, _ := v.r.ReadAt(p, 0)
	p = p[:n]
	if len(p) < 8*disc.SectorSize {
		return
	}
	v.property("GUID partition table", v.describeGPT(p[512:1024]))
	v.property("Master boot record", describeMBR(p))
	v.property("Apple partition map", describeAPM(p))
	if s := describeHFS(p); s != "" {
		v.property("Macintosh volume", s)
	} else if at := hfsPartition(p); at > 0 {
		q := make([]byte, 2048)
		if n, _ := v.r.ReadAt(q, at); n == len(q) {
			v.property("Macintosh volume", describeHFS(q))
		}
	}
	if at := v.partitionOffset(p); at > 0 {
		v.property("Partition offset", fmt.Sprintf("%d sectors: the volume can be mounted from its partition as well", at))
	}
}

// partitionOffset returns the sector of a partition that begins with a second
// set of volume descriptors, 0 where there is none. Sector 16 is the usual one.
func (v *FS) partitionOffset(p []byte) disc.LBA {
	starts := []disc.LBA{16}
	if p[510] == 0x55 && p[511] == 0xAA {
		for e := p[446:510]; len(e) > 0; e = e[16:] {
			if s := binary.LittleEndian.Uint32(e[8:]); s >= 64 && s%4 == 0 {
				starts = append(starts, disc.LBA(s/4))
			}
		}
	}
	for _, at := range starts {
		if s, err := sessionAt(v.r, at); err == nil && s.Label == v.info.Label && s.Sectors+int64(at) <= v.size/disc.SectorSize {
			return at
		}
	}
	return 0
}

// describeMBR lists the partitions of a master boot record.
func describeMBR(p []byte) string {
	if p[510] != 0x55 || p[511] != 0xAA {
		return ""
	}
	var list []string
	for n, e := 1, p[446:510]; len(e) > 0; n, e = n+1, e[16:] {
		start, count := binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])
		if e[4] == 0 && count == 0 {
			continue
		}
		s := fmt.Sprintf("%d: type %02Xh, %d blocks from %d", n, e[4], count, start)
		if e[0] == 0x80 {
			s += ", active"
		}
		list = append(list, s)
	}
	if len(list) == 0 {
		return ""
	}
	return strings.Join(list, "; ")
}

// maxGPT bounds the bytes of an array of GPT entries: the usual one has 16 KiB.
const maxGPT = 1 << 20

// describeGPT lists the partitions of the GPT whose header is in h (UEFI
// Specification 5.3), "" where there is none.
func (v *FS) describeGPT(h []byte) string {
	if string(h[:8]) != "EFI PART" {
		return ""
	}
	le := binary.LittleEndian
	at, count, size := le.Uint64(h[72:]), int64(le.Uint32(h[80:])), int64(le.Uint32(h[84:]))
	if at > uint64(v.size/512) || size < 128 || size > 4096 || count*size > maxGPT {
		return fmt.Sprintf("damaged: %d entries of %d bytes at block %d", count, size, at)
	}
	array := make([]byte, count*size)
	n, _ := v.r.ReadAt(array, int64(at)*512)
	list := []string{}
	for i := int64(0); (i+1)*size <= int64(n); i++ {
		if e := array[i*size:][:size]; !bytes.Equal(e[:16], make([]byte, 16)) {
			list = append(list, fmt.Sprintf("%d: %s", i+1, describeGPTEntry(e)))
		}
	}
	if len(list) == 0 {
		list = append(list, "no partitions")
	}
	if !rightSum(h) || int64(n) < count*size || crc32.ChecksumIEEE(array) != le.Uint32(h[88:]) {
		list = append(list, "a checksum is wrong")
	}
	return strings.Join(list, "; ")
}

// rightSum reports whether the checksum of a GPT header is right: it is made with
// itself as zero.
func rightSum(h []byte) bool {
	n := binary.LittleEndian.Uint32(h[12:])
	if n < 92 || int(n) > len(h) {
		return false
	}
	head := bytes.Clone(h[:n])
	clear(head[16:20])
	return crc32.ChecksumIEEE(head) == binary.LittleEndian.Uint32(h[16:])
}

// describeGPTEntry names the type, place and name of a partition.
func describeGPTEntry(e []byte) string {
	le := binary.LittleEndian
	first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
	s := fmt.Sprintf("%s, %d blocks from %d", boot.GUID(e[:16]).Kind(), last-first+1, first)
	name := make([]uint16, 36)
	for i := range name {
		name[i] = le.Uint16(e[56+2*i:])
	}
	if name := strings.TrimRight(string(utf16.Decode(name)), "\x00"); name != "" {
		s += fmt.Sprintf(", %q", name)
	}
	return s
}

// apmEntries calls f with each entry of an Apple partition map, whose blocks have
// 512 or 2048 bytes.
func apmEntries(p []byte, f func(e []byte, block int64)) {
	if string(p[:2]) != "ER" {
		return
	}
	block := int64(binary.BigEndian.Uint16(p[2:]))
	for _, size := range []int64{block, 512, 2048} {
		if (size != 512 && size != 2048) || string(p[size:size+2]) != "PM" {
			continue
		}
		count := int64(binary.BigEndian.Uint32(p[size+4:]))
		for i := int64(1); i <= count && (i+1)*size <= int64(len(p)); i++ {
			if e := p[i*size : (i+1)*size]; string(e[:2]) == "PM" {
				f(e, size)
			}
		}
		return
	}
}

func describeAPM(p []byte) string {
	var list []string
	apmEntries(p, func(e []byte, _ int64) {
		list = append(list, fmt.Sprintf("%s, %d blocks from %d", cleanText(strings.TrimRight(string(e[48:80]), "\x00")),
			binary.BigEndian.Uint32(e[12:]), binary.BigEndian.Uint32(e[8:])))
	})
	return strings.Join(list, "; ")
}

// hfsPartition returns where the first partition with HFS begins, 0 for none.
func hfsPartition(p []byte) int64 {
	var at int64
	apmEntries(p, func(e []byte, block int64) {
		if at == 0 && strings.HasPrefix(string(e[48:80]), "Apple_HFS") {
			at = int64(binary.BigEndian.Uint32(e[8:])) * block
		}
	})
	return at
}

// describeHFS names the volume whose header is at byte 1024 of p.
func describeHFS(p []byte) string {
	switch string(p[1024:1026]) {
	case "BD":
		n := min(int(p[1024+36]), 27)
		return fmt.Sprintf("HFS, label %q", cleanText(string(p[1024+37:1024+37+n])))
	case "H+":
		return "HFS+"
	case "HX":
		return "HFSX"
	}
	return ""
}
