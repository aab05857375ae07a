package virtual_test

import (
	"bytes"
	"testing"
)

// TestReplies compares replies byte by byte.
func TestReplies(t *testing.T) {
	for _, c := range []struct{ name, medium, cdb, want string }{
		{"serial number", "dvd+r", "12 01 80 00 60 00", "0580000c 474d30303030303030303031"},
		{"supported pages", "dvd+r", "12 01 00 00 60 00", "05000002 0080"},
		{"blank DVD+R", "dvd+r", "51 00 00 00 00 00 00 00 22 00", "0020 0001 0101 0120 0000000000000000 0000000000000fa0 0000000000000000 0000"},
		{"blank CD-RW", "cd-rw", "51 00 00 00 00 00 00 00 22 00", "0020 1001 0101 0120 ff00000000000000 00612217 00003719 0000000000000000 0000"},
		{"track resources", "cd-r", "51 01 00 00 00 00 00 00 0c 00", "000a 2000 0063 0000 0063 0063"},
		{"invisible track", "dvd+r", "52 01 00 00 00 ff 00 00 30 00", "002e 0101 0007 4101 00000000 00000000 00000fa0 00000010 00000fa0 00000000 0000 0000 00000000 00000000 00000000"},
		{"by address", "cd-r", "52 00 00 00 00 05 00 00 1c 00", "002e 0101 0004 4101 00000000 00000000 00000f9e 00000000 00000f9e"},
		{"by session", "cd-r", "52 02 00 00 00 01 00 00 08 00", "002e 0101 0004 4101"},
		{"ATIP", "cd-rw", "43 00 04 00 00 00 00 00 20 00", "001e 0000 c000c000 61221700 00371900 00000000000000000000000000000000"},
		{"capacity", "dvd+r", "25 00 00 00 00 00 00 00 00 00", "00000000 00000800"},
		{"write speeds", "cd-rw", "ac 00 00 00 00 00 00 00 00 02 03 00", "00000044 00000000 02000000 00000f9f 00002113 0000108a 00000000 00000f9f 00002113 00000b06"},
		{"nominal speed", "bd-r", "ac 10 00 00 00 00 00 00 00 01 00 00", "00000014 00000000 00000000 0000d2ba 00000f9f 0000d2ba"},
		{"empty buffer", "dvd+r", "5c 00 00 00 00 00 00 00 0c 00", "000a0000 00200000 00200000"},
		{"mechanism", "dvd+r", "bd 00 00 00 00 00 00 00 00 08 00 00", "0000000000000000"},
		{"media event", "dvd+r", "4a 01 00 00 10 00 00 00 08 00", "0006 0412 00020000"},
		{"no event of that class", "dvd+r", "4a 01 00 00 40 00 00 00 08 00", "0002 8012"},
		{"error recovery page", "dvd+r", "5a 00 01 00 00 00 00 00 14 00", "0012 000000000000 010a 00010000 00000100 0000"},
		{"formats of a DVD+RW", "dvd+rw", "23 00 00 00 00 00 00 00 14 00", "00000010 00000fa0 01000800 00000fa0 98000000"},
		{"formats of a DVD-RW", "dvd-rw", "23 00 00 00 00 00 00 00 24 00", "00000020 00000fa0 01000800 00000fa0 00000800 00000fa0 40000010 00000fa0 54000010"},
		{"one feature", "dvd+r", "46 02 00 2b 00 00 00 00 10 00", "0000000c 0000001b 002b0104 01000000"},
		{"a feature that is not current", "cd-r", "46 02 00 2b 00 00 00 00 10 00", "0000000c 00000009 002b0004 01000000"},
		{"track at once", "cd-rw", "46 02 00 2d 00 00 00 00 10 00", "0000000c 0000000a 002d0904 46003f01"},
		{"maker of a DVD+R", "dvd+r", "ad 00 00 00 00 00 00 11 00 22 00 00", "01020000 a10f0200 00030000 00030f9f 00000000 000000 474c4153534d5354 303031"},
		{"maker of a DVD-R", "dvd-r", "ad 00 00 00 00 00 00 0e 00 2c 00 00", "002a0000 010000030f9f0000 0200000000000000 03474c4153534d00 0453543030310000 0500000000000000"},
		{"list of structures", "dvd-r", "ad 00 00 00 00 00 00 ff 00 18 00 00", "00160000 00400802 01400006 0e40002a 10400802 c0c00006"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := insertBlank(t, c.medium, 4000)
			if c.medium == "cd-r" {
				b.page05(0x41, 0x04, 8)
			}
			want := bytesOf(c.want)
			if got := b.get(c.cdb, 4096); !bytes.Equal(got, want) {
				t.Errorf("%s\ngot  % x\nwant % x", c.cdb, got, want)
			}
		})
	}
}

// TestProfiles: one profile is current, and the features from which hosts choose how to
// write are those of the medium.
func TestProfiles(t *testing.T) {
	current := map[string][]byte{
		"cd-r": {0x2D, 0x2E}, "cd-rw": {0x2D, 0x2E, 0x37}, "dvd-r": {0x21, 0x2F}, "dvd-rw": {0x21, 0x23, 0x2F},
		"dvd+r": {0x2B}, "dvd+rw": {0x23, 0x2A}, "dvd+r dl": {0x3B}, "bd-r": {0x21, 0x23, 0x41}, "bd-re": {0x23, 0x41},
		"dvd-ram": {0x20, 0x23, 0x24}, "dvd-r dl": {0x21, 0x2F, 0x33},
	}
	for medium, want := range current {
		b := insertBlank(t, medium, 4000)
		all := b.get("46 00 00 00 00 00 00 10 00 00", 4096)
		if n := int(all[2])<<8 | int(all[3]); n+4 != len(all) {
			t.Fatalf("%s: the reply says %d bytes and has %d", medium, n+4, len(all))
		}
		var got []byte
		profiles := 0
		for p := all[8:]; len(p) >= 4; p = p[4+int(p[3]):] {
			if p[0] == 0 && p[1] == 0 {
				for q := p[4 : 4+int(p[3])]; len(q) > 0; q = q[4:] {
					profiles += int(q[2])
				}
			}
			if p[0] == 0 && p[1] >= 0x20 && p[1] != 0x40 && p[2]&1 != 0 {
				got = append(got, p[1])
			}
		}
		if !bytes.Equal(got, want) || profiles != 1 {
			t.Errorf("%s: current features % x, want % x; %d current profiles", medium, got, want, profiles)
		}
	}
}
