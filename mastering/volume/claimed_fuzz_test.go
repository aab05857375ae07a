package volume_test

import (
	"bytes"
	"context"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/master"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// FuzzClaimed replaces bytes anywhere in an image with both file systems: the result is
// never negative.
func FuzzClaimed(f *testing.F) {
	const sector = disc.SectorSize
	p := mastered(f, &master.UDF{Revision: udfplan.Revision250}, false)
	for _, at := range []int{16*sector + 80, 17*sector + 80, 256*sector + 16, 32*sector + 440, 34*sector + 188, 257 * sector} {
		f.Add(uint32(at), []byte{0xFF, 0xFF, 0xFF, 0x7F}, uint16(0))
	}
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut uint16) {
		q := bytes.Clone(p)
		copy(q[int(at)%len(q):], patch)
		d := discOf(q[:len(q)-int(cut)%(len(q)/sector)*sector])
		for _, claim := range []func(context.Context, disc.Disc) (volume.Claim, error){volume.Claimed, volume.ClaimedByFiles} {
			if c, err := claim(context.Background(), d); err != nil || c.End < 0 || c.Have != disc.LBA(disc.Sectors(d)) || c.Missing() < 0 || (c.End > 0) != (c.By != "") {
				t.Errorf("%+v", c)
			}
		}
	})
}
