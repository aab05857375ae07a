// Package engine binds the window to the packages that do the work: it opens
// images and drives, plans, burns and compares. It knows no widget.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"glassmaster/drive"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// Engine does the work of all places. It is safe for use by several goroutines;
// a drive is used by one at a time.
type Engine struct {
	mu      sync.Mutex
	virtual []string // names of the virtual discs that were made here

	drives  sync.Mutex  // held while drives are spoken to
	burning atomic.Bool // a burn is under way
	kept    keeping
}

// New returns the engine.
func New() *Engine { return &Engine{} }

// OpenDisc opens an image file, or the disc in a drive.
func (e *Engine) OpenDisc(ctx context.Context, name string) (disc.Disc, error) {
	s, err := open(ctx, name)
	if err != nil {
		return nil, err // and not s: a nil pointer in an interface is not nil
	}
	return s, nil
}

func open(ctx context.Context, name string) (*source.Source, error) {
	return source.Open(ctx, name, source.Options{Report: progress.Discard})
}

// Drives lists the drives of this machine, and the virtual ones.
func (e *Engine) Drives(ctx context.Context) ([]model.Drive, error) {
	found, err := drive.List(ctx)
	var out []model.Drive
	for _, f := range found {
		out = append(out, model.Drive{Name: f.Name, Model: strings.TrimSpace(f.Vendor + " " + f.Product)})
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range e.virtual {
		out = append(out, model.Drive{Name: name, Model: "Virtual disc"})
	}
	return out, err
}

// Inserted returns the drives with what is in them.
func (e *Engine) Inserted(ctx context.Context) ([]model.Inserted, error) {
	drives, err := e.Drives(ctx)
	if err != nil && len(drives) == 0 {
		return nil, err
	}
	out := make([]model.Inserted, len(drives))
	if e.burning.Load() { // which nothing must disturb, and which is long
		for i, d := range drives {
			out[i] = model.Inserted{Drive: d, Err: &scsi.InUseError{Drive: d.Name, Own: true}}
		}
		return out, nil
	}
	e.drives.Lock()
	defer e.drives.Unlock()
	for i, d := range drives {
		out[i] = inspect(ctx, d)
	}
	return out, nil
}

// inspect asks a drive what is in it.
func inspect(ctx context.Context, d model.Drive) model.Inserted {
	in := model.Inserted{Drive: d}
	t, err := drive.Open(ctx, d.Name)
	if err != nil {
		in.Err = err
		return in
	}
	defer t.Close()
	m, err := read.Media(ctx, t)
	if d.Model == "" {
		in.Drive.Model = strings.TrimSpace(m.Drive.Vendor + " " + m.Drive.Product)
	}
	switch {
	case errors.Is(err, read.ErrNoMedium):
		return in
	case err != nil:
		in.Err = err
		return in
	}
	in.Medium, in.Status = m.Profile.String(), m.Status.String()
	in.Erasable, in.Capacity, in.Free = m.Erasable, m.Capacity, m.Free
	in.Speeds, in.Maker = m.Speeds, m.Maker
	return in
}

// VirtualMedia returns the names of the kinds of virtual discs.
func (e *Engine) VirtualMedia() []string {
	var out []string
	for _, m := range virtual.Media() {
		out = append(out, m.Name)
	}
	return out
}

// paces are the rates of usual drives in kB/s, by how media's names begin.
var paces = []struct {
	medium string
	rate   int
}{{"CD", 7056}, {"DVD", 22160}, {"BD", 17982}}

// AddVirtual makes a virtual disc of a medium in a file, or opens the one that
// is there, and returns the name of its drive. A slow one takes as long as a
// real drive.
func (e *Engine) AddVirtual(path, medium string, slow bool) (string, error) {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		m, err := virtual.ParseMedium(medium)
		if err != nil {
			return "", err
		}
		if err := virtual.Create(path, m, virtual.Options{}); err != nil {
			return "", err
		}
	}
	d, err := virtual.Open(path)
	if err != nil {
		return "", err
	}
	d.Close()
	name := virtual.Prefix + path
	for _, p := range paces {
		if slow && strings.HasPrefix(medium, p.medium) {
			name += fmt.Sprintf("?pace=%d", p.rate)
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !slices.Contains(e.virtual, name) {
		e.virtual = append(e.virtual, name)
	}
	return name, nil
}
