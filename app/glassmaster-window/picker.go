package main

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"

	"github.com/sqweek/dialog"

	"glassmaster/ui/host"
)

// picker shows the system's file dialogs, one at a time.
type picker struct {
	mu     sync.Mutex
	parent func() string // returns the identifier of the window for the desktop portal
}

// Choose implements host.FilePicker.
func (p *picker) Choose(ctx context.Context, d host.FileDialog) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	paths, err := choosePortal(ctx, d, p.parent)
	if errors.Is(err, errNoPortal) {
		return chooseNative(d)
	}
	return paths, err
}

// chooseNative shows a dialog of GTK or of Windows. It stays on one thread.
func chooseNative(d host.FileDialog) ([]string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var path string
	var err error
	switch d.Mode {
	case host.OpenFolder:
		path, err = dialog.Directory().Title(d.Title).Browse()
	case host.SaveFile:
		path, err = builder(d).SetStartFile(d.Name).Save()
	default: // it cannot choose several
		path, err = builder(d).Load()
	}
	switch {
	case errors.Is(err, dialog.ErrCancelled):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return []string{path}, nil
}

func builder(d host.FileDialog) *dialog.FileBuilder {
	b := dialog.File().Title(d.Title)
	for _, t := range d.Types {
		extensions := bothCases(t.Extensions)
		if len(extensions) == 0 {
			extensions = []string{"*"}
		}
		b = b.Filter(t.Name, extensions...)
	}
	return b
}

// bothCases returns each extension in lower and in upper case, which GTK and the portal
// distinguish.
func bothCases(extensions []string) []string {
	var both []string
	for _, e := range extensions {
		both = append(both, e, strings.ToUpper(e))
	}
	return both
}
