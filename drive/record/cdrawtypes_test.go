package record_test

import (
	"context"
	"testing"

	"glassmaster/drive/mmc"
	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
)

// invalidField is the sense data of a drive that does not support a value.
var invalidField = []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x26, 0, 0, 0, 0, 0}

// rawTypes is a drive that takes only some of the data block types for raw.
type rawTypes struct {
	scsi.Transport
	only byte
}

func (r rawTypes) Unwrap() scsi.Transport { return r.Transport }

func (r rawTypes) Execute(ctx context.Context, c scsi.Command) (int, error) {
	// Mode page 05h follows a header of 8 bytes: byte 2 write type, 4 data block type.
	if c.CDB[0] == scsi.OpModeSelect10 && c.Data[8+2]&15 == byte(mmc.Raw) && c.Data[8+4]&15 != r.only {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, invalidField)
	}
	return r.Transport.Execute(ctx, c)
}

// TestRawTypes burns raw with drives that take R to W only as packs, or only P and Q.
func TestRawTypes(t *testing.T) {
	for _, x := range []struct {
		name string
		src  func(testing.TB) disc.Disc
		only byte
		lost bool
	}{
		{"audio as packs", imagetest.Audio, mmc.BlockRawPW, false},
		{"mixed as packs", imagetest.Mixed, mmc.BlockRawPW, false},
		{"sub-channels as packs", imagetest.SubChannels, mmc.BlockRawPW, true},
		{"data, P and Q", imagetest.Mode1, mmc.BlockRawPQ, false},
		{"audio, P and Q", imagetest.Audio, mmc.BlockRawPQ, true}, // CD-TEXT
		{"mixed, P and Q", imagetest.Mixed, mmc.BlockRawPQ, true},
		{"sub-channels, P and Q", imagetest.SubChannels, mmc.BlockRawPQ, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			ctx := context.Background()
			d := rawTypes{cdDrive(t, 40000), x.only}
			src := x.src(t)
			b, err := record.NewPlan(ctx, d, src, record.Options{Mode: record.Raw, AcceptLoss: x.lost})
			if err != nil {
				t.Fatal(err)
			}
			if (len(b.Plan().Lost) > 0) != x.lost {
				t.Errorf("lost: %v", b.Plan().Lost)
			}
			r, err := virtualtest.Burn(ctx, b, progress.Discard)
			if err != nil || !r.Verified {
				t.Fatalf("%v, %v", err, r.NotAssured)
			}
		})
	}
}

// smallWrites is a drive that rejects large writes.
type smallWrites struct {
	scsi.Transport
	most int
	took *int
}

func (s smallWrites) Unwrap() scsi.Transport { return s.Transport }

func (s smallWrites) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if c.CDB[0] == scsi.OpWrite10 && len(c.Data) > s.most {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, invalidField)
	}
	if c.CDB[0] == scsi.OpWrite10 {
		*s.took = max(*s.took, len(c.Data))
	}
	return s.Transport.Execute(ctx, c)
}

// TestSmallWrites burns CDs with a drive that takes all writes, and with one that rejects those of
// more than 32 KiB.
func TestSmallWrites(t *testing.T) {
	for _, x := range []struct {
		mode    record.Mode
		limit   int
		largest int
	}{
		{record.TrackAtOnce, 1 << 20, 32 * 2048},
		{record.TrackAtOnce, 32 << 10, 16 * 2048},
		{record.Raw, 1 << 20, 65472},
		{record.Raw, 32 << 10, 13 * 2448},
	} {
		ctx := context.Background()
		took := 0
		d := smallWrites{cdDrive(t, 40000), x.limit, &took}
		b, err := record.NewPlan(ctx, d, imagetest.Mode1(t), record.Options{Mode: x.mode})
		if err != nil {
			t.Fatal(err)
		}
		r, err := virtualtest.Burn(ctx, b, progress.Discard)
		if err != nil || !r.Verified {
			t.Fatalf("%v: %v, %v", x.mode, err, r.NotAssured)
		}
		if took > x.largest || took < x.largest-3000 {
			t.Errorf("%v: the largest write had %d bytes, want %d", x.mode, took, x.largest)
		}
	}
}
