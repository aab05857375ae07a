package mmc

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
)

// The blank DVD+R is that of tgtd 1.0.85. The others follow the layouts of the standard.
func TestStructures(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name  string
		reply string
		call  func(scsi.Transport) (any, error)
		cdb   string
		want  any
	}{
		{
			"physical format of a DVD+R", "08 02 00 00 a1 0f 02 00 00 03 00 00 00 26 05 3f" + strings.Repeat("00", 16),
			func(t scsi.Transport) (any, error) { return ReadPhysicalFormat(ctx, t) },
			"ad 00 00 00 00 00 00 00 08 04 00 00",
			PhysicalFormat{Book: BookPlusR, Version: 1, Layers: 1, Writable: true, First: 0x30000, Last: 0x26053F},
		},
		{
			"physical format of a DVD+R DL that looks like a DVD-ROM",
			"08 02 00 00 01 02 31 00 00 03 00 00 00 fc ff ff 00 22 d7 ff 80" + strings.Repeat("00", 16),
			func(t scsi.Transport) (any, error) { return ReadPhysicalFormat(ctx, t) },
			"ad 00 00 00 00 00 00 00 08 04 00 00",
			PhysicalFormat{Version: 1, Layers: 2, Opposite: true, Recorded: true, First: 0x30000, Last: 0xFCFFFF, LastL0: 0x22D7FF, BCA: true},
		},
		{
			"ADIP", "01 02 00 00 a1 0f" + strings.Repeat("00", 17) + "4d434300 00000000 303034 05" + strings.Repeat("00", 225),
			func(t scsi.Transport) (any, error) { return ReadMediaIdentity(ctx, t, DVDPR) },
			"ad 00 00 00 00 00 00 11 01 04 00 00",
			MediaIdentity{"MCC", "004", 5},
		},
		{
			"pre-recorded information", "00 2a 00 00 01" + strings.Repeat("00", 15) + "03 4d43432030 33 00 04 52473230 2020 00" + strings.Repeat("00", 8),
			func(t scsi.Transport) (any, error) { return ReadMediaIdentity(ctx, t, DVDR) },
			"ad 00 00 00 00 00 00 0e 00 2c 00 00",
			MediaIdentity{Manufacturer: "MCC 03RG20"},
		},
		{
			"disc information of a BD", "00 72 00 00 4449 01 01 00 00 70 00 424452 01 20 01" + strings.Repeat("00", 86) + "564552424154 494d65 0000 02",
			func(t scsi.Transport) (any, error) { return ReadBDInformation(ctx, t) },
			"ad 01 00 00 00 00 00 00 10 04 00 00",
			BDInformation{Kind: "BDR", Version: 1, Layers: 2, PerLayer: 12219392, Identity: MediaIdentity{"VERBAT", "IMe", 2}},
		},
		{
			"layer boundary", "00 0a 00 00 80 00 00 00 00 1f d8 00",
			func(t scsi.Transport) (any, error) { return ReadLayerBoundary(ctx, t) },
			"ad 00 00 00 00 00 00 20 00 0c 00 00",
			LayerBoundary{true, 0x1FD800},
		},
		{
			"shifted middle area", "00 0a 00 00 80 00 00 00 00 00 10 00",
			func(t scsi.Transport) (any, error) { return ReadShiftedMiddle(ctx, t) },
			"ad 00 00 00 00 00 00 21 00 0c 00 00",
			ShiftedMiddle{true, 4096},
		},
		{
			"manual layer jump", "00 0a 00 00 00 00 00 00 00 00 0f ff",
			func(t scsi.Transport) (any, error) { return ReadManualJump(ctx, t) },
			"ad 00 00 00 00 00 00 23 00 0c 00 00",
			int64(4095),
		},
		{
			"spare areas of a DVD-RAM", "00 0e 00 00 00 00 30 00 00 00 00 50 00 00 04 00",
			func(t scsi.Transport) (any, error) { return ReadSpareArea(ctx, t, false) },
			"ad 00 00 00 00 00 00 0a 00 10 00 00",
			SpareArea{Free: 12368, Allocated: 1024, Primary: 12288},
		},
		{
			"spare areas of a BD", "00 0e 00 00 00 00 00 00 00 00 2f fe 00 00 30 00",
			func(t scsi.Transport) (any, error) { return ReadSpareArea(ctx, t, true) },
			"ad 01 00 00 00 00 00 0a 00 10 00 00",
			SpareArea{Free: 12286 * 32, Allocated: 12288 * 32},
		},
		{
			"write protection", "00 06 00 00 02 00 00 00",
			func(t scsi.Transport) (any, error) { return ReadWriteProtection(ctx, t, true) },
			"ad 01 00 00 00 00 00 c0 00 08 00 00",
			WriteProtection{Persistent: true},
		},
		{
			"write speeds of parts", "00 00 00 24 02 00 00 00 00000000 00000cfc 00000fff 00001388 00001000 00001388 00001fff 000019e4",
			func(t scsi.Transport) (any, error) { return NominalPerformance(ctx, t, true) },
			"ac 14 00 00 00 00 00 00 00 40 00 00",
			[]Performance{{0, 0xFFF, 3324, 5000}, {0x1000, 0x1FFF, 5000, 6628}},
		},
		{
			"defects", "00 00 08 04 00 00 00 00 00001000 000010ff 10 01 0a 01" + strings.Repeat("ff", 100),
			func(t scsi.Transport) (any, error) { return DefectStatus(ctx, t, 0x1000) },
			"ac 00 00 00 10 00 00 00 00 01 02 00",
			Defects{0x1000, 0x10FF, []int64{0x1000, 0x1020, 0x1070, 0x10F0}},
		},
		{
			"track in layer jump recording", "00 2e 01 01 00 c5 61 01" + strings.Repeat("00", 34) + "1fff" + "00000fff",
			func(t scsi.Transport) (any, error) { return ReadTrackInformation(ctx, t, 1) },
			"52 01 00 00 00 01 00 00 30 00",
			TrackInformation{Number: 1, Session: 1, Mode: 5, Blank: true, Packet: true, DataMode: 1, Writable: true, LayerJump: 3, NextJump: 0x1FFF, LastJump: 0xFFF},
		},
	} {
		d := &drive{reply: unhex(t, c.reply)}
		got, err := c.call(d)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
		if want := unhex(t, c.cdb); !bytes.Equal(d.cdb, want) {
			t.Errorf("%s: sent % x, want % x", c.name, d.cdb, want)
		}
		for n := range d.reply { // a short reply is decoded without a panic
			_, _ = c.call(&drive{reply: d.reply[:n]})
		}
	}
}

// TestLayer0: how many sectors layer 0 has.
func TestLayer0(t *testing.T) {
	for _, c := range []struct {
		f    PhysicalFormat
		want int64
	}{
		{PhysicalFormat{Layers: 1, First: 0x30000, Last: 0x26053F}, 0},
		{PhysicalFormat{Layers: 2, Opposite: true, First: 0x30000, Last: 0xFCFFFF, LastL0: 0x22D7FF}, 2086912},
		{PhysicalFormat{Layers: 2, Opposite: true, First: 0x30000, LastL0: 0x2FFFF}, 0},
		{PhysicalFormat{Layers: 2, First: 0x30000, LastL0: 0x22D7FF}, 0},
	} {
		if got := c.f.Layer0(); got != c.want {
			t.Errorf("%+v: layer 0 has %d sectors, want %d", c.f, got, c.want)
		}
	}
}

// TestProtectionText: every reason is named.
func TestProtectionText(t *testing.T) {
	all := WriteProtection{Specific: true, Tab: true, Persistent: true, UntilReset: true}
	if got := all.String(); strings.Count(got, ";") != 3 || !strings.Contains(got, "tab") || !strings.Contains(got, "restarts") {
		t.Errorf("%q", got)
	}
	if got := (WriteProtection{}).String(); got != "" {
		t.Errorf("a medium without protection: %q", got)
	}
}

// TestSent: what commands that write send.
func TestSent(t *testing.T) {
	ctx := context.Background()
	block := bytes.Repeat([]byte{7}, 16*2048)
	for _, c := range []struct {
		name, cdb, data string
		call            func(scsi.Transport) error
	}{
		{"layer boundary", "bf 00 00 00 00 00 00 20 00 0c 00 00", "000a0000 00000000 001fd800", func(t scsi.Transport) error { return SetLayerBoundary(ctx, t, 0x1FD800) }},
		{"shifted middle area", "bf 00 00 00 00 00 00 21 00 0c 00 00", "000a0000 00000000 00001000", func(t scsi.Transport) error { return SetShiftedMiddle(ctx, t, 4096) }},
		{"manual jump", "bf 00 00 00 00 00 00 23 00 0c 00 00", "000a0000 00000000 00000fff", func(t scsi.Transport) error { return SetManualJump(ctx, t, 4095) }},
		{"format a DVD-RAM", "04 11 00 00 00 00", "00020008 0022210f 00000800", func(t scsi.Transport) error {
			return FormatUnit(ctx, t, Format{Blocks: 0x22210F, Parameter: 0x800})
		}},
		{"WRITE(12)", "aa 00 00 00 01 00 00 00 00 10 00 00", "", func(t scsi.Transport) error { return Write12(ctx, t, 256, block, false) }},
		{"WRITE(12) streaming", "aa 00 00 00 01 00 00 00 00 10 80 00", "", func(t scsi.Transport) error { return Write12(ctx, t, 256, block, true) }},
		{"WRITE AND VERIFY(10)", "2e 00 00 00 01 00 00 00 10 00", "", func(t scsi.Transport) error { return WriteAndVerify10(ctx, t, 256, block) }},
		{"streaming with CAV", "b6 00 00 00 00 00 00 00 00 00 1c 00", "08000000 00000010 0000ffff 00002000 000003e8 00001000 000003e8", func(t scsi.Transport) error {
			return SetStreamingSpeeds(ctx, t, Streaming{Start: 16, End: 0xFFFF, Read: 8192, Write: 4096, Rotation: CAV})
		}},
	} {
		d := &drive{}
		if err := c.call(d); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if want := unhex(t, c.cdb); !bytes.Equal(d.cdb, want) {
			t.Errorf("%s: sent % x, want % x", c.name, d.cdb, want)
		}
		if want := unhex(t, c.data); len(want) > 0 && !bytes.Equal(d.data, want) {
			t.Errorf("%s: data\n% x, want\n% x", c.name, d.data, want)
		}
	}
	if err := SetLayerBoundary(ctx, &drive{}, -1); err == nil {
		t.Error("a negative layer boundary was sent")
	}
}

// TestBookTypes: the commands of each vendor.
func TestBookTypes(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		vendor    BookVendor
		target    BookTarget
		rom       bool
		cdb, data string
	}{
		{RicohBookType, BookOfMedium, true, "f9 02 01 ff 00 00 00 00 00 00 00 00", ""},
		{RicohBookType, BookOfPlusRW, false, "f9 0c 92 ff 00 00 00 00 00 00 00 00", ""},
		{RicohBookType, BookOfPlusR, true, "f9 14 01 ff 00 00 00 00 00 00 00 00", ""},
		{LGBookType, BookOfPlusRDL, false, "fc 00 2b 52 54 42 00 00 04 00", "00e00000"},
		{LGBookType, BookOfPlusR, true, "fc 00 2b 52 54 42 00 00 04 00", "00000000"},
		{LiteOnBookType, BookOfPlusR, true, "df 00 0f 01 01 00 00 00 00 00 00 00", ""},
		{LiteOnBookType, BookOfPlusRDL, false, "df 00 0f 01 00 00 00 00 00 00 00 00", ""},
		{PlextorBookType, BookOfPlusR, true, "e9 10 22 0a 00 01 00 00 00 08 00 00", ""},
		{PlextorBookType, BookOfPlusRDL, false, "e9 10 22 0e 00 00 00 00 00 08 00 00", ""},
	} {
		d := &drive{reply: make([]byte, 200)}
		if err := SetBookType(ctx, d, c.vendor, c.target, c.rom); err != nil {
			t.Errorf("%v, %v: %v", c.vendor, c.target, err)
		}
		if want := unhex(t, c.cdb); !bytes.Equal(d.cdb, want) {
			t.Errorf("%v, %v: sent % x, want % x", c.vendor, c.target, d.cdb, want)
		}
		if want := unhex(t, c.data); len(want) > 0 && !bytes.Equal(d.data, want) {
			t.Errorf("%v, %v: data % x, want % x", c.vendor, c.target, d.data, want)
		}
	}
	for _, c := range []struct {
		vendor BookVendor
		target BookTarget
	}{{RicohBookType, BookOfPlusRDL}, {LGBookType, BookOfPlusRW}, {LiteOnBookType, BookOfMedium}, {PlextorBookType, BookOfPlusRW}, {NoBookVendor, BookOfPlusR}} {
		d := &drive{}
		if err := SetBookType(ctx, d, c.vendor, c.target, true); !errors.Is(err, ErrBookType) || d.calls > 0 {
			t.Errorf("%v, %v: %v after %d commands", c.vendor, c.target, err, d.calls)
		}
	}
}

// sequence records all CDBs.
type sequence struct {
	drive
	cdbs [][]byte
}

func (s *sequence) Execute(ctx context.Context, c scsi.Command) (int, error) {
	s.cdbs = append(s.cdbs, bytes.Clone(c.CDB))
	return s.drive.Execute(ctx, c)
}

// TestBookTypeLock: the commands of BenQ are unlocked before and locked after each, also if
// the command in between fails.
func TestBookTypeLock(t *testing.T) {
	for _, errs := range [][]error{nil, {nil, check(5, 0x24, 0)}} {
		s := &sequence{drive: drive{errs: errs}}
		err := SetBookType(context.Background(), s, BenQBookType, BookOfPlusRDL, true)
		if (err != nil) != (errs != nil) {
			t.Errorf("%v, want the error %v", err, errs)
		}
		want := []string{"fd f1 42 45 4e 51 00 00 00 00 00 00", "fe 05 01 01 00 00 00 00 00 00 00 00", "fd f2 42 45 4e 51 00 00 00 00 00 00"}
		if len(s.cdbs) != len(want) {
			t.Fatalf("%d commands, want %d", len(s.cdbs), len(want))
		}
		for i, w := range want {
			if !bytes.Equal(s.cdbs[i], unhex(t, w)) {
				t.Errorf("command %d: % x, want %s", i, s.cdbs[i], w)
			}
		}
	}
}

// TestFindBookVendor: a drive of an unknown vendor gets no vendor's command.
func TestFindBookVendor(t *testing.T) {
	page := "00 0a 00 00 00 00 00 00 30 02 00 00"
	for _, c := range []struct {
		vendor, reply string
		errs          []error
		want          BookVendor
		calls         int
	}{
		{"PLEXTOR ", strings.Repeat("00", 8), nil, PlextorBookType, 1},
		{"HL-DT-ST", "a0 e0 00 00", nil, LGBookType, 1},
		{"LITE-ON ", strings.Repeat("00", 128), nil, LiteOnBookType, 1},
		{"BENQ", "a0 00", nil, BenQBookType, 3},
		{"HP", page, nil, RicohBookType, 2},
		{"HP", "a0 00", []error{check(5, 0x24, 0)}, BenQBookType, 4},
		{"PIONEER", "", nil, NoBookVendor, 0},
		{"PLEXTOR", "", []error{check(5, 0x20, 0)}, NoBookVendor, 1},
	} {
		d := &drive{reply: unhex(t, c.reply), errs: c.errs}
		got, err := FindBookVendor(context.Background(), d, c.vendor)
		if got != c.want || err != nil || d.calls != c.calls {
			t.Errorf("%s: %v, %v after %d commands, want %v after %d", c.vendor, got, err, d.calls, c.want, c.calls)
		}
	}
}

// Whatever a drive replies, the decoders do not panic.
func FuzzStructures(f *testing.F) {
	f.Add([]byte{8, 2, 0, 0, 0xA1, 0x0F, 2, 0, 0, 3, 0, 0, 0, 0x26, 5, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(append([]byte{0, 0, 8, 4, 0, 0, 0, 0, 0, 0, 16, 0, 0xFF, 0xFF, 0xFF, 0xFF, 1, 7}, bytes.Repeat([]byte{0xFF}, 2038)...))
	f.Fuzz(func(t *testing.T, reply []byte) {
		ctx, d := context.Background(), &drive{reply: reply}
		if p, err := ReadPhysicalFormat(ctx, d); err == nil && p.Layer0() < 0 {
			t.Errorf("%+v has a negative size", p)
		}
		if x, err := DefectStatus(ctx, d, 0); err == nil && len(x.Blocks) > 8*len(reply) {
			t.Errorf("%d defects in %d bytes", len(x.Blocks), len(reply))
		}
		for _, p := range []Profile{DVDPR, DVDR, BDRE, CDR} {
			if m, err := ReadMediaIdentity(ctx, d, p); err == nil && len(m.String()) > 40 {
				t.Errorf("the identity is %q", m)
			}
		}
		for _, bd := range []bool{false, true} {
			_, _ = ReadSpareArea(ctx, d, bd)
			_, _ = ReadWriteProtection(ctx, d, bd)
		}
		_, _ = ReadLayerBoundary(ctx, d)
		_, _ = NominalPerformance(ctx, d, false)
		for v := NoBookVendor; v <= PlextorBookType; v++ {
			for b := BookOfMedium; b <= BookOfPlusRDL; b++ {
				_, _ = BookTypeSetting(ctx, d, v, b)
			}
		}
	})
}
