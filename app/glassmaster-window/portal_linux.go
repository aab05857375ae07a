package main

import (
	"context"

	"glassmaster/app/portal"
	"glassmaster/ui/host"
)

var errNoPortal = portal.ErrUnavailable

var portalModes = map[host.DialogMode]portal.Mode{
	host.OpenFile: portal.OpenFile, host.OpenFiles: portal.OpenFiles,
	host.OpenFolder: portal.OpenFolder, host.SaveFile: portal.SaveFile,
}

// choosePortal shows a dialog of the desktop's portal.
func choosePortal(ctx context.Context, d host.FileDialog, parent func() string) ([]string, error) {
	p := portal.Dialog{Mode: portalModes[d.Mode], Title: d.Title, Name: d.Name, Parent: parent()}
	for _, t := range d.Types {
		f := portal.Filter{Name: t.Name}
		for _, e := range bothCases(t.Extensions) {
			f.Rules = append(f.Rules, portal.Rule{Pattern: "*." + e})
		}
		if len(f.Rules) == 0 {
			f.Rules = []portal.Rule{{Pattern: "*"}}
		}
		p.Filters = append(p.Filters, f)
	}
	return portal.Show(ctx, p)
}
