//go:build !linux

package device

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"glassmaster/drive/scsi"
)

// errSystem says what does work here.
var errSystem = fmt.Errorf("the drives of this computer are reached on Linux only, not on %s; "+
	"drives of other computers (iscsi://HOST:PORT/TARGET/LUN) and virtual drives (virtual:PATH) are reached here too: %w",
	runtime.GOOS, errors.ErrUnsupported)

// Open fails: physical drives are reached on Linux only.
func Open(_ context.Context, name string) (scsi.Transport, error) {
	return nil, fmt.Errorf("opening %s: %w", name, errSystem)
}

// List finds no drives: physical drives are reached on Linux only.
func List() ([]Info, error) { return nil, nil }

// Identity returns the name as it is: no drive is known under two names.
func Identity(name string) string { return name }
