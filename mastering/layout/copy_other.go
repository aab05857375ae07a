//go:build !linux

package layout

import (
	"context"
	"os"

	"glassmaster/mastering/progress"
)

// copyFile copies a big extent out of a file of the host.
func (o *output) copyFile(ctx context.Context, f *os.File, e Extent, rep progress.Reporter) error {
	return o.copyReader(ctx, f, e, e.Offset, e.Length, rep)
}

// appends reports whether all that is written to f goes to its end, which only
// standard output may do.
func appends(f *os.File) bool { return f == os.Stdout }
