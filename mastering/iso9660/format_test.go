package iso9660

import "glassmaster/mastering/volume"

// Package formats, which does that for programs, imports this one.
func init() { volume.Register(Format) }
