package sector_test

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// Q sub-channels that drives read from discs, as Disc Image Creator prints them, and
// examples of the standards.
func TestDecodeQ(t *testing.T) {
	for _, c := range []struct {
		name, q string
		want    sector.Q
		ok      bool
	}{
		{
			"pre-gap of a pressed disc, of 150 sectors, in its first sector", "010400000174000148017e01",
			sector.Q{Mode: 1, Track: 4, Relative: disc.MSF{S: 1, F: 74}, Absolute: disc.MSF{M: 1, S: 48, F: 1}},
			true,
		},
		{"wrong CRC", "010400000174000148017e02", sector.Q{Mode: 1}, false},
	} {
		p, err := hex.DecodeString(c.q)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := sector.DecodeQ(p)
		if ok != c.ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, ok, c.want)
		}
		if ok {
			again := make([]byte, sector.QSize)
			if sector.EncodeQ(again, got); string(again) != string(p) {
				t.Errorf("%s: encoded as %x", c.name, again)
			}
		}
	}
}

// toc is a disc of two sessions.
func toc() disc.TOC {
	return disc.TOC{Catalog: "4006381333931", Sessions: []disc.Session{
		{Number: 1, Tracks: []disc.Track{
			{Number: 1, Mode: disc.Mode1, Start: 0, Length: 1000},
			{Number: 2, Start: 1150, Pregap: 150, Length: 1000, Control: disc.CopyPermitted, Indexes: []disc.LBA{1500, 1960}, ISRC: "USRC17607839"},
			{Number: 3, Start: 2150, Length: 1000},
		}},
		{Number: 2, Tracks: []disc.Track{{Number: 4, Mode: disc.XA, Start: 14550, Length: 500}}},
	}}
}

func TestPutSubChannels(t *testing.T) {
	position := func(track, index, relative int, lba disc.LBA, control byte) sector.Q {
		return sector.Q{Control: control, Mode: 1, Track: track, Index: index, Relative: disc.LBA(relative - 150).MSF(), Absolute: lba.MSF()}
	}
	for _, c := range []struct {
		lba  disc.LBA
		want sector.Q
		p    bool
	}{
		{-150, position(1, 0, 149, -150, 4), true},
		{-1, position(1, 0, 0, -1, 4), true},
		{0, position(1, 1, 0, 0, 4), true}, // the last one with P
		{999, position(1, 1, 999, 999, 4), false},
		{1000, position(2, 0, 149, 1000, 2), true},
		{1150, position(2, 1, 0, 1150, 2), true},
		{1499, position(2, 1, 349, 1499, 2), false},
		{1500, position(2, 2, 350, 1500, 2), false},
		{1960, position(2, 3, 810, 1960, 2), false}, // where the MCN would be
		{1961, sector.Q{Control: 2, Mode: 2, Code: "4006381333931", Frame: 11}, false},
		{2000, sector.Q{Control: 2, Mode: 3, Code: "USRC17607839", Frame: 50}, true},
		{2149, position(2, 3, 999, 2149, 2), true}, // two seconds before a track without pre-gap
		{2150, position(3, 1, 0, 2150, 0), true},
		{3150, position(sector.LeadOut, 1, 0, 3150, 0), false},
		{3300, position(sector.LeadOut, 1, 150, 3300, 0), true},
		{3319, position(sector.LeadOut, 1, 169, 3319, 0), false},
		{3150 + 6749, position(sector.LeadOut, 1, 6749, 3150+6749, 0), false},
		{14400, position(4, 0, 149, 14400, 4), true},
		{14550, position(4, 1, 0, 14550, 4), true},
		{15050, position(sector.LeadOut, 1, 0, 15050, 4), false},
		{300000, position(sector.LeadOut, 1, 300000-15050, 300000, 4), false},
	} {
		p := make([]byte, sector.SubSize)
		sector.PutSubChannels(p, toc(), c.lba)
		q := sector.ReadQ(p)
		if got, ok := sector.DecodeQ(q[:]); !ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d: %+v, %v, want %+v", c.lba, got, ok, c.want)
		}
		planar := make([]byte, sector.SubSize)
		sector.Deinterleave(planar, p)
		if string(planar[12:24]) != string(q[:]) {
			t.Errorf("%d: Q is %x, and %x when it is deinterleaved", c.lba, q, planar[12:24])
		}
		for i, b := range planar {
			if want := byte(0xFF); i < 12 && (b == want) != c.p || i < 12 && b != 0 && b != want || i >= 24 && b != 0 {
				t.Errorf("%d: byte %d of the planar sub-channels is %02x", c.lba, i, b)
			}
		}
	}
}

// Bit 7-c of byte i of interleaved sub-channels is bit 7-i%8 of byte i/8 of channel c.
func TestDeinterleave(t *testing.T) {
	for c := range 8 {
		for i := range sector.SubSize {
			p, q, again := make([]byte, sector.SubSize), make([]byte, sector.SubSize), make([]byte, sector.SubSize)
			p[i] = 1 << (7 - c)
			sector.Deinterleave(q, p)
			want := make([]byte, sector.SubSize)
			want[c*12+i/8] = 1 << (7 - i%8)
			if sector.Interleave(again, q); !bytes.Equal(q, want) || !bytes.Equal(again, p) {
				t.Fatalf("channel %d, byte %d: % x", c, i, q)
			}
		}
	}
}

// The codes are in Q at least once in 100 sectors, and never where an index begins.
func TestCodesInQ(t *testing.T) {
	c := toc()
	var catalog, isrc disc.LBA = -150, 1000
	for lba := disc.LBA(-150); lba < 3150; lba++ {
		p := make([]byte, sector.SubSize)
		sector.PutSubChannels(p, c, lba)
		raw := sector.ReadQ(p)
		q, ok := sector.DecodeQ(raw[:])
		if !ok {
			t.Fatalf("%d: wrong CRC", lba)
		}
		if catalog++; q.Mode == sector.QCatalog {
			catalog = 0
		}
		if isrc++; q.Mode == sector.QISRC || lba < 1000 || lba >= 2150 {
			isrc = 0
		}
		if lba == -150 {
			catalog = 0
		}
		if catalog > 99 || isrc > 99 {
			t.Fatalf("%d: %d sectors without MCN, %d without ISRC", lba, catalog, isrc)
		}
	}
}

// The lead-in repeats the table of contents.
func TestLeadIn(t *testing.T) {
	for _, c := range []struct {
		from  disc.LBA
		first int // track
		want  map[int]disc.MSF
	}{
		{-4650, 1, map[int]disc.MSF{
			sector.PointFirst: {M: 1}, sector.PointLast: {M: 3}, sector.PointLeadOut: disc.LBA(3150).MSF(),
			1: disc.LBA(0).MSF(), 2: disc.LBA(1150).MSF(), 3: disc.LBA(2150).MSF(),
		}},
		{9900, 4, map[int]disc.MSF{
			sector.PointFirst: {M: 4, S: 20}, sector.PointLast: {M: 4}, sector.PointLeadOut: disc.LBA(15050).MSF(),
			4: disc.LBA(14550).MSF(),
		}},
	} {
		got := map[int]disc.MSF{}
		for lba := c.from; lba < c.from+4500; lba++ {
			p := make([]byte, sector.SubSize)
			sector.PutSubChannels(p, toc(), lba)
			raw := sector.ReadQ(p)
			q, ok := sector.DecodeQ(raw[:])
			if q.Mode == sector.QMulti {
				if want := [9]byte{0, 0xB0, 0x03, 0x14, 0x00, 2, 0x79, 0x59, 0x74}; q.Data != want && q.Data != [9]byte{0, 0xC0, 0, 0, 0, 0, 0x95} {
					t.Fatalf("%d: % x, want % x", lba, q.Data, want)
				}
				continue
			}
			if !ok || q.Track != 0 || q.Mode != sector.QPosition || q.Relative != lba.MSF() {
				t.Fatalf("%d: %+v, %v", lba, q, ok)
			}
			got[q.Index] = q.Absolute
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("lead-in at %d: %v, want %v", c.from, got, c.want)
		}
	}
}

func FuzzDecodeQ(f *testing.F) {
	f.Add(make([]byte, sector.QSize))
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) < sector.QSize {
			return
		}
		q, _ := sector.DecodeQ(p)
		var first, second [sector.QSize]byte
		sector.EncodeQ(first[:], q)
		again, ok := sector.DecodeQ(first[:])
		if sector.EncodeQ(second[:], again); ok && first != second {
			t.Errorf("%x: %x, then %x", p, first, second)
		}
	})
}
