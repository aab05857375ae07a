package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"runtime"
	"sync/atomic"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Read reads all sectors of every track: audio tracks by their samples, data
// tracks by their user data. Data sectors that are stored as a whole are checked by their
// sync pattern, header, EDC and ECC, and the Q sub-channel by its CRC: see Checks. The checksums
// that an image stores besides those in its sectors are checked too.
//
// It continues after sectors that cannot be read or are damaged, and counts them; in the
// checksum those that cannot be read are zeros. The error is then a *Mismatch with the first
// one that cannot be read, a *FaultError, or a *ChecksumError, or several of them are in its
// chain. locate, which may be nil, returns the file at an address. Any other error, such as disc.ErrGone or that
// of ctx, means that not all sectors were tried.
func Read(ctx context.Context, d disc.Disc, locate func(disc.LBA) string, rep progress.Reporter) (Result, error) {
	sums := disc.Checksums(d) // before anything is read, so that it does not have to be read twice
	r := reading{d: d, sum: sha256.New(), rep: rep, sub: disc.HasSubChannels(d)}
	var total int64
	all := r.spans(ctx)
	for _, s := range all {
		total += s.sectors() * int64(s.kept)
	}
	rep.Phase(progress.Reading, total)
	for _, s := range all {
		if err := r.span(ctx, s); err != nil {
			return r.result, err
		}
	}
	r.sum.Sum(r.result.SHA256[:0])
	err := r.verdict(locate)
	wrong := error(nil)
	if r.result.Sums, wrong = Checksums(ctx, sums, rep); wrong != nil {
		if bad := new(ChecksumError); err != nil && errors.As(wrong, &bad) {
			wrong = fmt.Errorf("%w; %w", err, wrong)
		}
		err = wrong
	}
	return r.result, err
}

// reading is the state of one Read.
type reading struct {
	d      disc.Disc
	sum    hash.Hash
	rep    progress.Reporter
	sub    bool // sub-channels are stored
	result Result
	first  *Mismatch
	faults FaultError
	failed atomic.Int64 // sectors that cannot be corrected
}

// part is a run of sectors that are read in one form.
type part struct {
	start, end disc.LBA
	mode       disc.Mode
	form       disc.Form
	kept       int  // bytes of a sector that are part of the checksum
	gap        bool // the pre-gap of an audio track, which can contain data of the track before it
	pregap     bool // sectors that are only checked, and only if they have a sync pattern
}

func (p part) sectors() int64 { return int64(p.end - p.start) }

// spans returns what is read of the disc.
func (r *reading) spans(ctx context.Context) []part {
	var list []part
	for _, s := range r.d.TOC().Sessions {
		for _, t := range s.Tracks {
			p := part{start: t.Start, end: t.End(), mode: t.Mode, form: formOf(t)}
			raw := t.Mode != disc.Audio && whole(ctx, r.d, t)
			p.kept = p.form.Size()
			switch {
			case raw && t.Mode != disc.Mode1: // not every sector has user data
				p.form, p.kept = disc.Raw, disc.RawSectorSize
			case raw:
				p.form = disc.Raw
			}
			if r.sub {
				p.form = disc.RawSub
			}
			if begin := gapOf(t); t.Mode == disc.Audio && begin < t.Start {
				gap := p
				gap.start, gap.end, gap.gap = begin, t.Start, true
				list = append(list, gap)
			}
			if begin := t.Start - disc.LBA(t.Pregap); raw && begin < t.Start {
				list = append(list, part{start: begin, end: t.Start, mode: t.Mode, form: p.form, pregap: true})
			}
			list = append(list, p)
		}
	}
	return list
}

// span reads a run of sectors. While they are checked, the next ones are read and the ones
// before are added to the checksum.
func (r *reading) span(ctx context.Context, s part) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	checked := make(chan *batch, runtime.GOMAXPROCS(0))
	free := make(chan *batch, cap(checked)+2)
	for range cap(free) {
		free <- &batch{data: make([]byte, pieceSectors*s.form.Size())}
	}
	go r.load(ctx, s, free, checked)
	for b := range checked {
		err := r.take(b, s)
		free <- b
		if err != nil {
			return err
		}
	}
	return nil
}

// batch is a number of sectors on their way.
type batch struct {
	at      disc.LBA
	n       int // sectors
	data    []byte
	err     error // of the only sector, which could not be read, or of all that remain
	stopped bool  // nothing more is read
	faults  faults
	done    chan struct{} // closed when the sectors are checked
}

// load reads the sectors of a part in order, and has them checked.
func (r *reading) load(ctx context.Context, s part, free, checked chan *batch) {
	defer close(checked)
	size := s.form.Size()
	for at := s.start; at < s.end; {
		b := <-free
		*b = batch{at: at, data: b.data, done: make(chan struct{})}
		if b.err = ctx.Err(); b.err != nil {
			b.stopped = true
			close(b.done)
			checked <- b
			return
		}
		p := read(ctx, r.d, b.data[:min(int(s.end-at), pieceSectors)*size], at, s.form)
		b.n = p.n
		if errors.Is(p.err, disc.ErrGone) {
			b.err, b.stopped = p.err, true
		} else if p.n == 0 {
			clear(b.data[:size])
			b.n, b.err = 1, p.err
		}
		at += disc.LBA(b.n)
		if b.err != nil {
			close(b.done)
		} else {
			go func() {
				defer close(b.done)
				b.faults = checker{r.d, &r.failed}.check(b.data[:b.n*size], b.at, s)
			}()
		}
		checked <- b
		if b.stopped {
			return
		}
	}
}

// take adds the sectors of a batch to the result.
func (r *reading) take(b *batch, s part) error {
	if b.stopped && !errors.Is(b.err, disc.ErrGone) {
		return fmt.Errorf("read: stopped at sector %d: %w", b.at, b.err)
	}
	size := s.form.Size()
	for i := range b.n {
		p := b.data[i*size : (i+1)*size]
		if !s.pregap {
			r.sum.Write(summed(p, s))
		}
	}
	<-b.done
	if b.stopped {
		return stopped("read", b.at+disc.LBA(b.n), b.err, r.first)
	}
	if b.err != nil && !s.pregap {
		if r.result.Bad++; r.first == nil {
			r.first = &Mismatch{LBA: b.at, Err: b.err}
		}
	}
	r.faults.add(b.faults)
	r.result.Checks.add(b.faults.checks)
	if !s.pregap {
		r.result.Sectors += int64(b.n)
		r.rep.Add(int64(b.n * s.kept))
	}
	return nil
}

// verdict returns the error of a disc that was read to its end.
func (r *reading) verdict(locate func(disc.LBA) string) error {
	r.faults.locate(locate)
	if r.first == nil {
		if r.faults.Count == 0 {
			return nil
		}
		return &r.faults
	}
	r.first.Count = r.result.Bad
	if locate != nil {
		r.first.File = locate(r.first.LBA)
	}
	if r.faults.Count > 0 {
		return fmt.Errorf("%w; %w", r.first, &r.faults)
	}
	return r.first
}

// stopped returns the error of work that cannot continue since the disc is gone. It
// includes the first bad sector, if there was one.
func stopped(work string, at disc.LBA, err error, first *Mismatch) error {
	if first != nil {
		return fmt.Errorf("%s: stopped at sector %d: %w; before it: %v", work, at, err, first)
	}
	return fmt.Errorf("%s: stopped at sector %d, all sectors before it are good: %w", work, at, err)
}
