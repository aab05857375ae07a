package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Read reads all sectors of every track: audio tracks by their samples, data
// tracks by their user data.
//
// It goes on behind sectors that cannot be read, so that they are counted; in
// the checksum they are zeros. Then the error is a *Mismatch that names the
// first of them, with the file that locate gives for it (nil: none). Any other
// error, such as disc.ErrGone or that of ctx, says that not everything was tried.
func Read(ctx context.Context, d disc.Disc, locate func(disc.LBA) string, rep progress.Reporter) (Result, error) {
	var r Result
	var first *Mismatch
	sum := sha256.New()
	rep.Phase(progress.Reading, length(d))
	for _, s := range d.TOC().Sessions {
		for _, t := range s.Tracks {
			form := formOf(t)
			size := form.Size()
			buf := make([]byte, pieceSectors*size)
			for at := t.Start; at < t.End(); {
				if err := ctx.Err(); err != nil {
					return r, fmt.Errorf("read: stopped at sector %d: %w", at, err)
				}
				p := read(ctx, d, buf[:min(int(t.End()-at), pieceSectors)*size], at, form)
				n := p.n
				if errors.Is(p.err, disc.ErrGone) {
					return r, stopped("read", at+disc.LBA(n), p.err, first)
				}
				if n == 0 {
					n = 1
					clear(buf[:size])
					if r.Bad++; first == nil {
						first = &Mismatch{LBA: at, Err: p.err}
					}
				}
				sum.Write(buf[:n*size])
				r.Sectors += int64(n)
				rep.Add(int64(n * size))
				at += disc.LBA(n)
			}
		}
	}
	sum.Sum(r.SHA256[:0])
	if first == nil {
		return r, nil
	}
	first.Count = r.Bad
	if locate != nil {
		first.File = locate(first.LBA)
	}
	return r, first
}

// stopped is the error of work that cannot go on, since the disc is gone. Of what was
// bad before that it tells too.
func stopped(work string, at disc.LBA, err error, first *Mismatch) error {
	if first != nil {
		return fmt.Errorf("%s: stopped at sector %d: %w; before that, %v", work, at, err, first)
	}
	return fmt.Errorf("%s: stopped at sector %d, and nothing bad was found before: %w", work, at, err)
}
