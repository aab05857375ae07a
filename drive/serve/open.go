package serve

import (
	"context"
	"fmt"
	"os"
	"strings"

	"glassmaster/drive"
	"glassmaster/drive/scsi"
	"glassmaster/drive/virtual"
)

// Name returns the name of the drive that is served for a name that a person gave: a drive,
// or an image file, which becomes the pressed disc in a virtual drive.
func Name(name string) (string, error) {
	if drive.IsName(name) {
		return name, nil
	}
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return "", fmt.Errorf("serve: %w", err)
	case info.IsDir():
		return "", fmt.Errorf("serve %s: it is a folder; make an image of it first (\"glassmaster build\")", name)
	case strings.Contains(name, "?"):
		return "", fmt.Errorf("serve %s: rename the file; a question mark begins the options of a virtual drive", name)
	}
	return virtual.Prefix + name, nil
}

// Open opens a drive to serve by a name that [Name] returned. A virtual drive always
// answers, and is used without the copying of [scsi.Guard].
func Open(ctx context.Context, name string) (scsi.Transport, error) {
	if !strings.HasPrefix(name, virtual.Prefix) {
		return drive.Open(ctx, name)
	}
	d, err := virtual.OpenName(name)
	if err != nil {
		return nil, err
	}
	return d, nil
}
