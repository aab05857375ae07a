package scsi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Identity is the standard INQUIRY data of a drive (SPC-4 6.6.2).
type Identity struct {
	Type                      byte // peripheral qualifier and device type; 5 is an optical drive
	Vendor, Product, Revision string
}

// Identify asks a drive for its type and name (INQUIRY, SPC-4 6.6).
func Identify(ctx context.Context, t Transport) (Identity, error) {
	const length = 36
	data := make([]byte, length)
	c := Command{CDB: []byte{OpInquiry, 0, 0, 0, length, 0}, Direction: In, Data: data, Timeout: firstTimeout(ctx)}
	n, err := t.Execute(ctx, c)
	if err != nil {
		return Identity{}, err
	}
	if n < 5 {
		return Identity{}, fmt.Errorf("INQUIRY: the drive returned only %d bytes", n)
	}
	clear(data[n:])
	return Identity{Type: data[0], Vendor: printable(data[8:16]), Product: printable(data[16:32]), Revision: printable(data[32:36])}, nil
}

// printable returns the printable ASCII characters of a field, without the padding
// around them.
func printable(p []byte) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, string(p))
	return strings.TrimSpace(s)
}

// firstTimeout is how long the first commands to a drive may take. A context with a
// deadline comes from a search for drives, which does not wait for one that does not
// answer.
func firstTimeout(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return DefaultTimeout
	}
	return min(max(time.Until(deadline), time.Second), DefaultTimeout)
}

// Begin sends the first commands to a drive. It clears what the drive reports to each
// new initiator (unit attentions: the drive was reset, the medium may have changed; a
// deferred error of an earlier command), and makes sure that it is an optical drive:
// burning to a hard disk would destroy its contents.
func Begin(ctx context.Context, t Transport) (Identity, error) {
	const attempts = 8 // a drive may have queued several unit attentions
	for range attempts {
		_, err := t.Execute(ctx, Command{CDB: make([]byte, 6), Timeout: firstTimeout(ctx)})
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
		return Identity{}, fmt.Errorf("this is not an optical drive (device type %02Xh; optical drives have 05h)", id.Type)
	}
	return id, nil
}

// Writable returns why a drive cannot be written to through this transport (its disc is
// mounted, the drive is in use, the user lacks the permission), or nil if there is no
// known reason. Transports that can tell have a method of that name. A burn calls it
// before the first command that changes the disc.
func Writable(t Transport) error {
	if w, ok := find[interface{ Writable() error }](t); ok {
		return w.Writable()
	}
	return nil
}

// SystemSize makes the operating system check whether the disc was changed, and returns
// the size in bytes that it takes the disc to have. Linux caches that size, and does not
// let programs that read or mount /dev/srN go beyond it. Transports of such a system have
// a method of that name; for others the error is [errors.ErrUnsupported].
func SystemSize(t Transport) (int64, error) {
	if s, ok := find[interface{ SystemSize() (int64, error) }](t); ok {
		return s.SystemSize()
	}
	return 0, errors.ErrUnsupported
}
