package iscsi

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// defaultPort is the port of iSCSI targets (RFC 7143 13).
const defaultPort = "3260"

// Address is the address of a logical unit of an iSCSI target.
type Address struct {
	Host   string // HOST:PORT
	Target string // iSCSI name, "iqn.2026-01.com.example:drive"
	LUN    int    // logical unit number, 0 to 16383
}

// ParseAddress parses iscsi://HOST[:PORT]/TARGET[/LUN]. The default port is 3260, and the
// default LUN is 0.
func ParseAddress(s string) (Address, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Address{}, fmt.Errorf("drive name %q: %w", s, err)
	}
	bad := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("drive name %q: %s; use iscsi://HOST:PORT/TARGET/LUN", s, why)
	}
	switch {
	case u.Scheme != "iscsi":
		return bad("it does not begin with iscsi://")
	case u.Hostname() == "":
		return bad("the host is missing")
	case u.User != nil:
		return bad("user names and passwords are not supported")
	case u.RawQuery != "" || u.Fragment != "":
		return bad("there is text after the LUN")
	}
	port := u.Port()
	if port == "" {
		port = defaultPort
	}
	target, lun, hasLUN := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if target == "" {
		return bad("the target is missing")
	}
	if len(target) > 223 || strings.ContainsAny(target, "\x00 \n=") {
		return bad("the target is not an iSCSI name")
	}
	a := Address{Host: net.JoinHostPort(u.Hostname(), port), Target: target}
	if !hasLUN {
		return a, nil
	}
	if a.LUN, err = strconv.Atoi(lun); err != nil || a.LUN < 0 || a.LUN > 0x3FFF {
		return bad("the LUN is not a number from 0 to 16383")
	}
	return a, nil
}

// String returns the address in the form that [ParseAddress] takes.
func (a Address) String() string {
	return fmt.Sprintf("iscsi://%s/%s/%d", a.Host, a.Target, a.LUN)
}

// lun returns the LUN field of a PDU: SAM-5 4.7.7.2 (peripheral device addressing) up to
// 255, 4.7.7.3 (flat space addressing) above.
func (a Address) lun() uint64 {
	if a.LUN < 256 {
		return uint64(a.LUN) << 48
	}
	return (0x4000 | uint64(a.LUN)) << 48
}
