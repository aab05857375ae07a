package addition

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/source"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
)

// Addition is a session that was planned for the disc in a drive.
type Addition struct {
	Source  *source.Source // the session alone, at its address
	Changes Changes

	planned  *compilation.Image
	start    disc.LBA
	basis    []record.Sectors
	head     []record.Sectors
	samples  []record.Sectors // first sectors of files that are kept
	previous disc.Disc
	release  func() // nil: nothing else reads the disc
}

// Changes is what a session changes, and what it consists of.
type Changes struct {
	Session int // that is added
	// Files of the session before it.
	Kept, Removed, Renamed, Replaced int
	Added                            int   // new files, without Replaced
	Contents                         int64 // sectors of new contents
	Structures                       int64 // sectors of folders, descriptors and padding
	Hidden                           bool  // the files of earlier sessions are not shown
}

// None reports whether the files stay as they are.
func (c Changes) None() bool { return c.Removed+c.Renamed+c.Replaced+c.Added == 0 && !c.Hidden }

// noChange is the notice about a session that changes no file.
const noChange = "no file is added, removed or renamed: the session would take room, and show the same files again"

// Plan plans the session that a compilation becomes, which began as d.Compilation. Nothing is
// written. The addition reads the disc through t until it is closed.
func (d *Disc) Plan(ctx context.Context, t scsi.Transport, c *compilation.Compilation, notices []disc.Notice, o source.Options) (*Addition, error) {
	now, m, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	if now.Next.Start != d.Next.Start || now.Next.InPlace != d.Next.InPlace || !sameSectors(now.basis, d.basis) {
		m.Close()
		return nil, fmt.Errorf("%w: read the disc again", record.ErrChangedDisc)
	}
	d.reader.use(m)
	a, err := d.plan(ctx, m, c, o)
	if err != nil {
		d.reader.use(nil)
		m.Close()
		return nil, fmt.Errorf("add a session: %w", err)
	}
	a.release = func() { d.reader.use(nil) }
	a.Source.Notices = append(append(a.Source.Notices, notices...), d.Notices...)
	if a.Changes.None() {
		a.Source.Notices = append(a.Source.Notices, disc.Notice{Severity: disc.Warning, Text: noChange})
	}
	return a, nil
}

func sameSectors(a, b []record.Sectors) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].LBA != b[i].LBA || string(a[i].Data) != string(b[i].Data) {
			return false
		}
	}
	return true
}

func (d *Disc) plan(ctx context.Context, m disc.Disc, c *compilation.Compilation, o source.Options) (*Addition, error) {
	a := &Addition{start: d.Start(), basis: d.basis, previous: m}
	if d.Next.InPlace && int64(a.start) >= d.Next.Free {
		return nil, fmt.Errorf("%w: what is on the %s is in use up to its end", record.ErrTooLarge, d.Next.Profile)
	}
	own := c.Snapshot()
	own.Seal()
	own.Options.Start = a.start
	d.setVirtual(own)
	own.Options.Previous = disc.NewReader(ctx, m, disc.Track{Length: disc.Sectors(m)})
	if !o.Time.IsZero() {
		own.Options.Time = o.Time
	}
	var err error
	if a.planned, err = own.PlanReport(ctx, o.Report); err != nil {
		return nil, err
	}
	a.Changes = d.changes(own)
	a.Changes.Structures = a.planned.Sectors() - int64(a.start) - a.Changes.Contents
	s := &sessionDisc{Disc: a.planned.Disc(compilation.DiscOptions{KeepGoing: o.KeepGoing}), m: a.planned, start: a.start}
	a.Source = source.FromSession(s, a.planned, own.Label, o)
	if err := a.planned.Prepare(ctx, o.Report); err != nil {
		return nil, errors.Join(err, a.planned.Close())
	}
	if d.Next.InPlace {
		if a.head, err = headOf(a.planned, own.Options.Previous, a.start); err == nil {
			err = d.checkHead(a.head)
		}
	}
	if err == nil {
		err = a.sample(ctx, own.Root())
	}
	if err != nil {
		return nil, errors.Join(err, a.planned.Close())
	}
	return a, nil
}

// setVirtual sets how a volume with a virtual allocation table ends, so that its last sector is
// the last one of the session.
func (d *Disc) setVirtual(c *compilation.Compilation) {
	u := c.Options.UDF
	if u == nil || u.Virtual == nil {
		return
	}
	own, v := *u, *u.Virtual
	v.Unit, v.Least = d.Next.Unit, d.Next.Least
	own.Virtual = &v
	c.Options.UDF = &own
}

// isGrowing reports whether a volume has a virtual allocation table.
func isGrowing(o master.Options) bool { return o.UDF != nil && o.UDF.Virtual != nil }

// aligned is what the addresses of sessions on media that are overwritten in place are a
// multiple of, in sectors: other programs look for sessions there.
const aligned = 32

// Start returns where the session goes.
func (d *Disc) Start() disc.LBA {
	if !d.Next.InPlace {
		return d.Next.Start
	}
	return (max(d.end, aligned) + aligned - 1) / aligned * aligned
}

// changes counts what a compilation changes.
func (d *Disc) changes(c *compilation.Compilation) Changes {
	n := Changes{Session: d.Next.Session}
	seen := map[*tree.Node]bool{}                // the old files that are in the tree, under any name
	_ = c.Root().Walk(func(x *tree.Node) error { // never fails
		if _, was := d.paths[x.Origin()]; was {
			seen[x.Origin()] = true
		}
		return nil
	})
	gone := map[string]bool{} // the paths of the others
	for old, path := range d.paths {
		if !seen[old] {
			gone[path] = true
		}
	}
	n.Removed = len(gone)
	contents := map[any]bool{}
	_ = c.Root().Walk(func(x *tree.Node) error { // never fails
		if x.IsDir() {
			return nil
		}
		old, was := d.paths[x.Origin()]
		same := d.Keeps(x)
		switch {
		case same && old == x.Path():
			n.Kept++
		case same:
			n.Kept++
			n.Renamed++
		case was:
			n.Replaced++
		case gone[x.Path()]: // it was not made of the file that it replaces
			n.Replaced++
			n.Removed--
		default:
			n.Added++
		}
		if x.Mode.Type() == 0 && x.Recorded() == nil {
			key := any(x)
			if s := x.Shared(); s != nil {
				key = s
			}
			if !contents[key] {
				contents[key] = true
				n.Contents += (x.Size + disc.SectorSize - 1) / disc.SectorSize
			}
		}
		return nil
	})
	return n
}

// Keeps reports whether a file of a compilation has the contents that it has on the disc.
func (d *Disc) Keeps(n *tree.Node) bool {
	_, was := d.paths[n.Origin()]
	return was && (n.SameContents() || sameBytes(n))
}

// sameBytes reports whether a file still has the contents that it had on the disc, and that
// were kept in memory.
func sameBytes(n *tree.Node) bool {
	a, ok := n.Source().(layout.Bytes)
	b, was := n.Origin().Source().(layout.Bytes)
	return ok && was && len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func trimSlash(p string) string {
	if p = path.Clean("/" + p); p != "/" {
		return p[1:]
	}
	return "."
}

// Continuation returns what the burn of the session has to do with the contents of the disc.
func (a *Addition) Continuation() *record.Continuation {
	return &record.Continuation{Basis: a.basis, Head: a.head, Check: a.check}
}

// Close closes the source, and the disc that it reads.
func (a *Addition) Close() error {
	if a.release != nil {
		a.release()
	}
	return errors.Join(a.Source.Close(), a.previous.Close())
}

// Size is the size of a session that was planned without the drive.
type Size struct {
	Changes Changes
	Sectors int64 // of the session
	Notices []disc.Notice
}

// Measure plans the session that a compilation becomes, for its size. The drive is not needed.
func (d *Disc) Measure(ctx context.Context, c *compilation.Compilation) (Size, error) {
	own := c.Snapshot()
	own.Seal()
	own.Options.Start = d.Start()
	d.setVirtual(own)
	m, err := own.PlanReport(ctx, nil)
	if err != nil {
		return Size{}, err
	}
	defer m.Close()
	s := Size{Changes: d.changes(own), Sectors: m.Sectors() - int64(d.Start()), Notices: m.Notices}
	s.Changes.Structures = s.Sectors - s.Changes.Contents
	return s, nil
}

// sessionDisc is a planned session as a disc of one track, at its address.
type sessionDisc struct {
	disc.Disc
	m     *compilation.Image
	start disc.LBA
}

// TOC implements disc.Disc.
func (s *sessionDisc) TOC() disc.TOC {
	t := disc.Track{Number: 1, Mode: disc.Mode1, Start: s.start, Length: s.m.Sectors() - int64(s.start)}
	return disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: []disc.Track{t}}}}
}

// Check implements disc.Planned.
func (s *sessionDisc) Check(ctx context.Context) error { return s.Disc.(disc.Planned).Check(ctx) }

// Changes implements disc.Planned.
func (s *sessionDisc) Changes() []disc.Notice { return s.Disc.(disc.Planned).Changes() }

// ReadsFile reports whether the disc reads a file of the host, for disc.ReadsFile.
func (s *sessionDisc) ReadsFile(file fs.FileInfo) bool { return disc.ReadsFile(s.Disc, file) }

// Hide plans a session that shows the files of a compilation alone: those of earlier sessions
// stay on the disc, and are not shown. The earlier sessions can have audio tracks alone.
func Hide(ctx context.Context, t scsi.Transport, c *compilation.Compilation, notices []disc.Notice, o source.Options) (*Addition, error) {
	d, m, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	if d.Next.InPlace {
		m.Close()
		return nil, fmt.Errorf("%w: a %s is overwritten in place, so that they can only be kept or replaced", ErrNotHidden, d.Next.Profile)
	}
	a, err := d.plan(ctx, m, c, o)
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("add a session: %w", err)
	}
	a.Changes.Hidden = len(d.basis) > 0 // otherwise there are audio tracks alone
	a.Source.Notices = append(a.Source.Notices, notices...)
	return a, nil
}
