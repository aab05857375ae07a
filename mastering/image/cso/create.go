package cso

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/flate"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/newfile"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

const (
	// block is the size of the blocks that are written, in bytes. Consoles read no other.
	block = 2048
	// batch is how many blocks are compressed at a time by one goroutine.
	batch = 256
)

// create writes the user data of a disc as a CSO image of version 1, from address 0 to the
// end of its last data track. Sectors that are not part of a data track are written as
// zeros.
func create(ctx context.Context, out *newfile.Set, d disc.Disc, _ format.Options, rep progress.Reporter) error {
	last, ok := disc.DataTrack(d)
	if !ok {
		return errors.New("write CSO image: the disc has no data track, and a CSO image cannot hold audio tracks")
	}
	f, err := out.Create()
	if err != nil {
		return err
	}
	w := &writer{total: int64(last.End()) * disc.SectorSize, rep: rep}
	if w.w, ok = f.(io.WriteSeeker); !ok {
		return errors.New("write CSO image: the index is written last, so the image cannot be written to a stream; name a file")
	}
	rep.Phase(progress.Writing, w.total)
	if err := w.write(ctx, d); err != nil {
		return fmt.Errorf("write CSO image: %w", err)
	}
	return nil
}

// writer writes a CSO image.
type writer struct {
	w     io.WriteSeeker
	total int64 // size of the contents, in bytes
	shift uint
	at    int64    // where the next block is written
	index []uint32 // of the blocks that are written
	rep   progress.Reporter
}

func (w *writer) write(ctx context.Context, d disc.Disc) error {
	n := w.total / block
	start := headerSize + 4*(n+1)
	// With the shift, the end of the image fits into 31 bits even if no block shrinks.
	for start+n*(block+1<<w.shift-1) >= stored<<w.shift {
		w.shift++
	}
	if err := w.pad(start); err != nil {
		return err
	}
	workers := max(1, runtime.GOMAXPROCS(0))
	work := make([]worker, workers)
	src := source{d: sector.AllForms(d)}
	for at := disc.LBA(0); int64(at) < n; {
		var wg sync.WaitGroup
		var bad error
		used := 0
		for i := range work {
			k := min(batch, n-int64(at))
			if k == 0 || bad != nil {
				break
			}
			used++
			bad = src.fill(ctx, work[i].take(int(k)), at)
			at += disc.LBA(k)
			wg.Go(work[i].compress)
		}
		wg.Wait()
		if bad != nil {
			return bad
		}
		for i := range work[:used] {
			if err := w.store(&work[i]); err != nil {
				return err
			}
		}
	}
	return w.finish()
}

// pad writes zeros up to an offset.
func (w *writer) pad(to int64) error {
	zeros := make([]byte, 64<<10)
	for w.at < to {
		n, err := w.w.Write(zeros[:min(to-w.at, int64(len(zeros)))])
		w.at += int64(n)
		if err != nil {
			return err
		}
	}
	return nil
}

// store writes the blocks that a worker has compressed.
func (w *writer) store(k *worker) error {
	unit := int64(1) << w.shift
	var out bytes.Buffer
	at := w.at
	for i, p := range k.packed {
		for ; at%unit != 0; at++ {
			out.WriteByte(0)
		}
		v := uint32(at >> w.shift)
		if len(p) >= block {
			p = k.in[i*block:][:block]
			v |= stored
		}
		w.index = append(w.index, v)
		out.Write(p)
		at += int64(len(p))
	}
	if _, err := w.w.Write(out.Bytes()); err != nil {
		return err
	}
	w.at = at
	w.rep.Add(int64(len(k.in)))
	return nil
}

// finish writes the header and the index.
func (w *writer) finish() error {
	unit := int64(1) << w.shift
	if err := w.pad((w.at + unit - 1) / unit * unit); err != nil {
		return err
	}
	w.index = append(w.index, uint32(w.at>>w.shift))
	h := append(make([]byte, 0, headerSize+4*len(w.index)), "CISO"...)
	h = binary.LittleEndian.AppendUint32(h, headerSize)
	h = binary.LittleEndian.AppendUint64(h, uint64(w.total))
	h = binary.LittleEndian.AppendUint32(h, block)
	h = append(h, 1, byte(w.shift), 0, 0)
	for _, v := range w.index {
		h = binary.LittleEndian.AppendUint32(h, v)
	}
	if _, err := w.w.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("the index is written last, so the image cannot be written to a stream; name a file: %w", err)
	}
	if _, err := w.w.Write(h); err != nil {
		return err
	}
	_, err := w.w.Seek(0, io.SeekEnd)
	return err
}

// worker compresses a batch of blocks.
type worker struct {
	in     []byte
	packed [][]byte // of each block of in; as long as a block or longer: it does not shrink
	out    []byte
	enc    *flate.Writer
}

// take returns the buffer for the next n blocks.
func (k *worker) take(n int) []byte {
	if k.in == nil {
		k.in = make([]byte, batch*block)
	}
	k.in = k.in[:n*block]
	return k.in
}

func (k *worker) compress() {
	k.packed, k.out = k.packed[:0], k.out[:0]
	var one bytes.Buffer
	if k.enc == nil {
		k.enc, _ = flate.NewWriter(&one, flate.DefaultCompression)
	}
	var ends []int
	for p := k.in; len(p) > 0; p = p[block:] {
		one.Reset()
		k.enc.Reset(&one)
		k.enc.Write(p[:block])
		k.enc.Close()
		k.out = append(k.out, one.Bytes()...)
		ends = append(ends, len(k.out))
	}
	at := 0
	for _, end := range ends {
		k.packed = append(k.packed, k.out[at:end])
		at = end
	}
}

// source reads the user data of a disc.
type source struct{ d disc.Disc }

// fill fills p with the user data from address lba on. Sectors outside of data tracks are
// zeros.
func (s source) fill(ctx context.Context, p []byte, lba disc.LBA) error {
	for len(p) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, data := s.run(lba, int64(len(p)/block))
		q := p[:n*block]
		if data {
			k, err := s.d.ReadSectors(ctx, q, lba, disc.User)
			if int64(k) < n {
				if err == nil || errors.Is(err, io.EOF) {
					err = io.ErrUnexpectedEOF
				}
				return fmt.Errorf("read sector %d: %w", int64(lba)+int64(k), err)
			}
		} else {
			clear(q)
		}
		p = p[len(q):]
		lba += disc.LBA(n)
	}
	return nil
}

// run returns how many sectors from lba on, at most limit, are all in a data track or all
// outside of data tracks.
func (s source) run(lba disc.LBA, limit int64) (int64, bool) {
	for _, session := range s.d.TOC().Sessions {
		for _, t := range session.Tracks {
			switch {
			case t.Mode == disc.Audio || t.End() <= lba:
			case t.Start > lba:
				limit = min(limit, int64(t.Start-lba))
			default:
				return min(limit, int64(t.End()-lba)), true
			}
		}
	}
	return limit, false
}
