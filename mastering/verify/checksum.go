package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Checksum is a checksum that an image stores besides those in its sectors: see
// disc.Checksum.
type Checksum struct {
	Name string
	Err  error // nil: it is correct
}

// Correct says which checksums are correct, as a sentence without its full stop. It returns
// "" if none is.
func Correct(list []Checksum) string {
	var names []string
	for _, c := range list {
		if c.Err == nil {
			names = append(names, c.Name)
		}
	}
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0] + " is correct"
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1] + " are correct"
	}
}

// ChecksumError is the error of an image with wrong checksums, or with some that cannot be
// computed.
type ChecksumError struct {
	Bad []Checksum
}

func (e *ChecksumError) Error() string {
	var list []string
	for _, c := range e.Bad {
		if errors.Is(c.Err, disc.ErrChecksum) {
			list = append(list, c.Name+" is wrong")
		} else {
			list = append(list, fmt.Sprintf("%s cannot be checked: %v", c.Name, c.Err))
		}
	}
	return "the image is damaged: " + strings.Join(list, "; ")
}

// Checksums checks the checksums of an image, which disc.Checksums returned before it was
// read. The error is a *ChecksumError, or that of ctx. Read does the same.
func Checksums(ctx context.Context, list []disc.Checksum, rep progress.Reporter) ([]Checksum, error) {
	if len(list) == 0 {
		return nil, nil
	}
	var total int64
	for _, c := range list {
		total += c.Size
	}
	rep.Phase(progress.Checking, total)
	var done []Checksum
	var bad ChecksumError
	for _, c := range list {
		one := Checksum{c.Name, c.Check(ctx, rep.Add)}
		if ctx.Err() != nil {
			return done, fmt.Errorf("check %s: %w", c.Name, context.Cause(ctx))
		}
		done = append(done, one)
		if one.Err != nil {
			bad.Bad = append(bad.Bad, one)
		}
	}
	if bad.Bad != nil {
		return done, &bad
	}
	return done, nil
}
