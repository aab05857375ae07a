// Package verify compares discs, and takes checksums of them.
package verify

import (
	"fmt"

	"glassmaster/mastering/disc"
)

// Mismatch is the first difference between two discs.
type Mismatch struct {
	LBA    disc.LBA // of the first sector that differs
	Offset int      // of the first byte within it that differs
	File   string   // the file that holds it, empty when it is none or not known
	Err    error    // not nil: the sector could not be read at all
	Count  int64    // sectors that differ or cannot be read, in all
}

func (m *Mismatch) Error() string {
	where := fmt.Sprintf("sector %d", m.LBA)
	if m.File != "" {
		where += fmt.Sprintf(" (%s)", m.File)
	}
	if m.Err != nil {
		return fmt.Sprintf("the disc cannot be read at %s: %v; bad sectors in all: %d", where, m.Err, m.Count)
	}
	return fmt.Sprintf("the disc differs from its source at %s, byte %d; bad sectors in all: %d", where, m.Offset, m.Count)
}

func (m *Mismatch) Unwrap() error { return m.Err }
