package plan

import (
	"time"

	"glassmaster/mastering/tree"
)

// Joliet says how the Joliet tree is written.
type Joliet uint8

// Kinds of Joliet tree.
const (
	JolietStandard Joliet = iota // names of up to 64 characters, as the Joliet specification allows
	JolietLong                   // up to 103 characters, which all known readers accept
	JolietOff                    // no Joliet tree
)

// Features are what of ISO 9660 and its extensions a volume has. The zero value is
// what all systems read: interchange level 3 with Joliet and Rock Ridge.
type Features struct {
	// Level is the interchange level (ECMA-119 10): 1 for names of 8.3 characters, 2
	// and 3 for 31; 0 is 3. Files of 4 GiB and more need level 3. Level 4 is level 3
	// with one more tree, that of ISO 9660:1999, with names of up to 207 bytes.
	Level       int    `json:"level,omitempty"`
	Joliet      Joliet `json:"joliet,omitempty"`
	NoRockRidge bool   `json:"noRockRidge,omitempty"`
	// RockRidge112 writes version 1.12 of Rock Ridge, with a number for each file by
	// which its names are found, instead of version 1.10, which all readers know.
	RockRidge112 bool `json:"rockRidge112,omitempty"`
	// Deep leaves directories below the eighth level where they are. Without it
	// Rock Ridge relocates them, as ECMA-119 6.8.2.1 demands.
	Deep bool `json:"deep,omitempty"`
	// Stamps keeps the times of access, change of attributes and creation too,
	// where a node has them. It needs Rock Ridge.
	Stamps bool `json:"stamps,omitempty"`
	// Attributes keeps extended attributes and access control lists, where a node
	// has them (AAIP 2.0). It needs Rock Ridge.
	Attributes bool `json:"attributes,omitempty"`
}

// Options say how a volume is planned.
type Options struct {
	// Identifiers of the volume descriptors, with up to 32 characters for the label
	// and the system, and 128 for the others. Joliet shows half as many.
	Label, System, Set, Publisher, Preparer, Application string
	Time                                                 time.Time // when the volume was made
	Features

	// Hidden and HiddenInJoliet report whether the tree with Rock Ridge, or that of
	// Joliet, does not show a file or folder; nil hides nothing.
	Hidden, HiddenInJoliet func(*tree.Node) bool
	// Settle gives a directory that the plan adds to those of the tree its attributes,
	// nil for those of a new one.
	Settle func(*tree.Node)
	// Boot says that there is a boot record (El Torito 1.0, figure 7).
	Boot bool
	// PartitionOffset is the sector where a partition begins that is to be the same
	// volume, with descriptors and directories of its own, 0 for none.
	PartitionOffset int64
	// Use is the application use field, nil for spaces.
	Use *ApplicationUse
}

// ApplicationUse is the application use field of the primary volume descriptor
// (ECMA-119 8.4.32). Whoever plans a volume may fill it afterwards, before the
// volume is read.
type ApplicationUse [512]byte
