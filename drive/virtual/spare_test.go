package virtual_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
)

// stream writes blocks with WRITE(12) and the bit Streaming.
func (b *bench) stream(lba int64, blocks int) error {
	cdb := make([]byte, 12)
	cdb[0], cdb[10] = scsi.OpWrite12, 0x80
	binary.BigEndian.PutUint32(cdb[2:], uint32(lba))
	binary.BigEndian.PutUint32(cdb[6:], uint32(blocks))
	_, err := b.execute(scsi.Command{CDB: cdb, Data: pattern(lba, blocks, 2048), Direction: scsi.Out})
	return err
}

// verified writes blocks with WRITE AND VERIFY(10).
func (b *bench) verified(lba int64, blocks int) error {
	cdb := make([]byte, 10)
	cdb[0] = scsi.OpWriteAndVerify
	binary.BigEndian.PutUint32(cdb[2:], uint32(lba))
	binary.BigEndian.PutUint16(cdb[7:], uint16(blocks))
	_, err := b.execute(scsi.Command{CDB: cdb, Data: pattern(lba, blocks, 2048), Direction: scsi.Out})
	return err
}

// read returns the sense of a READ of one sector, or "".
func (b *bench) read(lba int64) string {
	cdb := make([]byte, 10)
	cdb[0], cdb[8] = scsi.OpRead10, 1
	binary.BigEndian.PutUint32(cdb[2:], uint32(lba))
	if _, err := b.execute(scsi.Command{CDB: cdb, Data: make([]byte, 2048), Direction: scsi.In}); err != nil {
		return code(err)
	}
	return ""
}

// formats returns the list of formats as texts: type, blocks and parameter.
func (b *bench) formats() (all []string, state int, blocks int64) {
	b.Helper()
	c, err := mmc.ReadFormatCapacities(b.Context(), b.d)
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range c.Formats {
		all = append(all, fmt.Sprintf("%02X %d %X", f.Type, f.Blocks, f.Parameter))
	}
	return all, c.State, c.Blocks
}

// TestFormatCapacities: what each disc of full size can be formatted to, when it is new and
// after it was formatted.
func TestFormatCapacities(t *testing.T) {
	none := []byte(nil)
	for _, c := range []struct {
		medium string
		format []byte
		state  int
		blocks int64
		want   []string
	}{
		{"dvd-r", none, mmc.Unformatted, 2298496, nil},
		{"dvd+r dl", none, mmc.Unformatted, 4173824, nil},
		{"dvd-ram", none, mmc.Formatted, 2236704, []string{"00 2236704 800", "00 2295072 800"}},
		{"dvd-ram", formatList(2295072, 0, 0, 0x800), mmc.Formatted, 2295072, []string{"00 2236704 800", "00 2295072 800", "01 2236704 800"}},
		{"dvd-rw", none, mmc.Unformatted, 2298496, []string{"00 2298496 800", "10 2298496 10", "15 2298496 10"}},
		{"dvd-rw", formatList(0, 0x15, 0, 16), mmc.NoMedium, 0, []string{"00 2298496 800", "10 2298496 10", "15 2298496 10"}},
		{"dvd-rw", formatList(1600, 0x10, 0, 16), mmc.Formatted, 1600, []string{"00 2298496 800", "10 2298496 10", "11 2296896 10", "13 2296896 10", "15 2298496 10"}},
		{"dvd-rw", formatList(0xFFFFFFFF, 0x10, 0, 16), mmc.Formatted, 2298496, []string{"00 2298496 800", "10 2298496 10", "15 2298496 10"}},
		{"dvd+rw", none, mmc.Unformatted, 2295104, []string{"26 2295104 0"}},
		{"dvd+rw", formatList(0xFFFFFFFF, 0x26, 0, 0), mmc.Formatted, 2295104, []string{"26 2295104 0"}},
		{"bd-r", none, mmc.Unformatted, 12219392, []string{"00 11826176 3000", "32 11826176 0", "32 5796864 0", "32 12088320 0"}},
		{"bd-r", formatList(12088320, 0x32, 1, 0), mmc.Formatted, 12088320, nil},
		{"bd-r dl", none, mmc.Unformatted, 24438784, []string{"00 23652352 6000", "32 23652352 0", "32 11593728 0", "32 24176640 0"}},
		{"bd-r xl", formatList(0, 0, 1, 0), mmc.Formatted, 47305728, nil},
		{"bd-r ql", formatList(0, 0, 1, 0), mmc.Formatted, 60403712, nil},
		{"bd-re", none, mmc.Unformatted, 12219392, []string{"00 11826176 3000", "30 11826176 3000", "30 5796864 31000", "30 12088320 1000", "31 12219392 800"}},
		{"bd-re", formatList(12219392, 0x31, 0, 0x800), mmc.Formatted, 12219392, []string{"00 11826176 3000", "30 11826176 3000", "30 5796864 31000", "30 12088320 1000", "31 12219392 800"}},
	} {
		b := insertBlank(t, c.medium, 0)
		if c.format != nil {
			b.ok(formatCDB, c.format...)
		}
		all, state, blocks := b.formats()
		if state != c.state || blocks != c.blocks || !slices.Equal(all, c.want) {
			t.Errorf("%s, formatted with % x: state %d, %d blocks, formats %q; want state %d, %d blocks, formats %q", c.medium, c.format, state, blocks, all, c.state, c.blocks, c.want)
		}
	}
}

// TestDefects: what becomes of a defective block, by medium, format and way of writing. The
// block of sector 70 is defective.
func TestDefects(t *testing.T) {
	plain := func(b *bench) error { return b.write(64, 32, 2048) }
	stream := func(b *bench) error { return b.stream(64, 32) }
	verify := func(b *bench) error { return b.verified(64, 32) }
	for _, c := range []struct {
		name, medium string
		format       []byte
		write        func(*bench) error
		want, read   string
		used         int64
	}{
		{"DVD-RAM", "dvd-ram", nil, plain, "", "", 1},
		{"DVD-RAM, streaming", "dvd-ram", nil, stream, "", "3/11/05", 0},
		{"DVD-RAM, formatted with certification", "dvd-ram", formatList(4000, 0, 0, 0x800), stream, "", "", 1},
		{"BD-RE with spare areas", "bd-re", formatList(0, 0, 0, 0), plain, "", "", 1},
		{"BD-RE with spare areas, streaming", "bd-re", formatList(0, 0, 0, 0), stream, "", "3/11/05", 0},
		{"BD-RE, full certification", "bd-re", formatList(0, 0x30, 2, 0), stream, "", "", 1},
		{"BD-RE, quick certification", "bd-re", formatList(0, 0x30, 3, 0), stream, "", "3/11/05", 0},
		{"BD-RE without spare areas", "bd-re", formatList(4000, 0x31, 0, 0), plain, "", "3/11/05", 0},
		{"BD-RE without spare areas, verified", "bd-re", formatList(4000, 0x31, 0, 0), verify, "3/0C/00", "", 0},
		{"DVD+RW", "dvd+rw", formatList(0xFFFFFFFF, 0x26, 0, 0), plain, "", "3/11/05", 0},
		{"DVD+RW, verified", "dvd+rw", formatList(0xFFFFFFFF, 0x26, 0, 0), verify, "3/0C/00", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertName(t, "medium="+c.medium+"&sectors=4000&defective=70")
			if c.format != nil {
				b.ok(formatCDB, c.format...)
			}
			if err := c.write(b); err != nil || c.want != "" {
				if got := code(err); got != c.want {
					t.Fatalf("the write: %s, want %s", got, c.want)
				}
				return
			}
			b.ok("35 00 00 00 00 00 00 00 00 00")
			if got := b.read(70); got != c.read {
				t.Errorf("reading: %q, want %q", got, c.read)
			}
			if c.read == "" {
				b.same(64, 32)
			}
			s, err := mmc.ReadSpareArea(t.Context(), b.d, c.medium == "bd-re")
			if c.medium == "dvd+rw" || c.format != nil && c.format[8]>>2 == 0x31 {
				if err == nil {
					t.Errorf("a disc without spare areas has %+v", s)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			whole, block := s.Allocated, int64(32)
			if c.medium == "dvd-ram" {
				whole, block = whole+12800, 16
			}
			if used := (whole - s.Free) / block; used != c.used {
				t.Errorf("%+v: %d spare blocks are used, want %d", s, used, c.used)
			}
		})
	}
}

// TestDefectsOfBDR: a BD-R with spare areas replaces clusters, and fails when none is left.
func TestDefectsOfBDR(t *testing.T) {
	b := insertName(t, "medium=bd-r&sectors=3200&defective=0,40,70")
	b.ok(formatCDB, formatList(3168, formatBDRSpare, 1, 0)...) // one spare cluster
	b.writes(0, 32, 2048)
	if s, err := mmc.ReadSpareArea(t.Context(), b.d, true); err != nil || s.Free != 0 || s.Allocated != 32 {
		t.Errorf("spare areas %+v, %v", s, err)
	}
	b.writeFails("3/32/00", 32, 32)
	if got := b.nwa(0xFF); got != 32 {
		t.Errorf("NWA %d after a write that failed, want 32", got)
	}
	if err := b.stream(32, 32); err != nil {
		t.Fatal(err)
	}
	b.ok("5b 01 01 00 00 01 00 00 00 00")
	if got := b.read(40); got != "3/11/05" {
		t.Errorf("reading a defective cluster that was written with streaming: %q", got)
	}
	b.same(0, 32)
}

// TestStreaming: WRITE(12) with the bit Streaming needs whole ECC blocks on media that the
// drive would otherwise verify.
func TestStreaming(t *testing.T) {
	for _, c := range []struct {
		medium string
		format []byte
		lba    int64
		blocks int
		want   string
	}{
		{"dvd-ram", nil, 16, 16, ""},
		{"dvd-ram", nil, 16, 8, "5/24/00"},
		{"dvd-ram", nil, 8, 16, "5/21/02"},
		{"bd-re", formatList(0, 0, 0, 0), 32, 32, ""},
		{"bd-re", formatList(0, 0, 0, 0), 32, 16, "5/24/00"},
		{"bd-re", formatList(0, 0, 0, 0), 16, 32, "5/21/02"},
		{"bd-r", nil, 0, 32, ""},
		{"bd-r", nil, 0, 33, "5/24/00"},
		{"dvd+rw", formatList(0xFFFFFFFF, 0x26, 0, 0), 3, 5, ""}, // the bit has no effect
	} {
		b := insertBlank(t, c.medium, 4000)
		if c.format != nil {
			b.ok(formatCDB, c.format...)
		}
		if got := b.stream(c.lba, c.blocks); (got != nil || c.want != "") && code(got) != c.want {
			t.Errorf("%s: %d blocks at %d: %v, want %q", c.medium, c.blocks, c.lba, got, c.want)
		}
	}
}

// TestPseudoOverwrite: clusters that are overwritten use spare clusters, and without pseudo
// overwrite nothing can be overwritten.
func TestPseudoOverwrite(t *testing.T) {
	for _, c := range []struct {
		sub  byte
		want string
		free int64
	}{{0, "", 1}, {1, "5/21/02", 3}} {
		b := insertBlank(t, "bd-r", 3200)
		b.ok(formatCDB, formatList(3104, formatBDRSpare, c.sub, 0)...)
		b.writes(0, 96, 2048)
		b.ok("5b 01 01 00 00 01 00 00 00 00")
		if err := b.write(16, 32, 2048); (err != nil || c.want != "") && code(err) != c.want {
			t.Errorf("sub-type %d: %v, want %q", c.sub, err, c.want)
		}
		if s, err := mmc.ReadSpareArea(t.Context(), b.d, true); err != nil || s.Free != 32*c.free {
			t.Errorf("sub-type %d: %+v, %v, want %d free clusters", c.sub, s, err, c.free)
		}
	}
	b := insertBlank(t, "bd-r", 3200)
	b.ok(formatCDB, formatList(3168, formatBDRSpare, 0, 0)...)
	b.writes(0, 96, 2048)
	b.ok("5b 01 01 00 00 01 00 00 00 00")
	b.writeFails("3/32/00", 0, 64) // one spare cluster for two
}

// TestFormatRefused: formats that a disc cannot get.
func TestFormatRefused(t *testing.T) {
	flags := func(flags byte, list []byte) []byte { list[1] |= flags; return list }
	blank := func(*bench) {}
	for _, c := range []struct {
		name, medium string
		before       func(*bench)
		list         []byte
		want         string
	}{
		{"BD-R twice", "bd-r", func(b *bench) { b.ok(formatCDB, formatList(0, 0, 1, 0)...) }, formatList(0, 0, 1, 0), "5/30/06"},
		{"BD-R with data", "bd-r", func(b *bench) { b.writes(0, 32, 2048) }, formatList(0, 0, 1, 0), "5/30/06"},
		{"BD-R of another type", "bd-r", blank, formatList(0, 0x30, 0, 0), "5/26/00"},
		{"BD-R with too few spare clusters", "bd-r", blank, formatList(4000, 0x32, 0, 0), "5/26/00"},
		{"BD-RE with too many", "bd-re", blank, formatList(1600, 0x30, 0, 0), "5/26/00"},
		{"options that are not valid", "dvd-ram", blank, flags(0x20, formatList(4000, 0, 0, 0x800)), "5/26/00"},
		{"DVD-RAM smaller than with the largest spare area", "dvd-ram", blank, formatList(3984, 0, 0, 0x800), "5/26/00"},
		{"DVD-RAM, spare area that is not larger", "dvd-ram", blank, formatList(4000, 1, 0, 0x800), "5/26/00"},
		{"enlarge a DVD-RW that is full", "dvd-rw", func(b *bench) { b.ok(formatCDB, formatList(0, 0x10, 0, 16)...) }, formatList(0, 0x13, 0, 16), "5/26/00"},
		{"enlarge a DVD-RW in the intermediate state", "dvd-rw", func(b *bench) { b.ok(formatCDB, formatList(0, 0x15, 0, 16)...) }, formatList(0, 0x11, 0, 16), "5/26/00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertBlank(t, c.medium, 4000)
			c.before(b)
			b.fails(c.want, formatCDB, c.list...)
		})
	}
}

// TestSpareExpansion: enlarging the spare area of a DVD-RAM keeps its data.
func TestSpareExpansion(t *testing.T) {
	b := insertBlank(t, "dvd-ram", 4000)
	b.ok("04 19 00 00 00 00", append([]byte{0, 0xA2}, formatList(4112, 0, 0, 0x800)[2:]...)...) // without certification
	b.writes(0, 16, 2048)
	b.writes(4096, 16, 2048)
	b.ok(formatCDB, formatList(4000, formatRAMSpare, 0, 0x800)...)
	b.same(0, 16)
	b.writeFails("5/21/00", 4096, 16)
	if s, err := mmc.ReadSpareArea(t.Context(), b.d, false); err != nil || s.Allocated != 112 || s.Primary != 12800 {
		t.Errorf("spare areas %+v, %v", s, err)
	}
}

// TestDefectStatus: the drive lists the blocks that it replaced.
func TestDefectStatus(t *testing.T) {
	b := insertName(t, "medium=dvd-ram&sectors=4000&defective=0,100,3999")
	b.writes(0, 160, 2048)
	b.writes(3984, 16, 2048)
	for _, c := range []struct {
		from int64
		want []int64
	}{{0, []int64{0, 96, 3984}}, {96, []int64{96, 3984}}, {120, []int64{3984}}} {
		x, err := mmc.DefectStatus(t.Context(), b.d, c.from)
		if err != nil || !slices.Equal(x.Blocks, c.want) || x.End != 3999 {
			t.Errorf("from %d: %+v, %v, want %d", c.from, x, err, c.want)
		}
	}
	b = insertBlank(t, "dvd+r", 4000)
	if _, err := mmc.DefectStatus(t.Context(), b.d, 0); code(err) != "5/24/00" {
		t.Errorf("defects of a DVD+R: %v", err)
	}
}

// TestExactSpeed: a speed that must be exact is one that the drive has.
func TestExactSpeed(t *testing.T) {
	for _, c := range []struct {
		s    mmc.Streaming
		want string
	}{
		{mmc.Streaming{End: 4000, Write: 5540}, ""},
		{mmc.Streaming{End: 4000, Write: 5540, Exact: true}, ""},
		{mmc.Streaming{End: 4000, Write: 5000, Rotation: mmc.CAV}, ""},
		{mmc.Streaming{End: 4000, Write: 5000, Exact: true}, "5/26/00"},
		{mmc.Streaming{Start: 4001, End: 4000, Write: 5540}, "5/26/00"},
		{mmc.Streaming{End: 4000, Write: 5540, Rotation: 3}, "5/26/00"},
	} {
		b := insertBlank(t, "dvd+r", 4000)
		if err := mmc.SetStreamingSpeeds(t.Context(), b.d, c.s); (err != nil || c.want != "") && code(err) != c.want {
			t.Errorf("%+v: %v, want %q", c.s, err, c.want)
		}
	}
}
