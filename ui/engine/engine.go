// Package engine connects the window to the packages that do the work: it opens images
// and drives, plans, burns and compares. It does not use widgets.
package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"glassmaster/drive"
	"glassmaster/drive/addition"
	"glassmaster/drive/job"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/drive/virtual"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
	"glassmaster/ui/model"
)

// Engine does the work of all pages. It is safe for use by several goroutines. Every
// access to a drive goes through its queue.
type Engine struct {
	queue job.Queue

	mu      sync.Mutex
	virtual []string          // names of the virtual discs that were made here
	models  map[string]string // of drives that were identified, by name
	kept    keeping
}

// New returns the engine.
func New() *Engine { return &Engine{models: make(map[string]string)} }

// Queue returns the queue in which long work with drives is run.
func (e *Engine) Queue() *job.Queue { return &e.queue }

// OpenDisc opens an image file, or the disc in a drive. While a task has the drive,
// reading the disc fails with a *job.BusyError. Unless start is 0, the image file contains a
// later session alone, which begins at this address of the disc.
func (e *Engine) OpenDisc(ctx context.Context, name string, start disc.LBA) (disc.Disc, error) {
	options := source.Options{Report: progress.Discard, SessionStart: start}
	if drive.IsName(name) {
		held, release, err := e.queue.Use(ctx, name)
		if err != nil {
			return nil, err
		}
		defer release()
		ctx, options.Wrap = held, e.queue.Share
	}
	s, err := source.Open(ctx, name, options)
	if err != nil {
		return nil, err // and not s: a nil pointer in an interface is not nil
	}
	return s, nil
}

// withDrive opens a drive for one use.
func (e *Engine) withDrive(ctx context.Context, name string, use func(context.Context, scsi.Transport) error) error {
	ctx, release, err := e.queue.Use(ctx, name)
	if err != nil {
		return err
	}
	defer release()
	t, err := drive.Open(ctx, name)
	if err != nil {
		return err
	}
	defer t.Close()
	return use(ctx, t)
}

// Drives lists the drives of this machine, and the virtual ones. A drive that a task uses
// is not identified.
func (e *Engine) Drives(ctx context.Context) ([]model.Drive, error) {
	found, err := drive.Find()
	var wait sync.WaitGroup
	for i := range found {
		wait.Go(func() { e.identify(ctx, &found[i]) })
	}
	wait.Wait()
	var out []model.Drive
	for _, f := range found {
		out = append(out, model.Drive{Name: f.Name, Model: strings.TrimSpace(f.Vendor + " " + f.Product)})
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, d := range out {
		if d.Model == "" {
			out[i].Model = e.models[d.Name]
		} else {
			e.models[d.Name] = d.Model
		}
	}
	for _, name := range e.virtual {
		out = append(out, model.Drive{Name: name, Model: "Virtual disc"})
	}
	return out, err
}

// identify reads the model of a drive, unless a task uses it.
func (e *Engine) identify(ctx context.Context, f *drive.Found) {
	if !f.Unidentified {
		return
	}
	if held, release, err := e.queue.Use(ctx, f.Name); err == nil {
		defer release()
		f.Identify(held)
	}
}

// Inserted returns the drives with what is in them. It does not wait for a drive that a
// task uses: its error is a *job.BusyError.
func (e *Engine) Inserted(ctx context.Context) ([]model.Inserted, error) {
	drives, err := e.Drives(ctx)
	if err != nil && len(drives) == 0 {
		return nil, err
	}
	out := make([]model.Inserted, len(drives))
	var wait sync.WaitGroup
	for i, d := range drives {
		wait.Go(func() {
			out[i].Drive = d
			err := e.withDrive(ctx, d.Name, func(ctx context.Context, t scsi.Transport) error {
				out[i] = inspect(ctx, d, t)
				return nil
			})
			if err != nil {
				out[i].Err = err
			}
		})
	}
	wait.Wait()
	return out, nil
}

// inspect reads what is in a drive.
func inspect(ctx context.Context, d model.Drive, t scsi.Transport) model.Inserted {
	in := model.Inserted{Drive: d}
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
	in.Offers = offers(m)
	in.Offers.Continue = addition.Possible(ctx, t)
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

// paces are the rates of usual drives in kB/s, by the prefix of the medium's name.
var paces = []struct {
	medium string
	rate   int
}{{"CD", 7056}, {"DVD", 22160}, {"BD", 17982}}

// AddVirtual creates a virtual disc of a medium in a file, unless the file exists, and
// returns the name of its drive. A slow one takes as long as a real drive.
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
	name := virtual.Prefix + path
	err := e.withDrive(context.Background(), name, func(context.Context, scsi.Transport) error { return nil })
	if err != nil && !errors.As(err, new(*job.BusyError)) { // a busy one exists
		return "", err
	}
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
