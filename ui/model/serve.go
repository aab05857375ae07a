package model

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"glassmaster/drive"
	"glassmaster/drive/job"
	"glassmaster/drive/scsi/iscsi/chap"
	"glassmaster/drive/serve"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/progress"
)

// ServeOptions say what is offered as iSCSI targets, where, and to whom.
type ServeOptions struct {
	Names    []string // drives, and image files
	Host     string   // the address to listen at
	Port     string
	User     string // with which initiators log in (CHAP); empty: without
	Secret   string
	ReadOnly bool
}

// Local reports whether only programs on this computer can connect.
func (o ServeOptions) Local() bool {
	ip := net.ParseIP(o.Host)
	return ip != nil && ip.IsLoopback()
}

// Address returns the address to listen at, with the port.
func (o ServeOptions) Address() string { return net.JoinHostPort(o.Host, o.Port) }

// Drives returns the names with which the drives are opened: an image is a disc in a
// virtual one.
func (o ServeOptions) Drives() []string {
	var all []string
	for _, name := range o.Names {
		if !drive.IsName(name) {
			name = virtual.Prefix + name
		}
		all = append(all, name)
	}
	return all
}

// Served is what is offered.
type Served struct {
	Address  string // with the port
	Targets  []ServedTarget
	Sessions func() []serve.Session // may be called from any goroutine
}

// ServedTarget is a target and what it offers.
type ServedTarget struct {
	Name  string // iSCSI name
	Offer string // drive, or image file
}

// ListenAddress is an address of this computer.
type ListenAddress struct{ Host, Title string }

// Server does the work of Serve.
type Server interface {
	// Queue returns the queue for work with drives.
	Queue() *job.Queue
	// Drives lists the drives.
	Drives(ctx context.Context) ([]Drive, error)
	// Addresses returns the addresses at which this computer can listen, the loopback
	// first.
	Addresses() []ListenAddress
	// Serve offers drives until the context ends. It calls ready when it listens, and
	// events from several goroutines.
	Serve(ctx context.Context, o ServeOptions, ready func(Served), events func(serve.Event)) error
}

// Serve is what is offered to other computers: first the settings, then who is connected.
type Serve struct {
	Options  ServeOptions
	OnChange func() // may be nil

	post    Post
	engine  Server
	drives  []Drive
	finding *Job
	job     *Job
	served  *Served
	err     error // why it has ended, or did not begin
	log     []serve.Event
}

// maxServeEvents is the number of events that are kept.
const maxServeEvents = 500

// NewServe returns settings that offer nothing, and only to this computer.
func NewServe(engine Server, post Post) *Serve {
	return &Serve{engine: engine, post: post, Options: ServeOptions{Host: "127.0.0.1", Port: "3260"}}
}

// FindDrives looks for drives that can be offered.
func (s *Serve) FindDrives() {
	if s.finding.Running() {
		return
	}
	var found []Drive
	s.finding = Start(s.post, "looking for drives", func(ctx context.Context, _ progress.Reporter) (err error) {
		found, err = s.engine.Drives(ctx)
		return err
	}, func(error) {
		s.drives = found
		s.changed()
	})
}

// Drives returns the drives that were found.
func (s *Serve) Drives() []Drive { return s.drives }

// Addresses returns the addresses at which this computer can listen.
func (s *Serve) Addresses() []ListenAddress { return s.engine.Addresses() }

// Add offers a drive or an image file.
func (s *Serve) Add(name string) {
	if !s.Running() && !slices.ContainsFunc(s.Options.Names, func(n string) bool { return n == name || SameDrive(n, name) }) {
		s.Options.Names = append(s.Options.Names, name)
		s.err = nil
	}
	s.changed()
}

// Remove no longer offers a drive or an image file.
func (s *Serve) Remove(name string) {
	if !s.Running() {
		s.Options.Names = slices.DeleteFunc(s.Options.Names, func(n string) bool { return n == name })
	}
	s.changed()
}

// Set changes the settings.
func (s *Serve) Set(change func(*ServeOptions)) {
	change(&s.Options)
	s.err = nil
	s.changed()
}

// OfferTitle returns a drive or an image file for display.
func (s *Serve) OfferTitle(name string) string {
	for _, d := range s.drives {
		if d.Name == name {
			return d.Title()
		}
	}
	if drive.IsName(name) {
		return Drive{Name: name}.Title()
	}
	return filepath.Base(name)
}

// Why returns why serving cannot begin, or "".
func (s *Serve) Why() string {
	o := s.Options
	port, err := strconv.Atoi(o.Port)
	switch {
	case len(o.Names) == 0:
		return "Choose what to offer"
	case slices.ContainsFunc(o.Names, func(n string) bool { return !drive.IsName(n) && strings.Contains(n, "?") }):
		return "Rename the image file: a question mark in its name begins the options of a virtual drive"
	case err != nil || port < 1 || port > 65535:
		return "The port is a number from 1 to 65535; 3260 is the usual one"
	case o.User == "" && !o.Local():
		return "Other computers have to know a user name and a secret: enter them"
	case o.User == "" && o.Secret != "":
		return "The secret needs a user name"
	case o.User != "":
		if err := (chap.Account{Name: o.User, Secret: []byte(o.Secret)}).Check(); err != nil {
			return sentence(err.Error())
		}
	}
	return ""
}

// Running reports whether something is offered, or is about to be.
func (s *Serve) Running() bool { return s.job.Running() }

// Stopping reports whether Stop was called, and the end has not come yet.
func (s *Serve) Stopping() bool { return s.job.Stopping() }

// Served returns what is offered; nil: it does not listen yet.
func (s *Serve) Served() *Served { return s.served }

// Err returns why the last serving has ended or did not begin, or nil.
func (s *Serve) Err() error { return s.err }

// Log returns what has happened.
func (s *Serve) Log() []serve.Event { return s.log }

// Waits returns what serving waits for, or "".
func (s *Serve) Waits() string {
	name, title, ok := s.job.WaitsFor()
	switch {
	case !ok:
		return ""
	case title == "":
		return "Waiting for " + s.OfferTitle(name)
	}
	return "Waiting for " + s.OfferTitle(name) + ": " + title
}

// Begin begins to offer, as soon as no task uses the drives.
func (s *Serve) Begin() {
	if s.Why() != "" || s.Running() {
		return
	}
	o := s.Options
	o.Names = slices.Clone(o.Names)
	s.err, s.served, s.log = nil, nil, nil
	ready := func(served Served) {
		s.post(func() {
			s.served = &served
			s.changed()
		})
	}
	events := func(e serve.Event) {
		s.post(func() {
			s.log = append(s.log, e)
			s.log = s.log[max(len(s.log)-maxServeEvents, 0):]
			s.changed()
		})
	}
	s.job = enqueue(s.engine.Queue(), s.post, "Offered to other computers", o.Drives(), func(ctx context.Context, _ progress.Reporter) error {
		return s.engine.Serve(ctx, o, ready, events)
	}, func(err error) {
		s.served = nil
		if !Cancelled(err) {
			s.err = err
		}
		s.changed()
	})
	s.changed()
}

// Stop asks the initiators to log out, and ends.
func (s *Serve) Stop() {
	s.job.Cancel()
	s.changed()
}

// Connected returns the sessions.
func (s *Serve) Connected() []serve.Session {
	if s.served == nil {
		return nil
	}
	return s.served.Sessions()
}

// NewSecret chooses a random secret of 16 characters, which suits all systems.
func (s *Serve) NewSecret() {
	const letters = "abcdefghijkmnpqrstuvwxyz23456789" // 32, without those that look alike
	p := make([]byte, 16)
	_, _ = rand.Read(p) // never fails
	for i, b := range p {
		p[i] = letters[b%32]
	}
	s.Set(func(o *ServeOptions) { o.Secret = string(p) })
}

// ExplainServe explains why serving has failed, and what to do.
func ExplainServe(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "listen" {
		text := fmt.Sprintf("The address %s cannot be used: %s.", op.Addr, op.Err)
		if strings.Contains(op.Err.Error(), "in use") || strings.Contains(op.Err.Error(), "Only one usage") {
			text = fmt.Sprintf("Another program uses the address %s, perhaps another iSCSI target. Choose another port.", op.Addr)
		}
		return text
	}
	return Explain(err)
}

// ConnectText returns the commands with which a system connects: "linux", "windows".
func ConnectText(system string, served Served, o ServeOptions) string {
	host, port, _ := net.SplitHostPort(served.Address)
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "ADDRESS"
	}
	var s strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&s, format+"\n", args...) }
	at := net.JoinHostPort(host, port)
	if system == "windows" {
		line("# PowerShell, as administrator")
		line("Start-Service MSiSCSI")
		login := ""
		if o.User != "" {
			line("# SECRET stands for the secret of %s", o.User)
			login = " -AuthenticationType ONEWAYCHAP -ChapUsername " + quoted(o.User) + " -ChapSecret SECRET"
		}
		line("New-IscsiTargetPortal -TargetPortalAddress %s -TargetPortalPortNumber %s%s", host, port, login) // the list of targets needs CHAP, too
		for _, t := range served.Targets {
			line("Connect-IscsiTarget -NodeAddress %s%s", t.Name, login)
		}
		return s.String()
	}
	line("# as root, with open-iscsi")
	if o.User == "" {
		line("iscsiadm -m discovery -t sendtargets -p %s", at)
	} else {
		line("# SECRET stands for the secret of %s", o.User)
	}
	for _, t := range served.Targets {
		node := fmt.Sprintf("iscsiadm -m node -T %s -p %s", t.Name, at)
		if o.User != "" {
			line("%s -o new", node) // the list of targets needs CHAP, too, which only a configuration file could set
			line("%s -o update -n node.session.auth.authmethod -v CHAP", node)
			line("%s -o update -n node.session.auth.username -v %s", node, quoted(o.User))
			line("%s -o update -n node.session.auth.password -v SECRET", node)
		}
		line("%s --login", node)
	}
	return s.String()
}

// quoted returns a text as one word for a shell.
func quoted(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-._", r)
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

func (s *Serve) changed() {
	if s.OnChange != nil {
		s.OnChange()
	}
}
