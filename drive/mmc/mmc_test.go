package mmc

import (
	"bytes"
	"context"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// drive returns the same reply for every command, and stores the last command.
type drive struct {
	reply []byte
	errs  []error // of the commands to come, then success
	cdb   []byte
	data  []byte
	calls int
}

func (d *drive) Execute(_ context.Context, c scsi.Command) (int, error) {
	d.cdb = bytes.Clone(c.CDB)
	d.calls++
	if err := scsi.Check(c); err != nil {
		return 0, err
	}
	if len(d.errs) > 0 {
		err := d.errs[0]
		d.errs = d.errs[1:]
		if err != nil {
			return 0, err
		}
	}
	switch c.Direction {
	case scsi.In:
		return copy(c.Data, d.reply), nil
	case scsi.Out:
		d.data = bytes.Clone(c.Data)
		return len(c.Data), nil
	}
	return 0, nil
}

func (*drive) MaxTransfer() int { return 65536 }
func (*drive) Close() error     { return nil }

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	p, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The replies below are those of tgtd 1.0.85 with a blank DVD+R, and of CDEmu
// 3.3 with a blank CD-R and BD-R, a CD-R of one session and one left open.
func TestReplies(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name  string
		reply string
		call  func(scsi.Transport) (any, error)
		cdb   string
		want  any
	}{
		{
			"disc information of a blank DVD+R", "00 20 00 01 01 01 01 10 00 00 00 00 00 00 00 00 00 00 00 00 00 23 05 40 00 00 00 00 00 00 00 00 00 00",
			func(t scsi.Transport) (any, error) { return ReadDiscInformation(ctx, t) },
			"51 00 00 00 00 00 00 00 22 00",
			DiscInformation{FirstTrack: 1, Sessions: 1, FirstInLast: 1, LastInLast: 1, LastLeadOut: [4]byte{0, 0x23, 5, 0x40}},
		},
		{
			"disc information of an appendable CD-R", "00 20 01 01 02 01 01 00 00 00 00 00 00 00 00 00 00 61 22 17 00 4f 3b 49",
			func(t scsi.Transport) (any, error) { return ReadDiscInformation(ctx, t) },
			"51 00 00 00 00 00 00 00 22 00",
			DiscInformation{
				Status: Appendable, FirstTrack: 1, Sessions: 2, FirstInLast: 1, LastInLast: 1,
				LastLeadIn: [4]byte{0, 0x61, 0x22, 0x17}, LastLeadOut: [4]byte{0, 0x4f, 0x3b, 0x49},
			},
		},
		{
			"disc information with an identification", "00 20 0e 01 01 01 01 80 00 00 00 00 12 34 ab cd 00 00 00 00 00 00 00 00",
			func(t scsi.Transport) (any, error) { return ReadDiscInformation(ctx, t) },
			"51 00 00 00 00 00 00 00 22 00",
			DiscInformation{
				Status: Closed, Session: SessionComplete, FirstTrack: 1, Sessions: 1, FirstInLast: 1, LastInLast: 1,
				ID: 0x1234ABCD, HasID: true,
			},
		},
		{
			"media event", "00 06 04 12 02 02 00 00",
			func(t scsi.Transport) (any, error) { return GetMediaEvent(ctx, t) },
			"4a 01 00 00 10 00 00 00 08 00",
			NewMedium,
		},
		{
			"no media event", "00 06 04 12 00 02 00 00",
			func(t scsi.Transport) (any, error) { return GetMediaEvent(ctx, t) },
			"4a 01 00 00 10 00 00 00 08 00",
			MediaEvent(0),
		},
		{
			"no event class that the drive knows", "00 02 80 02",
			func(t scsi.Transport) (any, error) { return GetMediaEvent(ctx, t) },
			"4a 01 00 00 10 00 00 00 08 00",
			MediaEvent(0),
		},
		{
			"track of a blank DVD+R", "00 26 01 01 00 07 41 01 00 00 00 00 00 00 00 00 00 23 05 40 00 00 00 10 00 23 05 40 00 00 00 00 00 00 00 00 00 04 0d 0e",
			func(t scsi.Transport) (any, error) { return ReadTrackInformation(ctx, t, 1) },
			"52 01 00 00 00 01 00 00 30 00",
			TrackInformation{
				Number: 1, Session: 1, Mode: 7, Blank: true, DataMode: 1, Writable: true,
				Free: 2295104, Packets: 16, Size: 2295104,
			},
		},
		{
			"track of a written CD-R", "00 2e 01 01 00 04 01 00 ff ff ff 6a 00 00 00 00 00 00 00 00 00 00 00 00 00 00 07 9c 00 00 00 00",
			func(t scsi.Transport) (any, error) { return ReadTrackInformation(ctx, t, 1) },
			"52 01 00 00 00 01 00 00 30 00",
			TrackInformation{Number: 1, Session: 1, Mode: 4, DataMode: 1, Start: -150, Size: 1948},
		},
		{
			"TOC that claims more than it has", "00 12 01 01 00 14 01 00 00 00 00 00 00 14 aa 00 00 00",
			func(t scsi.Transport) (any, error) { return ReadTOC(ctx, t) },
			"43 00 00 00 00 00 00 00 14 00",
			[]TOCEntry{{1, 4, 0}},
		},
		{
			"TOC", "00 12 01 01 00 14 01 00 00 00 00 00 00 14 aa 00 00 00 06 72",
			func(t scsi.Transport) (any, error) { return ReadTOC(ctx, t) },
			"43 00 00 00 00 00 00 00 14 00",
			[]TOCEntry{{1, 4, 0}, {LeadOut, 4, 1650}},
		},
		{
			"raw TOC", "00 19 01 01 01 10 00 a2 00 00 00 00 00 19 49 01 14 00 01 00 00 00 00 00 02 00",
			func(t scsi.Transport) (any, error) { return ReadFullTOC(ctx, t) },
			"43 02 02 00 00 00 00 00 1b 00",
			[]FullTOCEntry{
				{Session: 1, ADR: 1, Point: 0xA2, PMin: disc.MSF{M: 0, S: 25, F: 73}},
				{Session: 1, ADR: 1, Control: 4, Point: 1, PMin: disc.MSF{M: 0, S: 2, F: 0}},
			},
		},
		{
			"ATIP", "00 1a 00 00 c0 00 98 00 61 22 17 00 4f 3b 49 00 00 00 00 00 00 00 00 00 00 00 00 00",
			func(t scsi.Transport) (any, error) { return ReadATIP(ctx, t) },
			"43 02 04 00 00 00 00 00 1c 00",
			ATIP{LeadIn: disc.MSF{M: 97, S: 34, F: 23}, LastLeadOut: disc.MSF{M: 79, S: 59, F: 73}},
		},
		{
			"write speeds", "00 00 00 24 00 00 00 00 00 00 00 00 00 05 7e 40 00 00 1b 90 00 00 1b 90 00 00 00 00 00 05 7e 40 00 00 16 0d 00 00 16 0d",
			func(t scsi.Transport) (any, error) { return WriteSpeeds(ctx, t) },
			"ac 00 00 00 00 00 00 00 00 02 03 00",
			[]WriteSpeed{{End: 360000, Read: 7056, Write: 7056}, {End: 360000, Read: 5645, Write: 5645}},
		},
		{
			"buffer", "00 0a 00 00 00 80 00 00 00 40 00 00",
			func(t scsi.Transport) (any, error) { return ReadBufferCapacity(ctx, t) },
			"5c 00 00 00 00 00 00 00 0c 00",
			Buffer{Size: 8 << 20, Free: 4 << 20},
		},
		{
			"profile", "00 00 00 70 00 00 00 1b",
			func(t scsi.Transport) (any, error) { return CurrentProfile(ctx, t) },
			"46 00 00 00 00 00 00 00 08 00",
			DVDPR,
		},
		{
			"format capacities", "00 00 00 18 00 23 12 00 01 00 00 00 00 23 12 00 98 00 00 00 00 23 12 00 54 00 00 10",
			func(t scsi.Transport) (any, error) { return ReadFormatCapacities(ctx, t) },
			"23 00 00 00 00 00 00 00 1c 00",
			FormatCapacities{State: Unformatted, Blocks: 0x231200, Formats: []Format{
				{Type: 0x26, Blocks: 0x231200}, {Type: 0x15, Blocks: 0x231200, Parameter: 16},
			}},
		},
		{
			"disc structure", "08 02 00 00 a1 0f 02 00",
			func(t scsi.Transport) (any, error) { return ReadDiscStructure(ctx, t, false, 0, 0, 2048) },
			"ad 00 00 00 00 00 00 00 08 04 00 00",
			[]byte{0xa1, 0x0f, 2, 0},
		},
	} {
		d := &drive{reply: unhex(t, c.reply)}
		got, err := c.call(d)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
		if want := unhex(t, c.cdb); !bytes.Equal(d.cdb, want) {
			t.Errorf("%s: sent % x, want % x", c.name, d.cdb, want)
		}
	}
}

func TestConfiguration(t *testing.T) {
	// CDEmu with a blank CD-R.
	d := &drive{reply: unhex(t, `00 00 00 dc 00 00 00 09 00 00 03 18 00 08 01 00 00 09 01 00 00 10 00 00 00 1b 00 00 00 40 00 00
		00 41 00 00 00 01 0b 08 00 00 00 02 00 00 00 00 00 02 07 04 00 00 00 00 00 03 03 04 29 00 00 00
		00 10 01 08 00 00 08 00 00 01 01 00 00 1d 01 00 00 1e 09 04 03 00 00 00 00 1f 04 04 01 00 01 00
		00 21 04 08 ff 00 01 01 07 00 00 00 00 2b 00 04 01 00 00 00 00 2d 09 04 5f 00 ff ff`)}
	c, err := GetConfiguration(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	if c.Profile != CDR {
		t.Errorf("profile %v, want CD-R", c.Profile)
	}
	if got, want := c.Profiles(), []Profile{CDROM, CDR, DVDROM, DVDPR, BDROM, BDRSRM}; !reflect.DeepEqual(got, want) {
		t.Errorf("profiles %v, want %v", got, want)
	}
	if !c.Current(FeatureCDTrackAtOnce) || c.Current(FeatureIncremental) || c.Current(0x999) {
		t.Errorf("current features are wrong: %+v", c.Features)
	}
	if f, ok := c.Feature(FeatureCDTrackAtOnce); !ok || f.Version != 2 || !bytes.Equal(f.Data, []byte{0x5f, 0, 0xff, 0xff}) {
		t.Errorf("feature 002Dh: %+v", f)
	}
}

// Fields missing from short replies are errors or zeros.
func TestShortReplies(t *testing.T) {
	ctx := context.Background()
	long := bytes.Repeat([]byte{0xFF}, 64)
	for n := range len(long) {
		d := &drive{reply: long[:n]}
		_, _ = GetConfiguration(ctx, d)
		_, _ = ReadTOC(ctx, d)
		_, _ = ReadFullTOC(ctx, d)
		_, _ = ReadATIP(ctx, d)
		_, _ = WriteSpeeds(ctx, d)
		_, _ = ReadFormatCapacities(ctx, d)
		_, _ = ReadDiscStructure(ctx, d, true, 0, 0, 100)
		_, _ = ModePage(ctx, d, 5)
		if _, err := ReadDiscInformation(ctx, d); (err != nil) != (n < 8) {
			t.Errorf("disc information of %d bytes: %v", n, err)
		}
		if _, err := ReadTrackInformation(ctx, d, 1); (err != nil) != (n < 28) {
			t.Errorf("track information of %d bytes: %v", n, err)
		}
		if _, err := ReadBufferCapacity(ctx, d); (err != nil) != (n < 12) {
			t.Errorf("buffer capacity of %d bytes: %v", n, err)
		}
	}
}

// The commands are those of cdrskin, growisofs and wodim.
func TestCommands(t *testing.T) {
	ctx := context.Background()
	sector := make([]byte, 2*disc.SectorSize)
	for _, c := range []struct {
		name string
		call func(scsi.Transport) error
		cdb  string
		data string
	}{
		{"write", func(t scsi.Transport) error { return WriteBlocks(ctx, t, 0x1234, sector, disc.SectorSize) }, "2a 00 00 00 12 34 00 00 02 00", ""},
		{"write into the pre-gap", func(t scsi.Transport) error { return WriteBlocks(ctx, t, -150, sector, disc.SectorSize) }, "2a 00 ff ff ff 6a 00 00 02 00", ""},
		{
			"write CD-TEXT", func(t scsi.Transport) error { return WriteBlocks(ctx, t, -11077, make([]byte, 5*96), 96) },
			"2a 00 ff ff d4 bb 00 00 05 00", "",
		},
		{
			"cue sheet", func(t scsi.Transport) error { return SendCueSheet(ctx, t, []byte{1, 0xAA, 1, 1, 0, 0, 4, 0}) },
			"5d 00 00 00 00 00 00 00 08 00", "01 aa 01 01 00 00 04 00",
		},
		{
			"parameters of an audio track", func(t scsi.Transport) error {
				return SetWriteParameters(ctx, t, WriteParameters{
					Type: TrackAtOnce, BufferFree: true, Test: true, Multisession: true, TrackMode: 1, AudioPause: 150, Session: 0x20, DataBlock: BlockMode2,
					Catalog: "4006381333931", ISRC: "USRC17607839",
				})
			}, "55 10 00 00 00 00 00 00 3c 00",
			"00 00 00 00 00 00 00 00 05 32 51 c1 09 00 00 00 20 00 00 00 00 00 00 96 80 34 30 30 36 33 38 31 33 33 33 39 33 31 00 00 " +
				"80 55 53 52 43 31 37 36 30 37 38 33 39 00 00 00 00 00 00 00",
		},
		{"read", func(t scsi.Transport) error { _, err := Read10(ctx, t, 0x1234, sector); return err }, "28 00 00 00 12 34 00 00 02 00", ""},
		{"read with 12 bytes", func(t scsi.Transport) error { _, err := Read12(ctx, t, 0x1234, sector); return err }, "a8 00 00 00 12 34 00 00 00 02 00 00", ""},
		{
			"read raw", func(t scsi.Transport) error {
				_, err := ReadCD(ctx, t, -150, make([]byte, 3*disc.RawSectorSize), disc.Raw)
				return err
			},
			"be 00 ff ff ff 6a 00 00 03 f8 00 00", "",
		},
		{"ready", func(t scsi.Transport) error { return TestUnitReady(ctx, t) }, "00 00 00 00 00 00", ""},
		{"fastest CD speed", func(t scsi.Transport) error { return SetCDSpeed(ctx, t, MaxSpeed, 1<<20) }, "bb 00 ff ff ff ff 00 00 00 00 00 00", ""},
		{"own speeds", func(t scsi.Transport) error { return RestoreStreaming(ctx, t) }, "b6 00 00 00 00 00 00 00 00 00 1c 00", "04" + strings.Repeat("00", 27)},
		{"sync", func(t scsi.Transport) error { return SynchronizeCache(ctx, t, true) }, "35 02 00 00 00 00 00 00 00 00", ""},
		{"close track", func(t scsi.Transport) error { return CloseTrackSession(ctx, t, CloseTrack, 1) }, "5b 01 01 00 00 01 00 00 00 00", ""},
		{"finalise", func(t scsi.Transport) error { return CloseTrackSession(ctx, t, Finalize, 0) }, "5b 01 06 00 00 00 00 00 00 00", ""},
		{"reserve", func(t scsi.Transport) error { return ReserveTrack(ctx, t, 1648) }, "53 00 00 00 00 00 00 06 70 00", ""},
		{"OPC", func(t scsi.Transport) error { return SendOPC(ctx, t) }, "54 01 00 00 00 00 00 00 00 00", ""},
		{"blank", func(t scsi.Transport) error { return BlankDisc(ctx, t, BlankMinimal) }, "a1 11 00 00 00 00 00 00 00 00 00 00", ""},
		{"lock", func(t scsi.Transport) error { return PreventRemoval(ctx, t, true) }, "1e 00 00 00 01 00", ""},
		{"load", func(t scsi.Transport) error { return StartStop(ctx, t, Load) }, "1b 00 00 00 03 00", ""},
		{"CD speed", func(t scsi.Transport) error { return SetCDSpeed(ctx, t, 7800, 7056) }, "bb 00 1e 78 1b 90 00 00 00 00 00 00", ""},
		{
			"streaming", func(t scsi.Transport) error {
				return SetStreamingSpeeds(ctx, t, Streaming{End: 2295104, Read: 33240, Write: 22160})
			},
			"b6 00 00 00 00 00 00 00 00 00 1c 00",
			"00 00 00 00 00 00 00 00 00 23 05 40 00 00 81 d8 00 00 03 e8 00 00 56 90 00 00 03 e8",
		},
		{
			"format DVD+RW", func(t scsi.Transport) error { return FormatUnit(ctx, t, Format{Type: 0x26, Blocks: 2295104}) },
			"04 11 00 00 00 00",
			"00 02 00 08 00 23 05 40 98 00 00 00",
		},
		{
			"REPAIR TRACK", func(t scsi.Transport) error { return RepairTrack(ctx, t, 259) },
			"58 01 00 00 01 03 00 00 00 00", "",
		},
		{
			"page 05h, CD track at once", func(t scsi.Transport) error {
				return SetWriteParameters(ctx, t, WriteParameters{Type: TrackAtOnce, TrackMode: 4, DataBlock: 8, AudioPause: 150})
			},
			"55 10 00 00 00 00 00 00 3c 00",
			"00 00 00 00 00 00 00 00 05 32 01 04 08 00 00 00 00 00 00 00 00 00 00 96" + strings.Repeat("00", 36),
		},
		{
			"page 05h, DVD-R disc at once", func(t scsi.Transport) error {
				return SetWriteParameters(ctx, t, WriteParameters{Type: DiscAtOnce, TrackMode: 5, DataBlock: 8})
			},
			"55 10 00 00 00 00 00 00 3c 00",
			"00 00 00 00 00 00 00 00 05 32 02 05 08" + strings.Repeat("00", 47),
		},
		{
			"page 05h, DVD-R incremental", func(t scsi.Transport) error {
				return SetWriteParameters(ctx, t, WriteParameters{
					BufferFree: true, LinkSize: 16, FixedPacket: true, TrackMode: 5, DataBlock: 8, PacketSize: 16, Multisession: true,
				})
			},
			"55 10 00 00 00 00 00 00 3c 00",
			"00 00 00 00 00 00 00 00 05 32 60 e5 08 10 00 00 00 00 00 00 00 10" + strings.Repeat("00", 38),
		},
	} {
		d := &drive{}
		if err := c.call(d); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if want := unhex(t, c.cdb); !bytes.Equal(d.cdb, want) {
			t.Errorf("%s: sent % x, want % x", c.name, d.cdb, want)
		}
		if want := unhex(t, c.data); len(want) > 0 && !bytes.Equal(d.data, want) {
			t.Errorf("%s: data\n% x, want\n% x", c.name, d.data, want)
		}
	}
}

// A drive that rejects the page gets its own page with the changed fields.
func TestWriteParametersOfTheDrivesOwn(t *testing.T) {
	refused := scsi.NewError([]byte{0x55}, scsi.StatusCheckCondition, unhex(t, "70 00 05 00 00 00 00 0a 00 00 00 00 26 00 00 00 00 00"))
	d := &drive{
		errs:  []error{refused},
		reply: unhex(t, "00 3a 00 00 00 00 00 00 85 32 62 05 08 10 00 00 00 77 00 00 00 10 00 96 00 00 00 00"+strings.Repeat("00", 32)),
	}
	err := SetWriteParameters(context.Background(), d, WriteParameters{Type: TrackAtOnce, TrackMode: 4, DataBlock: 8, AudioPause: 150})
	if err != nil {
		t.Fatal(err)
	}
	want := unhex(t, "00 00 00 00 00 00 00 00 05 32 01 04 08 00 00 00 00 77 00 00 00 00 00 96"+strings.Repeat("00", 36))
	if !bytes.Equal(d.data, want) {
		t.Errorf("data\n% x, want\n% x", d.data, want)
	}
}

// A drive whose page has another length gets a page of that length.
func TestWriteParametersOfAnotherLength(t *testing.T) {
	for _, length := range []int{0x0E, 0x36} {
		page := make([]byte, 2+length)
		page[0], page[1] = 0x85, byte(length)
		d := &drive{
			errs:  []error{check(5, 0x1A, 0x00)},
			reply: append([]byte{0, byte(6 + len(page)), 0, 0, 0, 0, 0, 0}, page...),
		}
		if err := SetWriteParameters(context.Background(), d, WriteParameters{Type: TrackAtOnce, TrackMode: 4, DataBlock: 8, AudioPause: 150}); err != nil {
			t.Fatal(err)
		}
		want := append(make([]byte, 8), page...)
		copy(want[8:], []byte{5, byte(length), 1, 4, 8})
		want[8+15] = 150
		if !bytes.Equal(d.data, want) {
			t.Errorf("data\n% x, want\n% x", d.data, want)
		}
	}
}

// Data that are not a number of sectors are not sent to the drive.
func TestTransferLength(t *testing.T) {
	d := &drive{}
	for _, n := range []int{0, 1, 2047, 2049} {
		if err := WriteBlocks(context.Background(), d, 0, make([]byte, n), disc.SectorSize); err == nil {
			t.Errorf("%d bytes were sent", n)
		}
		if _, err := Read10(context.Background(), d, 0, make([]byte, n)); err == nil {
			t.Errorf("%d bytes were requested", n)
		}
	}
	if d.calls > 0 {
		t.Errorf("%d commands were sent", d.calls)
	}
}

// TestCDWriting decodes features 002Dh and 002Eh.
func TestCDWriting(t *testing.T) {
	c := Configuration{Features: []Feature{
		{Code: FeatureCDTrackAtOnce, Current: true, Data: []byte{0x46, 0, 0x3F, 0x01}},
		{Code: FeatureCDMastering, Data: []byte{0x7F, 0, 0x0C, 0x80}},
	}}
	now, blank := CDWriting{TrackAtOnce: true, Blocks: 0x3F01}, CDWriting{true, true, true, true, true, 0x3F01, 0xC80}
	if got := c.CDWriting(false); got != now {
		t.Errorf("now %+v", got)
	}
	if got := c.CDWriting(true); got != blank {
		t.Errorf("blank %+v", got)
	}
	if !c.BufferFreeCD(TrackAtOnce) || c.BufferFreeCD(Raw) {
		t.Error("buffer underrun protection")
	}
	if got := (Configuration{}).CDWriting(false); got != (CDWriting{TrackAtOnce: true}) {
		t.Errorf("a drive without features: %+v", got)
	}
}
