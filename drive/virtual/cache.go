package virtual

import (
	"context"
	"fmt"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// cache is the write buffer of the drive: runs of sectors in the order in which they were
// sent.
type cache struct {
	runs     []run
	bytes    int // in runs
	uncommit int // bytes since the state was committed
}

type run struct {
	lba   int64
	size  int // bytes of a sector
	data  []byte
	zeros int64 // sectors of zeros instead of data
}

// zero appends n sectors of zeros.
func (c *cache) zero(lba, n int64) {
	c.runs = append(c.runs, run{lba: lba, zeros: n})
}

// record appends the sectors of a WRITE to the buffer. If the buffer is full, its oldest
// runs are written to the disc. The state is committed at intervals.
func (d *recorder) record(ctx context.Context, lba int64, size int, p []byte) error {
	if rate := d.paceRate(); rate > 0 {
		d.pace.add(ctx, len(p), rate)
	}
	d.cacheSent(lba, size, p)
	p = slices.Clone(p)
	for _, at := range d.faults.Corrupt {
		if i := (at - lba) * int64(size); at >= lba && i < int64(len(p)) {
			p[i+int64(size)/2] ^= 0x40
		}
	}
	c := &d.cache
	for _, r := range d.withoutLost(run{lba: lba, size: size, data: p}) {
		c.runs = append(c.runs, r)
		c.bytes += len(r.data)
		c.uncommit += len(r.data)
	}
	if c.uncommit >= commitEvery {
		return d.commit()
	}
	for c.bytes > bufferSize {
		if err := c.first(d.store); err != nil {
			return err
		}
	}
	return nil
}

// withoutLost returns a run without the sectors of the fault Lost.
func (d *recorder) withoutLost(r run) []run {
	var all []run
	from, blocks := int64(0), int64(len(r.data)/r.size)
	for i := range blocks + 1 {
		if i < blocks && !slices.Contains(d.faults.Lost, r.lba+i) {
			continue
		}
		if i > from {
			all = append(all, run{lba: r.lba + from, size: r.size, data: r.data[from*int64(r.size) : i*int64(r.size)]})
		}
		from = i + 1
	}
	return all
}

// first writes the oldest run to the disc file.
func (c *cache) first(s *discfile.File) error {
	r := c.runs[0]
	if err := r.write(s); err != nil {
		return fmt.Errorf("write the virtual disc %s: %w", s.Name(), err)
	}
	c.runs = c.runs[1:]
	c.bytes -= len(r.data)
	return nil
}

func (r run) write(s *discfile.File) error {
	if r.data == nil {
		return s.ClearSectors(r.lba, r.zeros)
	}
	if r.size == disc.SectorSize && r.lba >= 0 {
		return s.WriteUser(r.data, r.lba)
	}
	for i := 0; i < len(r.data); i += r.size {
		if err := s.WriteRaw(r.data[i:i+r.size], r.lba+int64(i/r.size)); err != nil {
			return err
		}
	}
	return nil
}

// drain writes the whole buffer to the disc file.
func (c *cache) drain(s *discfile.File) error {
	for len(c.runs) > 0 {
		if err := c.first(s); err != nil {
			return err
		}
	}
	c.uncommit = 0
	return nil
}

// drainData writes the buffer to the disc file, so that it can be read. The time of the next
// commit does not change.
func (c *cache) drainData(s *discfile.File) error {
	n := c.uncommit
	err := c.drain(s)
	c.uncommit = n
	return err
}
