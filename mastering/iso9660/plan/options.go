package plan

import (
	"time"

	"glassmaster/mastering/tree"
)

// Joliet is the kind of the Joliet tree.
type Joliet uint8

// Kinds of Joliet tree.
const (
	JolietStandard Joliet = iota // names of up to 64 characters, as the Joliet specification allows
	JolietLong                   // up to 103 characters, which all known readers accept
	JolietOff                    // no Joliet tree
)

// Features select what a volume uses of ISO 9660 and its extensions. The zero value is
// what all systems can read: interchange level 3 with Joliet and Rock Ridge.
type Features struct {
	// Level is the interchange level (ECMA-119 10): 1 for names of 8.3 characters, 2
	// and 3 for 31; 0 is 3. Files of 4 GiB and more need level 3. Level 4 is level 3
	// with an additional tree of ISO 9660:1999, with names of up to 207 bytes.
	Level       int    `json:"level,omitempty"`
	Joliet      Joliet `json:"joliet,omitempty"`
	NoRockRidge bool   `json:"noRockRidge,omitempty"`
	// RockRidge112 selects version 1.12 of Rock Ridge, with file serial numbers that
	// identify hard links, instead of version 1.10, which all readers support.
	RockRidge112 bool `json:"rockRidge112,omitempty"`
	// Deep leaves directories below the eighth level where they are. Without it, Rock
	// Ridge relocates them, since ECMA-119 6.8.2.1 does not allow them.
	Deep bool `json:"deep,omitempty"`
	// Stamps also stores the times of access, change of attributes and creation, as far
	// as they are known. It needs Rock Ridge.
	Stamps bool `json:"stamps,omitempty"`
	// Attributes stores extended attributes and access control lists (AAIP 2.0). It
	// needs Rock Ridge.
	Attributes bool `json:"attributes,omitempty"`
}

// Options are the options for planning a volume.
type Options struct {
	// Identifiers in the volume descriptors: up to 32 characters for label and system,
	// and 128 for the others. Joliet holds half as many.
	Label, System, Set, Publisher, Preparer, Application string
	Time                                                 time.Time // when the volume was made
	Features

	// Hidden and HiddenInJoliet report whether the tree with Rock Ridge, or that of
	// Joliet, does not show a file or folder; nil hides nothing.
	Hidden, HiddenInJoliet func(*tree.Node) bool
	// SetAttributes sets the attributes of a directory that the plan adds to those of the tree,
	// RR_MOVED. If it is nil, the directory has the attributes of a new one.
	SetAttributes func(*tree.Node)
	// Boot adds a boot record (El Torito 1.0, figure 7).
	Boot bool
	// PartitionOffset is the first sector of a partition that shows the same volume, with
	// its own descriptors and directories; 0 for none.
	PartitionOffset int64
	// Use is the application use field, nil for spaces.
	Use *ApplicationUse
}

// ApplicationUse is the application use field of the primary volume descriptor
// (ECMA-119 8.4.32). It may be filled in after planning, before the volume is read.
type ApplicationUse [512]byte
