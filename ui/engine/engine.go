// Package engine binds the window to the packages that do the work: it opens
// images and drives, plans, burns and compares. It knows no widget.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"glassmaster/drive"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	_ "glassmaster/mastering/image/iso" // plain images
	_ "glassmaster/mastering/iso9660"   // the file system that it reads
	"glassmaster/ui/model"
)

func init() {
	drive.Register("virtual", func(_ context.Context, name string) (scsi.Transport, error) {
		d, err := virtual.OpenName(name)
		if err != nil {
			return nil, err
		}
		return d, nil
	})
}

// Engine does the work of all places. It is safe for use by several goroutines;
// a drive is used by one at a time.
type Engine struct {
	mu      sync.Mutex
	virtual []string // names of the virtual discs that were made here

	drives sync.Mutex // held while drives are spoken to
}

// New returns the engine.
func New() *Engine { return &Engine{} }

// isDrive tells the names of drives from those of files.
func isDrive(name string) bool {
	for _, prefix := range []string{virtual.Prefix, "iscsi:", "/dev/", `\\.\`} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// OpenDisc opens an image file, or the disc in a drive.
func (e *Engine) OpenDisc(ctx context.Context, name string) (disc.Disc, error) {
	if !isDrive(name) {
		d, _, err := image.Open(name)
		return d, err
	}
	t, err := drive.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	// Reads go on after this call has returned, so they must not end with its
	// context.
	d, err := read.Open(context.WithoutCancel(ctx), t)
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &inDrive{d, t}, nil
}

// inDrive is a disc that closes its drive with it.
type inDrive struct {
	disc.Disc
	t scsi.Transport
}

// Close implements disc.Disc.
func (d *inDrive) Close() error { return errors.Join(d.Disc.Close(), d.t.Close()) }

// Drives lists the drives of this machine, and the virtual ones.
func (e *Engine) Drives(ctx context.Context) ([]model.Drive, error) {
	found, err := drive.List(ctx)
	var out []model.Drive
	for _, f := range found {
		out = append(out, model.Drive{Name: f.Name, Model: strings.TrimSpace(f.Vendor + " " + f.Model)})
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
	e.drives.Lock()
	defer e.drives.Unlock()
	out := make([]model.Inserted, len(drives))
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

// AddVirtual makes a virtual disc of a medium in a file, or opens the one that
// is there, and returns the name of its drive.
func (e *Engine) AddVirtual(path, medium string) (string, error) {
	name := virtual.Prefix + path
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
	defer d.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, have := range e.virtual {
		if have == name {
			return name, nil
		}
	}
	e.virtual = append(e.virtual, name)
	return name, nil
}
