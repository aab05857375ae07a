package virtual

import (
	"context"
	"fmt"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/sector"
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
	whole bool  // whole sectors of a CD, of an area; sub-channels may follow each
	at    int   // see discfile.Area
}

// zero appends n sectors of zeros.
func (c *cache) zero(lba, n int64) {
	c.runs = append(c.runs, run{lba: lba, zeros: n})
}

// record appends the sectors of a WRITE to the buffer. If the buffer is full, its oldest
// runs are written to the disc. The state is committed at intervals.
func (d *recorder) record(ctx context.Context, lba int64, size int, p []byte) error {
	return d.keep(run{lba: lba, size: size, data: d.arrived(ctx, lba, size, p)})
}

// arrived returns a copy of the sectors that the host has sent, with the fault Corrupt.
func (d *recorder) arrived(ctx context.Context, lba int64, size int, p []byte) []byte {
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
	return p
}

// keep appends a run to the buffer.
func (d *recorder) keep(all run) error {
	c := &d.cache
	d.disc.Exported = false
	for _, r := range d.withoutLost(all) {
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
			part := r
			part.lba, part.data = r.lba+from, r.data[from*int64(r.size):i*int64(r.size)]
			all = append(all, part)
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
	if r.whole {
		return r.writeWhole(s)
	}
	for i := 0; i < len(r.data); i += r.size {
		p, lba := r.data[i:i+r.size], r.lba+int64(i/r.size)
		var err error
		if r.size == disc.SectorSize { // data that begins in the pre-gap
			err = s.WriteUser(p, lba)
		} else {
			err = s.WriteWhole(p, lba, discfile.AtAudio)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeWhole writes whole sectors of an area, with their sub-channels if there are any.
func (r run) writeWhole(s *discfile.File) error {
	for i := 0; i < len(r.data); i += r.size {
		p, lba := r.data[i:i+r.size], r.lba+int64(i/r.size)
		if lba >= -discfile.Pregap && lba < s.Sectors() {
			if err := s.WriteWhole(p, lba, r.at); err != nil {
				return err
			}
		}
		if len(p) == sector.Size {
			continue
		}
		if err := s.WriteSub(p[sector.Size:], lba); err != nil {
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
