package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"glassmaster/app/terminal"
	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/chap"
	"glassmaster/drive/serve"
)

// serving are the flags of "serve".
type serving struct {
	listen       string
	names        []string
	together     bool
	readOnly     bool
	user, secret string
	mutual, own  string
	open         bool
}

func (inv *invocation) serveVerb() *cobra.Command {
	var o serving
	c := &cobra.Command{
		Use:   "serve NAME...",
		Short: "Offer drives and images to other systems as iSCSI targets",
		Long: `Offer drives and images to other systems as iSCSI targets, until Ctrl-C. The other
system, or a virtual machine, then has a CD, DVD or BD drive: it reads the disc, and
burns to it if it is that of a recorder. No driver is needed; Linux and Windows have
what it takes.

NAME is a drive (/dev/sr0), the disc of a virtual recorder (virtual:FILE), or an image
file of any format, which is offered as a pressed disc in a drive. Each gets a target of
its own, or with --together a logical unit of one target. While a drive or a virtual
disc is served, no other program can use it.

Without --listen only programs on this computer can connect. At other addresses --chap
is needed: initiators then have to know a name and a secret. The secret is the first
line of the file of --secret, or the value of GLASSMASTER_CHAP_SECRET; 12 to 16
characters suit all systems. What is transferred is not encrypted.

docs/serving.md says how Linux and Windows connect.`,
		Example: `  glassmaster serve game.cue
  glassmaster serve --listen 192.168.1.5:3260 --chap reader --secret secret.txt /dev/sr0
  glassmaster serve --read-only --together one.iso two.iso`,
		Args: argCount(1, -1, "NAME..."),
		RunE: func(cmd *cobra.Command, args []string) error { return inv.serve(cmd.Context(), o, args) },
	}
	f := c.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:3260", "listen at this `ADDRESS:PORT`; port 0 is any free one")
	f.StringArrayVar(&o.names, "target", nil, "iSCSI `TARGET` name of the first, second, ... NAME (default "+serve.TargetPrefix+"NAME)")
	f.BoolVar(&o.together, "together", false, "offer all as logical units 0, 1, ... of one target")
	f.BoolVar(&o.readOnly, "read-only", false, "refuse to write, erase and format")
	f.StringVar(&o.user, "chap", "", "initiators have to log in with this CHAP `USER` name and its secret")
	f.StringVar(&o.secret, "secret", "", "`FILE` with the secret of initiators (default the variable "+chap.SecretVariable+")")
	f.StringVar(&o.mutual, "mutual", "", "prove to initiators that ask for it who this target is, with this CHAP `USER` name")
	f.StringVar(&o.own, "mutual-secret", "", "`FILE` with the secret of this target (default the variable "+chap.MutualVariable+")")
	f.BoolVar(&o.open, "without-authentication", false, "let everyone use the drives who can connect")
	return c
}

// served is the result of "serve", for --json.
type served struct {
	Address string         `json:"address"`
	Targets []servedTarget `json:"targets"`
}

type servedTarget struct {
	Name   string   `json:"name"`
	Drives []string `json:"drives"` // by logical unit
}

// serveEvent is an event, for --json.
type serveEvent struct {
	Type      string `json:"type"` // "serve"
	Event     string `json:"event"`
	Time      string `json:"time"`
	Address   string `json:"address,omitempty"`
	Initiator string `json:"initiator,omitempty"`
	Target    string `json:"target,omitempty"`
	Text      string `json:"text,omitempty"`
}

func (inv *invocation) serve(ctx context.Context, o serving, names []string) error {
	options := serve.Options{Events: inv.serveEvents(), WithoutAuthentication: o.open}
	if err := o.accounts(&options); err != nil {
		return usage(err)
	}
	if len(o.names) > len(names) || o.together && len(o.names) > 1 {
		return usagef("there are more --target than targets")
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return advise(fmt.Errorf("listen: %w", err), "another program may offer iSCSI targets here; choose another port with --listen ADDRESS:PORT")
	}
	defer l.Close()
	if !serve.Loopback(l.Addr()) && len(options.Accounts) == 0 && !o.open {
		return usagef("other computers could use the drives without a password at %s: demand one with --chap USER and --secret FILE, or allow it with --without-authentication", l.Addr())
	}
	drives, err := inv.openServed(ctx, names)
	defer func() {
		for _, d := range drives {
			if e := d.Close(); e != nil {
				inv.warn(fmt.Sprintf("close a drive: %v", e))
			}
		}
	}()
	if err != nil {
		return err
	}
	result := o.targets(&options, drives, names)
	result.Address = l.Addr().String()
	s, err := serve.New(ctx, options)
	if err != nil {
		return err
	}
	inv.data = result
	inv.announce(result)
	stop := context.AfterFunc(ctx, func() { inv.stillConnected(s) })
	defer stop()
	return s.Serve(ctx, l)
}

// accounts sets the accounts of the flags.
func (o *serving) accounts(to *serve.Options) error {
	if o.user == "" && (o.secret != "" || o.mutual != "") || o.mutual == "" && o.own != "" {
		return errors.New("a secret needs the name that belongs to it: --chap USER, --mutual USER")
	}
	if o.user == "" {
		return nil
	}
	a, err := account(o.user, o.secret, chap.SecretVariable)
	if err != nil {
		return err
	}
	to.Accounts = []chap.Account{a}
	if o.mutual != "" {
		to.Mutual, err = account(o.mutual, o.own, chap.MutualVariable)
	}
	return err
}

// account returns an account with the secret from a file, or else from the environment.
func account(name, file, variable string) (chap.Account, error) {
	a := chap.Account{Name: name}
	var err error
	if file != "" {
		a.Secret, err = chap.ReadSecret(file)
	} else {
		a.Secret, err = chap.Environment(variable)
	}
	if err == nil && a.Secret == nil {
		err = fmt.Errorf("the secret of %s is missing: name a file with it, or set %s", name, variable)
	}
	if err != nil {
		return a, err
	}
	return a, a.Check()
}

// openServed opens drives, and images as discs in drives.
func (inv *invocation) openServed(ctx context.Context, names []string) ([]scsi.Transport, error) {
	var open []scsi.Transport
	seen := map[string]bool{}
	for _, given := range names {
		name, err := serve.Name(given)
		if err != nil {
			return open, err
		}
		id := drive.Identity(name)
		if seen[id] {
			return open, usagef("%s is named twice", given)
		}
		seen[id] = true
		d, err := serve.Open(ctx, name)
		if err != nil {
			return open, err
		}
		if wrap := inv.sourceOptions().Wrap; wrap != nil {
			d = wrap(name, d)
		}
		open = append(open, d)
		if err := scsi.Writable(d); err != nil {
			inv.warn(fmt.Sprintf("%s can only be read: %v", given, err))
		}
	}
	return open, nil
}

// targets makes the targets, and names them.
func (o *serving) targets(to *serve.Options, drives []scsi.Transport, names []string) served {
	var result served
	used := map[string]bool{}
	for i, d := range drives {
		if o.together && i > 0 {
			t, r := &to.Targets[0], &result.Targets[0]
			t.LUNs, r.Drives = append(t.LUNs, d), append(r.Drives, names[i])
			continue
		}
		name := serve.TargetName(names[i], used)
		if i < len(o.names) {
			name = o.names[i]
		}
		used[name] = true
		to.Targets = append(to.Targets, serve.Target{Name: name, Alias: names[i], LUNs: []scsi.Transport{d}, ReadOnly: o.readOnly})
		result.Targets = append(result.Targets, servedTarget{Name: name, Drives: []string{names[i]}})
	}
	return result
}

// announce says what is offered and how to connect.
func (inv *invocation) announce(r served) {
	tell := inv.serveEvents()
	for _, t := range r.Targets {
		for lun, d := range t.Drives {
			name := fmt.Sprintf("iscsi://%s/%s/%d", r.Address, t.Name, lun)
			inv.note("%s: %s", d, name)
			tell(serve.Event{Kind: offered, Time: time.Now(), Target: t.Name, Address: r.Address, Text: name})
		}
	}
	inv.note("Linux connects with:")
	inv.note("  iscsiadm -m discovery -t sendtargets -p %s", r.Address)
	for _, t := range r.Targets {
		inv.note("  iscsiadm -m node -T %s -p %s --login", t.Name, r.Address)
	}
	inv.note("Ctrl-C ends it.")
}

// offered is the kind of the event of a drive that is offered; its text is the name with
// which it is opened.
const offered serve.Kind = "offered"

// serveEvents returns the function that reports events.
func (inv *invocation) serveEvents() func(serve.Event) {
	var mu sync.Mutex
	return func(e serve.Event) {
		mu.Lock()
		defer mu.Unlock()
		if inv.json {
			_ = terminal.NewEncoder(inv.machine()).Encode(serveEvent{
				"serve", string(e.Kind), e.Time.UTC().Format(time.RFC3339Nano), e.Address,
				terminal.Valid(e.Initiator), e.Target, terminal.Valid(e.Text),
			}) // nothing can be done about it
			return
		}
		if e.Kind != serve.Listening && e.Kind != offered { // announce has said it
			inv.note("%v", e)
		}
	}
}

// stillConnected says who is connected when the server is to end.
func (inv *invocation) stillConnected(s *serve.Server) {
	for _, x := range s.Sessions() {
		doing := ""
		if x.Executing {
			doing = ", and waits for " + x.LastCommand
		}
		inv.note("%s (%s) is still connected to %s%s", x.Initiator, x.Address, x.Target, doing)
	}
}
