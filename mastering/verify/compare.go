package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync/atomic"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/sector"
)

// Result is the result of Compare or Read.
type Result struct {
	// SHA256 is that of the disc, or of want: samples of audio, user data of mode 1, whole
	// sectors of mode 2 if they were read as such, and otherwise user data.
	SHA256  [sha256.Size]byte
	Sectors int64       // compared
	Bad     int64       // that differ or cannot be read
	Checks  Checks      // by Read
	Sums    []Checksum  // of the image, by Read
	Damaged *FaultError // sectors of want that are damaged, by a Comparer with Damage; nil: none
	// ReadOffset is the offset in samples with which a drive delivers audio, and Excused the
	// samples that it moves out of the audio, which were not compared. By Pair.
	ReadOffset int
	Excused    int64
}

// pieceSectors is the number of sectors that are read at a time.
const pieceSectors = 64

// Comparer says what is compared. The zero value compares audio tracks by their samples, and
// data tracks by their user data.
type Comparer struct {
	Form    func(disc.Track) disc.Form // in which the sectors of a track are compared; nil: samples, user data
	Pregaps bool                       // sectors of pre-gaps are compared, too, from address 0 on
	// Damage says that data sectors of want are checked if it stores them as a whole and
	// they are compared so. Those without intact user data are counted as bad if that is
	// compared, and do not end the comparison.
	Damage bool
}

// Compare reads all sectors of every track of want, and the same addresses of got.
//
// It continues after sectors that differ or that cannot be read from got, and counts
// them. The error is then a *Mismatch with the first of them and the file that locate,
// which may be nil, returns for it. Any other error, such as a sector of want that cannot
// be read, disc.ErrGone or that of ctx, means that the comparison is incomplete.
func (o Comparer) Compare(ctx context.Context, want, got disc.Disc, locate func(disc.LBA) string, rep progress.Reporter) (Result, error) {
	if o.Form == nil {
		o.Form = formOf
	}
	c := comparison{want: want, got: got, sum: sha256.New(), rep: rep, damage: o.Damage}
	var total int64
	for _, s := range want.TOC().Sessions {
		for _, t := range s.Tracks {
			total += int64(t.End()-o.start(t)) * int64(o.Form(t).Size())
		}
	}
	rep.Phase(progress.Comparing, total)
	for _, s := range want.TOC().Sessions {
		for _, t := range s.Tracks {
			p := part{start: o.start(t), end: t.End(), mode: t.Mode, form: o.Form(t)}
			if err := c.span(ctx, p); err != nil {
				return c.result, err
			}
		}
	}
	c.sum.Sum(c.result.SHA256[:0])
	if c.faults.Count > 0 {
		c.faults.locate(locate)
		c.result.Damaged = &c.faults
	}
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
	return gapOf(t)
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
	damage    bool // see Comparer
	result    Result
	first     *Mismatch
	faults    FaultError // of want
	failed    atomic.Int64
}

// piece is what was read from one disc.
type piece struct {
	data []byte
	n    int // sectors that were read
	err  error
}

// span compares the sectors of a part.
func (c *comparison) span(ctx context.Context, s part) error {
	size := s.form.Size()
	mine, theirs := make([]byte, pieceSectors*size), make([]byte, pieceSectors*size)
	for at := s.start; at < s.end; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("compare: stopped at sector %d: %w", at, err)
		}
		n := int(min(int64(s.end-at), pieceSectors))
		done := make(chan piece, 1)
		go func() { done <- read(ctx, c.got, theirs[:n*size], at, s.form) }()
		w := read(ctx, c.want, mine[:n*size], at, s.form)
		g := <-done
		var without error // of a sector of want without intact data
		if w.n < n {
			if without = c.withoutData(w.err); without == nil {
				return fmt.Errorf("compare: read sector %d of the source: %w", at+disc.LBA(w.n), w.err)
			}
			n = w.n + 1
			clear(w.data[w.n*size : n*size])
			g.n = min(g.n, w.n)
		}
		c.take(w.data[:n*size], at, s)
		if err := c.compare(ctx, w.data[:w.n*size], g, at, s.form); err != nil {
			return err
		}
		if without != nil {
			c.bad(at+disc.LBA(w.n), nil, nil, without)
		}
		c.result.Sectors += int64(n)
		c.rep.Add(int64(n * size))
		at += disc.LBA(n)
	}
	return nil
}

// withoutData returns the error of a sector of want that can be read, but has no intact user
// data; nil: it is another error, or such sectors end the comparison.
func (c *comparison) withoutData(err error) error {
	var damaged *sector.DataError
	switch {
	case !c.damage:
		return nil
	case errors.Is(err, disc.ErrForm):
		return fmt.Errorf("it has no 2048 bytes of user data (form 2, or no form), and not both discs store whole sectors: %w", err)
	case errors.As(err, &damaged):
		return err
	}
	return nil
}

// take adds sectors of want to the checksum, and checks them.
func (c *comparison) take(p []byte, at disc.LBA, s part) {
	size := s.form.Size()
	for q := p; len(q) > 0; q = q[size:] {
		c.sum.Write(summed(q[:size], s))
	}
	if c.damage && s.form != disc.User && s.mode != disc.Audio {
		f := checker{c.want, &c.failed}.check(p, at, s)
		c.faults.add(f)
	}
}

// summed returns what of a sector is part of the checksum.
func summed(p []byte, s part) []byte {
	switch {
	case len(p) == disc.SectorSize:
		return p
	case s.mode == disc.Mode1:
		return p[sector.DataAt:][:disc.SectorSize]
	}
	return p[:disc.RawSectorSize]
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
