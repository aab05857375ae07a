package iso9660

import (
	"time"

	"glassmaster/mastering/boot"
)

// Joliet says how the Joliet tree is written.
type Joliet uint8

// Kinds of Joliet tree.
const (
	JolietStandard Joliet = iota // names of up to 64 characters, as the Joliet specification allows
	JolietLong                   // up to 103 characters, which all known readers accept
	JolietOff                    // no Joliet tree
)

// Options say how a volume is written. The zero value is a volume that all
// systems read: interchange level 3 with Joliet and Rock Ridge.
type Options struct {
	// Label is the volume identifier: up to 32 characters, of which Joliet shows 16.
	Label       string `json:"-"`
	Set         string `json:"set,omitempty"` // volume set identifier
	Publisher   string `json:"publisher,omitempty"`
	Preparer    string `json:"preparer,omitempty"`
	Application string `json:"application,omitempty"`
	System      string `json:"system,omitempty"`
	// Level is the interchange level (ECMA-119 10): 1 for names of 8.3 characters, 2
	// and 3 for 31; 0 is 3. Files of 4 GiB and more need level 3.
	Level       int    `json:"level,omitempty"`
	Joliet      Joliet `json:"joliet,omitempty"`
	NoRockRidge bool   `json:"noRockRidge,omitempty"`
	// Deep leaves directories below the eighth level where they are. Without it
	// Rock Ridge relocates them, as ECMA-119 6.8.2.1 demands.
	Deep bool `json:"deep,omitempty"`
	// Time is when the volume was made.
	Time time.Time `json:"-"`
	// Clamp sets the time of files that are younger than Time to Time, so that the
	// same files always give the same volume.
	Clamp bool `json:"-"`
	// NoPadding leaves out the 150 sectors of zeros that old drives and kernels
	// need behind the last file of a track.
	NoPadding bool `json:"noPadding,omitempty"`
	// Boot says how the disc starts a machine, nil for one that does not. What it
	// points to is not changed.
	Boot *boot.Options `json:"boot,omitempty"`
}

// Report tells what a plan had to do that is not as the person might expect.
type Report struct {
	Files       int // unique contents, hard links counted once
	Directories int
	Warnings    []string
}

// paddingSectors is what mkisofs calls "pad".
const paddingSectors = 150
