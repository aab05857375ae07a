package record

import (
	"context"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
	"glassmaster/mastering/verify"
)

// audioRun is a run of audio areas without anything between them on the disc.
type audioRun struct{ start, end disc.LBA }

// audioRunAt returns the run of compared audio areas that contains an address.
func (c *comparison) audioRunAt(at disc.LBA) audioRun {
	var run audioRun
	for _, a := range c.r.program.areas() {
		if !a.audio || !a.compared {
			continue
		}
		if a.at != run.end || run.end == 0 {
			if run.start <= at && at < run.end {
				break
			}
			run = audioRun{a.at, a.at}
		}
		run.end = a.at + disc.LBA(a.sectors)
	}
	return run
}

// findOffset finds the offset with which the drive reads audio (package verify), by sectors of the
// source that are not uniform. Writing has an offset too; what is found is both together. It leaves the offset at 0 if it cannot be found; the comparison then shows
// whether the audio is equal.
func (c *comparison) findOffset(ctx context.Context) error {
	tries := 0
	for _, a := range c.r.program.areas() {
		if !a.audio || !a.compared || c.r.o.Once {
			continue
		}
		for i := int64(verify.OffsetSectors); i+verify.OffsetSectors < a.sectors && tries < verify.OffsetTries; i += verify.OffsetSectors {
			tries++
			found, err := c.tryOffset(ctx, *a, i)
			if found || err != nil {
				return err
			}
		}
	}
	return nil
}

// tryOffset looks for the i-th sector of an area near its place on the disc. It reports whether
// it was found there once.
func (c *comparison) tryOffset(ctx context.Context, a area, i int64) (bool, error) {
	blocks := make([]byte, a.block.size)
	if err := a.read(ctx, c.source, blocks, i); err != nil {
		return false, nil // the comparison reports it
	}
	want := a.block.strip(blocks)
	if !verify.Distinct(want) {
		return false, nil
	}
	near := make([]byte, (2*verify.OffsetSectors+1)*sector.Size)
	n, err := c.disc.ReadSectors(ctx, near, a.at+disc.LBA(i)-verify.OffsetSectors, disc.Raw)
	if lost(err) {
		return false, err
	}
	if n*sector.Size != len(near) {
		return false, nil
	}
	offset, ok := verify.FindOffset(near, want)
	if !ok {
		return false, nil
	}
	c.offset = offset
	samples := c.offset / verify.SampleBytes
	c.r.result.ReadOffset = &samples
	return true, nil
}

// readAudio reads audio sectors from an address of the disc, moved by the offset of the drive,
// as readDisc does. Samples that the offset moves out of the run of audio tracks cannot be read;
// they are taken from want, and counted.
func (c *comparison) readAudio(ctx context.Context, p []byte, lba disc.LBA, want []byte) (map[int]error, error) {
	run := c.audioRunAt(lba)
	n := len(p) / sector.Size
	first := lba + disc.LBA(floorDiv(c.offset, sector.Size))
	whole := make([]byte, (n+1)*sector.Size)
	var bad map[int]error
	lo, hi := max(first, run.start), min(first+disc.LBA(n)+1, run.end)
	if lo < hi {
		var err error
		if bad, err = c.readDisc(ctx, whole[(lo-first)*sector.Size:(hi-first)*sector.Size], lo); err != nil {
			return nil, err
		}
	}
	skip := c.offset - floorDiv(c.offset, sector.Size)*sector.Size
	copy(p, whole[skip:])
	// What is outside the run, in bytes of p.
	before := max(int(lo-first)*sector.Size-skip, 0)
	after := min(max(int(hi-first)*sector.Size-skip, 0), len(p))
	before = min(before, len(p))
	if len(want) == len(p) {
		copy(p[:before], want)
		copy(p[after:], want[after:])
	}
	c.excused += int64(before + len(p) - after)
	moved := map[int]error{}
	for i, err := range bad { // a sector that cannot be read is in two sectors of p
		at := int(lo-first) + i
		for _, k := range []int{at - 1, at} {
			if k >= 0 && k < n {
				moved[k] = err
			}
		}
	}
	return moved, nil
}

// floorDiv returns a divided by b, rounded down.
func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// tellOffset reports the offset, and what could not be compared because of it.
func (c *comparison) tellOffset() {
	if c.r.result.ReadOffset == nil || c.offset == 0 {
		return
	}
	text := fmt.Sprintf("the drive reads audio with an offset of %+d samples, which was taken into account", *c.r.result.ReadOffset)
	if c.excused > 0 {
		text += fmt.Sprintf("; %d samples at the ends of the audio tracks cannot be read because of it, and were not compared", c.excused/verify.SampleBytes)
	}
	c.r.inform("%s", text)
	if c.excused > 0 && c.r.o.Once {
		c.r.notAssured("the ends of the audio tracks could not be compared, since the drive reads with an offset and the source can be read only once")
	}
}
