package iso9660

import (
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
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
	// and 3 for 31; 0 is 3. Files of 4 GiB and more need level 3. Level 4 is level 3
	// with one more tree, that of ISO 9660:1999, with names of up to 207 bytes.
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
	// UDF puts a UDF volume onto the same disc, which shares the contents of the
	// files: a bridge disc. Its Label, Time and Clamp are those of this volume. Nil:
	// no UDF.
	UDF *udfplan.Options `json:"udf,omitempty"`
	// RockRidge112 writes version 1.12 of Rock Ridge, with a number for each file by
	// which its names are found, instead of version 1.10, which all readers know.
	RockRidge112 bool `json:"rockRidge112,omitempty"`
	// Stamps keeps the times of access, change of attributes and creation too,
	// where a node has them. It needs Rock Ridge.
	Stamps bool `json:"stamps,omitempty"`
	// Attributes keeps extended attributes and access control lists, where a node
	// has them (AAIP 2.0). It needs Rock Ridge.
	Attributes bool `json:"attributes,omitempty"`
	// Owners says whom files belong to, nil for what it is on the host.
	Owners *Owners `json:"owners,omitempty"`
	// Date is the one time that all files get, nil for their own.
	Date *time.Time `json:"date,omitempty"`
	// Hide, HideJoliet and HideUDF are patterns of files and folders that the ISO
	// 9660 tree with Rock Ridge, the Joliet tree, and the UDF volume do not show.
	// What none of them shows is not on the disc.
	Hide       []string `json:"hide,omitempty"`
	HideJoliet []string `json:"hideJoliet,omitempty"`
	HideUDF    []string `json:"hideUDF,omitempty"`
	// Order says which contents come first on the volume.
	Order []Weight `json:"order,omitempty"`
	// Identical are files with the same contents, which are stored once: those of
	// the same number.
	Identical map[*tree.Node]int `json:"-"`
	// Use is the application use field, nil for spaces.
	Use *ApplicationUse `json:"-"`
}

// Owners say whom the files on a volume belong to and who may do what, where
// that is not what it is on the host. Symbolic links keep their mode.
type Owners struct {
	// Rational is what a disc that travels wants: everything belongs to user and
	// group 0 and is readable for all, executable for all if it is for anybody, and
	// nothing is writable or runs as another user.
	Rational bool `json:"rational,omitempty"`
	// The rest overrides: nil keeps. Modes are the 12 bits of chmod.
	UID        *uint32 `json:"uid,omitempty"`
	GID        *uint32 `json:"gid,omitempty"`
	FileMode   *uint32 `json:"fileMode,omitempty"`
	FolderMode *uint32 `json:"folderMode,omitempty"`
}

// Weight gives files a place in the order of contents: those of greater weight
// come first, files without weight have 0. A folder's weight is that of all in
// it. Of several patterns that match a file, or else the folders around it from
// the inside, the last one counts.
type Weight struct {
	Pattern string `json:"pattern"`
	Weight  int    `json:"weight"`
}

// ApplicationUse is the application use field of the primary volume descriptor
// (ECMA-119 8.4.32). Whoever plans a volume may fill it afterwards, before the
// volume is read.
type ApplicationUse [512]byte

// Report tells what a plan had to do that is not as the person might expect.
type Report struct {
	Files       int // unique contents, hard links counted once
	Directories int
	Warnings    []string
}

// paddingSectors is what mkisofs calls "pad".
const paddingSectors = 150
