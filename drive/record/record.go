// Package record burns discs: a plan for each kind of medium, then its
// execution, then the proof.
package record

import (
	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
)

// Options say how a disc is burned. The zero value is a sensible burn: highest
// speed, real, the disc closed, verified.
type Options struct {
	Speed      int  // kB/s (1000 bytes); 0 is the highest that drive and medium offer
	Simulate   bool // write with the laser off, where the medium knows such a thing
	Appendable bool // leave the disc open for further sessions
	DiscAtOnce bool // DVD-R: disc at once instead of incremental
	NoVerify   bool // do not read the disc again and compare
	Eject      bool // open the tray at the end
	Blank      bool // erase or overwrite a rewritable disc that holds data
	// Locate names the file of the source that holds an address, for the report of
	// a difference. May be nil.
	Locate func(disc.LBA) string
}

// Plan is what a burn is going to do, settled before the first byte is written.
type Plan struct {
	Profile  string   // the medium as the drive names it: "DVD+R"
	Recipe   string   // "sequential, disc closed"
	Sectors  int64    // of the source
	Padded   int64    // sectors that will be written
	Capacity int64    // sectors that the medium has free
	Speed    int      // kB/s that will be asked for, 0 when the drive offers no choice
	Steps    []string // in the order of their execution, for people
	Warnings []string
}

// Result is what a burn did.
type Result struct {
	Plan     Plan
	Written  int64            // sectors
	Seconds  float64          // spent writing
	Verified bool             // the disc was read again and is equal
	SHA256   string           // of the sectors of the source, in hex
	Mismatch *verify.Mismatch // the first difference, nil when there is none
	Warnings []string
}
