package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"glassmaster/drive"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
)

// OpenDrive opens the drive of that name, or the only drive of this machine if the name
// is empty. It also returns the name.
func OpenDrive(ctx context.Context, name string, o Options) (scsi.Transport, string, error) {
	if name == "" {
		var err error
		if name, err = only(ctx); err != nil {
			return nil, "", err
		}
	}
	t, err := drive.Open(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		err = noDrive{err}
	}
	if err != nil {
		return nil, name, err
	}
	if o.Wrap != nil {
		t = o.Wrap(name, t)
	}
	return t, name, nil
}

// ErrNoDrive is in the chain of the error if this computer has no drive, or none of that
// name.
var ErrNoDrive = errors.New("this computer has no optical drive")

// noDrive is the error of a drive that does not exist.
type noDrive struct{ error }

func (n noDrive) Unwrap() error { return n.error }

func (noDrive) Is(target error) bool { return target == ErrNoDrive }

// only returns the name of the only drive of this computer.
func only(ctx context.Context) (string, error) {
	all, err := drive.List(ctx)
	if err != nil {
		return "", fmt.Errorf("search for drives: %w", err)
	}
	switch len(all) {
	case 0:
		return "", ErrNoDrive
	case 1:
		return all[0].Name, nil
	}
	return "", fmt.Errorf("this computer has %d drives; name one of them (\"glassmaster drives\" lists them)", len(all))
}

func (o Options) openDrive(ctx context.Context, name string) (*Source, error) {
	t, _, err := OpenDrive(ctx, name, o)
	if err != nil {
		return nil, err
	}
	d, err := read.Open(ctx, t)
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := &Source{Disc: d, Kind: "drive", close: []func() error{t.Close}}
	if m, err := read.Media(ctx, t); err == nil {
		s.Format = m.Profile.String()
	}
	return s, nil
}
