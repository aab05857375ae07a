// Package verify compares discs sector by sector, computes their checksums, and reports
// discs that are incomplete or cannot be opened.
package verify

import (
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// Mismatch is an error that describes the first difference between two discs.
type Mismatch struct {
	LBA    disc.LBA // of the first sector that differs
	Offset int      // of the first different byte within the sector
	File   string   // that the sector belongs to; empty: none, or unknown
	Err    error    // not nil: the sector cannot be read
	Count  int64    // of all sectors that differ or cannot be read
}

func (m *Mismatch) Error() string {
	where := fmt.Sprintf("sector %d", m.LBA)
	if m.File != "" {
		where += fmt.Sprintf(" (%s)", m.File)
	}
	if m.Err != nil {
		return fmt.Sprintf("the disc cannot be read at %s: %v (%s)", where, m.Err, units.Count(m.Count, "bad sector", "bad sectors in all"))
	}
	return fmt.Sprintf("the disc differs from its source at %s, byte %d (%s)", where, m.Offset, units.Count(m.Count, "bad sector", "bad sectors in all"))
}

func (m *Mismatch) Unwrap() error { return m.Err }
