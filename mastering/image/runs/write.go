package runs

import (
	"context"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// Write writes the sectors of d from start to before end to w, in a layout: whole sectors
// or a part of them, with sub-channels if the layout has them. It adds the written bytes to
// rep.
func Write(ctx context.Context, w io.Writer, d disc.Disc, start, end disc.LBA, l Layout, rep progress.Reporter) error {
	form := disc.Raw
	switch {
	case l.Sub != NoSub:
		form = disc.RawSub
	case l.Length == disc.SectorSize && !l.Form2:
		form = disc.User
	}
	all := sector.AllForms(d)
	size := form.Size()
	in := make([]byte, pieceSectors*size)
	var out, packed []byte
	for at := start; at < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := in[:min(int64(end-at), pieceSectors)*int64(size)]
		n, err := all.ReadSectors(ctx, p, at, form)
		if out = p[:n*size]; !l.same(form) {
			packed = l.pack(packed[:0], out, form)
			out = packed
		}
		if werr := write(w, out, rep); werr != nil {
			return werr
		}
		at += disc.LBA(n)
		if n*size == len(p) {
			continue
		}
		if err == nil {
			err = io.ErrUnexpectedEOF
		}
		return fmt.Errorf("read sector %d of %d: %w", at, end, err)
	}
	return nil
}

// writeBytes is how much is written at a time. Much more is slow on some file systems.
const writeBytes = 128 << 10

// write writes p, and adds what was written to rep.
func write(w io.Writer, p []byte, rep progress.Reporter) error {
	for len(p) > 0 {
		n := min(len(p), writeBytes)
		if _, err := w.Write(p[:n]); err != nil {
			return err
		}
		rep.Add(int64(n))
		p = p[n:]
	}
	return nil
}

// same reports whether sectors of a form are stored unchanged.
func (l Layout) same(form disc.Form) bool {
	return form == disc.User || form == disc.Raw && l.Length == sector.Size && !l.Swap && !l.Scrambled
}

// pack appends sectors of a form in the layout.
func (l Layout) pack(out, p []byte, form disc.Form) []byte {
	for size := form.Size(); len(p) > 0; p = p[size:] {
		at := len(out)
		out = append(out, p[l.At:l.At+l.Length]...)
		if l.Swap {
			Swap(out[at:])
		}
		if l.Scrambled {
			sector.Scramble(out[at:])
		}
		switch l.Sub {
		case Interleaved:
			out = append(out, p[sector.Size:size]...)
		case Planar:
			var planar [sector.SubSize]byte
			sector.Deinterleave(planar[:], p[sector.Size:size])
			out = append(out, planar[:]...)
		case PQ:
			var planar [sector.SubSize]byte
			sector.Deinterleave(planar[:], p[sector.Size:size])
			out = append(out, planar[12:24]...)
			out = append(out, 0, 0, 0, planar[0]&0x80)
		}
	}
	return out
}
