package virtual_test

import (
	"encoding/binary"
	"fmt"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
)

// layerCDB is SEND DISC STRUCTURE of a format with 12 bytes of data.
func layerCDB(format byte) string {
	return fmt.Sprintf("bf 00 00 00 00 00 00 %02x 00 0c 00 00", format)
}

// layerList is its data.
func layerList(v uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{0, 10, 0, 0, 0, 0, 0, 0}, v)
}

// jumpPage selects layer jump recording.
func (b *bench) jumpPage(multi bool) {
	b.Helper()
	if multi {
		b.page05(0x44, 0xC5, 8)
		return
	}
	b.page05(0x44, 0x05, 8)
}

// track returns the information of a track.
func (b *bench) track(n int) mmc.TrackInformation {
	b.Helper()
	t, err := mmc.ReadTrackInformation(b.Context(), b.d, n)
	if err != nil {
		b.Fatal(err)
	}
	return t
}

// profile returns the current profile.
func (b *bench) profile() mmc.Profile {
	b.Helper()
	p, err := mmc.CurrentProfile(b.Context(), b.d)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// TestLayerJump records two sessions of a DVD-R DL with layer jumps at regular and at chosen
// places. Layer 0 has the addresses 0 to 49999, and the address below x is 99999-x.
func TestLayerJump(t *testing.T) {
	const top = 99999
	b := insertBlank(t, "dvd-r dl", 100000)
	if got := b.profile(); got != mmc.DVDRDL {
		t.Fatalf("the blank disc has the profile %v", got)
	}
	b.jumpPage(true)
	if got := b.profile(); got != mmc.DVDRDLJ {
		t.Fatalf("with layer jump recording selected, the profile is %v", got)
	}
	b.ok(layerCDB(0x22), layerList(160)...)
	if got, err := mmc.ReadDiscStructure(t.Context(), b.d, false, 0, 0x22, 8); err != nil || got[7] != 160 {
		t.Errorf("the interval is % X, %v", got, err)
	}
	if n := b.track(1); n.LayerJump != 1 || n.NextJump != 159 || n.Free != 100000 || n.NextWritable != 0 {
		t.Errorf("the blank track: %+v", n)
	}
	b.writes(0, 144, 2048)
	b.writeFails("5/21/03", 144, 32) // across the jump
	b.writes(144, 16, 2048)
	b.writeFails("5/21/02", 160, 16)
	if n := b.track(1); n.LayerJump != 3 || n.NextWritable != top-159 || n.NextJump != 159 || n.Free != 100000-160 {
		t.Errorf("after the first jump: %+v", n)
	}
	b.writes(top-159, 160, 2048)
	if n := b.track(1); n.NextWritable != 160 || n.NextJump != 319 || n.LastJump != 159 || n.Free != 100000-320 {
		t.Errorf("back on layer 0: %+v", n)
	}
	b.fails("5/26/00", layerCDB(0x23), layerList(150)...) // before the next writable address
	b.fails("5/26/00", layerCDB(0x23), layerList(192)...) // in the middle of an ECC block
	b.ok(layerCDB(0x23), layerList(191)...)
	b.writes(160, 32, 2048)
	if n := b.track(1); n.NextWritable != top-191 {
		t.Errorf("after the chosen jump: %+v", n)
	}
	b.writes(top-191, 16, 2048)
	b.fails("5/72/03", "5b 01 02 00 00 00 00 00 00 00")
	b.ok("5b 01 01 00 00 01 00 00 00 00")
	b.writeFails("5/30/05", top-175, 16) // the session has one track
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	b.wantInfo(1, 0, 2, 2, 2)
	b.same(0, 192)
	b.same(top-159, 160)
	b.same(top-191, 16)
	b.fails("5/21/00", "28 00 00 00 00 c0 00 00 01 00") // between the layers nothing is recorded

	second := int64(192 + 28672)
	if got := b.nwa(2); got != second {
		t.Fatalf("the second session begins at %d, want %d", got, second)
	}
	b.page05(0x40, 0xC5, 8)
	b.writeFails("5/64/00", second, 16) // the disc is one with layer jumps
	b.jumpPage(false)
	b.writes(second, 16, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok("5b 01 01 00 00 02 00 00 00 00")
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 2, 2, 2)
	b.same(second, 16)
	b.writeFails("5/30/05", second+16, 16)
	if r := b.get("25 00 00 00 00 00 00 00 00 00", 8); binary.BigEndian.Uint32(r) != top {
		t.Errorf("the last address is %d", binary.BigEndian.Uint32(r))
	}

	// As an image the disc has all addresses of both layers.
	if err := b.d.Close(); err != nil {
		t.Fatal(err)
	}
	d, _, err := image.Open(t.Context(), b.d.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if n := disc.Sectors(d); n != top+1 {
		t.Errorf("the image has %d sectors", n)
	}
	p := make([]byte, 2048)
	if _, err := d.ReadSectors(t.Context(), p, top-159, disc.User); err != nil || string(p) != string(pattern(top-159, 1, 2048)) {
		t.Errorf("the first sector of layer 1 differs in the image: %v", err)
	}
}

// TestLayerJumpToTheEnd records all of both layers without an interval: the only jump is at
// the end of layer 0.
func TestLayerJumpToTheEnd(t *testing.T) {
	b := insertBlank(t, "dvd-r dl", 640)
	b.jumpPage(false)
	b.writes(0, 320, 2048)
	b.writes(320, 320, 2048)
	b.writeFails("5/21/00", 640, 16)
	if n := b.track(1); n.Writable || n.Free != 0 {
		t.Errorf("the full track: %+v", n)
	}
	b.writeFails("5/63/00", 320, 16)
	b.ok("5b 01 01 00 00 01 00 00 00 00")
	b.ok("5b 01 02 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	b.same(0, 640)
}

// TestLayers: what can be set of the layers of a disc, and when.
func TestLayers(t *testing.T) {
	blank := func(*bench) {}
	jump := func(b *bench) { b.jumpPage(true) }
	incremental := func(b *bench) {
		b.page05(0x60, 0xE5, 8)
		b.writes(0, 16, 2048)
	}
	for _, c := range []struct {
		name, medium string
		before       func(*bench)
		format       byte
		v            uint32
		want         string
	}{
		{"boundary of a DVD+R DL", "dvd+r dl", blank, 0x20, 800, ""},
		{"boundary of a DVD-R DL", "dvd-r dl", blank, 0x20, 800, ""},
		{"half of the disc", "dvd-r dl", blank, 0x20, 2000, ""},
		{"more than half", "dvd-r dl", blank, 0x20, 2016, "5/26/00"},
		{"half an ECC block", "dvd-r dl", blank, 0x20, 808, "5/26/00"},
		{"boundary at 0", "dvd-r dl", blank, 0x20, 0, "5/26/00"},
		{"boundary of a recorded disc", "dvd-r dl", incremental, 0x20, 800, "5/2C/00"},
		{"boundary of one layer", "dvd-r", blank, 0x20, 800, "5/24/00"},
		{"middle area", "dvd-r dl", jump, 0x21, 800, ""},
		{"middle area of a DVD+R DL", "dvd+r dl", blank, 0x21, 800, "5/24/00"},
		{"interval", "dvd-r dl", jump, 0x22, 160, ""},
		{"interval of half a block", "dvd-r dl", jump, 0x22, 24, "5/26/00"},
		{"interval beyond layer 0", "dvd-r dl", jump, 0x22, 2016, "5/26/00"},
		{"interval of a disc without jumps", "dvd-r dl", incremental, 0x22, 160, "5/24/00"},
		{"manual jump", "dvd-r dl", jump, 0x23, 159, ""},
		{"manual jump beyond layer 0", "dvd-r dl", jump, 0x23, 2015, "5/26/00"},
		{"remapping", "dvd-r dl", jump, 0x24, 16, "5/24/00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertBlank(t, c.medium, 4000)
			c.before(b)
			if c.want != "" {
				b.fails(c.want, layerCDB(c.format), layerList(c.v)...)
				return
			}
			b.ok(layerCDB(c.format), layerList(c.v)...)
			if r := b.get(fmt.Sprintf("ad 00 00 00 00 00 00 %02x 00 0c 00 00", c.format), 12); binary.BigEndian.Uint32(r[8:]) != c.v {
				t.Errorf("it is % x, want %d", r, c.v)
			}
			if c.format <= 0x21 {
				b.fails("5/2C/00", layerCDB(c.format), layerList(c.v)...)
			}
		})
	}
}

// TestBoundaryOfMinusR: a DVD-R DL whose boundary is set holds twice as much, and its physical
// format information says so.
func TestBoundaryOfMinusR(t *testing.T) {
	b := insertBlank(t, "dvd-r dl", 4000)
	if err := mmc.SetLayerBoundary(t.Context(), b.d, 800); err != nil {
		t.Fatal(err)
	}
	b.page05(0x42, 0x05, 8)
	if n := b.track(1); n.Free != 1600 {
		t.Errorf("%d sectors are free, want 1600", n.Free)
	}
	b.ok("53 00 00 00 00 00 00 06 40 00")
	b.writes(0, 1600, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.wantInfo(2, 3, 1, 1, 1)
	f, err := mmc.ReadPhysicalFormat(t.Context(), b.d)
	if err != nil || f.Layer0() != 800 || f.Last != 0xFFFFFF&^(f.First+799)+799 || f.Book != mmc.BookR {
		t.Errorf("physical format %+v, %v", f, err)
	}
	if l, err := mmc.ReadLayerBoundary(t.Context(), b.d); err != nil || !l.Fixed || l.Layer0 != 800 {
		t.Errorf("layer boundary %+v, %v", l, err)
	}
	if _, err := mmc.ReadShiftedMiddle(t.Context(), b.d); err == nil {
		t.Error("a disc without layer jumps has a middle area")
	}
}

// TestJumpsBeforeMiddleArea sets an interval and a jump, and then a middle area before both: they
// are given up, and the file of the disc can be opened.
func TestJumpsBeforeMiddleArea(t *testing.T) {
	b := insertBlank(t, "dvd-r dl", 100000)
	b.jumpPage(true)
	b.ok(layerCDB(0x22), layerList(1600)...)
	b.ok(layerCDB(0x23), layerList(1599)...)
	b.ok(layerCDB(0x21), layerList(160)...)
	if n := b.track(1); n.NextJump != 159 {
		t.Errorf("the next jump is at %d", n.NextJump)
	}
	if err := openable(t, b.d.Path()); err != nil {
		t.Error(err)
	}
}
