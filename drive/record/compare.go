package record

import (
	"bytes"
	"fmt"
	"time"

	"glassmaster/drive/read"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
)

// compare reads the disc again and compares it with the source.
func (r *burning) compare() error {
	d, err := read.Open(r.ctx, r.t)
	if err != nil {
		return &Error{Step: "open the disc to compare it", LBA: -1, Written: r.result.Written, Err: err}
	}
	defer d.Close()
	r.rep.Phase("comparing", r.plan.Sectors*disc.SectorSize)
	began := time.Now()
	m, err := r.differences(d)
	if err != nil {
		return &Error{Step: "compare the disc", LBA: -1, Written: r.result.Written, Err: err, Left: "the disc was burned and closed, and not compared to its end"}
	}
	_ = began
	if m == nil {
		r.result.Verified = true
		return nil
	}
	if r.o.Locate != nil {
		m.File = r.o.Locate(m.LBA)
	}
	r.result.Mismatch = m
	return &Error{
		Step: "compare the disc with its source", LBA: -1, Written: r.result.Written, Err: fmt.Errorf("%w: %w", ErrDiffers, m),
		Advice: "do not rely on this disc; burn another one, at a lower speed",
	}
}

func (r *burning) differences(d disc.Disc) (*verify.Mismatch, error) {
	const chunk = 32
	var m *verify.Mismatch
	want, got := make([]byte, chunk*disc.SectorSize), make([]byte, chunk*disc.SectorSize)
	for at := int64(0); at < r.plan.Sectors; {
		if err := r.ctx.Err(); err != nil {
			return m, err
		}
		n := min(chunk, r.plan.Sectors-at)
		if err := readFull(r.src, want[:n*disc.SectorSize], r.start+disc.LBA(at)); err != nil {
			return m, err
		}
		k, err := d.ReadSectors(got[:n*disc.SectorSize], r.next+disc.LBA(at), disc.User)
		for i := range k {
			a, b := want[i*disc.SectorSize:(i+1)*disc.SectorSize], got[i*disc.SectorSize:(i+1)*disc.SectorSize]
			if bytes.Equal(a, b) {
				continue
			}
			if m == nil {
				m = &verify.Mismatch{LBA: r.start + disc.LBA(at) + disc.LBA(i)}
				for a[m.Offset] == b[m.Offset] {
					m.Offset++
				}
			}
			m.Count++
		}
		if int64(k) < n {
			if !unreadable(err) {
				return m, err
			}
			if m == nil {
				m = &verify.Mismatch{LBA: r.start + disc.LBA(at) + disc.LBA(k), Err: err}
			}
			m.Count++
			k++
		}
		at += int64(k)
		r.rep.Add(int64(k) * disc.SectorSize)
	}
	return m, nil
}
