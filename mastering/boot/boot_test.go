package boot

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"

	"glassmaster/mastering/layout"
)

func TestParseImage(t *testing.T) {
	for _, c := range []struct {
		text string
		want Image
		err  string
	}{
		{"bios=/isolinux/isolinux.bin,info-table", Image{Path: "/isolinux/isolinux.bin", InfoTable: true}, ""},
		{"efi=partition:2", Image{Platform: EFI, Partition: 2}, ""},
		{"EFI=/a,,b.img,load=0x10", Image{Platform: EFI, Path: "/a,b.img", LoadSectors: 16}, ""},
		{"bios=x,emulation=1.44M,segment=0x800,not-bootable", Image{Path: "x", Emulation: Floppy144, LoadSegment: 0x800, NotBootable: true}, ""},
		{"0x42=x,grub-info,load=all", Image{Platform: 0x42, Path: "x", GRUBInfo: true, LoadSectors: LoadAll}, ""},
		{"isolinux.bin", Image{}, "want platform=path"},
		{"bios=", Image{}, "path is missing"},
		{"amiga=x", Image{}, "want one of bios, ppc, mac, efi"},
		{"efi=partition:two", Image{}, "is not a partition number"},
		{"bios=x,load=0", Image{}, "1 to 65535"},
		{"bios=x,segment=70000", Image{}, "0 to 0xffff"},
		{"bios=x,emulation=tape", Image{}, "want one of none, 1.2M"},
		{"bios=x,quick", Image{}, "unknown option"},
	} {
		parses(t, ParseImage, c.text, c.want, c.err)
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
	guid, err := parseGUID("933AC7E1-2EB4-4F13-B844-0E14E2AEF915")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text string
		want Partition
		err  string
	}{
		{"2:efi:esp.img", Partition{2, "esp.img", TypeEFI}, ""},
		{"3:0xef:C:\\esp.img", Partition{3, "C:\\esp.img", Type{MBR: 0xEF}}, ""},
		{"3:0x83/933AC7E1-2EB4-4F13-B844-0E14E2AEF915:x", Partition{3, "x", Type{0x83, guid}}, ""},
		{"3:933ac7e1-2eb4-4f13-b844-0e14e2aef915:x", Partition{3, "x", Type{0x0C, guid}}, ""},
		{"esp.img", Partition{}, "number:type:path"},
		{"0:efi:x", Partition{}, "is not a partition number"},
		{"2:fish:x", Partition{}, "want one of efi"},
		{"2:0:x", Partition{}, "want one of efi"},
		{"2:0x83/12:x", Partition{}, "is not a GUID"},
	} {
		parses(t, ParsePartition, c.text, c.want, c.err)
	}
}

func TestOptionsAsJSON(t *testing.T) {
	o := Options{
		Images: []Image{
			{Path: "/a", InfoTable: true, LoadSectors: LoadAll},
			{Partition: 3, Platform: EFI},
			{Path: "/f", Emulation: FloppyBySize, Platform: 0x42},
		},
		ID: "id", Catalog: "/boot.cat", Code: "c", Style: StyleGRUB, GPT: GPTHybrid, APM: true, BasicData: true,
		VolumeType: 0x17, PartitionOffset: 16,
		Append: []Partition{{3, "p", TypeEFI}, {4, "q", Type{MBR: 0x42}}, {5, "r", Type{0x42, TypeHFS.GUID}}},
	}
	b, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var back Options
	if err := json.Unmarshal(b, &back); err != nil || !reflect.DeepEqual(back, o) {
		t.Errorf("%s\nbecame %+v (%v)", b, back, err)
	}
	if err := json.Unmarshal([]byte(`{"gpt":"maybe"}`), &back); err == nil || !strings.Contains(err.Error(), "want one of none, only, hybrid") {
		t.Errorf("error %v", err)
	}
}

func TestCheck(t *testing.T) {
	many := make([]Image, 70)
	for i := range many {
		many[i] = Image{Path: "x"}
	}
	for _, c := range []struct {
		o    Options
		want string
	}{
		{Options{Images: []Image{{}}}, "neither a file"},
		{Options{Images: []Image{{Path: "x", Partition: 2}}}, "names both"},
		{Options{Images: []Image{{Path: "x", LoadSectors: 70000}}}, "1 to 65535"},
		{Options{Images: []Image{{Path: "x", Platform: EFI, Emulation: HardDisk}}}, "UEFI does not emulate"},
		{Options{Images: []Image{{Path: "x", InfoTable: true, Emulation: HardDisk}}}, "would damage"},
		{Options{Images: []Image{{Partition: 2, InfoTable: true}}, Append: []Partition{{Number: 2, Path: "p"}}}, "cannot have a boot information table"},
		{Options{Images: many}, "use fewer"},
		{Options{ID: strings.Repeat("x", 25)}, "limit is 24"},
		{Options{Catalog: "boot/"}, "ends in a slash"},
		{Options{PartitionOffset: 4}, "or 16 to 512"},
		{Options{PartitionOffset: 16, GPT: GPTOnly, Images: []Image{{Path: "x", Platform: EFI}}}, "append it"},
		{Options{Append: []Partition{{Number: 2}}}, "names no file"},
		{Options{Append: []Partition{{Number: 2, Path: "a"}, {Number: 2, Path: "b"}}}, "used twice"},
	} {
		if err := c.o.Check(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want %q", c.o, err, c.want)
		}
	}
	if err := (&Options{Images: many[:30], GPT: GPTOnly, Append: []Partition{{Number: 128, Path: "x"}}}).Check(); err != nil {
		t.Error(err)
	}
}

// TestGPT checks both copies of the GPT against the UEFI Specification.
func TestGPT(t *testing.T) {
	o := Options{
		GPT: GPTOnly, APM: true,
		Images: []Image{{Path: "a", Platform: EFI}, {Path: "b", Platform: EFI}},
		Append: []Partition{{Number: 3, Type: TypeHFS}},
	}
	const sectors = 5000
	d, err := o.Disk(Plan{
		Sectors: sectors, Volume: 4000, Seed: NewSeed("label", 1),
		Images: []Span{{100, 50}, {150, 10}}, Appended: []Span{{4096, 3}},
	})
	if err != nil {
		t.Fatal(err)
	}
	img := make([]byte, sectors*SectorSize)
	d.PutHead(img[:SystemArea])
	d.PutTail(img[len(img)-TailSectors*SectorSize:])
	le := binary.LittleEndian
	blocks := uint64(len(img) / BlockSize)
	for self, other := range map[uint64]uint64{1: blocks - 1, blocks - 1: 1} {
		h := bytes.Clone(img[self*BlockSize:][:92])
		crc := le.Uint32(h[16:])
		clear(h[16:20])
		if string(h[:8]) != "EFI PART" || crc != crc32.ChecksumIEEE(h) || le.Uint64(h[24:]) != self || le.Uint64(h[32:]) != other {
			t.Errorf("header at %d: %x", self, h)
		}
		array := le.Uint64(h[72:]) * BlockSize
		if crc := crc32.ChecksumIEEE(img[array:][:128*128]); crc != le.Uint32(h[88:]) {
			t.Errorf("header at %d: the array has CRC %x, not %x", self, crc, le.Uint32(h[88:]))
		}
		if self == 1 && array < uint64(1+len(d.apm))*SectorSize {
			t.Errorf("the array at byte %d covers the Apple partition map", array)
		}
	}
	// Partitions in the order of their numbers: start, count, in blocks.
	want := map[int][2]int64{1: {64, 336}, 2: {400, 200}, 3: {16384, 12}, 4: {600, 40}, 5: {640, 15360}}
	got := map[int][2]int64{}
	for _, s := range d.gpt {
		got[s.number] = [2]int64{s.start, s.count}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("partitions %v, want %v", got, want)
	}
}

// TestTooManyPartitions has one partition more than a GPT holds: the volume takes two,
// one on each side of the boot image in it.
func TestTooManyPartitions(t *testing.T) {
	for count, ok := range map[int]bool{125: true, 126: false, 127: false} {
		o := Options{GPT: GPTOnly, Images: []Image{{Platform: EFI, Path: "/efi"}}}
		p := Plan{Sectors: 1 << 20, Volume: 1000, Images: []Span{{100, 50}}}
		for n := range count {
			o.Append = append(o.Append, Partition{Number: n + 2, Path: "x", Type: TypeLinux})
			p.Appended = append(p.Appended, Span{Start: int64(n+2) * 512, Count: 1})
		}
		if err := o.Check(); err != nil {
			t.Fatal(err)
		}
		d, err := o.Disk(p)
		if (err == nil) != ok {
			t.Errorf("%d appended: %v", count, err)
		}
		if err == nil {
			d.PutHead(make([]byte, SystemArea))
		}
	}
}

func TestCHS(t *testing.T) {
	for block, want := range map[int64][3]byte{
		0: {0, 1, 0}, 31: {0, 32, 0}, 32: {1, 1, 0}, 2047: {63, 32, 0}, 2048: {0, 1, 1},
		1023*2048 + 2047: {63, 0xC0 | 32, 0xFF}, 1024 * 2048: {254, 0xC0 | 63, 0xFF},
	} {
		var b [3]byte
		if putCHS(b[:], block); b != want {
			t.Errorf("block %d: %v, want %v", block, b, want)
		}
	}
}

// TestPatchedReadsEverywhere reads a patched image in pieces of all lengths.
func TestPatchedReadsEverywhere(t *testing.T) {
	base := make([]byte, 3000)
	for i := range base {
		base[i] = byte(i * 3)
	}
	p := &Patched{Base: layout.Bytes(bytes.Clone(base)), Size: 3000, LBA: 77, Volume: 16, InfoTable: true, GRUBInfo: true}
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
	p := &Patched{Base: layout.Bytes(make([]byte, 100)), Size: 3000, InfoTable: true}
	if _, err := p.Open(); err == nil || !strings.Contains(err.Error(), "shorter") {
		t.Errorf("error %v", err)
	}
}
