package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/volume"
)

// Side is one of two discs that are compared.
type Side struct {
	disc.Disc
	Name   string
	Locate func(disc.LBA) string // returns the file at an address; may be nil
	// Rewritten means that the medium is overwritten in place, and may have older
	// contents after the end of the volume.
	Rewritten bool
	// Drive means that the disc is in a drive, which delivers audio with an offset.
	Drive bool
}

// Tail is the end of the longer one of two discs that are otherwise equal.
type Tail struct {
	Sectors  int64 // after the end of the shorter disc
	Compared bool  // they are zeros; false: they were not compared, since the medium is overwritten in place
}

// padding is how many sectors of zeros may follow a disc without a known volume: burning
// may have added them, since a track of a CD has at least 300 sectors.
const padding = 300

// Pair compares two discs where both have tracks: audio tracks and their pre-gaps by their
// samples, data tracks in whole sectors if both discs store them, and otherwise by their user
// data. A drive does not tell where pre-gaps are; their sectors are compared if it reads them. Sub-channels are not compared. Sectors that only one of the discs has must be zeros
// and belong to no volume: those between sessions and tracks, which an image file may lack,
// or after the end of the volume, where burning adds them. If a part of its volume is missing
// on a disc, even if only zeros, the error is a *TruncatedError.
//
// Audio of got in a drive is compared with the offset of the drive, which is found: see Result.
//
// A sector of got that cannot be read is a *Mismatch, a sector of want is another error,
// unless the disc is there and the sector is damaged or has no user data.
func Pair(ctx context.Context, want, got Side, rep progress.Reporter) (result Result, behind Tail, err error) {
	short, long := want, got
	turned := disc.Sectors(short) > disc.Sectors(long)
	if turned {
		short, long = got, want
	}
	end := disc.LBA(disc.Sectors(short))
	both := overlap(spans(want.TOC()), spans(got.TOC()))
	if offset := pairOffset(ctx, want, got, both); offset != 0 {
		m := &moved{Disc: got.Disc, want: want.Disc, offset: offset}
		got.Disc = m
		defer func() { result.ReadOffset, result.Excused = offset/SampleBytes, m.excused/SampleBytes }()
		if turned {
			short = got
		} else {
			long = got
		}
	}
	o := Comparer{Form: wholes(ctx, both, want.Disc, got.Disc), Damage: true}
	r, err := o.Compare(ctx, parts{want.Disc, both}, got, want.Locate, rep)
	if err != nil {
		return r, Tail{}, err
	}
	var claimed volume.Claim // of the longer disc
	for i, d := range []struct{ one, other Side }{{want, got}, {got, want}} {
		c, err := volume.ClaimedByFiles(ctx, d.one.Disc)
		if c.Missing() > 0 {
			return r, Tail{}, &TruncatedError{c, d.one.Name}
		}
		if err != nil {
			return r, Tail{}, err
		}
		if turned == (i == 0) {
			claimed = c
		}
		for _, s := range without(spans(d.one.TOC()), spans(d.other.TOC()), end) {
			if s.gap && sameGap(ctx, s, d.one, d.other) {
				continue
			}
			if err := zeros(ctx, s, d.one); err != nil {
				return r, Tail{}, err
			}
		}
	}
	t, err := tail(ctx, end, claimed, short.Name, long)
	return r, t, err
}

// pairOffset returns the offset in bytes with which the drive of got delivers audio.
func pairOffset(ctx context.Context, want, got Side, both []disc.Track) int {
	if !got.Drive {
		return 0
	}
	return readOffset(ctx, want.Disc, got.Disc, both)
}

// tail checks what the longer disc has after the end of the shorter one. c is the Claim
// of the longer disc.
func tail(ctx context.Context, end disc.LBA, c volume.Claim, short string, long Side) (Tail, error) {
	n := disc.Sectors(long) - int64(end)
	if n <= 0 {
		return Tail{Compared: true}, nil
	}
	switch {
	case c.By != "" && c.End > end:
		return Tail{}, &TruncatedError{volume.Claim{End: c.End, By: c.By, Have: end}, short}
	case long.Rewritten:
		return Tail{Sectors: n}, nil
	case c.By == "" && n > padding:
		return Tail{}, &Mismatch{LBA: end, Count: n, Err: errors.New("only one of the two discs has this sector, and no volume tells where they end")}
	}
	for _, s := range without(spans(long.TOC()), nil, disc.LBA(disc.Sectors(long))) {
		s.start = max(s.start, end)
		if err := zeros(ctx, s, long); err != nil {
			return Tail{}, err
		}
	}
	return Tail{Sectors: n, Compared: true}, nil
}

// sameGap reports whether a disc whose table of contents does not tell of a pre-gap reads the
// same there.
func sameGap(ctx context.Context, s span, one, other disc.Disc) bool {
	size := disc.Raw.Size()
	mine, theirs := make([]byte, pieceSectors*size), make([]byte, pieceSectors*size)
	for at := s.start; at < s.end; {
		n := min(int(s.end-at), pieceSectors)
		a, b := read(ctx, one, mine[:n*size], at, disc.Raw), read(ctx, other, theirs[:n*size], at, disc.Raw)
		if a.n != n || b.n != n || !bytes.Equal(a.data[:n*size], b.data[:n*size]) {
			return false
		}
		at += disc.LBA(n)
	}
	return true
}

// zeros returns a *Mismatch unless all sectors of a span are zeros.
func zeros(ctx context.Context, s span, d Side) error {
	form := disc.User
	if s.audio() && s.start < s.end {
		if !s.gap {
			return &Mismatch{LBA: s.start, Count: int64(s.end - s.start), Err: errors.New("only one of the two discs has audio here")}
		}
		form = disc.Raw // silence between two tracks that one of the images does not store
	}
	size := form.Size()
	buf := make([]byte, pieceSectors*size)
	for at := s.start; at < s.end; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("compare: stopped at sector %d: %w", at, err)
		}
		p := read(ctx, d, buf[:min(int(s.end-at), pieceSectors)*size], at, form)
		if i := firstNonZero(p.data[:p.n*size]); i >= 0 {
			at += disc.LBA(i / size)
			return d.mismatch(&Mismatch{LBA: at, Offset: i % size, Count: int64(s.end - at)})
		}
		if errors.Is(p.err, disc.ErrGone) {
			return stopped("compare", at+disc.LBA(p.n), p.err, nil)
		}
		if p.n == 0 {
			return d.mismatch(&Mismatch{LBA: at, Err: p.err, Count: int64(s.end - at)})
		}
		at += disc.LBA(p.n)
	}
	return nil
}

// mismatch adds the name of the file to a *Mismatch.
func (s Side) mismatch(m *Mismatch) *Mismatch {
	if s.Locate != nil {
		m.File = s.Locate(m.LBA)
	}
	return m
}

// firstNonZero returns the index of the first byte that is not zero, or -1.
func firstNonZero(p []byte) int {
	for i, b := range p {
		if b != 0 {
			return i
		}
	}
	return -1
}
