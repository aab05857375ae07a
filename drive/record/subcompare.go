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
	subMayFail  = 20 // one sector in this number
)

// subResult counts the sectors whose sub-channels were read differently from what was sent.
type subResult struct {
	what         string
	wrong, total int64
	first        disc.LBA
}

func (s *subResult) add(a area, n int64, bad []int64) {
	if len(bad) > 0 && s.wrong == 0 {
		s.first = a.at + disc.LBA(bad[0])
	}
	s.total, s.wrong = s.total+n, s.wrong+int64(len(bad))
}

// compareSub compares the sub-channels of a raw burn, where the drive delivers them: R to W,
// and Q if that of the source does not follow from its table of contents.
func (c *comparison) compareSub(ctx context.Context) error {
	rw, q := subResult{what: "the sub-channels R to W"}, subResult{what: "the sub-channel Q"}
	for _, a := range c.r.program.areas() {
		if a.block.extra != sector.SubSize || !a.compared {
			continue
		}
		if c.r.o.Once {
			c.r.notAssured("the sub-channels were not compared: the source can be read only once")
			return nil
		}
		for i := int64(0); i < a.sectors; i += pieceSectors {
			n := min(pieceSectors, a.sectors-i)
			bad, badQ, err := c.subPiece(ctx, *a, i, n)
			if errors.Is(err, disc.ErrForm) {
				c.r.notAssured("the sub-channels were not compared: the drive does not deliver them")
				return nil
			}
			if err != nil {
				return err
			}
			rw.add(*a, n, bad)
			if c.r.ownSub {
				q.add(*a, n, badQ)
			}
		}
	}
	return combine(c.judgeSub(rw), c.judgeSub(q))
}

// judgeSub adds what was found to the result, and returns an error if it is more than what good
// discs have, too.
func (c *comparison) judgeSub(s subResult) error {
	if s.total == 0 {
		return nil
	}
	found := "as sent"
	if s.wrong > 0 {
		found = fmt.Sprintf("%d of %d sectors differ, the first is %d", s.wrong, s.total, s.first)
	}
	c.r.check(s.what, "as sent", found)
	switch {
	case s.wrong*subMayFail > s.total:
		return fmt.Errorf("%w: %s: %s", ErrDiffers, s.what, found)
	case s.wrong > 0:
		c.r.notAssured("%s of some sectors were read differently from what was sent, which happens with good discs, too: %s", s.what, found)
	}
	return nil
}

// subPiece compares n sectors of an area from the i-th on, and returns those whose
// sub-channels R to W, and whose Q, differ.
func (c *comparison) subPiece(ctx context.Context, a area, i, n int64) (bad, badQ []int64, err error) {
	want := make([]byte, n*int64(a.block.size))
	if err := a.read(ctx, c.source, want, i); err != nil {
		return nil, nil, nil // the source has changed, which was reported
	}
	size := disc.RawSub.Size()
	got := make([]byte, n*int64(size))
	for try := range subAttempts {
		k, err := c.disc.ReadSectors(ctx, got, a.at+disc.LBA(i), disc.RawSub)
		if errors.Is(err, disc.ErrForm) || lost(err) || ctx.Err() != nil {
			return nil, nil, combine(err, ctx.Err())
		}
		bad, badQ = bad[:0], badQ[:0]
		for s := range n {
			w, g := want[s*int64(size)+sector.Size:(s+1)*int64(size)], got[s*int64(size)+sector.Size:(s+1)*int64(size)]
			if s >= int64(k) || !sameRW(w, g) {
				bad = append(bad, i+s)
			}
			if s >= int64(k) || sector.ReadQ(w) != sector.ReadQ(g) {
				badQ = append(badQ, i+s)
			}
		}
		if len(bad) == 0 && (len(badQ) == 0 || !c.r.ownSub) || try+1 == subAttempts {
			break
		}
	}
	return bad, badQ, nil
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
