package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"

	// The file systems by which a source tells for which address it was made.
	_ "glassmaster/mastering/iso9660"
	_ "glassmaster/mastering/udf"
)

// Burn is a burn that was planned and not begun.
type Burn struct {
	t      scsi.Transport
	src    disc.Disc
	o      Options
	medium medium
	recipe recipe
	start  disc.LBA // of the source: its first sector to be written
	next   disc.LBA // of the medium: where that sector goes, unknown before an open session is closed
	made   disc.LBA // the address that the source was made for, where it counts from 0 itself and next is unknown
	mend   bool     // close what an earlier burn left open first
	erase  bool     // BLANK first
	format bool     // FORMAT UNIT first
	plan   Plan
}

// Plan returns what the burn is going to do.
func (b *Burn) Plan() Plan { return b.plan }

// ErrTooLarge is in the chain of the error of a source that does not fit.
var ErrTooLarge = errors.New("the image does not fit on the disc")

// ErrHoldsData is in the chain of the error of a disc that would have to be
// erased or overwritten, which was not asked for.
var ErrHoldsData = errors.New("the disc holds data, and overwriting it was not asked for")

// ErrNotWritable is in the chain of the error of a medium that cannot be
// written, or not any more.
var ErrNotWritable = errors.New("the disc cannot be written")

// NewPlan looks at the medium in the drive and settles how the source is going
// to be burned on it. It writes nothing. It refuses what cannot work: no medium,
// a closed one, a source that is too large or of a kind that the medium does not
// take.
func NewPlan(ctx context.Context, t scsi.Transport, src disc.Disc, o Options) (*Burn, error) {
	t = scsi.Guard(t)
	m, err := look(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("plan the burn: %w", err)
	}
	b := &Burn{t: t, src: disc.Unwrap(src), o: o, medium: m}
	if err := b.examine(ctx); err != nil {
		return nil, fmt.Errorf("plan the burn: %w", err)
	}
	if err := b.settle(ctx); err != nil {
		return nil, fmt.Errorf("plan the burn: %w", err)
	}
	return b, nil
}

func (b *Burn) settle(ctx context.Context) error {
	r, ok := recipeFor(b.medium, b.o)
	if !ok {
		return fmt.Errorf("%w: a %v in the drive can only be read; put in a recordable disc", ErrNotWritable, b.medium.profile)
	}
	if err := b.settleSpeed(); err != nil {
		return err
	}
	if err := b.admit(ctx); err != nil {
		return err
	}
	if b.erase && b.medium.profile == mmc.DVDRW {
		r = dash(b.erased(), b.o)
	}
	if b.o.Blank && (b.erase || !b.medium.sequential()) {
		var err error
		if b.plan.Erases, err = b.medium.contents(ctx, b.t); err != nil {
			return err
		}
	}
	b.recipe = r
	if err := b.simulation(); err != nil {
		return err
	}
	if b.o.DiscAtOnce && r.mode != mmc.DiscAtOnce {
		b.warn("the disc is not written at once: only a blank DVD-R or DVD-RW is; a %v is written so: %s", b.medium.profile, r.name)
	}
	if b.o.Appendable && r.single {
		b.warn("the disc will be closed: a %v (%s) cannot stay open for more sessions", b.medium.profile, r.name)
	}
	if err := b.choose(ctx); err != nil {
		return err
	}
	return b.fit()
}

// erased is the DVD-RW as it will be when it is erased. What it offers then it tells
// then; a disc at once is what every erased DVD-RW can do, so that it is chosen
// unless more sessions are to follow.
func (b *Burn) erased() medium {
	m := b.medium
	m.track = mmc.TrackInformation{}
	m.info.Status = mmc.Blank
	if b.o.Appendable {
		m.info.Status = mmc.Appendable // in pieces
		return m
	}
	m.config.Features = nil // at once
	return m
}

func (b *Burn) warn(format string, args ...any) {
	b.plan.Notices = append(b.plan.Notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, args...)})
}

// admit decides by the state of the disc whether it can be written, and whether
// it has to be erased or formatted before.
func (b *Burn) admit(ctx context.Context) error {
	m := b.medium
	if !m.sequential() {
		b.format = m.unformatted()
		if b.o.Blank {
			return nil
		}
		if _, err := m.findData(ctx, b.t); errors.Is(err, ErrHoldsData) {
			return fmt.Errorf("%w; ask for the %v to be overwritten, or put in another one", err, m.profile)
		} else if err != nil {
			return err
		}
		return nil
	}
	if m.info.Status == mmc.Blank {
		return nil
	}
	if m.erasable() && b.o.Blank {
		b.erase = true
		return nil
	}
	switch {
	case m.unfinished() && m.atOnce() && m.erasable():
		return fmt.Errorf("%w; %w: %w", ErrUnfinished, ErrNotWritable, ErrEraseFirst)
	case m.unfinished() && (m.oneSession() || m.atOnce()):
		return fmt.Errorf("%w; %w: this %v has one session; close it, so that what is on it can be read", ErrUnfinished, ErrNotWritable, m.profile)
	case m.unfinished():
		b.mend = true
		return nil
	case m.info.Status == mmc.Appendable && m.track.Writable:
		return nil
	case m.info.Status == mmc.Appendable:
		return fmt.Errorf("%w: the last track of the %v is damaged: the drive gives no address to write at", ErrNotWritable, m.profile)
	case m.erasable():
		return fmt.Errorf("%w: the %v is closed; ask for it to be erased, or put in another one", ErrHoldsData, m.profile)
	}
	return fmt.Errorf("%w: the %v is closed and takes no more data; put in a blank one", ErrNotWritable, m.profile)
}

// simulation refuses a simulation where the medium knows none: it would be a
// real burn.
func (b *Burn) simulation() error {
	if !b.o.Simulate {
		return nil
	}
	if !b.recipe.test {
		return fmt.Errorf("a %v cannot be burned in simulation: every write to it is real; turn the simulation off", b.medium.profile)
	}
	if b.mend {
		return fmt.Errorf("%w: closing it would be real, so nothing can be simulated before that", ErrUnfinished)
	}
	if b.erase {
		return errors.New("a simulation needs a blank disc, and erasing this one would be real: erase it first")
	}
	return nil
}

// choose finds the part of the source that is written: one data track.
func (b *Burn) choose(ctx context.Context) error {
	b.next = b.medium.next()
	if b.erase {
		b.next = 0
	}
	sessions := b.src.TOC().Sessions
	if len(sessions) == 0 {
		return errors.New("the source has no tracks: there is nothing to burn")
	}
	last := sessions[len(sessions)-1]
	if len(last.Tracks) != 1 {
		return fmt.Errorf("the source has a session of %d tracks: only one data track can be burned", len(last.Tracks))
	}
	tr := last.Tracks[0]
	switch {
	case tr.Mode == disc.Audio:
		return errors.New("the source has an audio track: only data can be burned")
	case tr.Mode != disc.Mode1:
		return fmt.Errorf("the source has a track of %v, whose sectors hold more than the 2048 bytes written: only mode 1 can be burned", tr.Mode)
	case tr.Length <= 0:
		return errors.New("the source is empty: there is nothing to burn")
	case len(sessions) > 1 && tr.Start == 0:
		return errors.New("the source has several sessions at the same address: it is damaged")
	}
	if err := b.aimed(ctx, tr); err != nil {
		return err
	}
	if b.next == 0 && !b.mend {
		var told []disc.Notice
		told, b.plan.Unopenable = Opens(ctx, b.src)
		b.plan.Notices = append(b.plan.Notices, told...)
	}
	b.start = tr.Start
	b.plan.Sectors = tr.Length
	return nil
}

// fit completes the plan with sizes and speed.
func (b *Burn) fit() error {
	r, p := b.recipe, &b.plan
	p.Profile = b.medium.profile.String()
	p.Padded = max((p.Sectors+r.unit-1)/r.unit*r.unit, r.least)
	p.Capacity = b.medium.room()
	switch {
	case b.erase:
		p.Capacity = b.medium.erasedRoom()
	case p.Padded > p.Capacity && b.medium.wholeRoom() > p.Capacity:
		p.Capacity, b.format = b.medium.wholeRoom(), true
	}
	if b.medium.announced() && !b.erase && p.Padded < b.medium.track.Size {
		p.Padded = b.medium.track.Size
		b.warn("an earlier burn has announced %d sectors: what the source leaves of them is filled with zeros", p.Padded)
	}
	if b.mend && !b.medium.track.Writable { // how much there is the closed disc tells
		p.Capacity = p.Padded
	}
	if p.Capacity > 0 && p.Sectors > p.Capacity || p.Capacity <= 0 {
		over := p.Sectors - p.Capacity
		return fmt.Errorf("%w: it has %d sectors (%d bytes), the %s has room for %d (%d bytes): %d sectors (%d bytes) are too many",
			ErrTooLarge, p.Sectors, p.Sectors*disc.SectorSize, p.Profile,
			p.Capacity, p.Capacity*disc.SectorSize, over, over*disc.SectorSize)
	}
	p.Padded = min(p.Padded, p.Capacity)
	p.Speed = chooseSpeed(read.Speeds(b.medium.speeds), b.o.Speed)
	switch {
	case b.o.Speed > 0 && p.Speed == 0:
		b.warn("the drive offers no choice of speed for this disc")
	case b.o.Speed > 0 && p.Speed > b.o.Speed:
		b.warn("the lowest speed that the drive offers for this disc is %s", units.Speed(p.Speed, p.Profile))
	}
	p.Recipe = b.describe()
	p.Steps = b.steps()
	return nil
}

// erasedRoom returns how much a disc will hold that is erased first: what the
// groove of a CD says, which needs no session that is open (MMC-6 6.25, ATIP); on a
// DVD-RW the largest format that the drive offers for all of it (MMC-6 6.23).
func (m medium) erasedRoom() int64 {
	if m.profile.IsCD() {
		if m.groove > 0 {
			return m.groove
		}
		o := m.info.LastLeadOut
		if lba := (disc.MSF{M: int(o[1]), S: int(o[2]), F: int(o[3])}).LBA(); o[1] < 90 && lba > 0 {
			return int64(lba)
		}
	}
	room := int64(0)
	for _, f := range m.formats.Formats {
		if (f.Type == mmc.FormatWhole || f.Type == mmc.FormatDVDRW) && f.Blocks < unknownBlocks {
			room = max(room, f.Blocks)
		}
	}
	if room > 0 && !m.profile.IsCD() {
		return room
	}
	room = m.track.NextWritable + m.track.Free
	for _, s := range m.speeds {
		room = max(room, s.End+1)
	}
	return max(room, m.formats.Blocks)
}

// describe names the recipe for people.
func (b *Burn) describe() string {
	end := "disc closed"
	switch {
	case !b.medium.sequential():
		return b.recipe.name
	case b.o.Appendable && !b.recipe.single:
		end = "disc left open for more sessions"
	}
	if b.o.Simulate {
		return b.recipe.name + ", simulation with the laser off"
	}
	return b.recipe.name + ", " + end
}

// steps tells what Run will do, in that order.
func (b *Burn) steps() []string {
	var s []string
	add := func(on bool, format string, args ...any) {
		if on {
			s = append(s, fmt.Sprintf(format, args...))
		}
	}
	p, real := b.plan, !b.o.Simulate
	add(p.Erases.Data, "overwrite what is on the disc: %v", p.Erases)
	add(b.erase && !b.fullErase(), "erase the %s", p.Profile)
	add(b.erase && b.fullErase(), "erase the whole %s, which takes as long as writing it", p.Profile)
	add(b.format && b.medium.profile == mmc.DVDRWRO, "grow the format of the DVD-RW, which is closed again at the end")
	add(b.format && b.medium.profile != mmc.DVDRWRO, "format the %s", p.Profile)
	add(b.mend, "close the track and the session that an earlier burn left open")
	add(true, "lock the tray")
	add(p.Speed > 0, "ask for %s", units.Speed(p.Speed, p.Profile))
	add(b.recipe.page, "set the write parameters: %s", b.recipe.name)
	add(b.calibrates(), "calibrate the laser")
	add(b.recipe.reserve && !b.medium.announced(), "announce a track of %d sectors", p.Padded)
	add(!b.medium.sequential(), "mark the beginning of the disc as not completed; its first sectors are written last")
	add(!b.mend, "write %d sectors from address %d on", p.Padded, b.next)
	add(b.mend && b.made+b.start == 0, "write %d sectors from the address on that the disc then goes on at", p.Padded)
	add(b.mend && b.made+b.start > 0, "make sure that the disc then goes on at address %d, and write %d sectors there", max(b.made, b.start), p.Padded)
	add(true, "have the drive write what is in its buffer")
	add(real && b.recipe.closing != closesItself, "close: %s", b.describe())
	add(real, "ask the drive what is on the disc now")
	add(real && !b.o.NoVerify, "read the disc again and compare it with the source, sector by sector")
	add(b.o.Eject, "open the tray")
	return s
}

// calibrates reports whether the laser is calibrated: on dash media that keep
// no earlier calibration, and never in a simulation.
func (b *Burn) calibrates() bool {
	return b.recipe.opc && b.medium.info.OPCTables == 0 && !b.o.Simulate
}
