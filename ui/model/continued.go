package model

import (
	"context"
	"fmt"

	"glassmaster/drive/addition"
	"glassmaster/drive/record"
	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/units"
)

// Continued is a disc in a drive whose files a compilation keeps: they stay where they are on
// the disc, and the burn adds a session.
type Continued struct {
	Drive    string // its name
	Title    string // of the drive, for display
	Capacity int64  // sectors of the disc, 0: unknown
	Disc     *addition.Disc
}

// Continue edits the contents of a disc, with the files of the present compilation added to
// them.
func (p *Project) Continue(c *Continued) {
	unsaved := p.Unsaved()
	comp := c.Disc.Compilation()
	own := p.Own().Root()
	leaveOutSame(own, comp.Root())
	problems := disc.Errors(comp.Add(comp.Root(), append([]*tree.Node(nil), own.Children()...)))
	p.Replace(comp, "", append(problems, c.Disc.Notices...))
	p.setContinued(c)
	p.SetMedium(disc.Medium{Name: c.Disc.Next.Profile, Sectors: max(c.Capacity, p.startOfSession()+p.freeForSession())})
	if unsaved { // of which a file is not on the disc, and not saved either
		p.touched()
	}
	p.measure()
	p.changed()
}

// leaveOutSame removes files that are on the disc already: those of the same path, size and
// time, such as files that were added to it before.
func leaveOutSame(own, on *tree.Node) {
	for _, n := range append([]*tree.Node(nil), own.Children()...) {
		old := on.Child(n.Name)
		switch {
		case old == nil:
		case n.IsDir() && old.IsDir():
			if leaveOutSame(n, old); len(n.Children()) == 0 {
				n.Detach()
			}
		case n.Mode.IsRegular() && old.Mode.IsRegular() && n.Size == old.Size && n.ModTime().Unix() == old.ModTime().Unix():
			n.Detach()
		}
	}
}

// setContinued sets the disc that is continued, and frees what the one before has kept.
func (p *Project) setContinued(c *Continued) {
	if p.continued != nil {
		_ = p.continued.Disc.Close() // a temporary file that remains does no harm
	}
	p.continued = c
}

// Continued returns the disc that the compilation continues, nil if it is a disc of its own.
func (p *Project) Continued() *Continued { return p.continued }

// LeaveDisc makes the compilation a disc of its own again: the files that are on the disc are
// removed from it.
func (p *Project) LeaveDisc() {
	if p.continued == nil {
		return
	}
	c := compilation.New()
	own := p.comp.Root().Clone()
	prune(own)
	c.Add(c.Root(), append([]*tree.Node(nil), own.Children()...))
	unsaved := p.Unsaved()
	p.Replace(c, "", nil)
	if unsaved {
		p.touched()
	}
	p.SetMedium(mustMedium("DVD+R"))
}

// Own returns a copy of the compilation without the files of the disc that is continued: what
// can be saved.
func (p *Project) Own() *compilation.Compilation {
	c := p.comp.Snapshot()
	if p.continued != nil {
		prune(c.Root())
		c.Options = compilation.New().Options
	}
	return c
}

// prune removes the files that are on a disc, and the folders that are empty then.
func prune(dir *tree.Node) {
	for _, n := range append([]*tree.Node(nil), dir.Children()...) {
		onDisc := n.Origin() != nil
		if n.IsDir() {
			prune(n)
			n.SetOrigin(nil)
			if onDisc && len(n.Children()) == 0 {
				n.Detach()
			}
			continue
		}
		if onDisc && (n.SameContents() || n.Recorded() != nil) {
			n.Detach()
			continue
		}
		n.SetOrigin(nil)
	}
}

func mustMedium(name string) disc.Medium {
	m, _ := mediumNamed(name)
	return m
}

// freeForSession returns the sectors that a session can have on the disc.
func (p *Project) freeForSession() int64 {
	d := p.continued.Disc
	if d.Next.InPlace {
		return d.Next.Free - p.startOfSession()
	}
	return d.Next.Free
}

// startOfSession returns the sectors before the session, which are in use.
func (p *Project) startOfSession() int64 { return int64(p.continued.Disc.Start()) }

// measureSession measures the session that a compilation adds to a disc.
func (c *Continued) measure(ctx context.Context, comp *compilation.Compilation) Size {
	var s Size
	s.Files, s.Folders, _ = comp.Count()
	m, err := c.Disc.Measure(ctx, comp)
	if err != nil {
		s.Err = err
		return s
	}
	s.Files = m.Changes.Added + m.Changes.Replaced
	s.Content, s.Sectors, s.Notices = m.Changes.Contents*disc.SectorSize, m.Sectors+c.Disc.Next.End, m.Notices
	s.Changes = m.Changes
	return s
}

// Summary says what is continued: "12 files, 24 MB, are on the CD-R in Drive".
func (c *Continued) Summary() string {
	return Count(c.Disc.Files, "file", "files") + " (" + units.Size(c.Disc.Bytes) + ") on the " + c.Disc.Next.Profile + " in " + c.Title
}

// Standing says where the contents of a file of the compilation are.
type Standing uint8

// Where a file is.
const (
	NewFile Standing = iota // of this computer
	OnDisc                  // on the disc that is continued
	Replacing
)

// Standing returns where a file is. ok is false for folders, and if no disc is continued.
func (p *Project) Standing(n *tree.Node) (s Standing, ok bool) {
	switch {
	case p.continued == nil || n.IsDir() && n.Origin() == nil && len(n.Children()) > 0:
		return 0, false
	case n.Origin() == nil:
		return NewFile, true
	case n.IsDir() || p.continued.Disc.Keeps(n):
		return OnDisc, true
	}
	return Replacing, true
}

// CostText says what a session takes of a disc, and what is left.
func CostText(c Capacity, cost record.Cost, open bool) string {
	text := units.Size(c.Used()) + " to be added"
	if cost.End > 0 {
		about := ""
		if cost.About {
			about = "about "
		}
		text += ", " + about + units.Size(cost.End*disc.SectorSize) + " of it for " + cost.What
	}
	switch {
	case !open:
		return text + ". Then the disc is closed."
	case cost.Left == 0:
		return text + ". Then the disc is full."
	}
	return text + ". Then " + units.Size(cost.Left*disc.SectorSize) + " are left."
}

// ChangesText says what a session changes of the files of a disc.
func ChangesText(c addition.Changes) string {
	text := Count(c.Kept, "file is kept", "files are kept")
	for _, x := range []struct {
		n    int
		what string
	}{{c.Added, "new"}, {c.Replaced, "replaced"}, {c.Removed, "removed"}, {c.Renamed, "renamed"}} {
		if x.n > 0 {
			text += fmt.Sprintf(", %d %s", x.n, x.what)
		}
	}
	return text
}
