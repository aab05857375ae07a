// Package sheet parses and formats the text of CUE sheets. It knows nothing of the files
// that a sheet names.
//
// A sheet has a command on each line. Rippers write commands in any case and in various
// character sets; [Parse] accepts those in use, and returns notices of what it tolerated.
package sheet

import (
	"glassmaster/mastering/disc"
)

// Sheet is a CUE sheet.
type Sheet struct {
	Catalog string // media catalogue number, 13 digits; empty: none
	Album   disc.Text
	DiscID  string // CD-TEXT of the album
	Genre   string // CD-TEXT of the album
	CDText  []CDTextFile
	Files   []File
	Tracks  []Track

	Notices []disc.Notice // what was tolerated
}

// File is a file that a sheet names.
type File struct {
	Name string
	Type string // in capitals: BINARY, MOTOROLA, WAVE, AIFF, MP3, FLAC, OGG
	Line int
}

// CDTextFile is a file with the packs of CD-TEXT of a session.
type CDTextFile struct {
	Name    string
	Session int
	Line    int
}

// Track is a track of a sheet.
type Track struct {
	Number   int
	Mode     string // in capitals: AUDIO, MODE1/2352
	Line     int
	Session  Session
	Control  disc.Control
	ISRC     string
	Pregap   int64 // sectors that no file contains, before the first index
	Postgap  int64 // sectors that no file contains, after the last index
	Indexes  []Index
	Text     disc.Text
	MSF      Time // of index 1 on the disc (REM MSF of IsoBuster)
	HighArea bool // the first track of the high-density area of a GD-ROM
}

// Session is the session of a track, and what remarks say about the gap before it.
type Session struct {
	Number  int
	LeadOut Time // REM LEAD-OUT, after the tracks of the session before
	LeadIn  Time // REM LEAD-IN
	Pregap  Time // REM PREGAP
}

// Time is a time of a remark. Line is 0 if the remark is missing.
type Time struct {
	Sectors int64
	Line    int
}

// Index is where an index begins.
type Index struct {
	Number int
	At     int64 // sectors from the beginning of the file
	File   int   // index in Sheet.Files
	Line   int
}
