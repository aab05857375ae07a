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

// rawTypes is a drive that takes only some of the data block types for raw.
type rawTypes struct {
	scsi.Transport
	only byte
}

func (r rawTypes) Unwrap() scsi.Transport { return r.Transport }

func (r rawTypes) Execute(ctx context.Context, c scsi.Command) (int, error) {
	// Mode page 05h follows a header of 8 bytes: byte 2 write type, 4 data block type.
	if c.CDB[0] == scsi.OpModeSelect10 && c.Data[8+2]&15 == byte(mmc.Raw) && c.Data[8+4]&15 != r.only {
		return 0, scsi.NewError(c.CDB, scsi.StatusCheckCondition, []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x26, 0, 0, 0, 0, 0})
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
