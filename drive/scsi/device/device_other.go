//go:build !linux

package device

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"glassmaster/drive/scsi"
)

// errSystem describes which drives can be used on this system.
var errSystem = fmt.Errorf("the drives of this computer can be used on Linux only, not on %s; "+
	"drives on other machines (iscsi://HOST:PORT/TARGET/LUN) and virtual drives (virtual:PATH) can be used: %w",
	runtime.GOOS, errors.ErrUnsupported)

// Open returns an error: physical drives can be used on Linux only.
func Open(_ context.Context, name string) (scsi.Transport, error) {
	return nil, fmt.Errorf("open %s: %w", name, errSystem)
}

// List returns no drives: physical drives can be used on Linux only.
func List() ([]Info, error) { return nil, nil }

// Identity returns the name unchanged: a drive has one name.
func Identity(name string) string { return name }
