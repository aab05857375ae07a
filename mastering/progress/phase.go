package progress

// Phase is a part of a job that has a counter of its own.
type Phase uint8

// Phases. A job may go through the same phase more than once.
const (
	NoPhase           Phase = iota // before the first one
	Scanning                       // listing the files of the source on the host
	Hashing                        // computing checksums of the source's files
	Compressing                    // compressing files for zisofs
	ReadingFolders                 // listing the files of a volume
	Extracting                     // copying files out of a volume
	ReadingAhead                   // filling the buffer before the first sector is written
	Writing                        // writing the sectors of a disc
	Simulating                     // the same, with the laser at reading power
	Finishing                      // flushing the drive's buffer, closing tracks and sessions
	Salvaging                      // closing what a failed burn has written
	CheckingDisc                   // comparing what the drive reports with the plan
	Reading                        // reading every sector
	Comparing                      // reading every sector and comparing it with the source
	Checking                       // checking the structures of a volume, or an embedded checksum
	Erasing                        // blanking a disc, only where its data begins
	ErasingAll                     // blanking every sector of a disc
	Formatting                     // formatting a disc
	Filling                        // writing the sectors of a disc that were reserved and never sent
	ClosingUnfinished              // closing the session that an earlier burn left open
	ClosingTrack                   // closing a track only
	ClosingSession                 // closing a session
	ClosingDisc                    // finalizing a disc
)

// names are also reported by --json: programs compare them.
var names = [...]string{
	NoPhase:           "",
	Scanning:          "scanning",
	Hashing:           "computing checksums",
	Compressing:       "compressing",
	ReadingFolders:    "reading folders",
	Extracting:        "extracting",
	ReadingAhead:      "reading ahead",
	Writing:           "writing",
	Simulating:        "simulation",
	Finishing:         "finishing",
	Salvaging:         "salvaging the disc",
	CheckingDisc:      "checking the disc",
	Reading:           "reading",
	Comparing:         "comparing",
	Checking:          "checking",
	Erasing:           "erasing",
	ErasingAll:        "erasing the whole disc",
	Formatting:        "formatting",
	Filling:           "filling the disc",
	ClosingUnfinished: "closing the last session",
	ClosingTrack:      "closing the track",
	ClosingSession:    "closing the session",
	ClosingDisc:       "closing the disc",
}

// String returns the name of the phase for display, in lower case.
func (p Phase) String() string {
	if int(p) < len(names) {
		return names[p]
	}
	return "working"
}
