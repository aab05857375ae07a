// Package serve offers optical drives as iSCSI targets (RFC 7143; SAM-5 and SPC-4 for what
// several initiators on one drive mean). The drives are any [scsi.Transport]: a drive of
// this computer, a virtual recorder, or an image in a virtual drive. Other computers use
// them with the initiator of their operating system.
//
// A session has one connection, at error recovery level 0. The commands of an initiator to
// a drive are executed one at a time, in their order. Writing begins only when all data of
// the command are here: what a lost connection leaves half sent is never executed.
//
// Package serve answers itself what concerns the initiators and not the drive: REPORT
// LUNS, RESERVE and RELEASE, and for each initiator PREVENT ALLOW MEDIUM REMOVAL, unit
// attentions and media events. All else goes to the drive as it comes.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/chap"
)

// Options say what a [Server] offers, and to whom.
type Options struct {
	Targets []Target

	// Accounts are the names and secrets with which initiators prove who they are
	// (CHAP). Without any, everyone who can connect may use the drives; then the server
	// listens on the loopback interface only, unless WithoutAuthentication is set.
	Accounts              []chap.Account
	WithoutAuthentication bool

	// Mutual is the account with which the target proves who it is to an initiator that
	// asks for it. Its secret differs from those of Accounts.
	Mutual chap.Account

	// Events is called for everything worth telling, from several goroutines, and must
	// return quickly. It may be nil.
	Events func(Event)

	Limits Limits
}

// Target is a target with its drives.
type Target struct {
	Name     string           // iSCSI name, "iqn.2026-01.com.example:drive"
	Alias    string           // a text for people, may be empty
	LUNs     []scsi.Transport // the drive with index i is logical unit i; the caller closes them
	ReadOnly bool             // commands that change a disc are refused
}

// Limits bound what initiators can use up. A zero is the default.
type Limits struct {
	Connections int           // open connections, 64
	Commands    int           // commands of a session that have not ended, 32
	WriteMemory int           // bytes of data of a session that wait to be written, 8 MiB
	Login       time.Duration // for a login, 15 s
	Idle        time.Duration // until a silent connection is asked whether it lives, and again until it is given up, 30 s
	Send        time.Duration // until a connection that takes no data is given up, 30 s
	Logout      time.Duration // that initiators have to log out when the server ends, 3 s
}

func (l Limits) withDefaults() Limits {
	set := func(n *int, v int) {
		if *n <= 0 {
			*n = v
		}
	}
	wait := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	set(&l.Connections, 64)
	set(&l.Commands, 32)
	set(&l.WriteMemory, 8<<20)
	wait(&l.Login, 15*time.Second)
	wait(&l.Idle, 30*time.Second)
	wait(&l.Send, 30*time.Second)
	wait(&l.Logout, 3*time.Second)
	return l
}

// Server offers targets. It is made by [New].
type Server struct {
	targets  []*target
	accounts map[string][]byte
	mutual   chap.Account
	events   func(Event)
	limits   Limits
	anyone   bool // may connect from anywhere

	mu       sync.Mutex
	conns    map[net.Conn]time.Time // when their logins began; zero: they have logged in
	sessions map[uint16]*session
	lastTSIH uint16
	closing  bool
	running  sync.WaitGroup // connections
}

// target is a target that is offered.
type target struct {
	Target
	units []*unit
}

// New checks the options and returns a server. It sends the drives the commands that clear
// what they report to a new initiator.
func New(ctx context.Context, o Options) (*Server, error) {
	s := &Server{
		mutual: o.Mutual, events: o.Events, limits: o.Limits.withDefaults(), anyone: o.WithoutAuthentication,
		accounts: map[string][]byte{}, conns: map[net.Conn]time.Time{}, sessions: map[uint16]*session{},
	}
	if err := s.addAccounts(o); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	if len(o.Targets) == 0 {
		return nil, errors.New("serve: there is no target")
	}
	for _, t := range o.Targets {
		if err := CheckName(t.Name); err != nil {
			return nil, fmt.Errorf("serve: %w", err)
		}
		if s.target(t.Name) != nil {
			return nil, fmt.Errorf("serve: two targets have the name %s", t.Name)
		}
		if len(t.LUNs) == 0 || len(t.LUNs) > maxLUNs {
			return nil, fmt.Errorf("serve: the target %s has %d drives; it can have 1 to %d", t.Name, len(t.LUNs), maxLUNs)
		}
		x := &target{Target: t}
		for lun, d := range t.LUNs {
			u := newUnit(x, lun, d)
			u.clearAttentions(ctx)
			x.units = append(x.units, u)
		}
		s.targets = append(s.targets, x)
	}
	return s, nil
}

func (s *Server) addAccounts(o Options) error {
	for _, a := range o.Accounts {
		if err := a.Check(); err != nil {
			return err
		}
		if s.accounts[a.Name] != nil {
			return fmt.Errorf("two CHAP accounts have the name %s", a.Name)
		}
		s.accounts[a.Name] = a.Secret
	}
	if o.Mutual.Name == "" {
		return nil
	}
	if len(o.Accounts) == 0 {
		return errors.New("the target can prove who it is only to initiators that do so, too: set their account")
	}
	if err := o.Mutual.Check(); err != nil {
		return err
	}
	for _, a := range o.Accounts {
		if string(a.Secret) == string(o.Mutual.Secret) {
			return errors.New("the CHAP secret of the target is that of an initiator; use two secrets, since an attacker could use the answers of one for the other")
		}
	}
	return nil
}

// maxLUNs is the number of logical units that the simplest form of a LUN can address.
const maxLUNs = 256

// CheckName returns why a text is not an iSCSI name, or nil (RFC 7143 4.2.7).
func CheckName(name string) error {
	bad := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("-.:", r) && r < 0x80
	}
	switch {
	case len(name) > 223:
		return fmt.Errorf("the iSCSI name %.40s... is longer than 223 bytes", name)
	case !strings.HasPrefix(name, "iqn.") && !strings.HasPrefix(name, "eui.") && !strings.HasPrefix(name, "naa."):
		return fmt.Errorf("%q is not an iSCSI name, which looks like iqn.2026-01.com.example:drive", name)
	case strings.ContainsFunc(name, bad):
		return fmt.Errorf("the iSCSI name %q may only have small letters, digits, dots, hyphens and colons", name)
	}
	return nil
}

// target returns the target with a name, or nil.
func (s *Server) target(name string) *target {
	for _, t := range s.targets {
		if strings.EqualFold(t.Name, name) {
			return t
		}
	}
	return nil
}
