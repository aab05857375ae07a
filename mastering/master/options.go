package master

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
)

// Options say which volumes are made of a tree, and how. The zero value is an ISO
// 9660 volume that all systems read: interchange level 3 with Joliet and Rock
// Ridge.
type Options struct {
	// Start is the address where the session begins that the volumes are in, 0 for a
	// whole disc. Files of the tree may have contents that are on the disc before it
	// (layout.Recorded).
	Start disc.LBA `json:"-"`
	// Previous reads the disc as it is before the session is written, from address 0
	// on; nil where nobody reads the layout there.
	Previous io.ReaderAt `json:"-"`

	// Label is the name of all volumes: up to 32 characters in ISO 9660, of which
	// Joliet shows 16.
	Label       string `json:"-"`
	Set         string `json:"set,omitempty"` // volume set identifier
	Publisher   string `json:"publisher,omitempty"`
	Preparer    string `json:"preparer,omitempty"`    // of ISO 9660 alone
	Application string `json:"application,omitempty"` // empty: GLASSMASTER, in ISO 9660
	System      string `json:"system,omitempty"`      // of ISO 9660 alone

	// Time is when the volumes were made.
	Time time.Time `json:"-"`
	// Clamp sets the time of files that are younger than Time to Time, so that the
	// same files always give the same volumes.
	Clamp bool `json:"-"`
	// Date is the one time that all files get, nil for their own.
	Date *time.Time `json:"date,omitempty"`
	// Owners says whom files belong to, nil for what it is on the host.
	Owners *Owners `json:"owners,omitempty"`

	// Hide, HideJoliet and HideUDF are patterns of files and folders that the ISO
	// 9660 tree with Rock Ridge, the Joliet tree, and the UDF volume do not show.
	// What none of them shows is not on the disc.
	Hide       []string `json:"hide,omitempty"`
	HideJoliet []string `json:"hideJoliet,omitempty"`
	HideUDF    []string `json:"hideUDF,omitempty"`
	// Order says which contents come first on the disc.
	Order []Weight `json:"order,omitempty"`
	// Identical are files with the same contents, which are stored once: those of
	// the same number.
	Identical map[*tree.Node]int `json:"-"`

	// Boot says how the disc starts a machine, nil for one that does not. What it
	// points to is not changed.
	Boot *boot.Options `json:"boot,omitempty"`
	// NoPadding leaves out the 150 sectors of zeros that old drives and kernels
	// need behind the last file of a track with ISO 9660.
	NoPadding bool `json:"noPadding,omitempty"`
	// Use is the application use field of the ISO 9660 volume, nil for spaces.
	Use *plan.ApplicationUse `json:"-"`

	plan.Features // of the ISO 9660 volume

	// UDF puts a UDF volume onto the same disc, which shares the contents of the
	// files: a bridge disc. Nil: no UDF.
	UDF *UDF `json:"udf,omitempty"`
	// UDFOnly leaves ISO 9660 out, and means UDF of revision 2.01 where UDF is nil.
	UDFOnly bool `json:"-"`
}

// UDF says how the UDF volume is written. The zero value is a volume of revision
// 2.01.
type UDF struct {
	Revision udfplan.Revision `json:"revision,omitempty"`
	Owner    string           `json:"owner,omitempty"` // up to 34 characters each
	Contact  string           `json:"contact,omitempty"`
	// DVDVideo lays the files in the folder VIDEO_TS out as DVD-Video has it, before
	// all others. It needs revision 1.02, which 0 is then, and should have ISO 9660
	// beside it.
	DVDVideo bool `json:"dvdVideo,omitempty"`
}

// Owners say whom the files of a disc belong to and who may do what, where that
// is not what it is on the host. Symbolic links keep their mode.
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

// Hidden are the patterns of what the first of the volumes does not show.
func (o *Options) Hidden() tree.Patterns {
	if o.UDFOnly {
		return o.HideUDF
	}
	return o.Hide
}

// HasUDF reports whether there is a UDF volume.
func (o *Options) HasUDF() bool { return o.UDF != nil || o.UDFOnly }

// check refuses options that contradict each other.
func (o *Options) check() error {
	for _, p := range []tree.Patterns{o.Hide, o.HideJoliet, o.HideUDF} {
		if err := p.Check(); err != nil {
			return fmt.Errorf("hide: %w", err)
		}
	}
	for _, w := range o.Order {
		if err := (tree.Patterns{w.Pattern}).Check(); err != nil {
			return fmt.Errorf("order of contents: %w", err)
		}
	}
	switch {
	case o.Start < 0:
		return fmt.Errorf("a session cannot begin at sector %d", o.Start)
	case o.Start > 0 && o.Boot != nil && o.Boot.Hybrid():
		return errors.New("partition tables stand at the beginning of a disc, and a later session cannot add them; leave them out")
	case o.Start > 0 && o.Use != nil:
		return errors.New("the checksum of an image stands in the first session, and covers no later one; leave it out")
	case o.UDFOnly && o.Boot != nil:
		return errors.New("a disc of UDF alone starts no machine; put ISO 9660 beside it")
	case o.UDFOnly && o.Use != nil:
		return errors.New("a disc of UDF alone has no room for the checksum of the image; put ISO 9660 beside it")
	case o.UDF == nil:
		return nil
	case o.Boot != nil && o.Boot.Hybrid():
		return errors.New("plan UDF: partition tables and appended partitions stand at the end of an image, where UDF has its anchors; leave out either")
	case !o.UDF.DVDVideo:
		return nil
	case o.UDF.Revision != 0 && o.UDF.Revision != udfplan.Revision102:
		return fmt.Errorf("a DVD-Video is of UDF revision 1.02, not %s: players know no other", o.UDF.Revision)
	case len(o.Identical) > 0:
		return errors.New("plan UDF: a DVD-Video needs its backup files twice; identical files cannot be stored once")
	}
	return nil
}

// iso returns the options of the ISO 9660 volume.
func (o *Options) iso() plan.Options {
	p := plan.Options{
		Label: o.Label, Set: o.Set, Publisher: o.Publisher, Preparer: o.Preparer, Application: o.Application, System: o.System,
		Time: o.Time, Features: o.Features, Use: o.Use, Settle: o.settleNode,
		Hidden: hidden(o.Hide), HiddenInJoliet: hidden(o.HideJoliet),
	}
	if p.Application == "" {
		p.Application = "GLASSMASTER"
	}
	if o.Boot != nil {
		p.Boot, p.PartitionOffset = len(o.Boot.Images) > 0, int64(o.Boot.PartitionOffset)
	}
	return p
}

// udf returns the options of the UDF volume.
func (o *Options) udf() udfplan.Options {
	u := UDF{}
	if o.UDF != nil {
		u = *o.UDF
	}
	if u.DVDVideo {
		u.Revision = udfplan.Revision102
	}
	return udfplan.Options{
		Revision: u.Revision, Label: o.Label, Set: o.Set, Publisher: o.Publisher, Owner: u.Owner, Contact: u.Contact,
		Application: o.Application, Time: o.Time, Hidden: hidden(o.HideUDF),
	}
}

// hidden returns a function that tells what patterns hide, nil where they hide
// nothing.
func hidden(p tree.Patterns) func(*tree.Node) bool {
	if len(p) == 0 {
		return nil
	}
	return p.Match
}

// settle gives a tree the owners, modes and times that the options want.
func (o *Options) settle(root *tree.Node) {
	if o.Owners == nil && o.Date == nil && !o.Clamp {
		return
	}
	_ = root.Walk(func(n *tree.Node) error { // the function never fails
		o.settleNode(n)
		return nil
	})
}

// settleNode gives a node the owner, mode and times that the options want.
func (o *Options) settleNode(n *tree.Node) {
	if o.Owners != nil {
		n.Mode, n.UID, n.GID = o.Owners.rights(n)
	}
	if o.Date == nil && !o.Clamp && (o.Owners == nil || n.Extra() == nil) {
		return
	}
	n.Modified = o.stamp(n.Modified)
	if n.Extra() == nil {
		return
	}
	x := *n.Extra()
	for _, t := range []*int64{&x.Accessed, &x.Changed, &x.Created} {
		if *t != 0 {
			*t = o.stamp(*t)
		}
	}
	if o.Owners != nil { // lists of the host mean nothing then
		x.Attributes = withoutACL(x.Attributes)
	}
	n.SetExtra(&x)
}

// stamp returns what a time becomes, in Unix nanoseconds.
func (o *Options) stamp(ns int64) int64 {
	switch {
	case o.Date != nil:
		return volume.Nanoseconds(*o.Date)
	case o.Clamp:
		return min(ns, volume.Nanoseconds(o.Time))
	}
	return ns
}

// withoutACL returns extended attributes without access control lists.
func withoutACL(a map[string][]byte) map[string][]byte {
	if a == nil {
		return nil
	}
	rest := maps.Clone(a)
	delete(rest, tree.AccessACL)
	delete(rest, tree.DefaultACL)
	return rest
}

// rights returns the mode and the owner of a node on the disc.
func (o *Owners) rights(n *tree.Node) (mode fs.FileMode, uid, gid uint32) {
	mode, uid, gid = n.Mode, n.UID, n.GID
	link := mode&fs.ModeSymlink != 0
	if o.Rational {
		uid, gid = 0, 0
		if !link {
			run := fs.FileMode(0)
			if n.IsDir() || mode&0o111 != 0 {
				run = 0o111
			}
			mode = mode&fs.ModeType | 0o444 | run
		}
	}
	if o.UID != nil {
		uid = *o.UID
	}
	if o.GID != nil {
		gid = *o.GID
	}
	switch {
	case link:
	case n.IsDir() && o.FolderMode != nil:
		mode = chmodBits(*o.FolderMode) | fs.ModeDir
	case !n.IsDir() && o.FileMode != nil:
		mode = chmodBits(*o.FileMode) | mode&fs.ModeType
	}
	return mode, uid, gid
}

// chmodBits turns the 12 bits of chmod into those of a FileMode.
func chmodBits(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	for i, b := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if bits&(0o1000<<i) != 0 {
			mode |= b
		}
	}
	return mode
}
