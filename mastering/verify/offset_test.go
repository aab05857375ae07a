package verify_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
)

// late is a disc in a drive that delivers audio with an offset, and does not read before or after
// the audio. A sample can be wrong.
type late struct {
	disc.Disc
	samples int
	wrong   disc.LBA // sector with a wrong sample; 0: none
}

func (l late) Unwrap() disc.Disc { return l.Disc }

func (l late) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	if f != disc.Raw {
		return l.Disc.ReadSectors(ctx, p, lba, f)
	}
	const size = disc.RawSectorSize
	end := disc.LBA(disc.Sectors(l.Disc))
	audio := make([]byte, (int(end)+20)*size) // ten sectors of silence around it
	if _, err := l.Disc.ReadSectors(ctx, audio[10*size:(10+int(end))*size], 0, f); err != nil {
		return 0, err
	}
	if l.wrong > 0 {
		audio[(10+int(l.wrong))*size+1000] ^= 1
	}
	if lba < 0 || lba+disc.LBA(len(p)/size) > end {
		return 0, io.ErrUnexpectedEOF
	}
	return copy(p, audio[(10+int(lba))*size-4*l.samples:]) / size, nil
}

// Audio is compared with the offset of a drive, sample by sample, and only with a drive.
func TestReadOffset(t *testing.T) {
	src := imagetest.Audio(t)
	for _, samples := range []int{0, 6, 667, -1164, 1776, -2999} {
		for _, wrong := range []disc.LBA{0, 40, 500} {
			got := verify.Side{Disc: late{src, samples, wrong}, Name: "drive", Drive: true}
			r, _, err := verify.Pair(t.Context(), verify.Side{Disc: src, Name: "image"}, got, progress.Discard)
			if r.ReadOffset != samples {
				t.Errorf("offset %d, want %d", r.ReadOffset, samples)
			}
			var m *verify.Mismatch
			switch {
			case wrong == 0 && err != nil:
				t.Errorf("offset %d: %v", samples, err)
			case wrong > 0 && (!errors.As(err, &m) || m.LBA != wrong || m.Offset != 1000 || m.Count != 1):
				t.Errorf("offset %d: a wrong sample in sector %d: %v", samples, wrong, err)
			}
			if most := int64(max(samples, -samples)); r.Excused > most || samples != 0 && r.Excused == 0 {
				t.Errorf("offset %d: %d samples were not compared", samples, r.Excused)
			}
		}
		if samples == 0 {
			continue
		}
		if _, _, err := verify.Pair(t.Context(), verify.Side{Disc: src}, verify.Side{Disc: late{src, samples, 0}}, progress.Discard); err == nil {
			t.Errorf("offset %d: images whose samples differ are equal", samples)
		}
	}
}
