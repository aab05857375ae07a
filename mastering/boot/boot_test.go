package boot_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/layout"
)

func TestParseImage(t *testing.T) {
	for _, c := range []struct {
		text string
		want boot.Image
		err  string
	}{
		{"bios=/isolinux/isolinux.bin,info-table", boot.Image{Path: "/isolinux/isolinux.bin", InfoTable: true}, ""},
		{"efi=partition:2", boot.Image{Platform: boot.EFI, Partition: 2}, ""},
		{"EFI=/a,,b.img,load=0x10", boot.Image{Platform: boot.EFI, Path: "/a,b.img", LoadSectors: 16}, ""},
		{"bios=x,emulation=1.44M,segment=0x800,not-bootable", boot.Image{Path: "x", Emulation: boot.Floppy144, LoadSegment: 0x800, NotBootable: true}, ""},
		{"0x42=x,grub-info,load=all", boot.Image{Platform: 0x42, Path: "x", GRUBInfo: true, LoadSectors: boot.LoadAll}, ""},
		{"isolinux.bin", boot.Image{}, "want platform=path"},
		{"bios=", boot.Image{}, "path is missing"},
		{"amiga=x", boot.Image{}, "want one of bios, ppc, mac, efi"},
		{"efi=partition:two", boot.Image{}, "is not a partition number"},
		{"bios=x,load=0", boot.Image{}, "1 to 65535"},
		{"bios=x,segment=70000", boot.Image{}, "0 to 0xffff"},
		{"bios=x,emulation=tape", boot.Image{}, "want one of none, 1.2M"},
		{"bios=x,quick", boot.Image{}, "unknown option"},
	} {
		parses(t, boot.ParseImage, c.text, c.want, c.err)
	}
}

// parses checks that a text is parsed as wanted, or gives an error with that text.
func parses[T comparable](t *testing.T, parse func(string) (T, error), text string, want T, wantErr string) {
	t.Helper()
	got, err := parse(text)
	switch {
	case wantErr == "" && (err != nil || got != want):
		t.Errorf("%s: %+v, %v", text, got, err)
	case wantErr != "" && (err == nil || !strings.Contains(err.Error(), wantErr)):
		t.Errorf("%s: error %v, want %q", text, err, wantErr)
	}
}

func TestParsePartition(t *testing.T) {
	// The first three fields of 933AC7E1-2EB4-4F13-B844-0E14E2AEF915 are little-endian.
	guid := boot.GUID{0xE1, 0xC7, 0x3A, 0x93, 0xB4, 0x2E, 0x13, 0x4F, 0xB8, 0x44, 0x0E, 0x14, 0xE2, 0xAE, 0xF9, 0x15}
	for _, c := range []struct {
		text string
		want boot.Partition
		err  string
	}{
		{"2:efi:esp.img", boot.Partition{2, "esp.img", boot.TypeEFI}, ""},
		{"3:0xef:C:\\esp.img", boot.Partition{3, "C:\\esp.img", boot.Type{MBR: 0xEF}}, ""},
		{"3:0x83/933AC7E1-2EB4-4F13-B844-0E14E2AEF915:x", boot.Partition{3, "x", boot.Type{0x83, guid}}, ""},
		{"3:933ac7e1-2eb4-4f13-b844-0e14e2aef915:x", boot.Partition{3, "x", boot.Type{0x0C, guid}}, ""},
		{"esp.img", boot.Partition{}, "number:type:path"},
		{"0:efi:x", boot.Partition{}, "is not a partition number"},
		{"2:fish:x", boot.Partition{}, "want one of efi"},
		{"2:0:x", boot.Partition{}, "want one of efi"},
		{"2:0x83/12:x", boot.Partition{}, "is not a GUID"},
	} {
		parses(t, boot.ParsePartition, c.text, c.want, c.err)
	}
}

func TestOptionsAsJSON(t *testing.T) {
	o := boot.Options{
		Images: []boot.Image{
			{Path: "/a", InfoTable: true, LoadSectors: boot.LoadAll},
			{Partition: 3, Platform: boot.EFI},
			{Path: "/f", Emulation: boot.FloppyBySize, Platform: 0x42},
		},
		ID: "id", Catalog: "/boot.cat", Code: "c", Style: boot.StyleGRUB, GPT: boot.GPTHybrid, APM: true, BasicData: true,
		VolumeType: 0x17, PartitionOffset: 16,
		Append: []boot.Partition{{3, "p", boot.TypeEFI}, {4, "q", boot.Type{MBR: 0x42}}, {5, "r", boot.Type{0x42, boot.TypeHFS.GUID}}},
	}
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back boot.Options
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, o) {
		t.Errorf("%s\nbecame %+v (%v)", b, back, err)
	}
	if err := json.Unmarshal([]byte(`{"gpt":"maybe"}`), &back); err == nil || !strings.Contains(err.Error(), "want one of none, only, hybrid") {
		t.Errorf("error %v", err)
	}
}

func TestCheck(t *testing.T) {
	many := make([]boot.Image, 70)
	for i := range many {
		many[i] = boot.Image{Path: "x"}
	}
	for _, c := range []struct {
		o    boot.Options
		want string
	}{
		{boot.Options{Images: []boot.Image{{}}}, "neither a file"},
		{boot.Options{Images: []boot.Image{{Path: "x", Partition: 2}}}, "names both"},
		{boot.Options{Images: []boot.Image{{Path: "x", LoadSectors: 70000}}}, "1 to 65535"},
		{boot.Options{Images: []boot.Image{{Path: "x", Platform: boot.EFI, Emulation: boot.HardDisk}}}, "UEFI does not emulate"},
		{boot.Options{Images: []boot.Image{{Path: "x", InfoTable: true, Emulation: boot.HardDisk}}}, "would damage"},
		{boot.Options{Images: []boot.Image{{Partition: 2, InfoTable: true}}, Append: []boot.Partition{{Number: 2, Path: "p"}}}, "cannot have a boot information table"},
		{boot.Options{Images: many}, "use fewer"},
		{boot.Options{ID: strings.Repeat("x", 25)}, "limit is 24"},
		{boot.Options{Catalog: "boot/"}, "ends in a slash"},
		{boot.Options{PartitionOffset: 4}, "or 16 to 512"},
		{boot.Options{PartitionOffset: 16, GPT: boot.GPTOnly, Images: []boot.Image{{Path: "x", Platform: boot.EFI}}}, "append it"},
		{boot.Options{Append: []boot.Partition{{Number: 2}}}, "names no file"},
		{boot.Options{Append: []boot.Partition{{Number: 2, Path: "a"}, {Number: 2, Path: "b"}}}, "used twice"},
	} {
		if err := c.o.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.o, err, c.want)
		}
	}
	if err := (&boot.Options{Images: many[:30], GPT: boot.GPTOnly, Append: []boot.Partition{{Number: 128, Path: "x"}}}).Check(); err != nil {
		t.Error(err)
	}
}

// TestGPT checks both copies of the GPT against the UEFI Specification.
func TestGPT(t *testing.T) {
	o := boot.Options{
		GPT: boot.GPTOnly, APM: true,
		Images: []boot.Image{{Path: "a", Platform: boot.EFI}, {Path: "b", Platform: boot.EFI}},
		Append: []boot.Partition{{Number: 3, Type: boot.TypeHFS}},
	}
	const sectors = 5000
	d, err := o.Disk(boot.Plan{
		Sectors: sectors, Volume: 4000, Seed: boot.NewSeed("label", 1),
		Images: []boot.Span{{100, 50}, {150, 10}}, Appended: []boot.Span{{4096, 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	img := make([]byte, sectors*boot.SectorSize)
	d.PutHead(img[:boot.SystemArea])
	d.PutTail(img[len(img)-boot.TailSectors*boot.SectorSize:])
	le := binary.LittleEndian
	blocks := uint64(len(img) / boot.BlockSize)
	apple := uint64(binary.BigEndian.Uint32(img[boot.SectorSize+4:])) // partitions in the Apple partition map
	for self, other := range map[uint64]uint64{1: blocks - 1, blocks - 1: 1} {
		h := bytes.Clone(img[self*boot.BlockSize:][:92])
		crc := le.Uint32(h[16:])
		clear(h[16:20])
		if string(h[:8]) != "EFI PART" || crc != crc32.ChecksumIEEE(h) || le.Uint64(h[24:]) != self || le.Uint64(h[32:]) != other {
			t.Errorf("header at %d: %x", self, h)
		}
		array := le.Uint64(h[72:]) * boot.BlockSize
		if crc := crc32.ChecksumIEEE(img[array:][:128*128]); crc != le.Uint32(h[88:]) {
			t.Errorf("header at %d: the array has CRC %x, not %x", self, crc, le.Uint32(h[88:]))
		}
		if self == 1 && (apple < 3 || array < (1+apple)*boot.SectorSize) {
			t.Errorf("the array at byte %d covers the Apple partition map", array)
		}
	}
	// Partitions in the order of their numbers: start, count, in blocks.
	want := map[int][2]int64{1: {64, 336}, 2: {400, 200}, 3: {16384, 12}, 4: {600, 40}, 5: {640, 15360}}
	got := map[int][2]int64{}
	for _, table := range boot.Tables(bytes.NewReader(img), int64(len(img))) {
		if table.Kind != "GPT" {
			continue
		}
		for _, e := range table.Entries {
			got[e.Number] = [2]int64{e.Start, e.Blocks}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("partitions %v, want %v", got, want)
	}
}

// TestTooManyPartitions uses one partition more than a GPT can hold: the volume takes
// two, one on each side of the boot image in it.
func TestTooManyPartitions(t *testing.T) {
	for count, ok := range map[int]bool{125: true, 126: false, 127: false} {
		o := boot.Options{GPT: boot.GPTOnly, Images: []boot.Image{{Platform: boot.EFI, Path: "/efi"}}}
		p := boot.Plan{Sectors: 1 << 20, Volume: 1000, Images: []boot.Span{{100, 50}}}
		for n := range count {
			o.Append = append(o.Append, boot.Partition{Number: n + 2, Path: "x", Type: boot.TypeLinux})
			p.Appended = append(p.Appended, boot.Span{Start: int64(n+2) * 512, Count: 1})
		}
		if err := o.Check(); err != nil {
			t.Fatal(err)
		}
		d, err := o.Disk(p)
		if (err == nil) != ok {
			t.Errorf("%d appended: %v", count, err)
		}
		if err == nil {
			d.PutHead(make([]byte, boot.SystemArea))
		}
	}
}

// TestCHS checks the cylinders, heads and sectors in the MBR of a disk with 64 heads and
// 32 sectors.
func TestCHS(t *testing.T) {
	for span, want := range map[boot.Span][2][3]byte{
		{Start: 8, Count: 504}:          {{1, 1, 0}, {63, 32, 0}},                         // blocks 32 to 2047
		{Start: 512, Count: 8}:          {{0, 1, 1}, {0, 32, 1}},                          // from block 2048
		{Start: 512, Count: 1023 * 512}: {{0, 1, 1}, {63, 0xC0 | 32, 0xFF}},               // to the last block
		{Start: 1024 * 512, Count: 8}:   {{254, 0xC0 | 63, 0xFF}, {254, 0xC0 | 63, 0xFF}}, // past it
	} {
		o := boot.Options{Append: []boot.Partition{{Number: 2, Path: "x", Type: boot.TypeLinux}}}
		d, err := o.Disk(boot.Plan{Sectors: span.Start + span.Count, Volume: 1, Appended: []boot.Span{span}})
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, boot.SystemArea)
		d.PutHead(b)
		if e := b[446+16:]; [3]byte(e[1:]) != want[0] || [3]byte(e[5:]) != want[1] {
			t.Errorf("%+v: %v to %v, want %v", span, e[1:4], e[5:8], want)
		}
	}
}

// TestPatchedReadsEverywhere reads a patched image in pieces of all lengths.
func TestPatchedReadsEverywhere(t *testing.T) {
	base := make([]byte, 3000)
	for i := range base {
		base[i] = byte(i * 3)
	}
	p := &boot.Patched{Base: layout.Bytes(bytes.Clone(base)), Size: 3000, LBA: 77, Volume: 16, InfoTable: true, GRUBInfo: true}
	r, err := p.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	whole := make([]byte, 3000)
	if _, err := r.ReadAt(whole, 0); err != nil {
		t.Fatal(err)
	}
	var sum uint32
	for i := 64; i < 3000; i += 4 {
		sum += binary.LittleEndian.Uint32(whole[i:])
	}
	if got := binary.LittleEndian.Uint32(whole[20:]); got != sum {
		t.Errorf("checksum %08x, want %08x", got, sum)
	}
	if got := binary.LittleEndian.Uint64(whole[2548:]); got != 77*4+5 {
		t.Errorf("GRUB finds %d", got)
	}
	for _, part := range [][2]int{{0, 8}, {8, 64}, {64, 2548}, {2556, 3000}} {
		same := bytes.Equal(whole[part[0]:part[1]], base[part[0]:part[1]])
		if same != (part[0] != 8) {
			t.Errorf("bytes %v: same as the file: %v", part, same)
		}
	}
	for n := 1; n < 70; n++ {
		for off := 0; off+n <= 3000; off += n {
			b := make([]byte, n)
			if _, err := r.ReadAt(b, int64(off)); err != nil || !bytes.Equal(b, whole[off:off+n]) {
				t.Fatalf("%d bytes at %d: %x, %v", n, off, b, err)
			}
		}
	}
}

// TestPatchedShrunk opens an image that has become shorter.
func TestPatchedShrunk(t *testing.T) {
	p := &boot.Patched{Base: layout.Bytes(make([]byte, 100)), Size: 3000, InfoTable: true}
	if _, err := p.Open(); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("error %v", err)
	}
}
