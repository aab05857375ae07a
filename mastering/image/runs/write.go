package runs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// pieceSectors is how many sectors are read at a time. This many are whole pages of memory,
// whatever the size of a sector is: other pieces cost a third more to read and write.
const pieceSectors = 256

// turn is how long a goroutine writes before others may run: less than the 10 ms after which
// the scheduler takes the processor away from one that makes one system call after the
// other. It then looks after it every 20 microseconds, which costs up to a twentieth more.
const turn = 5 * time.Millisecond

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
	began := time.Now()
	for at := start; at < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if time.Since(began) > turn {
			runtime.Gosched()
			began = time.Now()
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
		if err == nil || errors.Is(err, io.EOF) {
			err = fmt.Errorf("the source ends before it, so it may have changed since it was opened: %w", io.ErrUnexpectedEOF)
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
