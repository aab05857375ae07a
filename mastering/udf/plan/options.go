package plan

import (
	"fmt"
	"strings"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf/internal/ecma167"
)

// Revision is a revision of UDF as recorded on a volume: 2.50 is 0x0250.
type Revision uint16

// Revisions of UDF.
const (
	Revision102 Revision = 0x0102 // DVD-Video, DVD-ROM
	Revision150 Revision = 0x0150
	Revision200 Revision = 0x0200
	Revision201 Revision = 0x0201 // read by all current systems
	Revision250 Revision = 0x0250 // BD-ROM; has a metadata partition and a mirror of it
	Revision260 Revision = 0x0260 // BD-R
)

// Revisions are the revisions that can be written.
var Revisions = []Revision{Revision102, Revision150, Revision200, Revision201, Revision250, Revision260}

func (r Revision) String() string { return ecma167.RevisionName(uint16(r)) }

// ParseRevision converts the usual notation of a revision, such as "2.50".
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

// Options of a volume. The zero value is a volume of revision 2.01.
type Options struct {
	Revision    Revision
	Label       string // logical volume identifier
	Set         string
	Publisher   string    // the organization
	Owner       string    // up to 34 characters each
	Contact     string    //
	Application string    // up to 22 characters of ASCII
	Time        time.Time // creation time of the volume
	// Hidden reports whether a file or folder is left out of the volume. If it is nil,
	// none is.
	Hidden func(*tree.Node) bool
	// Gaps is the number of sectors between the contents of files, as on a DVD-Video.
	// It affects only the volume set identifier, which is different for each volume.
	Gaps int64
}

// Report has the counts of a plan, and what could not be planned as requested.
type Report struct {
	Files       int // files with contents, hard links counted once
	Directories int
	Notices     []disc.Notice
}
