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

// Options are the volumes of a disc, and how they are written. The zero value is an ISO
// 9660 volume that all systems can read: interchange level 3 with Joliet and Rock Ridge.
type Options struct {
	// Start is the address at which the session of the volumes begins, 0 for a whole
	// disc. Files of the tree may have contents that are on the disc before it
	// (layout.Recorded).
	Start disc.LBA `json:"-"`
	// Previous reads the disc as it is before the session is written, from address 0
	// on. It may be nil if the layout is not read before Start.
	Previous io.ReaderAt `json:"-"`

	// Label is the name of all volumes: up to 32 characters in ISO 9660, of which
	// Joliet shows 16.
	Label       string `json:"-"`
	Set         string `json:"set,omitempty"` // volume set identifier
	Publisher   string `json:"publisher,omitempty"`
	Preparer    string `json:"preparer,omitempty"`    // of ISO 9660 alone
	Application string `json:"application,omitempty"` // empty: GLASSMASTER, in ISO 9660
	System      string `json:"system,omitempty"`      // of ISO 9660 alone

	// Time is the creation time of the volumes.
	Time time.Time `json:"-"`
	// Clamp sets times of files that are later than Time to Time, so that the same
	// files always give the same volumes.
	Clamp bool `json:"-"`
	// Date replaces the times of all files, if it is not nil.
	Date *time.Time `json:"date,omitempty"`
	// Owners replaces owners and permissions, nil keeps those of the host.
	Owners *Owners `json:"owners,omitempty"`

	// Hide, HideJoliet and HideUDF are patterns of files and folders that are hidden
	// from the ISO 9660 tree with Rock Ridge, the Joliet tree, and the UDF volume. A
	// file that is hidden from all of them is not on the disc.
	Hide       []string `json:"hide,omitempty"`
	HideJoliet []string `json:"hideJoliet,omitempty"`
	HideUDF    []string `json:"hideUDF,omitempty"`
	// Order is the order of the contents on the disc.
	Order []Weight `json:"order,omitempty"`
	// Identical gives files with identical contents the same number. Their contents are
	// stored once.
	Identical map[*tree.Node]int `json:"-"`

	// Boot makes the disc bootable, if it is not nil. It is not changed.
	Boot *boot.Options `json:"boot,omitempty"`
	// NoPadding leaves out the 150 sectors of zeros that old drives and kernels need
	// after the last file of a track with ISO 9660.
	NoPadding bool `json:"noPadding,omitempty"`
	// Use is the application use field of the ISO 9660 volume, nil for spaces.
	Use *plan.ApplicationUse `json:"-"`

	plan.Features // of the ISO 9660 volume

	// UDF adds a UDF volume that shares the contents of the files (a bridge disc), if
	// it is not nil.
	UDF *UDF `json:"udf,omitempty"`
	// UDFOnly leaves out ISO 9660. If UDF is nil, the volume is of revision 2.01.
	UDFOnly bool `json:"-"`
}

// UDF are the options of the UDF volume. The zero value is a volume of revision 2.01.
type UDF struct {
	Revision udfplan.Revision `json:"revision,omitempty"`
	Owner    string           `json:"owner,omitempty"` // up to 34 characters each
	Contact  string           `json:"contact,omitempty"`
	// DVDVideo places the files in the folder VIDEO_TS as DVD-Video requires, before all
	// others. It needs revision 1.02, which is the default then, and should be combined
	// with ISO 9660.
	DVDVideo bool `json:"dvdVideo,omitempty"`
	// Virtual gives the volume a virtual allocation table, for write-once media to which
	// sessions are added, if it is not nil. It needs UDFOnly and a revision from 1.50 to
	// 2.01.
	Virtual *udfplan.Virtual `json:"virtual,omitempty"`
}

// Owners replace the owners and permissions that files have on the host. Symbolic
// links keep their mode.
type Owners struct {
	// Rational makes the disc usable on other systems, as mkisofs -r does: everything
	// belongs to user and group 0 and is readable by all, and executable by all if it is
	// executable by anyone. Nothing is writable, set-user-ID or set-group-ID.
	Rational bool `json:"rational,omitempty"`
	// The other fields override that; nil keeps. Modes are the 12 bits of chmod.
	UID        *uint32 `json:"uid,omitempty"`
	GID        *uint32 `json:"gid,omitempty"`
	FileMode   *uint32 `json:"fileMode,omitempty"`
	FolderMode *uint32 `json:"folderMode,omitempty"`
}

// Weight sets the position of files in the order of contents: files of greater weight
// come first; the default is 0. The weight of a folder applies to everything in it.
// If several patterns match a file, the last one counts. If none does, the weight of
// the innermost folder with a weight counts.
type Weight struct {
	Pattern string `json:"pattern"`
	Weight  int    `json:"weight"`
}

// Hidden returns the patterns of files that the first of the volumes does not show.
func (o *Options) Hidden() tree.Patterns {
	if o.UDFOnly {
		return o.HideUDF
	}
	return o.Hide
}

// HasUDF reports whether there is a UDF volume.
func (o *Options) HasUDF() bool { return o.UDF != nil || o.UDFOnly }

// check returns an error if options contradict each other.
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
		return errors.New("partition tables are at the start of a disc, so a later session cannot have them: leave out boot code, partition tables and appended partitions")
	case o.Start > 0 && o.Use != nil:
		return errors.New("the MD5 checksum of an image is in the first session and does not cover later ones: turn it off")
	case o.UDFOnly && o.Boot != nil:
		return errors.New("a disc with only UDF cannot boot: add ISO 9660, or leave out the boot images")
	case o.UDFOnly && o.Use != nil:
		return errors.New("a disc with only UDF has no place for an MD5 checksum: add ISO 9660, or turn the checksum off")
	case o.UDF == nil:
		return nil
	case o.UDF.Virtual != nil && !o.UDFOnly:
		return errors.New("a UDF volume with a virtual allocation table cannot be combined with ISO 9660: leave one of them out")
	case o.UDF.Virtual != nil && o.UDF.DVDVideo:
		return errors.New("a DVD-Video cannot have a virtual allocation table")
	case o.Boot != nil && o.Boot.Hybrid():
		return errors.New("UDF cannot be combined with partition tables or appended partitions, since both need the end of the image: leave one of them out")
	case !o.UDF.DVDVideo:
		return nil
	case o.UDF.Revision != 0 && o.UDF.Revision != udfplan.Revision102:
		return fmt.Errorf("a DVD-Video needs UDF revision 1.02, not %s", o.UDF.Revision)
	case len(o.Identical) > 0:
		return errors.New("a DVD-Video needs its backup files stored separately: turn off storing identical files once")
	}
	return nil
}

// iso returns the options of the ISO 9660 volume.
func (o *Options) iso() plan.Options {
	p := plan.Options{
		Label: o.Label, Set: o.Set, Publisher: o.Publisher, Preparer: o.Preparer, Application: o.Application, System: o.System,
		Time: o.Time, Features: o.Features, Use: o.Use, SetAttributes: o.setAttributes,
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

// virtual returns the options of a virtual allocation table, nil for none.
func (o *Options) virtual() *udfplan.Virtual {
	if o.UDF == nil || o.UDF.Virtual == nil {
		return nil
	}
	v := *o.UDF.Virtual
	v.Start = int64(o.Start)
	return &v
}

// continuesVirtual reports whether the tree is that of a volume with a virtual allocation
// table: folders that are unread do not change, and need not be read.
func (o *Options) continuesVirtual() bool {
	v := o.virtual()
	return v != nil && v.Former != nil
}

// hidden returns a function that reports whether patterns match a node, nil if there
// are no patterns.
func hidden(p tree.Patterns) func(*tree.Node) bool {
	if len(p) == 0 {
		return nil
	}
	return p.Match
}

// setAllAttributes applies Owners, Date and Clamp to a tree.
func (o *Options) setAllAttributes(root *tree.Node) {
	if o.Owners == nil && o.Date == nil && !o.Clamp {
		return
	}
	_ = root.Walk(func(n *tree.Node) error { // never returns an error
		o.setAttributes(n)
		return nil
	})
}

// setAttributes applies Owners, Date and Clamp to a node.
func (o *Options) setAttributes(n *tree.Node) {
	if o.Owners != nil {
		n.Mode, n.UID, n.GID = o.Owners.permissions(n)
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
	if o.Owners != nil { // access control lists of the host do not apply then
		x.Attributes = withoutACL(x.Attributes)
	}
	n.SetExtra(&x)
}

// stamp applies Date and Clamp to a time in Unix nanoseconds.
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

// permissions returns the mode and the owner of a node on the disc.
func (o *Owners) permissions(n *tree.Node) (mode fs.FileMode, uid, gid uint32) {
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

// chmodBits converts the 12 bits of chmod to a FileMode.
func chmodBits(bits uint32) fs.FileMode {
	mode := fs.FileMode(bits & 0o777)
	for i, b := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if bits&(0o1000<<i) != 0 {
			mode |= b
		}
	}
	return mode
}
