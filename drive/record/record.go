// Package record burns discs: a plan for each kind of medium, then its execution, then
// the verification. Package job calls it.
//
// [NewPlan] examines the medium in the drive and decides everything before the first byte
// is written: the recipe, the addresses, the speed, the steps as text. It refuses what
// cannot work. [Burn.Start] carries the plan out, [Execution.Write] and [Execution.Prove]
// in turn; [Burn.Run] does all of it. The recipes follow MMC-6 and the practice of
// established programs:
//
//	CD-R, CD-RW          track at once, session at once, or raw; the session is closed, or
//	                     the disc left open for more
//	DVD-R, DVD-RW        incremental, or disc at once
//	DVD+R, BD-R          sequential; track and session are closed, or the disc
//	DVD+RW, BD-RE, ...   formatted if necessary, then overwritten
//
// [Blank], [NewFormatting] and [NewClosing] erase, format and close discs in the same
// way: they plan first and check the disc at the end. [LookInto] returns what would be
// lost.
//
// Drives and USB bridges exist that report success and leave a blank disc. Therefore
// after every burn the disc is reloaded, its state and tracks are checked, and every
// sector is read and compared with what was sent. What could not be assured is in the
// [Result].
//
// A burn that fails or is cancelled closes the track and the session, if the medium has
// them, so that what was written can be read. The [Error] says where it failed, in which
// state the disc was left, and what to do next.
package record

import (
	"context"

	"glassmaster/drive/mmc"
	"glassmaster/drive/ring"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
)

// Options are the options of a burn. The zero value is a sensible burn: highest speed,
// real, the disc closed, verified.
type Options struct {
	Speed int // kB/s (1000 bytes); 0 is the highest that drive and medium offer
	// Factor is the speed as a multiple of the medium's single speed, in place of
	// Speed: 8 for "8x". 0 leaves it to Speed.
	Factor     float64
	Simulate   bool // write with the laser at reading power, where the medium supports that
	Appendable bool // leave the disc open for further sessions
	Mode       Mode // how the disc is written; Auto chooses by contents and medium
	NoVerify   bool // do not read the disc again and compare
	Eject      bool // open the tray at the end
	Blank      bool // erase or overwrite a rewritable disc that is not empty
	Force      bool // burn a source that is known to be incomplete or of no known file system
	// AcceptLoss burns a source of which the disc cannot hold everything, see Plan.Lost.
	AcceptLoss bool
	// Overburn writes beyond the capacity that the medium reports.
	Overburn bool
	// Buffer is the size in bytes of the buffer between reading and writing, from
	// ring.LeastSize to ring.MostSize; 0 is ring.DefaultSize.
	Buffer int64
	// Feed delivers the sectors of the source while they are written; nil: the source
	// does. Everything else about the source is asked of the source itself.
	Feed Feed
	// LayerBreak is the number of sectors on the first layer of a DVD with two; 0: chosen
	// by the contents.
	LayerBreak int64
	// BookType is the book type that the disc is to report; nil leaves it to the drive.
	BookType *mmc.BookType
	// Spare formats a blank BD-R, or a BD-RE, with such spare areas before it is written;
	// nil writes it as it is.
	Spare *Spare
	// DriveVerify makes the drive verify and replace bad sectors while it writes, where the
	// medium allows for a choice (DVD-RAM, BD-RE, formatted BD-R).
	DriveVerify bool
	// Once says that the source can be read only once. What the disc holds is then compared
	// with checksums of what was sent, and not with the source.
	Once bool
	// Continue says that the source is a session that refers to what is on the disc; nil: it
	// does not.
	Continue *Continuation
	// Locate names the file of the source that holds an address, for the report of
	// a difference. May be nil.
	Locate func(disc.LBA) string
}

// Feed delivers the sectors of a source to one of several drives that are burned from one
// read of it.
type Feed interface {
	// ReadSectors reads as [disc.Disc] does.
	ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error)
	// Fills says which buffer will be filled, before the first sector is read: its level
	// shows how long the drive can wait.
	Fills(*ring.Ring)
}

// Plan describes what a burn will do. Package job uses it for image files too.
type Plan struct {
	Profile  string         // of the medium: "DVD+R"; of an image file: "ISO image"
	Recipe   string         // "sequential, disc closed"
	Mode     Mode           // never Auto
	Reason   string         // why this mode: "session at once, since nothing comes between the tracks"
	Modes    []Choice       // the modes of this drive and medium, for this source
	Tracks   []Track        // that will be written
	CDText   []disc.CDText  // that will be written, a language each
	Lost     []disc.Notice  // what the source has and the disc will not, in this mode
	Layers   []int64        // sectors on each layer, in units of the medium; nil: one layer
	Breaks   []LayerBreak   // where the layer can be changed, the chosen one included
	Spares   []SpareChoice  // the spare areas that can be chosen
	Books    []mmc.BookType // the book types that can be chosen; nil: none
	Sectors  int64          // of the source
	Padded   int64          // sectors that will be written
	Capacity int64          // free sectors of the medium; 0: unknown
	Speed    int            // kB/s (1000 bytes); 0: the drive offers no choice
	Cost     *Cost          // what the session takes of the disc; nil: unknown, or an image file
	Erases   Contents       // of the disc, which will be lost
	Steps    []string       // in the order of their execution, as text
	Hints    []string       // what is worth knowing before the burn, as text
	Notices  []disc.Notice  // differences from what was requested, and what Defects mean for the disc
	Defects  []disc.Notice  // known defects of the source
	// Unopenable is why the files of the source cannot be found. It is nil if they can,
	// if the source has no known file system, or if it is a session for another address
	// than 0.
	Unopenable error
}

// Choice is a mode that can be chosen.
type Choice struct {
	Mode Mode
	Lost []disc.Notice // what the disc would not hold
	Err  error         // why this source cannot be written in this mode, or nil
}

// Track is a track as it will be written. Addresses are those of the disc.
type Track struct {
	Session int
	disc.Track
	Title string // from CD-TEXT; empty: none
}

// LayerBreak is a place where the layer of a DVD can be changed.
type LayerBreak struct {
	Sectors  int64  // on the first layer
	Where    string // "the middle of the data", "title set 1, program chain 2, cell 14"
	Cell     bool   // a cell of a DVD-Video begins there
	Seamless bool   // players must show that cell without a pause after the one before it
	Unusable string // why the layer cannot be changed there; empty: it can
	Chosen   bool
}

// SpareChoice is a size of the spare areas.
type SpareChoice struct {
	Spare    Spare
	Sectors  int64 // of the spare areas
	Capacity int64 // sectors for data
	Chosen   bool
}

// Result is the result of a burn, or of writing an image file.
type Result struct {
	Plan     Plan
	Written  int64            // sectors
	Seconds  float64          // spent writing
	Verified bool             // it was read back and is equal to what was sent, and nothing is in doubt
	Equal    bool             // it was read back and is equal to what was sent, as far as could be assured
	SHA256   string           // of the sectors of the source, in hex
	Mismatch *verify.Mismatch // the first difference, or nil
	// Damaged are sectors that an image stores as a whole and that were damaged in its source
	// already; nil: none, or unknown since it was not read back.
	Damaged *verify.FaultError
	Changes []disc.Notice // files of the source that have changed since the plan
	// NotAssured is why the compared data may not have come from the disc that was
	// burned, as text.
	NotAssured    []string
	Retried       int64         // sectors that were not read at the first attempt when the disc was compared
	SourceChanged *SourceChange // nil: the source has not changed since it was burned
	Notices       []disc.Notice // of the plan and of the burn
	Checks        []Check       // what was looked at after the burn
	Retries       []disc.LBA    // where sectors were not read at the first attempt
	MediumID      string        // how the medium identifies itself: "MCC-004-00 (Mitsubishi Chemical)", "97m24s01f (Taiyo Yuden)"; empty: unknown
	// ReadOffset is the offset in samples with which the drive reads audio, if it was found.
	ReadOffset *int
	// LeastSeconds is the shortest time that writing can have taken at the speed of the
	// disc; 0: unknown.
	LeastSeconds float64
}

// Check is one thing that was looked at after the burn: the table of contents, CD-TEXT, a
// track's ISRC, the contents.
type Check struct {
	What     string // "CD-TEXT", "ISRC of track 3"
	Expected string // as text, short
	Found    string // if it differs
	OK       bool
}
