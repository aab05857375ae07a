package scsi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Identity is what a drive says of itself: INQUIRY, SPC-4 6.6.2.
type Identity struct {
	Type                    byte // peripheral device type; 5 is an optical drive
	Vendor, Model, Revision string
}

// Identify asks a drive who it is.
func Identify(ctx context.Context, t Transport) (Identity, error) {
	const length = 36
	data := make([]byte, length)
	c := Command{CDB: []byte{OpInquiry, 0, 0, 0, length, 0}, Direction: In, Data: data, Timeout: patience(ctx)}
	n, err := t.Execute(ctx, c)
	if err != nil {
		return Identity{}, err
	}
	if n < 5 {
		return Identity{}, fmt.Errorf("INQUIRY: %d bytes of reply, at least 5 are due", n)
	}
	clear(data[n:])
	text := func(from, to int) string { return strings.TrimSpace(strings.Trim(string(data[from:to]), "\x00")) }
	return Identity{Type: data[0], Vendor: text(8, 16), Model: text(16, 32), Revision: text(32, 36)}, nil
}

// patience is how long a first command may take: a context with a deadline is there
// to look around, and nothing is lost when a drive does not answer.
func patience(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return DefaultTimeout
	}
	return min(max(time.Until(deadline), time.Second), DefaultTimeout)
}

// Begin opens the conversation with a drive: it takes note of what the drive has to
// say to someone new (UNIT ATTENTION: it was switched on, its medium may have
// changed; an error of a command that somebody else sent), and makes sure that it is
// an optical drive: burning onto a disk would destroy what is on it.
func Begin(ctx context.Context, t Transport) (Identity, error) {
	const attempts = 8 // a drive may have queued several unit attentions
	for range attempts {
		_, err := t.Execute(ctx, Command{CDB: make([]byte, 6), Timeout: patience(ctx)})
		var refused *Error
		if err != nil && !errors.As(err, &refused) {
			return Identity{}, err
		}
		if err == nil || refused.Key != KeyUnitAttention && !Deferred(err) {
			break
		}
	}
	id, err := Identify(ctx, t)
	switch {
	case err != nil:
		return Identity{}, err
	case id.Type>>5 != 0:
		return Identity{}, errors.New("there is no drive at this logical unit number")
	case id.Type != 5:
		return Identity{}, fmt.Errorf("this is no optical drive (its device type is %02Xh, an optical drive's is 05h)", id.Type)
	}
	return id, nil
}

// Writable says why a drive may not be written through this transport (its disc is
// mounted, it is in use, the user lacks the permission), nil when nothing is known
// against it. A transport that may know has a method of that name. Whoever burns
// asks before the first command that changes the disc.
func Writable(t Transport) error {
	if w, ok := t.(interface{ Writable() error }); ok {
		return w.Writable()
	}
	return nil
}

// SystemSize has the operating system look whether the disc is another one, and
// returns how many bytes it takes that disc to have. A system may keep an idea of
// its own of what is in a drive: Linux gives programs that read or mount /dev/srN
// no more than that. A transport of such a system has a method of that name;
// others give [errors.ErrUnsupported].
func SystemSize(t Transport) (int64, error) {
	if s, ok := t.(interface{ SystemSize() (int64, error) }); ok {
		return s.SystemSize()
	}
	return 0, errors.ErrUnsupported
}
