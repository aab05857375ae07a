package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Result is the result of Compare or Read.
type Result struct {
	SHA256  [sha256.Size]byte // of the data of want, in the forms that were compared
	Sectors int64             // compared
	Bad     int64             // that differ or cannot be read
	Checks  Checks            // by Read
	Sums    []Checksum        // of the image, by Read
}

// pieceSectors is the number of sectors that are read at a time.
const pieceSectors = 64

// Compare reads all sectors of every track of want, and the same addresses of
// got. Audio tracks are compared by their samples, data tracks by their user
// data. A Comparer can do more.
//
// It continues after sectors that differ or that cannot be read from got, and counts
// them. The error is then a *Mismatch with the first of them and the file that locate,
// which may be nil, returns for it. Any other error, such as a sector of want that cannot
// be read, disc.ErrGone or that of ctx, means that the comparison is incomplete.
func Compare(ctx context.Context, want, got disc.Disc, locate func(disc.LBA) string, rep progress.Reporter) (Result, error) {
	return Comparer{}.Compare(ctx, want, got, locate, rep)
}

// Comparer says what is compared. The zero value compares as Compare does.
type Comparer struct {
	Form    func(disc.Track) disc.Form // in which the sectors of a track are compared; nil: as Compare does
	Pregaps bool                       // sectors of pre-gaps are compared, too, from address 0 on
}

// Compare is like the function Compare.
func (o Comparer) Compare(ctx context.Context, want, got disc.Disc, locate func(disc.LBA) string, rep progress.Reporter) (Result, error) {
	if o.Form == nil {
		o.Form = formOf
	}
	c := comparison{want: want, got: got, sum: sha256.New(), rep: rep}
	var total int64
	for _, s := range want.TOC().Sessions {
		for _, t := range s.Tracks {
			total += int64(t.End()-o.start(t)) * int64(o.Form(t).Size())
		}
	}
	rep.Phase(progress.Comparing, total)
	for _, s := range want.TOC().Sessions {
		for _, t := range s.Tracks {
			if err := c.span(ctx, o.start(t), t.End(), o.Form(t)); err != nil {
				return c.result, err
			}
		}
	}
	c.sum.Sum(c.result.SHA256[:0])
	if c.first == nil {
		return c.result, nil
	}
	c.first.Count = c.result.Bad
	if locate != nil {
		c.first.File = locate(c.first.LBA)
	}
	return c.result, c.first
}

// start returns the address of the first sector of a track that is compared.
func (o Comparer) start(t disc.Track) disc.LBA {
	if !o.Pregaps {
		return t.Start
	}
	return max(t.Start-disc.LBA(t.Pregap), min(t.Start, 0))
}

// formOf returns the form in which the sectors of a track are compared.
func formOf(t disc.Track) disc.Form {
	if t.Mode == disc.Audio {
		return disc.Raw
	}
	return disc.User
}

// comparison is the state of one Compare.
type comparison struct {
	want, got disc.Disc
	sum       hash.Hash
	rep       progress.Reporter
	result    Result
	first     *Mismatch
}

// piece is what was read from one disc.
type piece struct {
	data []byte
	n    int // sectors that were read
	err  error
}

// span compares the sectors from start to before end.
func (c *comparison) span(ctx context.Context, start, end disc.LBA, form disc.Form) error {
	size := form.Size()
	mine, theirs := make([]byte, pieceSectors*size), make([]byte, pieceSectors*size)
	for at := start; at < end; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("compare: stopped at sector %d: %w", at, err)
		}
		n := int(min(int64(end-at), pieceSectors))
		done := make(chan piece, 1)
		go func() { done <- read(ctx, c.got, theirs[:n*size], at, form) }()
		w := read(ctx, c.want, mine[:n*size], at, form)
		g := <-done
		if w.n < n {
			return fmt.Errorf("compare: read sector %d of the source: %w", at+disc.LBA(w.n), w.err)
		}
		c.sum.Write(w.data)
		if err := c.compare(ctx, w.data, g, at, form); err != nil {
			return err
		}
		c.result.Sectors += int64(n)
		c.rep.Add(int64(n * size))
		at += disc.LBA(n)
	}
	return nil
}

// read reads the sectors of one piece.
func read(ctx context.Context, d disc.Disc, p []byte, at disc.LBA, f disc.Form) piece {
	n, err := d.ReadSectors(ctx, p, at, f)
	if n*f.Size() < len(p) && (err == nil || errors.Is(err, io.EOF)) {
		err = io.ErrUnexpectedEOF
	}
	return piece{p, n, err}
}

// compare counts the bad sectors of a piece. If a piece could not be read in full, the
// rest of it is read sector by sector, since the sectors after a bad one may be good. An
// error means that the disc is gone.
func (c *comparison) compare(ctx context.Context, want []byte, g piece, at disc.LBA, f disc.Form) error {
	size := f.Size()
	if g.n*size == len(want) && bytes.Equal(want, g.data) {
		return nil
	}
	for i := 0; i*size < len(want); i++ {
		w, p := want[i*size:(i+1)*size], g.data[i*size:(i+1)*size]
		var err error
		if i >= g.n {
			if one := read(ctx, c.got, p, at+disc.LBA(i), f); one.n == 0 {
				err = one.err
			}
		}
		if errors.Is(err, disc.ErrGone) {
			return stopped("compare", at+disc.LBA(i), err, c.first)
		}
		if err != nil || !bytes.Equal(w, p) {
			c.bad(at+disc.LBA(i), w, p, err)
		}
	}
	return nil
}

// bad counts a bad sector and remembers the first one.
func (c *comparison) bad(at disc.LBA, want, got []byte, err error) {
	c.result.Bad++
	if c.first != nil {
		return
	}
	c.first = &Mismatch{LBA: at, Err: err}
	for err == nil && want[c.first.Offset] == got[c.first.Offset] {
		c.first.Offset++
	}
}
