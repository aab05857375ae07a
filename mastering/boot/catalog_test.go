package boot_test

import (
	"testing"

	"glassmaster/mastering/boot"
)

// FuzzCatalog parses a boot catalogue.
func FuzzCatalog(f *testing.F) {
	p := append([]byte("\x01\x00\x00\x00"), make([]byte, 26)...)
	p = append(p, "\x55\xaa\x88\x00\x00\x00\x00\x00\x04\x00\x23"...)
	p = append(p, make([]byte, 21)...)
	p = append(p, "\x91\xef\x01\x00"...)
	p = append(p, make([]byte, 28)...)
	f.Add(append(p, make([]byte, 64)...))
	q := make([]byte, boot.MaxCatalog)
	boot.PutCatalog(q, "ID", []boot.Entry{{}, {Platform: boot.EFI}, {Platform: boot.EFI, LBA: 7}, {Platform: boot.Mac, NotBootable: true}})
	f.Add(q)
	f.Fuzz(func(t *testing.T, p []byte) {
		c, err := boot.ParseCatalog(p)
		if err == nil && (len(c.Entries) == 0 || len(c.Entries) > len(p)/32) {
			t.Fatalf("a catalogue of %d entries in %d bytes", len(c.Entries), len(p))
		}
	})
}

// TestCatalog parses a catalogue that PutCatalog has written.
func TestCatalog(t *testing.T) {
	want := []boot.Entry{
		{Emulation: boot.Floppy144, LoadSectors: 1, LBA: 100},
		{Platform: boot.EFI, LoadSectors: 0xFFFF, LBA: 1<<32 - 1},
		{Platform: boot.EFI, NotBootable: true, LoadSegment: 0x1234, SystemType: 0xEF, LBA: 7},
		{Platform: boot.PowerPC, Emulation: boot.HardDisk, SystemType: 6},
	}
	p := make([]byte, boot.MaxCatalog)
	boot.PutCatalog(p, "Someone", want)
	c, err := boot.ParseCatalog(p)
	if err != nil {
		t.Fatal(err)
	}
	if c.ID != "Someone" || !c.Checksum || len(c.Entries) != len(want) {
		t.Fatalf("%+v", c)
	}
	for i, e := range c.Entries {
		if e.Entry != want[i] || e.Section != "" || len(e.Criteria) > 0 {
			t.Errorf("entry %d is %+v, want %+v", i, e, want[i])
		}
	}
	p[20] ^= 1
	if c, err := boot.ParseCatalog(p); err != nil || c.Checksum {
		t.Errorf("a damaged validation entry: %+v, %v", c, err)
	}
	p[31] = 0
	if c, err := boot.ParseCatalog(p); err == nil {
		t.Errorf("without the key bytes: %+v", c)
	}
}
