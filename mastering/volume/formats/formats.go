// Package formats lists the file systems that are known. Every program that opens volumes
// must import it.
package formats

import (
	"glassmaster/mastering/hfs"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/volume"
)

// The order is that in which they are tried.
func init() { volume.Register(iso9660.Format, udf.Format, hfs.Format) }
