package disc

import (
	"context"
	"errors"
)

// Checksum is a checksum that an image stores besides those in its sectors: of its contents,
// or of its file.
type Checksum struct {
	Name string // what it is and of what: "the SHA-1 of the contents of the CHD"
	Size int64  // bytes that it covers; 0 if Check takes no time

	// Check reads what the checksum covers, except for what Check knows to have been read in
	// the meantime, and calls read with numbers of bytes, whose sum is Size. The error
	// wraps ErrChecksum if the checksum is wrong; any other one means that not everything could
	// be read.
	Check func(ctx context.Context, read func(n int64)) error
}

// ErrChecksum is in the chain of the error of a wrong checksum.
var ErrChecksum = errors.New("the checksum is wrong")

// Checksummed is a disc whose image may store checksums of its own.
type Checksummed interface {
	Disc
	// Checksums returns them. What is read of the disc in order from then on does not have to
	// be read again by Check.
	Checksums() []Checksum
}

// Checksums returns the checksums that the image of a disc stores besides those in its
// sectors. Discs without any return none.
func Checksums(d Disc) []Checksum {
	if c, ok := Unwrap(d).(Checksummed); ok {
		return c.Checksums()
	}
	return nil
}
