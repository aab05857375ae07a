package iscsi

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"glassmaster/drive/scsi/iscsi/chap"
)

// defaultPort is the port of iSCSI targets (RFC 7143 13).
const defaultPort = "3260"

// digestsQuery is the option that demands checksums.
const digestsQuery = "digests=crc32c"

// Address is the address of a logical unit of an iSCSI target.
type Address struct {
	Host   string // HOST:PORT
	Target string // iSCSI name, "iqn.2026-01.com.example:drive"
	LUN    int    // logical unit number, 0 to 16383

	User    string // name for CHAP, empty: none
	Digests bool   // demand checksums (CRC32C) of all PDUs
}

// ParseAddress parses iscsi://[USER@]HOST[:PORT]/TARGET[/LUN][?digests=crc32c]. The default
// port is 3260, and the default LUN is 0.
func ParseAddress(s string) (Address, error) {
	u, err := url.Parse(s)
	if err != nil {
		return Address{}, fmt.Errorf("drive name %q: %w", s, err)
	}
	bad := func(why string) (Address, error) {
		return Address{}, fmt.Errorf("drive name %q: %s; use iscsi://USER@HOST:PORT/TARGET/LUN", u.Redacted(), why)
	}
	_, hasPassword := u.User.Password()
	switch {
	case u.Scheme != "iscsi":
		return bad("it does not begin with iscsi://")
	case u.Hostname() == "":
		return bad("the host is missing")
	case hasPassword:
		return bad("a secret in a name can be seen by others; put it into the variable " + chap.SecretVariable)
	case u.User != nil && u.User.Username() == "":
		return bad("the user is missing")
	case u.RawQuery != "" && u.RawQuery != digestsQuery || u.Fragment != "":
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
	a := Address{
		Host: net.JoinHostPort(u.Hostname(), port), Target: target,
		User: u.User.Username(), Digests: u.RawQuery == digestsQuery,
	}
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
	user, query := "", ""
	if a.User != "" {
		user = url.User(a.User).String() + "@"
	}
	if a.Digests {
		query = "?" + digestsQuery
	}
	return fmt.Sprintf("iscsi://%s%s/%s/%d%s", user, a.Host, a.Target, a.LUN, query)
}

// lun returns the LUN field of a PDU: SAM-5 4.7.7.2 (peripheral device addressing) up to
// 255, 4.7.7.3 (flat space addressing) above.
func (a Address) lun() uint64 {
	if a.LUN < 256 {
		return uint64(a.LUN) << 48
	}
	return (0x4000 | uint64(a.LUN)) << 48
}
