package virtual_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"glassmaster/drive/mmc"
)

// TestCurrentFeatures: the features for writing that are current, in each state of each medium.
func TestCurrentFeatures(t *testing.T) {
	format := func(list []byte) func(*bench) {
		return func(b *bench) { b.ok(formatCDB, list...) }
	}
	written := func(b *bench) { b.writes(0, 32, 2048) }
	final := func(function byte) func(*bench) {
		return func(b *bench) {
			b.writes(0, 32, 2048)
			b.ok("5b 01 01 00 00 01 00 00 00 00")
			b.ok(fmt.Sprintf("5b 01 %02x 00 00 00 00 00 00 00", function))
		}
	}
	incremental := func(b *bench) {
		b.page05(0x60, 0xE5, 8)
		b.writes(0, 32, 2048)
	}
	blank := func(*bench) {}
	for _, c := range []struct {
		name, medium string
		before       func(*bench)
		profile      mmc.Profile
		want         string
	}{
		{"blank", "dvd-r", blank, mmc.DVDR, "21 2F"},
		{"written", "dvd-r", incremental, mmc.DVDR, "21 2F"},
		{"blank", "dvd-rw", blank, mmc.DVDRW, "21 23 2F"},
		{"blanked minimally", "dvd-rw", func(b *bench) { b.ok("a1 11 00 00 00 00 00 00 00 00 00 00") }, mmc.DVDRW, "23 2F"},
		{"formatted quickly", "dvd-rw", format(formatList(0, formatRWQuick, 0, 16)), mmc.DVDRWRO, "23 26 2C"},
		{"formatted", "dvd-rw", format(formatList(0, formatRWFull, 0, 16)), mmc.DVDRWRO, "23 26 2C"},
		{"blank", "dvd-r dl", blank, mmc.DVDRDL, "21 2F 33"},
		{"written incrementally", "dvd-r dl", incremental, mmc.DVDRDL, "21 2F"},
		{"layer jump selected", "dvd-r dl", func(b *bench) { b.jumpPage(true) }, mmc.DVDRDLJ, "33"},
		{"written with layer jumps", "dvd-r dl", func(b *bench) { b.jumpPage(true); b.writes(0, 32, 2048) }, mmc.DVDRDLJ, "33"},
		{"new", "dvd-ram", blank, mmc.DVDRAM, "20 23 24"},
		{"blank", "dvd+r", blank, mmc.DVDPR, "2B"},
		{"written", "dvd+r", written, mmc.DVDPR, "2B"},
		{"final", "dvd+r", final(5), mmc.DVDPR, ""},
		{"blank", "dvd+r dl", blank, mmc.DVDPRDL, "3B"},
		{"final", "dvd+r dl", final(5), mmc.DVDPRDL, ""},
		{"blank", "dvd+rw", blank, mmc.DVDPRW, "23 2A"},
		{"formatted", "dvd+rw", format(formatList(0xFFFFFFFF, formatPlusRW, 0, 0)), mmc.DVDPRW, "20 23 2A"},
		{"blank", "bd-r", blank, mmc.BDRSRM, "21 23 41"},
		{"written", "bd-r", written, mmc.BDRSRM, "21 41"},
		{"with spare areas", "bd-r", format(formatList(0, formatFull, 1, 0)), mmc.BDRSRM, "21 24 41"},
		{"with pseudo overwrite", "bd-r", format(formatList(0, formatFull, 0, 0)), mmc.BDRSRM, "21 24 38 41"},
		{"random recording", "bd-r", format(formatList(0, formatFull, 2, 0)), mmc.BDRRRM, "24 25 41"},
		{"final", "bd-r", final(6), mmc.BDRSRM, ""},
		{"blank", "bd-re", blank, mmc.BDRE, "23 41"},
		{"formatted", "bd-re", format(formatList(0, formatFull, 0, 0)), mmc.BDRE, "20 23 24 41"},
		{"without spare areas", "bd-re", format(formatList(0, formatBDREPlain, 0, 0)), mmc.BDRE, "20 23 41"},
	} {
		b := insertBlank(t, c.medium, 4000)
		c.before(b)
		cfg, err := mmc.GetConfiguration(t.Context(), b.d)
		if err != nil {
			t.Fatal(err)
		}
		var current []string
		last := -1
		for _, f := range cfg.Features {
			if int(f.Code) <= last || len(f.Data)%4 != 0 {
				t.Errorf("feature %04Xh with %d bytes follows %04Xh", f.Code, len(f.Data), last)
			}
			if f.Code == mmc.FeatureBDRPOW && len(f.Data) != 4 {
				t.Errorf("feature 0038h with %d bytes; growisofs finds it only with 4", len(f.Data))
			}
			last = int(f.Code)
			if f.Current && !f.Persistent && f.Code >= 0x20 && f.Code < 0x100 && f.Code != 0x40 {
				current = append(current, fmt.Sprintf("%02X", f.Code))
			}
		}
		if got := strings.Join(current, " "); got != c.want || cfg.Profile != c.profile {
			t.Errorf("%s, %s: profile %v, features %s; want %v, %s", c.medium, c.name, cfg.Profile, got, c.profile, c.want)
		}
	}
}

// TestStructureLists: which structures each disc has. Each of them can be read, and has the
// length that the list says.
func TestStructureLists(t *testing.T) {
	for _, c := range []struct{ medium, want string }{
		{"dvd-r", "00 01 0E 10 C0s"},
		{"dvd-rw", "00 01 0E 10 C0s"},
		{"dvd-r dl", "00 01 0E 10 20s 21s 22s 23s C0s"},
		{"dvd-ram", "00 01 09 0A C0s"},
		{"dvd+r", "00 01 11 C0s"},
		{"dvd+rw", "00 01 11 C0s"},
		{"dvd+r dl", "00 01 11 20s C0s"},
		{"bd-r", "00 09 C0s"},
		{"bd-re", "00 09 C0s"},
	} {
		b := insertBlank(t, c.medium, 4000)
		bd := c.medium[:2] == "bd"
		all, err := mmc.ReadDiscStructure(t.Context(), b.d, bd, 0, 0xFF, 1024)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for ; len(all) >= 4; all = all[4:] { // format, sendable (bit 7) and readable (6), length
			format, size := all[0], int(binary.BigEndian.Uint16(all[2:]))+2
			one := fmt.Sprintf("%02X", format)
			if all[1]&0x80 != 0 {
				one += "s"
			}
			got = append(got, one)
			p, err := mmc.ReadDiscStructure(t.Context(), b.d, bd, 0, format, 8192)
			if err != nil || len(p)+4 != size || all[1]&0x40 == 0 {
				t.Errorf("%s: structure %02Xh has %d bytes, %v; the list says %d", c.medium, format, len(p)+4, err, size)
			}
		}
		if list := strings.Join(got, " "); list != c.want {
			t.Errorf("%s has the structures %s, want %s", c.medium, list, c.want)
		}
	}
}

// TestMediaIdentities: package mmc decodes what the virtual media say of themselves.
func TestMediaIdentities(t *testing.T) {
	for _, c := range []struct{ medium, want string }{
		{"dvd-r", "GLASSMST001"},
		{"dvd+r", "GLASSMST-001-00"},
		{"dvd+rw", "GLASSMST-001-00"},
		{"bd-r", "GLASSM-001-00"},
		{"bd-re", "GLASSM-001-00"},
		{"dvd-ram", ""},
	} {
		b := insertBlank(t, c.medium, 4000)
		m, err := mmc.ReadMediaIdentity(t.Context(), b.d, b.profile())
		if err != nil || m.String() != c.want {
			t.Errorf("%s: %q, %v, want %q", c.medium, m, err, c.want)
		}
	}
	b := insertBlank(t, "bd-r xl", 0)
	if x, err := mmc.ReadBDInformation(t.Context(), b.d); err != nil || x.Kind != "BDR" || x.Layers != 3 {
		t.Errorf("%+v, %v", x, err)
	}
}
