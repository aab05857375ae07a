package engine

import (
	"context"
	"fmt"
	"net"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/iscsi/chap"
	"glassmaster/drive/serve"
	"glassmaster/ui/model"
)

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
	for _, offer := range o.Names {
		name, err := serve.Name(offer)
		if err != nil {
			return err
		}
		d, err := serve.Open(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", offer, err)
		}
		defer d.Close()
		target := serve.TargetName(name, used)
		used[target] = true
		options.Targets = append(options.Targets, serve.Target{Name: target, Alias: offer, LUNs: []scsi.Transport{d}, ReadOnly: o.ReadOnly})
		served.Targets = append(served.Targets, model.ServedTarget{Name: target, Offer: offer})
	}
	s, err := serve.New(ctx, options)
	if err != nil {
		return err
	}
	served.Sessions = s.Sessions
	ready(served)
	return s.Serve(ctx, l)
}
