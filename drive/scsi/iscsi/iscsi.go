// Package iscsi opens drives on other machines. It is an iSCSI initiator (RFC 7143) for one
// drive: one session with one connection at error recovery level 0, with one command at a
// time.
//
// Package pdu has what it shares with the target (package serve), package chap the
// authentication.
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
	// dialTimeout is how long the connection and the login may take.
	dialTimeout = 15 * time.Second

	// maxTransfer is a multiple of the 64 KiB clusters of BD, and small enough for targets
	// with little memory.
	maxTransfer = 256 << 10

	// maxRedirects is how often a target may redirect the login.
	maxRedirects = 4
)

// Open opens the drive with the name iscsi://USER@HOST:PORT/TARGET/LUN; see [ParseAddress].
// The secret of the user is in the variable chap.SecretVariable. If there is one in
// chap.MutualVariable, the target has to know it. Open clears the unit attentions of the
// new connection. A logical unit that is not an optical drive is an error.
func Open(ctx context.Context, name string) (*Session, error) {
	a, err := ParseAddress(name)
	if err != nil {
		return nil, err
	}
	auth, err := newAuthentication(a.User)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", a, err)
	}
	s, err := dial(ctx, a, auth)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", a, err)
	}
	if _, err := scsi.Begin(ctx, s); err != nil {
		s.Close()
		return nil, fmt.Errorf("open %s: %w", a, err)
	}
	return s, nil
}

// dial connects and logs in, and follows redirects.
func dial(ctx context.Context, a Address, auth authentication) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	host := a.Host
	for range maxRedirects {
		s, err := connect(ctx, a, host, auth)
		var moved *redirect
		if !errors.As(err, &moved) {
			return s, err
		}
		if host, err = redirectHost(moved.address); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("the target redirects the login too often")
}

// connect connects to a host and logs in.
func connect(ctx context.Context, a Address, host string, auth authentication) (*Session, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	l := newLogin(conn)
	l.auth = auth
	err = l.run(a)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return nil, fmt.Errorf("log in at %s: %w", host, scsi.ErrTimeout)
		}
		return nil, fmt.Errorf("log in at %s: %w", host, err)
	}
	return newSession(a, l), nil
}

// redirectHost returns the HOST:PORT of a TargetAddress, HOST[:PORT][,GROUP] (RFC 7143 13.8).
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
	host := net.JoinHostPort(trimBrackets(address), defaultPort)
	if _, _, err := net.SplitHostPort(host); err != nil || address == "" {
		return "", fmt.Errorf("the target redirects to %.80q, which is not an address", address)
	}
	return host, nil
}

func trimBrackets(s string) string {
	if len(s) > 1 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}
