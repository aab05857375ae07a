package record

import (
	"fmt"
	"strings"
)

// Mode is the way in which a disc is written: the write type of mode page 05h (MMC-6 7.5),
// or the only way that media without that page have.
type Mode uint8

// Modes.
const (
	// Auto: the mode is chosen by the contents of the source and the medium.
	Auto Mode = iota
	// TrackAtOnce: each track of a CD on its own, with a gap of two seconds between them.
	TrackAtOnce
	// SessionAtOnce: a session of a CD in one run, as a cue sheet describes it.
	SessionAtOnce
	// Raw: a session of a CD in one run, with every sub-channel from the host (RAW96R; or
	// RAW96P or RAW16 if the drive has nothing better).
	Raw
	// Incremental: DVD-R and DVD-RW in several pieces or sessions.
	Incremental
	// DiscAtOnce: DVD-R and DVD-RW in one run.
	DiscAtOnce
	// LayerJump: DVD-R DL, alternating between the layers.
	LayerJump
	// Sequential: DVD+R and BD-R.
	Sequential
	// Overwrite: media that are overwritten in place.
	Overwrite
)

// modes are the names of the modes: in sentences, and on the command line.
var modes = [...]struct{ name, short string }{
	Auto:          {"chosen by the contents", "auto"},
	TrackAtOnce:   {"track at once", "tao"},
	SessionAtOnce: {"session at once", "sao"},
	Raw:           {"raw", "raw"},
	Incremental:   {"incremental", "incremental"},
	DiscAtOnce:    {"disc at once", "dao"},
	LayerJump:     {"layer jump", "jump"},
	Sequential:    {"sequential", "sequential"},
	Overwrite:     {"overwrite", "overwrite"},
}

func (m Mode) String() string { return modes[m].name }

// Short returns the name of the mode on the command line, as [ParseMode] reads it.
func (m Mode) Short() string { return modes[m].short }

// ParseMode returns the mode with a name such as "tao" or "track at once".
func ParseMode(name string) (Mode, error) {
	var known []string
	for m, n := range modes {
		if strings.EqualFold(name, n.short) || strings.EqualFold(name, n.name) {
			return Mode(m), nil
		}
		known = append(known, n.short)
	}
	return Auto, fmt.Errorf("there is no write mode %q; use one of %s", name, strings.Join(known, ", "))
}
