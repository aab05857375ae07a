package virtual_test

import (
	"testing"
)

// TestLikeOthers compares replies with those of other emulated drives for the same disc: a
// blank DVD+R in tgtd 1.0.85, and a blank BD-R in CDEmu 3.3. Bytes that may differ have a
// mask of 0: what is optional, and what depends on the drive.
func TestLikeOthers(t *testing.T) {
	for _, c := range []struct {
		name, medium, cdb string
		want, mask        string
	}{
		{
			"disc information of a DVD+R", "dvd+r", "51 00 00 00 00 00 00 00 22 00",
			"0020 0001 0101 0110 0000000000000000 00000000 00230540 0000000000000000 0000",
			"ffff ffff ffff ff03 ffffffffffffffff ffffffff ffffffff ffffffffffffffff ffff", // byte 7: restrictions of use
		},
		{
			"track of a DVD+R", "dvd+r", "52 01 00 00 00 ff 00 00 24 00",
			"0026 0101 0007 4101 00000000 00000000 00230540 00000010 00230540 00000000 00000000",
			"0000 ffff ffff ffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff",
		},
		{
			"physical format of a DVD+R", "dvd+r", "ad 00 00 00 00 00 00 00 00 15 00 00",
			"0802 0000 a10f 0200 00030000 0026053f 00000000 00",
			"ffff ffff ffff ffff ffffffff ffffffff ffffffff ff",
		},
		{
			"list of structures of a DVD+R", "dvd+r", "ad 00 00 00 00 00 00 ff 00 10 00 00",
			"000e 0000 00400802 01400006 11400102",
			"0000 ffff ffffffff ffffffff ffffffff",
		},
		{
			"write parameters of a DVD+R", "dvd+r", "5a 08 05 00 00 00 00 00 18 00",
			"003a 0000 00000000 0532 6205 0810 0000 0000 0000 0010 0096",
			"ffff 00ff ffffffff ffff ffff ffff ffff ffff ffff ffff ffff",
		},
		{
			"disc information of a BD-R", "bd-r", "51 00 00 00 00 00 00 00 10 00",
			"0020 0001 0101 0100 ff00000000000000",
			"ffff ffff ffff ff03 00ffffffffffffff", // byte 8: the type of a CD
		},
		{
			"track of a BD-R", "bd-r", "52 01 00 00 00 ff 00 00 10 00",
			"002e 0101 0007 4101 00000000 00000000",
			"ffff ffff ffff ffff ffffffff ffffffff",
		},
		{
			"capacity of a blank BD-R", "bd-r", "25 00 00 00 00 00 00 00 00 00",
			"00000000 00000800", "ffffffff ffffffff",
		},
	} {
		b := insertBlank(t, c.medium, 0)
		got, want, mask := b.get(c.cdb, 64), bytesOf(c.want), bytesOf(c.mask)
		if len(got) < len(want) || len(mask) != len(want) {
			t.Fatalf("%s: % x, %d bytes of mask; want % x", c.name, got, len(mask), want)
		}
		for i, w := range want {
			if (got[i]^w)&mask[i] != 0 {
				t.Errorf("%s: byte %d is %02x, and that of another drive %02x", c.name, i, got[i], w)
			}
		}
	}
}
