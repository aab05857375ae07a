// Package iscsi reaches drives of other machines: it is an initiator for SCSI over
// TCP, RFC 7143, as far as one drive needs it. One connection carries one session
// without digests, without passwords, at error recovery level 0, and one command at
// a time: optical drives know no more.
package iscsi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"glassmaster/drive/scsi"
)

const (
	// dialTimeout is how long connecting and logging in may take.
	dialTimeout = 15 * time.Second

	// maxTransfer is a multiple of the 64 KiB that Blu-ray writes at once, and small
	// enough for targets with little memory.
	maxTransfer = 256 << 10

	// maxRedirects is how often a target may send us elsewhere.
	maxRedirects = 4
)

// Open logs in to a drive by its name, iscsi://HOST:PORT/TARGET/LUN. What the drive
// has to say about the new connection (UNIT ATTENTION) is taken note of before Open
// returns. A logical unit that is no optical drive is refused.
func Open(ctx context.Context, name string) (*Session, error) {
	a, err := ParseAddress(name)
	if err != nil {
		return nil, err
	}
	s, err := dial(ctx, a)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", a, err)
	}
	if _, err := scsi.Begin(ctx, s); err != nil {
		s.Close()
		return nil, fmt.Errorf("opening %s: %w", a, err)
	}
	return s, nil
}

// dial connects and logs in, and goes where the target sends it.
func dial(ctx context.Context, a Address) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	host := a.Host
	for range maxRedirects {
		s, err := connect(ctx, a, host)
		var moved *redirect
		if !errors.As(err, &moved) {
			return s, err
		}
		if host, err = redirectHost(moved.address); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the target sends us from place to place")
}

// connect logs in at one place.
func connect(ctx context.Context, a Address, host string) (*Session, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	l, err := newLogin(conn)
	if err == nil {
		err = l.run(a.Target)
	}
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("login at %s: %w", host, scsi.ErrTimeout)
		}
		return nil, fmt.Errorf("login at %s: %w", host, err)
	}
	return newSession(a, l), nil
}

// redirectHost is the HOST:PORT of a TargetAddress, HOST[:PORT][,GROUP]: RFC 7143 13.8.
func redirectHost(address string) (string, error) {
	for i := range address {
		if address[i] == ',' {
			address = address[:i]
			break
		}
	}
	if _, _, err := net.SplitHostPort(address); err == nil {
		return address, nil
	}
	host := net.JoinHostPort(trimBrackets(address), DefaultPort)
	if _, _, err := net.SplitHostPort(host); err != nil || address == "" {
		return "", fmt.Errorf("the target has moved to %.80q, which is no address", address)
	}
	return host, nil
}

func trimBrackets(s string) string {
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}
