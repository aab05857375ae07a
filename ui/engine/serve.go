package engine

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/chap"
	"glassmaster/drive/serve"
	"glassmaster/drive/virtual"
	"glassmaster/ui/model"
)

// targetPrefix begins the iSCSI names of the targets.
const targetPrefix = "iqn.2026-01.local.glassmaster:"

// Addresses implements model.Server.
func (e *Engine) Addresses() []model.ListenAddress {
	all := []model.ListenAddress{{Host: "127.0.0.1", Title: "Only this computer (127.0.0.1)"}}
	interfaces, _ := net.Interfaces() // without them only this computer
	for _, i := range interfaces {
		addresses, _ := i.Addrs()
		for _, a := range addresses {
			n, ok := a.(*net.IPNet)
			if ok && i.Flags&net.FlagUp != 0 && !n.IP.IsLoopback() && !n.IP.IsLinkLocalUnicast() {
				all = append(all, model.ListenAddress{Host: n.IP.String(), Title: n.IP.String() + " (" + i.Name + ")"})
			}
		}
	}
	return append(all, model.ListenAddress{Host: "0.0.0.0", Title: "All networks (0.0.0.0)"})
}

// Serve implements model.Server.
func (e *Engine) Serve(ctx context.Context, o model.ServeOptions, ready func(model.Served), events func(serve.Event)) error {
	options := serve.Options{Events: events}
	if o.User != "" {
		options.Accounts = []chap.Account{{Name: o.User, Secret: []byte(o.Secret)}}
	}
	l, err := net.Listen("tcp", o.Address())
	if err != nil {
		return err
	}
	defer l.Close()
	served := model.Served{Address: l.Addr().String()}
	used := make(map[string]bool)
	for i, name := range o.Drives() {
		d, err := openServed(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", o.Names[i], err)
		}
		defer d.Close()
		target := targetPrefix + targetName(name)
		for n := 2; used[target]; n++ {
			target = fmt.Sprintf("%s%s-%d", targetPrefix, targetName(name), n)
		}
		used[target] = true
		options.Targets = append(options.Targets, serve.Target{Name: target, Alias: o.Names[i], LUNs: []scsi.Transport{d}, ReadOnly: o.ReadOnly})
		served.Targets = append(served.Targets, model.ServedTarget{Name: target, Offer: o.Names[i]})
	}
	s, err := serve.New(ctx, options)
	if err != nil {
		return err
	}
	served.Sessions = s.Sessions
	ready(served)
	return s.Serve(ctx, l)
}

// openServed opens a drive, or an image as a disc in a drive. It does not create a virtual
// disc that does not exist.
func openServed(ctx context.Context, name string) (scsi.Transport, error) {
	if path, ok := strings.CutPrefix(name, virtual.Prefix); ok {
		path, options, _ := strings.Cut(path, "?")
		if _, err := os.Stat(path); err != nil && !strings.Contains(options, "medium=") {
			return nil, err
		}
	}
	return drive.Open(ctx, name)
}

// targetName returns a part of an iSCSI name for a drive: the last part of its path, in
// small letters, with hyphens for what cannot be in such a name (RFC 7143 4.2.7.1).
func targetName(name string) string {
	name, _, _ = strings.Cut(strings.TrimPrefix(name, virtual.Prefix), "?")
	name = strings.ToLower(filepath.Base(filepath.FromSlash(name)))
	name = strings.TrimSuffix(name, filepath.Ext(name))
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}, name)
	if name = strings.Trim(name[:min(len(name), 64)], "-."); name == "" {
		return "drive"
	}
	return name
}
