// Package record burns discs: a plan for each kind of medium, then its
// execution, then the proof.
//
// [NewPlan] looks at the medium in the drive and settles everything before the
// first byte: the recipe, the addresses, the speed, the steps for people to
// read. It refuses what cannot work. [Burn.Run] carries the plan out. The
// recipes follow MMC-6 and the practice of long-lived programs:
//
//	CD-R, CD-RW          track at once; the session is closed, or left open for more
//	DVD-R, DVD-RW        incremental, or disc at once
//	DVD+R, BD-R          sequential; track and session are closed, or the disc
//	DVD+RW, BD-RE, ...   formatted if need be, then overwritten
//
// [Blank], [NewFormatting] and [NewClosing] erase, format and close discs in the
// same way: what is going to happen is known before, and what has become of the
// disc is looked at in the end. [LookInto] tells what would be lost.
//
// A drive's word is not proof. After every burn the drive has to read the disc
// anew and to tell what is on it: its state, its tracks, and every sector, which
// is compared with what was sent: drives and bridges exist that report success and
// leave a blank disc behind. What could not be assured is in the result.
//
// A burn that fails or is cancelled ends the track and the session if the medium
// has such, so that the disc can be read as far as it was written. The [Error]
// says where it failed, what became of the disc, and what to do next.
package record

import (
	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
)

// Options say how a disc is burned. The zero value is a sensible burn: highest
// speed, real, the disc closed, verified.
type Options struct {
	Speed int // kB/s (1000 bytes); 0 is the highest that drive and medium offer
	// Factor is the speed as a multiple of the medium's single speed, in place of
	// Speed: 8 for "8x". 0 leaves it to Speed.
	Factor     float64
	Simulate   bool // write with the laser off, where the medium knows such a thing
	Appendable bool // leave the disc open for further sessions
	DiscAtOnce bool // DVD-R: disc at once instead of incremental
	NoVerify   bool // do not read the disc again and compare
	Eject      bool // open the tray at the end
	Blank      bool // erase or overwrite a rewritable disc that holds data
	Force      bool // burn a source that is known to be incomplete or of no known file system
	// Locate names the file of the source that holds an address, for the report of
	// a difference. May be nil.
	Locate func(disc.LBA) string
}

// Plan is what a burn is going to do, settled before the first byte is written.
type Plan struct {
	Profile  string        // the medium as the drive names it: "DVD+R"
	Recipe   string        // "sequential, disc closed"
	Sectors  int64         // of the source
	Padded   int64         // sectors that will be written
	Capacity int64         // sectors that the medium has free
	Speed    int           // kB/s that will be asked for, 0 when the drive offers no choice
	Erases   Contents      // what is on the disc and will be gone; no data where nothing is
	Steps    []string      // in the order of their execution, for people
	Notices  []disc.Notice // what will be different from what was asked for, and what Defects mean for the disc
	Defects  []disc.Notice // what is known to be wrong with the source
	// Unopenable is why the files of the source cannot be found; nil when they can, or
	// it has no known file system, or is a session for another address than 0.
	Unopenable error
}

// Result is what a burn did.
type Result struct {
	Plan     Plan
	Written  int64            // sectors
	Seconds  float64          // spent writing
	Verified bool             // the disc was read again and is equal to what was sent, and nothing is in doubt
	Equal    bool             // the disc was read again and is equal to what was sent, as far as could be assured
	SHA256   string           // of the sectors of the source, in hex
	Mismatch *verify.Mismatch // the first difference, nil when there is none
	Changes  []disc.Notice    // files of the source that were not any more what was planned
	// NotAssured says why what was compared may not have come off the disc that was
	// burned; empty when nothing speaks against it.
	NotAssured    []string
	Retried       int64         // sectors that could not be read at the first attempt when the disc was compared
	SourceChanged *SourceChange // the source is not any more what was burned of it, nil when it is
	Notices       []disc.Notice // of the plan, and what was noticed since
}
