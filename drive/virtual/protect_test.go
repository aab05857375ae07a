package virtual_test

import (
	"testing"

	"glassmaster/drive/mmc"
)

// protectCDB is SEND DISC STRUCTURE of the write protection.
const protectCDB = "bf 00 00 00 00 00 00 c0 00 08 00 00"

// protectList returns the data of that command.
func protectList(persistent, untilReset bool) []byte {
	b := []byte{0, 6, 0, 0, 0, 0, 0, 0}
	if persistent {
		b[4] |= 2
	}
	if untilReset {
		b[4] |= 1
	}
	return b
}

// TestWriteProtection: a disc that is protected by its cartridge, or by software, cannot be
// changed.
func TestWriteProtection(t *testing.T) {
	refused := func(b *bench) {
		b.Helper()
		b.writeFails("7/27/00", 0, 16)
		b.fails("7/27/00", formatCDB, formatList(4000, 0, 0, 0x800)...)
	}
	b := insertName(t, "medium=dvd-ram&sectors=4000&tab=1")
	if s, err := mmc.ReadDiscStructure(t.Context(), b.d, false, 0, 0x09, 4); err != nil || s[0] != 0x84 { // in a cartridge, protected by the tab
		t.Errorf("status % X, %v", s, err)
	}
	if w, err := mmc.ReadWriteProtection(t.Context(), b.d, false); err != nil || w != (mmc.WriteProtection{Tab: true}) {
		t.Errorf("protection %+v, %v", w, err)
	}
	refused(b)

	b = insertBlank(t, "dvd-ram", 4000)
	b.writes(0, 16, 2048)
	b.ok("35 00 00 00 00 00 00 00 00 00")
	b.ok(protectCDB, protectList(true, false)...)
	refused(b)
	if err := b.d.DropPower(); err != nil {
		t.Fatal(err)
	}
	b.fails("6/29/00", "00 00 00 00 00 00")
	refused(b)
	b.same(0, 16)
	b.ok(protectCDB, protectList(false, true)...)
	refused(b)
	if err := b.d.DropPower(); err != nil {
		t.Fatal(err)
	}
	b.fails("6/29/00", "00 00 00 00 00 00")
	if w, err := mmc.ReadWriteProtection(t.Context(), b.d, false); err != nil || w.Any() {
		t.Errorf("protection %+v after a power failure, %v", w, err)
	}
	b.writes(0, 16, 2048)

	b = insertBlank(t, "dvd+r", 4000)
	b.fails("5/26/00", protectCDB, protectList(true, false)...) // only a DVD-RAM can be protected persistently
	b.ok(protectCDB, protectList(false, true)...)
	b.writeFails("7/27/00", 0, 16)
	b.fails("7/27/00", "53 00 00 00 00 00 00 00 20 00")
	b.fails("7/27/00", "5b 01 01 00 00 01 00 00 00 00")
}

// TestRandomRecording: a BD-R with random recording is written in any order, each cluster
// once.
func TestRandomRecording(t *testing.T) {
	b := insertBlank(t, "bd-r", 3200)
	b.ok(formatCDB, formatList(3072, formatBDRSpare, 2, 0)...)
	if got := b.profile(); got != mmc.BDRRRM {
		t.Fatalf("profile %v, want %v", got, mmc.BDRRRM)
	}
	b.clusters(320, 32)
	b.clusters(64, 64)
	b.clusters(0, 32)
	b.writeFails("5/21/02", 64, 32)
	b.writeFails("5/21/02", 32, 64)
	b.writeFails("5/21/02", 40, 32)
	b.writeFails("5/21/02", 160, 16)
	b.writeFails("5/21/00", 3072, 32)
	b.clusters(32, 32)
	b.same(0, 128)
	b.same(320, 32)
	b.fails("5/21/00", "28 00 00 00 00 a0 00 00 01 00")
	if n := b.track(1); n.Free != 3072-160 || n.Size != 3072 {
		t.Errorf("track %+v", n)
	}
	if c, err := mmc.GetConfiguration(t.Context(), b.d); err != nil || !c.Current(0x25) || c.Current(mmc.FeatureIncremental) {
		t.Errorf("features %+v, %v", c.Features, err)
	}
	b.ok("5b 01 06 00 00 00 00 00 00 00")
	b.writeFails("5/30/05", 160, 32)
	b.same(320, 32)
}

// clusters writes clusters of a BD.
func (b *bench) clusters(lba int64, blocks int) {
	b.Helper()
	for n := 0; n < blocks; n += 32 {
		if err := b.write(lba+int64(n), 32, 2048); err != nil {
			b.Fatalf("WRITE at %d: %v", lba+int64(n), err)
		}
	}
}
