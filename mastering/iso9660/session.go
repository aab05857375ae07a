package iso9660

import (
	"slices"

	"glassmaster/mastering/volume"
)

// Sessions returns the sessions that were found in the image, the oldest first. If the
// sessions of the disc were known, there is only the one that is shown.
func (v *FS) Sessions() []volume.Session { return slices.Clone(v.sessions) }
