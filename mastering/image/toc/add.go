package toc

import (
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/runs"
	"glassmaster/mastering/sector"
)

// add adds the sectors of a group. If each part has whole sectors, each is a run. Else they
// are joined.
func (b *builder) add(g []part) error {
	size := g[0].size()
	for _, p := range g {
		if p.bytes%size != 0 {
			return b.join(g)
		}
	}
	for _, p := range g {
		if p.from == nil {
			b.empty(p.mode, p.bytes/size)
			continue
		}
		b.run(p, runs.Run{Count: p.bytes / size, From: p.from, Offset: p.offset})
	}
	return nil
}

// run adds a run of stored sectors.
func (b *builder) run(p part, r runs.Run) {
	r.Layout = p.mode.layout()
	r.Swap = p.big
	switch p.sub {
	case "RW_RAW":
		r.Sub = runs.Interleaved
	case "RW":
		r.Stride = int(p.size())
		if b.packed == 0 {
			b.packed = p.line
		}
	}
	b.append(r)
}

// append adds a run after the sectors so far.
func (b *builder) append(r runs.Run) {
	r.Start = b.at
	b.at = r.End()
	b.runs = append(b.runs, r)
}

// empty adds empty sectors: silence, or data sectors whose user data is zero.
func (b *builder) empty(m mode, n int64) {
	r := runs.Run{Layout: runs.Layout{Mode: m.layout().Mode}, Count: n}
	switch m {
	case "MODE0":
		r.Layout, r.From = runs.Mode1Raw, modeZero(b.at)
	case "MODE2_FORM2":
		r.Layout, r.From = runs.XAForm2, zeros{}
	}
	b.append(r)
}

// join adds a group of parts that do not have whole sectors.
func (b *builder) join(g []part) error {
	var list []format.Part
	total := int64(0)
	for _, p := range g {
		one := format.Part{ReaderAt: zeros{}, Size: p.bytes}
		if p.from != nil {
			if p.bytes > p.rest {
				return b.short
			}
			s := io.NewSectionReader(p.from, p.offset, p.bytes)
			one.ReaderAt = s
			if p.big {
				one.ReaderAt = swapped{s}
			}
		}
		list = append(list, one)
		total += p.bytes
	}
	size := g[0].size()
	if n := total % size; n != 0 {
		list = append(list, format.Part{ReaderAt: zeros{}, Size: size - n})
	}
	p := g[0]
	p.big = false
	if p.mode == "MODE0" {
		return fmt.Errorf("line %d: %d bytes are not whole sectors of %d bytes", p.line, total, size)
	}
	b.run(p, runs.Run{Count: count(g), From: format.Join(list...)})
	return nil
}

// zeros is an endless file of zeros.
type zeros struct{}

// ReadAt implements io.ReaderAt.
func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// modeZero is a file of whole sectors in mode 0, from an address on.
type modeZero disc.LBA

// ReadAt implements io.ReaderAt.
func (z modeZero) ReadAt(p []byte, off int64) (int, error) {
	var one [sector.Size]byte
	n := 0
	for n < len(p) {
		sector.Generate(one[:], disc.LBA(z)+disc.LBA(off/sector.Size), sector.Mode0)
		k := copy(p[n:], one[off%sector.Size:])
		n, off = n+k, off+int64(k)
	}
	return n, nil
}

// swapped is sound with the bytes of each value of 16 bits exchanged.
type swapped struct{ from *io.SectionReader }

// ReadAt implements io.ReaderAt.
func (s swapped) ReadAt(p []byte, off int64) (int, error) {
	begin, last := off&^1, min((off+int64(len(p))+1)&^1, s.from.Size())
	if begin >= last {
		return 0, io.EOF
	}
	q := make([]byte, last-begin)
	n, err := s.from.ReadAt(q, begin)
	runs.Swap(q[:n])
	n = copy(p, q[min(n, int(off-begin)):n])
	if n < len(p) && err == nil {
		err = io.EOF
	}
	return n, err
}
