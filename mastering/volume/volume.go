// Package volume opens the file system of a data track of a disc, recognising which
// one it is, and reports what the descriptors of its volumes reveal about the disc:
// damage, a missing end, sessions.
//
// Package formats lists the known file systems. A program must import it.
package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
)

// FS is the file system of a volume, opened for reading. The Sys method of its FileInfo
// returns an *Attributes; its regular files implement io.ReaderAt and io.Seeker. Names
// are the bytes on the disc, which may not be valid UTF-8. Names recorded in Unicode are
// UTF-8, except for unpaired surrogates. Names never contain a slash or NUL, and no two
// entries of a folder have the same name.
type FS interface {
	fs.ReadDirFS
	fs.StatFS
	fs.ReadLinkFS
	// Volume describes the volume.
	Volume() Info
}

// Attributes are what a disc records about a file beyond fs.FileInfo.
type Attributes struct {
	UID, GID   uint32
	Links      uint32    // number of names of this file; 0: unknown
	Inode      uint64    // names of the same file have the same number; 0: unknown
	Device     uint64    // major<<32 | minor of a device node
	Accessed   time.Time // zero when not recorded
	Created    time.Time
	Changed    time.Time // of the attributes
	Hidden     bool
	Streams    []string // names of its named streams
	Extents    []Extent // where the contents are, in order; nil if they do not begin at a sector
	Encoded    bool     // the contents are not the bytes of the extents: open the file to read it
	Unreadable string   // why the contents cannot be read, such as "compressed with an unknown method"; else empty
	Note       string   // how the views of the disc disagree about the contents; else empty

	Xattr map[string][]byte // extended attributes with their namespace, such as "user.mime"
	ACL   string            // access control list in the format of getfacl, entries separated by commas
}

// Extent is a run of sectors that holds a part of a file.
type Extent struct {
	Start  disc.LBA
	Length int64 // bytes
}

// Info are the properties of a volume.
type Info struct {
	Format     string    // "ISO 9660 level 3"
	View       string    // whose names are shown: "Rock Ridge", "Joliet", "ISO 9660", "UDF"
	Views      []string  // possible values of Options.View
	Label      string    // volume identifier
	Set        string    // volume set identifier
	System     string    // system identifier
	Publisher  string    //
	Preparer   string    //
	Program    string    // application identifier
	Created    time.Time // zero when not recorded
	Modified   time.Time
	Blocks     int64 // size of the volume according to its descriptors
	BlockSize  int   // bytes of a block
	Unicode    bool  // names are recorded in Unicode
	Properties []Property
}

// Property is a further property of a volume, as text.
type Property struct{ Name, Value string }

// Options choose how a volume is opened.
type Options struct {
	View    string           // name of a view; empty: the richest one
	Session int              // number of the session, 1 being the oldest; 0: the newest
	Track   int              // number of the data track with the volume; 0: that of the session
	Charset filename.Charset // of texts that are not in Unicode; none: it is guessed
	Start   disc.LBA         // start of the track with the volume; not 0 for a later session
	Drive   bool             // the disc is in a drive, which knows its sessions
	Tracks  bool             // the session has several data tracks, in all of which the files of its volume can be (Video CD)
	Names   bool             // only names are needed: sizes and contents are not compared with other views

	Sessions []Session // of the disc; nil: unknown, they are searched for
	chosen   *Session  // one of Sessions
}

// ErrUnknown is returned if no file system is recognised.
var ErrUnknown = errors.New("no known file system: the disc has no files, its file system is not supported, or its descriptors are damaged")

// ErrOutside is in the chain of the error if the files of a volume are at addresses that an
// image does not have.
var ErrOutside = errors.New("it is truncated, or contains only a later session")

// ErrAudio is the error of a disc of audio tracks alone.
var ErrAudio = errors.New("the disc has no data track, and so no files")

// ErrUnfinished is returned for a disc whose burn was not completed: its volume is
// incomplete.
var ErrUnfinished = errors.New("the last burn of this disc was not completed: the previous contents are lost, and the new ones are incomplete; burn the disc again")

// Open recognises the file systems in r, size bytes long with offset 0 at
// address 0 of the disc, and opens the one with the view that the options name, or the
// one with the richest view.
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
				return nil, fmt.Errorf("there is no view %q, only %s", o.View, strings.Join(have, ", "))
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

// choice is the format of the volume that richest opened, or why it opened none.
type choice struct {
	Format
	unknown error
}

// richest opens the volume with the view that the options name, or with the richest
// view.
func richest(r io.ReaderAt, size int64, o Options) (FS, choice, error) {
	var best FS
	c := choice{unknown: ErrUnknown}
	most := mostRich()
	for _, f := range registered {
		v, err := f.Open(r, size, o)
		switch {
		case errors.Is(err, ErrUnknown):
			if c.unknown == ErrUnknown { // the first error with more information is kept
				c.unknown = err
			}
		case err != nil && best == nil:
			return nil, c, err
		case err != nil:
			// A damaged volume does not hide one that was opened before.
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
		if f.Name == this.Name || f.Apart || this.Apart {
			continue
		}
		if v, err := f.Open(r, size, o); err == nil {
			list = append(list, v)
		}
	}
	return list
}

// OpenDisc opens the file system of the newest data track of a disc, or of the session
// that the options name.
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

// OpenFormat is like OpenDisc, but opens the file system of the named format, such as
// "UDF", whatever else is on the disc. The error is ErrUnknown itself, not wrapped, if
// there is no sign of such a file system.
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

// Data is the user data of the track in which OpenDisc opens a volume.
type Data struct {
	io.ReaderAt         // offset 0 is address 0 of the disc
	Size        int64   // bytes up to the end of the track
	Options     Options // completed with the chosen session and the track
}

// OpenData returns the data that OpenDisc opens the volume of. It does not recognise the
// file system.
func OpenData(ctx context.Context, d disc.Disc, o Options) (Data, error) {
	r, size, o, err := track(ctx, d, o)
	if err != nil {
		return Data{}, err
	}
	if o, err = o.ChooseSession(r, size); err != nil {
		return Data{}, err
	}
	return Data{r, size, o}, nil
}

// Views returns the names of all views of the volume that OpenDisc opens, of all file
// systems that share it, such as ISO 9660 and UDF.
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

// track returns the user data of the disc up to the end of the track with the volume,
// their size in bytes, and the completed options. Offset 0 is address 0 of the disc.
func track(ctx context.Context, d disc.Disc, o Options) (io.ReaderAt, int64, Options, error) {
	d = disc.Unwrap(d)
	t, ok := disc.DataTrack(d)
	if !ok {
		return nil, 0, o, ErrAudio
	}
	if o.Track != 0 {
		if err := o.chooseTrack(d, &t); err != nil {
			return nil, 0, o, err
		}
	}
	if s := d.TOC().Sessions; len(s) > 1 && o.Sessions == nil {
		if o.Session != 0 {
			if t, ok = dataTrackOf(s, o.Session); !ok {
				return nil, 0, o, fmt.Errorf("session %d of %d does not exist or has no data track", o.Session, len(s))
			}
			o.Session = 0
		}
		start := max(o.Start, volumeStart(ctx, d, t))
		o.Sessions = []Session{{Number: 1, Start: start, End: t.End(), Descriptors: start + descriptors}}
	}
	if o.Start == 0 {
		o.Start = volumeStart(ctx, d, t)
	}
	if o.Sessions == nil && o.Start == 0 {
		o.Sessions = sessionsOf(ctx, d)
	}
	o.Drive = o.Drive || !isImage(d)
	o.Tracks = dataTracks(d, t) > 1
	return userData(ctx, d, t.End()), int64(t.End()) * disc.SectorSize, o, nil
}

// chooseTrack sets t to the track that the options name, which is the only one in which a
// volume is searched for.
func (o *Options) chooseTrack(d disc.Disc, t *disc.Track) error {
	count := 0
	found := false
	for _, s := range d.TOC().Sessions {
		for _, k := range s.Tracks {
			if k.Mode != disc.Audio {
				count++
			}
			if k.Number == o.Track {
				*t, found = k, true
			}
		}
	}
	switch {
	case !found:
		return fmt.Errorf("the disc has no track %d", o.Track)
	case t.Mode == disc.Audio:
		return fmt.Errorf("track %d is an audio track, which has no files", o.Track)
	case o.Session != 0:
		return errors.New("a track and a session cannot be chosen together")
	}
	if count == 1 && t.Start == 0 {
		return nil // the track is the whole disc, and may have sessions of its own
	}
	s := Session{Number: 1, Start: t.Start, End: t.End(), Descriptors: t.Start + descriptors}
	o.Start, o.Sessions, o.chosen = t.Start, []Session{s}, &s
	return nil
}

// volumeStart returns where the volume of the session that ends with the data track t
// begins: in that track or, if there is none, in the first data track of the session. Further
// data tracks may have no volume of their own, as on a Video CD.
func volumeStart(ctx context.Context, d disc.Disc, t disc.Track) disc.LBA {
	for _, s := range d.TOC().Sessions {
		if !slices.ContainsFunc(s.Tracks, func(k disc.Track) bool { return k.Number == t.Number && k.Start == t.Start }) {
			continue
		}
		i := slices.IndexFunc(s.Tracks, func(k disc.Track) bool { return k.Mode != disc.Audio })
		first := s.Tracks[i].Start
		if first == t.Start {
			break
		}
		if _, ok := headAt(userData(ctx, d, t.End()), int64(t.End())*disc.SectorSize, t.Start); !ok {
			return first
		}
	}
	return t.Start
}

// dataTracks returns the number of data tracks of the session of a track.
func dataTracks(d disc.Disc, t disc.Track) int {
	for _, s := range d.TOC().Sessions {
		if !slices.ContainsFunc(s.Tracks, func(k disc.Track) bool { return k.Number == t.Number }) {
			continue
		}
		n := 0
		for _, k := range s.Tracks {
			if k.Mode != disc.Audio {
				n++
			}
		}
		return n
	}
	return 0
}

// isImage reports whether a disc is stored in files, which are read fast.
func isImage(d disc.Disc) bool {
	_, flat := d.(io.ReaderAt)
	_, whole := d.(disc.Storer)
	return flat || whole
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
