package virtual_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
)

// book returns the book type that the disc has.
func (b *bench) book() mmc.BookType {
	b.Helper()
	b.ok("00 00 00 00 00 00")
	f, err := mmc.ReadPhysicalFormat(b.Context(), b.d)
	if err != nil {
		b.Fatal(err)
	}
	return f.Book
}

// TestBookTypeOfVendors: package mmc recognizes the drive of each vendor, and what it sets has
// an effect on the disc that is recorded next.
func TestBookTypeOfVendors(t *testing.T) {
	for _, c := range []struct {
		option, vendor string
		want           mmc.BookVendor
		media          map[string]mmc.BookTarget
	}{
		{"ricoh", "RICOH", mmc.RicohBookType, map[string]mmc.BookTarget{"dvd+r": mmc.BookOfPlusR, "dvd+rw": mmc.BookOfPlusRW}},
		{"benq", "BENQ", mmc.BenQBookType, map[string]mmc.BookTarget{"dvd+r": mmc.BookOfPlusR, "dvd+rw": mmc.BookOfPlusRW, "dvd+r dl": mmc.BookOfPlusRDL}},
		{"lg", "HL-DT-ST", mmc.LGBookType, map[string]mmc.BookTarget{"dvd+r": mmc.BookOfPlusR, "dvd+r dl": mmc.BookOfPlusRDL}},
		{"lite-on", "LITE-ON", mmc.LiteOnBookType, map[string]mmc.BookTarget{"dvd+r": mmc.BookOfPlusR, "dvd+rw": mmc.BookOfPlusRW, "dvd+r dl": mmc.BookOfPlusRDL}},
		{"plextor", "PLEXTOR", mmc.PlextorBookType, map[string]mmc.BookTarget{"dvd+r": mmc.BookOfPlusR, "dvd+r dl": mmc.BookOfPlusRDL}},
	} {
		for medium, target := range c.media {
			b := insertName(t, "medium="+medium+"&sectors=4000&booktype="+c.option)
			ctx := t.Context()
			id, err := scsi.Identify(ctx, b.d)
			if err != nil || id.Vendor != c.vendor {
				t.Fatalf("%s: INQUIRY %+v, %v", c.option, id, err)
			}
			v, err := mmc.FindBookVendor(ctx, b.d, id.Vendor)
			if err != nil || v != c.want {
				t.Fatalf("%s: %v, %v, want %v", c.option, v, err, c.want)
			}
			own := b.book()
			if got, err := mmc.BookTypeSetting(ctx, b.d, v, target); err != nil || got != own {
				t.Errorf("%s, %s: the setting is %v, %v, want %v", c.option, medium, got, err, own)
			}
			if err := mmc.SetBookType(ctx, b.d, v, target, true); err != nil {
				t.Fatal(err)
			}
			if got, err := mmc.BookTypeSetting(ctx, b.d, v, target); err != nil || got != mmc.BookROM {
				t.Errorf("%s, %s: the new setting is %v, %v", c.option, medium, got, err)
			}
			if got := b.book(); got != own {
				t.Errorf("%s, %s: the book type of the disc is %v before it is recorded", c.option, medium, got)
			}
			if medium == "dvd+rw" {
				b.ok(formatCDB, formatList(0xFFFFFFFF, formatPlusRW, 0, 0)...)
			}
			b.writes(0, 16, 2048)
			if err := b.d.DropPower(); err != nil { // the setting is the drive's own
				t.Fatal(err)
			}
			b.fails("6/29/00", "00 00 00 00 00 00")
			if medium == "dvd+rw" {
				if got := b.book(); got != mmc.BookROM {
					t.Errorf("%s, %s: the disc has the book type %v", c.option, medium, got)
				}
				continue
			}
			b.writes(0, 16, 2048)
			b.ok("5b 01 01 00 00 01 00 00 00 00")
			b.ok("5b 01 05 00 00 00 00 00 00 00")
			if got := b.book(); got != mmc.BookROM {
				t.Errorf("%s, %s: the disc has the book type %v", c.option, medium, got)
			}
		}
	}
}

// TestBookTypeOfMedium: Ricoh and BenQ change a DVD+RW at once.
func TestBookTypeOfMedium(t *testing.T) {
	for option, v := range map[string]mmc.BookVendor{"ricoh": mmc.RicohBookType, "benq": mmc.BenQBookType} {
		b := insertName(t, "medium=dvd%2brw&sectors=4000&booktype="+option)
		if err := mmc.SetBookType(t.Context(), b.d, v, mmc.BookOfMedium, true); code(err) != "5/30/05" {
			t.Errorf("%s: the book type of a blank disc was set: %v", option, err)
		}
		b.ok(formatCDB, formatList(0xFFFFFFFF, formatPlusRW, 0, 0)...)
		for _, rom := range []bool{true, false} {
			b.ok("00 00 00 00 00 00")
			if err := mmc.SetBookType(t.Context(), b.d, v, mmc.BookOfMedium, rom); err != nil {
				t.Fatal(err)
			}
			if got := b.book() == mmc.BookROM; got != rom {
				t.Errorf("%s: DVD-ROM %v, want %v", option, got, rom)
			}
		}
		m, err := mmc.ReadMediaIdentity(t.Context(), b.d, mmc.DVDPRW)
		if err != nil || m.Manufacturer != "GLASSMST" {
			t.Errorf("identity %v, %v", m, err)
		}
	}
}

// TestVendorsCommands: a drive has the commands of one vendor only, and those of BenQ are
// locked. Whatever their bytes are, the drive answers.
func TestVendorsCommands(t *testing.T) {
	plain := insertBlank(t, "dvd+r", 4000)
	locked := insertName(t, "medium=dvd%2br&sectors=4000&booktype=benq")
	for _, op := range []string{"df", "e9", "f9", "fa", "fc", "fd", "fe", "ff"} {
		plain.fails("5/20/00", op+" 00 00 00 00 00 00 00 00 00 00 00")
		if op != "fd" {
			locked.fails("5/20/00", op+" 00 00 00 00 00 00 00 00 00 00 00")
		}
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, option := range []string{"ricoh", "benq", "lg", "lite-on", "plextor"} {
		b := insertName(t, "medium=dvd%2brw&sectors=4000&booktype="+option)
		for range 2000 {
			cdb := make([]byte, 12)
			for i := range cdb {
				cdb[i] = byte(rnd.IntN(256) >> rnd.IntN(8))
			}
			cdb[0] = []byte{0xDF, 0xE9, 0xF9, 0xFA, 0xFC, 0xFD, 0xFE, 0xFF}[rnd.IntN(8)]
			c := scsi.Command{CDB: cdb, Data: make([]byte, 256), Direction: scsi.In}
			if cdb[0] == 0xFC {
				c.Direction, c.Data = scsi.Out, c.Data[:4]
			}
			_, _ = b.d.Execute(t.Context(), c)
		}
		b.ok("00 00 00 00 00 00")
	}
	if d, err := virtual.OpenName(virtual.Prefix + t.TempDir() + "/disc?booktype=nobody"); err == nil {
		d.Close()
		t.Error("a vendor that is not known was accepted")
	}
}

// TestProfilesOfVendors: the drives of some vendors lack media, by which dvd+rw-booktype tells
// whose commands a drive has.
func TestProfilesOfVendors(t *testing.T) {
	for _, c := range []struct {
		option     string
		minus, ram bool
	}{
		{"", true, true},
		{"&booktype=ricoh", false, false},
		{"&booktype=benq", true, false},
		{"&booktype=lite-on", true, false},
		{"&booktype=plextor", true, false},
		{"&booktype=lg", true, true},
	} {
		b := insertName(t, "medium=dvd%2br&sectors=4000"+c.option)
		cfg, err := mmc.GetConfiguration(t.Context(), b.d)
		if err != nil {
			t.Fatal(err)
		}
		minus, ram := slices.Contains(cfg.Profiles(), mmc.DVDR), slices.Contains(cfg.Profiles(), mmc.DVDRAM)
		if minus != c.minus || ram != c.ram {
			t.Errorf("%q: DVD-R %v, DVD-RAM %v; want %v, %v", c.option, minus, ram, c.minus, c.ram)
		}
	}
}
