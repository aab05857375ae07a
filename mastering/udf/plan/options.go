package plan

import (
	"fmt"
	"strings"
	"time"

	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// Revision is a revision of UDF as it is recorded: 2.50 is 0x0250.
type Revision uint16

// Revisions of UDF.
const (
	Revision102 Revision = 0x0102 // DVD-Video, DVD-ROM
	Revision150 Revision = 0x0150
	Revision200 Revision = 0x0200
	Revision201 Revision = 0x0201 // what every system of today reads and most can write
	Revision250 Revision = 0x0250 // BD-ROM: with a metadata partition and its mirror
	Revision260 Revision = 0x0260 // BD-R
)

// Revisions are those that can be written.
var Revisions = []Revision{Revision102, Revision150, Revision200, Revision201, Revision250, Revision260}

func (r Revision) String() string { return ecma167.RevisionName(uint16(r)) }

// ParseRevision reads a revision as people write it, such as "2.50".
func ParseRevision(s string) (Revision, error) {
	for _, r := range Revisions {
		if r.String() == s {
			return r, nil
		}
	}
	return 0, fmt.Errorf("UDF revision %q is not one of %s", s, revisionList())
}

func revisionList() string {
	var list []string
	for _, r := range Revisions {
		list = append(list, r.String())
	}
	return strings.Join(list, ", ")
}

// Options say how a volume is written. The zero value is a volume of revision
// 2.01.
type Options struct {
	Revision    Revision  `json:"revision,omitempty"`
	Label       string    `json:"-"` // logical volume identifier
	Set         string    `json:"set,omitempty"`
	Publisher   string    `json:"publisher,omitempty"`   // the organization
	Owner       string    `json:"owner,omitempty"`       // up to 34 characters each
	Contact     string    `json:"contact,omitempty"`     //
	Application string    `json:"application,omitempty"` // up to 22 characters of ASCII
	Time        time.Time `json:"-"`                     // when the volume was made
	// DVDVideo lays the files in the folder VIDEO_TS out as DVD-Video has it, before
	// all others. It needs revision 1.02, and should have ISO 9660 beside it.
	DVDVideo bool `json:"dvdVideo,omitempty"`
	// Hidden reports whether the volume does not show a file or folder, nil when it
	// shows all.
	Hidden func(*tree.Node) bool `json:"-"`
	// Clamp sets the time of files that are younger than Time to Time, so that the
	// same files always give the same volume.
	Clamp bool `json:"-"`
}

// Report tells what a plan had to do that is not as the person might expect.
type Report struct {
	Files       int // unique contents, hard links counted once
	Directories int
	Warnings    []string
}
