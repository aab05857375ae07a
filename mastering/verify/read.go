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
// It continues after sectors that cannot be read, and counts them; in the checksum they
// are zeros. The error is then a *Mismatch with the first of them and the file that
// locate, which may be nil, returns for it. Any other error, such as disc.ErrGone or that
// of ctx, means that not all sectors were tried.
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

// stopped returns the error of work that cannot continue since the disc is gone. It
// includes the first bad sector, if there was one.
func stopped(work string, at disc.LBA, err error, first *Mismatch) error {
	if first != nil {
		return fmt.Errorf("%s: stopped at sector %d: %w; before it: %v", work, at, err, first)
	}
	return fmt.Errorf("%s: stopped at sector %d, all sectors before it are good: %w", work, at, err)
}
