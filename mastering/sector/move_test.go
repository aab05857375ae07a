package sector_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// A sector that is moved is the sector that is made at the new address, with the same bytes
// damaged.
func TestMove(t *testing.T) {
	rnd := rand.NewChaCha8([32]byte{1})
	for _, k := range []sector.Kind{sector.Mode0, sector.Mode1, sector.Mode2, sector.Form1, sector.Form2} {
		for _, c := range []struct{ from, by disc.LBA }{{0, 1}, {0, 0}, {74, 1}, {1000, -1000}, {12345, 300000}, {404849, 1}, {449848, -1}} {
			p := noise(rnd, k)
			want := bytes.Clone(p)
			sector.Generate(p, c.from, k)
			sector.Generate(want, c.from+c.by, k)
			for _, damaged := range [][]int{nil, {15}, {100, 2000}, {2064}, {2070}, {2100, 2300}, {2351}} {
				q, w := bytes.Clone(p), bytes.Clone(want)
				if k == sector.Mode1 { // the codes of damaged bytes are not made anew
					for _, at := range damaged[min(1, len(damaged)):] {
						q[at], w[at] = q[at]^0x5A, w[at]^0x5A
					}
				}
				sector.Move(q, c.by)
				if !bytes.Equal(q, w) {
					t.Errorf("%v from %d by %d, damaged at %v: differs", k, c.from, c.by, damaged)
				}
			}
		}
	}
	for _, p := range [][]byte{make([]byte, sector.Size), append([]byte(sector.Sync+"\xAA\x00\x00\x01"), make([]byte, 2336)...)} {
		was := bytes.Clone(p)
		if sector.Move(p, 5); !bytes.Equal(p, was) {
			t.Errorf("%x was changed", was[:16])
		}
	}
}

// Q of a sector that is moved says the new address; everything else remains.
func TestMoveSubChannels(t *testing.T) {
	at := disc.MSF{M: 10, S: 20, F: 30}
	data := [9]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}
	for _, c := range []struct {
		q, want sector.Q
		damaged bool
	}{
		{
			q:    sector.Q{Control: 4, Mode: sector.QPosition, Track: 2, Index: 1, Relative: disc.MSF{S: 5}, Absolute: at},
			want: sector.Q{Control: 4, Mode: sector.QPosition, Track: 2, Index: 1, Relative: disc.MSF{S: 5}, Absolute: disc.MSF{M: 10, S: 21, F: 25}},
		},
		{q: sector.Q{Mode: sector.QCatalog, Code: "4006381333931", Frame: 30}, want: sector.Q{Mode: sector.QCatalog, Code: "4006381333931", Frame: 25}},
		{q: sector.Q{Mode: sector.QISRC, Code: "USRC17607839", Frame: 1}, want: sector.Q{Mode: sector.QISRC, Code: "USRC17607839", Frame: 71}},
		{q: sector.Q{Mode: sector.QMulti, Data: data}, want: sector.Q{Mode: sector.QMulti, Data: data}},
		{q: sector.Q{Mode: sector.QPosition, Index: sector.PointLeadOut, Absolute: at}, want: sector.Q{Mode: sector.QPosition, Index: sector.PointLeadOut, Absolute: at}},
		{
			q:    sector.Q{Mode: sector.QPosition, Track: 2, Index: 1, Absolute: at},
			want: sector.Q{Mode: sector.QPosition, Track: 2, Index: 1, Absolute: at}, damaged: true,
		},
	} {
		sub := func(q sector.Q) []byte {
			var planar [sector.SubSize]byte
			for i := range planar {
				planar[i] = byte(i * 37)
			}
			sector.EncodeQ(planar[sector.QSize:], q)
			if c.damaged {
				planar[2*sector.QSize-1] ^= 1
			}
			out := make([]byte, sector.SubSize)
			sector.Interleave(out, planar[:])
			return out
		}
		got := sub(c.q)
		if sector.MoveSubChannels(got, 70); !bytes.Equal(got, sub(c.want)) {
			q := sector.ReadQ(got)
			t.Errorf("%+v became %x", c.q, q)
		}
	}
}
