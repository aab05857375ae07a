package virtualtest

import (
	"context"

	"glassmaster/drive/scsi"
)

// Killed is a drive that nothing reaches after a number of commands, as if the program were
// killed.
type Killed struct {
	scsi.Transport
	Left int // commands that still reach the drive; below 0 after one did not
}

// Execute implements scsi.Transport.
func (k *Killed) Execute(ctx context.Context, c scsi.Command) (int, error) {
	if k.Left--; k.Left < 0 {
		return 0, scsi.ErrConnection
	}
	return k.Transport.Execute(ctx, c)
}

// Unwrap returns the drive.
func (k *Killed) Unwrap() scsi.Transport { return k.Transport }
