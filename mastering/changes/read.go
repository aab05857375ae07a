package changes

import (
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// fill reads as much of a file as fits into p. end is true at the end of the file.
func fill(r io.Reader, p []byte) (n int, end bool, err error) {
	n, err = io.ReadFull(r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
		return n, true, nil
	}
	return n, false, err
}

// OfSession compares a session of a disc with the one before it. The first one is compared with
// an empty volume.
func OfSession(ctx context.Context, d disc.Disc, number int, o volume.Options) (*Result, error) {
	previous := 0
	for _, s := range volume.EachSession(ctx, d) {
		if s.Number == number {
			return Sessions(ctx, d, previous, number, o)
		}
		previous = s.Number
	}
	return nil, fmt.Errorf("there is no session %d with files", number)
}

// Sessions compares two sessions of a disc by their numbers, in the richest view that both
// have, or in the one that the options name. 0 stands for an empty volume.
func Sessions(ctx context.Context, d disc.Disc, before, after int, o volume.Options) (*Result, error) {
	a, b, err := Open(ctx, d, d, before, after, o)
	if err != nil {
		return nil, err
	}
	return Compare(ctx, a, b, Options{SameDisc: true})
}

// Open opens a session of each of two discs in the richest view that both have, unless the
// options name one. The volume of session 0 is nil.
func Open(ctx context.Context, d, e disc.Disc, before, after int, o volume.Options) (a, b volume.FS, err error) {
	older, newer := o, o
	older.Session, newer.Session = before, after
	if o.View == "" && before != 0 && after != 0 {
		older.View = volume.CommonView(volume.Views(ctx, d, older), volume.Views(ctx, e, newer))
		newer.View = older.View
	}
	if before != 0 {
		if a, err = volume.OpenDisc(ctx, d, older); err != nil {
			return nil, nil, fmt.Errorf("open session %d: %w", before, err)
		}
	}
	if after != 0 {
		if b, err = volume.OpenDisc(ctx, e, newer); err != nil {
			return nil, nil, fmt.Errorf("open session %d: %w", after, err)
		}
	}
	return a, b, nil
}
