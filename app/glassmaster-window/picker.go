package main

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/sqweek/dialog"

	"glassmaster/ui/host"
)

// picker asks through the system's own dialogs. They are shown one at a time,
// each on a thread that stays with it.
type picker struct{ mu sync.Mutex }

func newPicker() host.FilePicker { return &picker{} }

func (p *picker) ask(show func() (string, error)) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	path, err := show()
	if errors.Is(err, dialog.ErrCancelled) {
		return "", host.ErrNone
	}
	return path, err
}

// Open implements host.FilePicker.
func (p *picker) Open(title string, kinds ...host.Kind) (string, error) {
	return p.ask(func() (string, error) { return builder(title, kinds).Load() })
}

// OpenMany implements host.FilePicker.
func (p *picker) OpenMany(title string) ([]string, error) {
	if paths, err, asked := openMany(title); asked {
		return paths, err
	}
	path, err := p.Open(title, host.Anything)
	if err != nil {
		return nil, err
	}
	return []string{path}, nil
}

// Save implements host.FilePicker. A name without an ending gets the usual one.
func (p *picker) Save(title, name string, kinds ...host.Kind) (string, error) {
	path, err := p.ask(func() (string, error) { return builder(title, kinds).SetStartFile(name).Save() })
	if err == nil && filepath.Ext(path) == "" && len(kinds) > 0 && len(kinds[0].Endings) > 0 {
		path += "." + kinds[0].Endings[0]
	}
	return path, err
}

// Folder implements host.FilePicker.
func (p *picker) Folder(title string) (string, error) {
	return p.ask(func() (string, error) { return dialog.Directory().Title(title).Browse() })
}

// builder knows each ending in small and in capital letters, since GTK tells
// them apart.
func builder(title string, kinds []host.Kind) *dialog.FileBuilder {
	b := dialog.File().Title(title)
	for _, k := range kinds {
		endings := k.Endings
		if len(endings) == 0 {
			endings = []string{"*"}
		}
		var both []string
		for _, e := range endings {
			both = append(both, e)
			if up := strings.ToUpper(e); up != e {
				both = append(both, up)
			}
		}
		b = b.Filter(k.Name, both...)
	}
	return b
}
