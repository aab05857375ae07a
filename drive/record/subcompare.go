package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// rwMask are the bits of the sub-channels R to W in a byte of all sub-channels.
const rwMask = 0x3F

// Sub-channels are not protected by the error correction of the sectors, so that some bits of
// them are read wrongly from any disc.
const (
	subAttempts = 5
	subMayFail  = 20 // one sector in so many
)

// compareSub compares the sub-channels R to W of a raw burn, where the drive delivers them.
func (c *comparison) compareSub(ctx context.Context) error {
	var total, wrong int64
	first := disc.LBA(-1)
	for _, a := range c.r.program.areas() {
		if a.block.extra != sector.SubSize || !a.compared {
			continue
		}
		for i := int64(0); i < a.sectors; i += pieceSectors {
			n := min(pieceSectors, a.sectors-i)
			bad, err := c.subPiece(ctx, *a, i, n)
			if errors.Is(err, disc.ErrForm) {
				c.r.notAssured("the sub-channels were not compared: the drive does not deliver them")
				return nil
			}
			if err != nil {
				return err
			}
			if len(bad) > 0 && first < 0 {
				first = a.at + disc.LBA(bad[0])
			}
			total, wrong = total+n, wrong+int64(len(bad))
		}
	}
	if total == 0 {
		return nil
	}
	found := "as sent"
	if wrong > 0 {
		found = fmt.Sprintf("%d of %d sectors differ, the first is %d", wrong, total, first)
	}
	c.r.check("the sub-channels R to W", "as sent", found)
	switch {
	case wrong*subMayFail > total:
		return fmt.Errorf("%w: the sub-channels R to W: %s", ErrDiffers, found)
	case wrong > 0:
		c.r.notAssured("the sub-channels R to W of some sectors were read differently from what was sent, which happens with good discs, too: %s", found)
	}
	return nil
}

// subPiece compares n sectors of an area from the i-th on, and returns those that differ.
func (c *comparison) subPiece(ctx context.Context, a area, i, n int64) ([]int64, error) {
	want := make([]byte, n*int64(a.block.size))
	if err := a.read(ctx, c.source, want, i); err != nil {
		return nil, nil // the source has changed, which was reported
	}
	size := disc.RawSub.Size()
	got := make([]byte, n*int64(size))
	var bad []int64
	for try := range subAttempts {
		k, err := c.disc.ReadSectors(ctx, got, a.at+disc.LBA(i), disc.RawSub)
		if errors.Is(err, disc.ErrForm) || lost(err) || ctx.Err() != nil {
			return nil, combine(err, ctx.Err())
		}
		bad = bad[:0]
		for s := range n {
			w, g := want[s*int64(size)+sector.Size:(s+1)*int64(size)], got[s*int64(size)+sector.Size:(s+1)*int64(size)]
			if s >= int64(k) || !sameRW(w, g) {
				bad = append(bad, i+s)
			}
		}
		if len(bad) == 0 || try+1 == subAttempts {
			break
		}
	}
	return bad, nil
}

// sameRW reports whether R to W of two sectors are equal.
func sameRW(a, b []byte) bool {
	for i := range a {
		if (a[i]^b[i])&rwMask != 0 {
			return false
		}
	}
	return true
}
