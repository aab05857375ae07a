// Package volume turns a track of a disc into a file system, whichever one is
// on it.
//
// Package formats lists the file systems that are known; importing it makes them
// known.
package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
)

// FS is the file system of a volume, opened for reading. Its FileInfo's Sys
// method returns an *Attributes; its regular files implement io.ReaderAt and
// io.Seeker. Names are bytes as the disc has them, which may be UTF-8 or not; those
// that are recorded in Unicode are UTF-8, but for halves of surrogate pairs. They
// never contain a slash or NUL, and no two entries of a folder have the same.
type FS interface {
	fs.ReadDirFS
	fs.StatFS
	fs.ReadLinkFS
	// Volume describes the volume.
	Volume() Info
}

// Attributes are what a disc knows of a file beyond fs.FileInfo.
type Attributes struct {
	UID, GID   uint32
	Links      uint32    // number of names of this file, 0 when not known
	Inode      uint64    // same number, same file; 0 when not known
	Device     uint64    // major<<32 | minor of a device node
	Accessed   time.Time // zero when not recorded
	Created    time.Time
	Changed    time.Time // of the attributes
	Hidden     bool
	Streams    []string // names of further streams of data that belong to the file
	Extents    []Extent // where the contents are, in their order; nil when they are not in whole sectors
	Unreadable string   // not empty: why the contents cannot be read, as "compressed with an unknown method"
	Note       string   // not empty: where the views of the disc disagree about the contents

	Xattr map[string][]byte // extended attributes with their namespace, as "user.mime"
	ACL   string            // access control list as getfacl writes it, entries separated by commas
}

// Extent is a run of sectors that holds a part of a file.
type Extent struct {
	Start  disc.LBA
	Length int64 // bytes
}

// Info are the properties of a volume.
type Info struct {
	Format     string    // as "ISO 9660 level 3"
	View       string    // whose names are shown: "Rock Ridge", "Joliet", "ISO 9660", "UDF"
	Views      []string  // the views that Options.View can choose
	Label      string    // volume identifier
	Set        string    // volume set identifier
	System     string    // system identifier
	Publisher  string    //
	Preparer   string    //
	Program    string    // application identifier
	Created    time.Time // zero when not recorded
	Modified   time.Time
	Blocks     int64 // size that the volume claims
	BlockSize  int   // bytes of a block
	Unicode    bool  // names are recorded in Unicode, so that their character set is known
	Properties []Property
}

// Property is one more fact of a volume, for people to read.
type Property struct{ Name, Value string }

// Options choose how a volume is opened.
type Options struct {
	View    string           // name of a view; empty chooses the richest
	Session int              // number of the session to show, 1 being the oldest; 0 chooses the newest
	Charset filename.Charset // of the texts of a volume that are not in Unicode; none is a guess
	Start   disc.LBA         // where the track begins whose volume is wanted: 0 but for a later session
	Drive   bool             // the disc is in a drive, which tells its sessions
	Names   bool             // only names are wanted: sizes and contents are not compared with other views

	Sessions []Session // of the disc, where they are known; nil: they are searched for
	chosen   *Session  // of them
}

// ErrUnknown is returned when no file system is recognised.
var ErrUnknown = errors.New("no known file system (a disc without files, such as an audio disc, or damaged descriptors)")

// ErrUnfinished is returned for a disc whose burn was begun and not completed: what
// of a volume is on it is not whole.
var ErrUnfinished = errors.New("the burn of this disc was begun and not completed: what it held before is gone, and the new data are not whole; burn it again")

// Open recognises the file systems in r, size bytes long with offset 0 at
// address 0 of the disc, and opens the one with the view that is wanted, or the
// richest one.
func Open(r io.ReaderAt, size int64, o Options) (FS, error) {
	o, err := o.ChooseSession(r, size)
	if err != nil {
		return nil, err
	}
	best, chosen, err := richest(r, size, o)
	if err != nil {
		return nil, err
	}
	if best == nil {
		if o.View != "" {
			if have := views(r, size, o); len(have) > 0 {
				return nil, fmt.Errorf("open volume: it has no view %q; it has %s", o.View, strings.Join(have, ", "))
			}
		}
		return nil, chosen.unknown
	}
	if o.Names {
		return best, nil
	}
	others := func() []FS { return beside(chosen.Format, r, size, o) }
	correct(best, disc.LBA(size/disc.SectorSize), others, func() (FS, error) { return chosen.Open(r, size, o) })
	return best, nil
}

// choice is the outcome of richest: the format of what it opened, or why there was
// none.
type choice struct {
	Format
	unknown error
}

// richest opens the volume with the view that is wanted, or with the richest one.
func richest(r io.ReaderAt, size int64, o Options) (FS, choice, error) {
	var best FS
	c := choice{unknown: ErrUnknown}
	most := mostRich()
	for _, f := range registered {
		v, err := f.Open(r, size, o)
		switch {
		case errors.Is(err, ErrUnknown):
			if c.unknown == ErrUnknown { // a format that knows more than "not mine" is heard
				c.unknown = err
			}
		case err != nil && best == nil:
			return nil, c, err
		case err != nil:
			// A damaged volume does not hide the one that is open already.
		case best == nil || viewOf(v).Richness > viewOf(best).Richness:
			best, c.Format = v, f
		}
		if best != nil && (o.View != "" || viewOf(best).Richness == most) {
			break
		}
	}
	return best, c, nil
}

// beside opens the other file systems of the same session.
func beside(this Format, r io.ReaderAt, size int64, o Options) []FS {
	o.View = ""
	var list []FS
	for _, f := range registered {
		if f.Name == this.Name {
			continue
		}
		if v, err := f.Open(r, size, o); err == nil {
			list = append(list, v)
		}
	}
	return list
}

// OpenDisc opens the file system of the newest data track of a disc, or of the
// session that the options name.
func OpenDisc(ctx context.Context, d disc.Disc, o Options) (FS, error) {
	r, size, o, err := track(ctx, d, o)
	if err != nil {
		return nil, err
	}
	if disc.Unfinished(ctx, d) {
		return nil, ErrUnfinished
	}
	return Open(r, size, o)
}

// OpenFormat is OpenDisc for one kind of file system, such as "UDF", whatever else
// is on the disc. The error is ErrUnknown itself where nothing says that there is one.
func OpenFormat(ctx context.Context, d disc.Disc, name string, o Options) (FS, error) {
	r, size, o, err := track(ctx, d, o)
	if err != nil {
		return nil, err
	}
	if o, err = o.ChooseSession(r, size); err != nil {
		return nil, err
	}
	for _, f := range registered {
		if f.Name == name {
			return f.Open(r, size, o)
		}
	}
	return nil, ErrUnknown
}

// Views returns the names of all views of the volume that OpenDisc opens, under
// all file systems that are on it: a disc for everybody has ISO 9660 and UDF.
func Views(ctx context.Context, d disc.Disc, o Options) []string {
	r, size, o, err := track(ctx, d, o)
	if err != nil {
		return nil
	}
	return views(r, size, o)
}

func views(r io.ReaderAt, size int64, o Options) []string {
	o, err := o.ChooseSession(r, size)
	if err != nil {
		return nil
	}
	o.View = ""
	var names []string
	for _, f := range registered {
		if v, err := f.Open(r, size, o); err == nil {
			names = append(names, v.Volume().Views...)
		}
	}
	return names
}

// track returns the track whose volume is wanted, as bytes that begin at
// address 0 of the disc.
func track(ctx context.Context, d disc.Disc, o Options) (io.ReaderAt, int64, Options, error) {
	d = disc.Unwrap(d)
	t, ok := disc.DataTrack(d)
	if !ok {
		return nil, 0, o, errors.New("open volume: the disc has no data track, only audio")
	}
	if s := d.TOC().Sessions; len(s) > 1 && o.Sessions == nil {
		if o.Session != 0 {
			if t, ok = dataTrackOf(s, o.Session); !ok {
				return nil, 0, o, fmt.Errorf("open volume: the disc has no session %d with data, of %d sessions", o.Session, len(s))
			}
			o.Session = 0
		}
		start := max(o.Start, t.Start)
		o.Sessions = []Session{{Number: 1, Start: start, End: t.End(), Descriptors: start + descriptors}}
	}
	if o.Start == 0 {
		o.Start = t.Start
	}
	if o.Sessions == nil && o.Start == 0 {
		o.Sessions = sessionsOf(ctx, d)
	}
	if _, ok := d.(io.ReaderAt); !ok {
		o.Drive = true
	}
	return userData(ctx, d, t.End()), int64(t.End()) * disc.SectorSize, o, nil
}

// dataTrackOf returns the last data track of a session.
func dataTrackOf(sessions []disc.Session, number int) (disc.Track, bool) {
	for _, s := range sessions {
		if s.Number != number {
			continue
		}
		for i := len(s.Tracks) - 1; i >= 0; i-- {
			if s.Tracks[i].Mode != disc.Audio {
				return s.Tracks[i], true
			}
		}
	}
	return disc.Track{}, false
}
