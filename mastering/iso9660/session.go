package iso9660

import (
	"slices"

	"glassmaster/mastering/volume"
)

// Sessions returns the sessions that were found in the image, the oldest first. On a
// disc whose sessions are known there is one: that which is shown.
func (v *FS) Sessions() []volume.Session { return slices.Clone(v.sessions) }
