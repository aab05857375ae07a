package record

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// Cost is what a session takes of a disc, in sectors.
type Cost struct {
	Start   disc.LBA // of the session
	Free    int64    // before the session is written, from Start on
	Sectors int64    // of the session, without what is in Padding
	Padding int64    // zeros up to the unit of the medium, or to the shortest track
	// End is what follows the session: the run-out, and the zones that end it and begin the
	// next one. It is 0 if nothing is written there, or the disc is closed.
	End int64
	// About says that drives choose the size of End within the limits of a standard.
	About bool
	What  string // what End is: "lead-out and lead-in"; empty: nothing
	// Left is what remains for the contents of the next session. It is 0 if the disc is
	// closed, or the rest is too small for a session.
	Left int64
}

// Total returns what is taken in all, in sectors.
func (c Cost) Total() int64 { return c.Sectors + c.Padding + c.End }

// What follows a session, in sectors. On CD it is the run-out of the track here, and then
// disc.SessionGap. On DVD these are usual sizes: each drive chooses its own, so that only the
// next writable address that it reports later is exact.
const (
	inPlaceUnit    = 32 // of the addresses of sessions on media that are overwritten in place
	runOutCD       = 2
	firstBorder    = 28672
	nextBorder     = 9216
	plusSessionEnd = 2064
)

// sessionEnd returns what follows session n of a medium, the first of which is 1, before the
// next one can be written.
func (m medium) sessionEnd(n int) (sectors int64, about bool, what string) {
	switch m.profile {
	case mmc.CDR, mmc.CDRW:
		return runOutCD + int64(disc.SessionGap(n)), false, "run-out, lead-out and lead-in"
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRDLJ:
		if n == 1 {
			return firstBorder, true, "border zones"
		}
		return nextBorder, true, "border zones"
	case mmc.DVDPR, mmc.DVDPRDL:
		return plusSessionEnd, true, "closure and intro zones"
	}
	return 0, false, ""
}

// leastSession returns the smallest number of sectors that is of use for another session.
func (m medium) leastSession() int64 {
	if m.profile.IsCD() {
		return recipeTAO.least + runOutCD
	}
	return m.unit()
}

// number returns the number of the session that is written next.
func (m medium) number() int {
	if !m.sequential() || m.info.Status == mmc.Blank {
		return 1
	}
	return max(m.info.Sessions, 1) // the empty last one is counted
}

// cost returns what the session takes. It is nil if the free space is not known.
func (b *Burn) cost() *Cost {
	p, m := b.plan, b.medium
	if p.Capacity <= 0 || b.closeFirst || b.erase {
		return nil
	}
	taken := p.Padded
	if stages := b.program.stages; len(stages) > 0 { // with the gaps between tracks
		taken = max(taken, int64(stages[len(stages)-1].end()-b.next))
	}
	c := Cost{Start: b.next, Free: p.Capacity, Sectors: p.Sectors, Padding: max(taken-p.Sectors, 0)}
	if m.sequential() {
		if !b.o.Appendable || b.recipe.single {
			return &c
		}
		c.End, c.About, c.What = m.sessionEnd(m.number())
	}
	left := c.Free - c.Total()
	if !m.sequential() { // the next session begins at an aligned address
		end := int64(c.Start) + c.Total()
		left -= (end+inPlaceUnit-1)/inPlaceUnit*inPlaceUnit - end
	}
	if left >= m.leastSession() {
		c.Left = left
	}
	return &c
}

// Next is where the next session goes on a disc.
type Next struct {
	Profile string
	InPlace bool // the medium is overwritten in place: the session can begin anywhere
	Start   disc.LBA
	Free    int64 // sectors that can be written from Start on; in place, of the whole disc
	Unit    int64 // the session begins at a multiple of this, in sectors
	Least   int64 // sectors that it has at least; the drive adds others to a shorter one
	Session int   // its number
	// End is what follows the session on the disc, in sectors, if it is left open.
	End int64
}

// NextSession examines the disc in the drive, and returns where a session can be added. The
// error says why none can be.
func NextSession(ctx context.Context, t scsi.Transport) (Next, error) {
	t = scsi.Guard(t)
	m, err := inspect(ctx, t)
	if err != nil {
		return Next{}, err
	}
	if _, ok := recipeFor(m, Options{}); !ok {
		return Next{}, refuse(fmt.Sprintf("the %v in the drive can only be read", m.profile), ErrNotWritable)
	}
	b := &Burn{t: t, medium: m, o: Options{Continue: &Continuation{}}}
	if err := b.checkState(ctx); err != nil {
		return Next{}, err
	}
	n := Next{Profile: m.profile.String(), InPlace: !m.sequential(), Start: m.next(), Free: m.freeSectors(), Unit: m.unit(), Session: m.number()}
	n.End, _, _ = m.sessionEnd(n.Session)
	if m.profile.IsCD() {
		n.Least = recipeTAO.least
	}
	if n.InPlace {
		n.Free = max(n.Free, read.GrownSize(m.profile, m.formats))
	}
	return n, nil
}

// Readers says in sentences what the readers of a kind of medium do with a disc that is left
// open, and with one that is closed.
type Readers struct{ Open, Closed string }

// ReadersOf returns that for a medium, such as "DVD-R".
func ReadersOf(profile string) Readers {
	closed := "Nothing can be added to it later."
	switch profile {
	case mmc.CDR.String(), mmc.CDRW.String():
		return Readers{
			"Computers show the newest session of an open CD, with the files of the earlier ones. CD players and some car radios play only closed discs.",
			closed + " Every drive and player reads it.",
		}
	case mmc.DVDR.String(), mmc.DVDRW.String(), mmc.DVDRDL.String(), mmc.DVDRDLJ.String():
		return Readers{
			"DVD recorders read an open DVD-R. Most DVD players, and drives that cannot write, do not read it until it is closed.",
			closed + " Players and drives that cannot write read it, too.",
		}
	case mmc.DVDPR.String(), mmc.DVDPRDL.String():
		return Readers{
			"Recorders show the newest session of an open DVD+R. DVD players, and many drives that cannot write, show the first session only.",
			closed + " Drives that cannot write may still show its first session only.",
		}
	case mmc.BDRSRM.String():
		return Readers{
			"Blu-ray recorders, and most drives in computers, read an open BD-R. Many Blu-ray players read only closed discs.",
			closed + " Blu-ray players read it, too, if they play such contents.",
		}
	}
	return Readers{Open: "A " + profile + " is never closed: every drive that reads this medium reads it, and files can be added at any time."}
}
