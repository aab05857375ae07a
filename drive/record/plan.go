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

	// The file systems that show for which address a source was made.
	_ "glassmaster/mastering/volume/formats"
)

// Burn is a burn that was planned and not begun.
type Burn struct {
	t             scsi.Transport
	src           disc.Disc
	o             Options
	medium        medium
	recipe        recipe
	start         disc.LBA // of the source: its first sector to be written
	next          disc.LBA // of the medium: where that sector goes, unknown before an open session is closed
	sourceAddress disc.LBA // the address that the source was made for, where it counts from 0 itself and next is unknown
	closeFirst    bool     // close what an earlier burn left open before writing
	erase         bool     // BLANK first
	format        bool     // FORMAT UNIT first
	program       program
	least         int64    // sectors that the disc must hold at least, with the gaps between tracks; 0: those of the source
	packs         []byte   // of the CD-TEXT of the first session
	ownSub        bool     // the sub-channels are those of the source
	toc           disc.TOC // of a CD: as it will be
	dvd                    // of DVD and BD
	plan          Plan
}

// Plan returns what the burn will do.
func (b *Burn) Plan() Plan { return b.plan }

// Errors that tell programs why a burn cannot be planned. They are in the chain of an
// error whose text has the details.
var (
	// ErrTooLarge: the source does not fit.
	ErrTooLarge = errors.New("the source does not fit on the disc")
	// ErrHoldsData: the disc would have to be erased or overwritten, and Options.Blank
	// is not set.
	ErrHoldsData = errors.New("the disc is not empty")
	// ErrNotWritable: the medium cannot be written, or nothing can be added to it.
	ErrNotWritable = errors.New("the disc cannot be written")
	// ErrEraseFirst: the disc can be burned after it has been erased, as Options.Blank
	// does.
	ErrEraseFirst = errors.New("the disc must be erased first")
)

// refusal is why a burn cannot be planned, with the errors by which programs tell.
type refusal struct {
	text  string
	kinds []error
}

func (r refusal) Error() string   { return r.text }
func (r refusal) Unwrap() []error { return r.kinds }

// refuse returns the error of a burn that cannot be planned.
func refuse(text string, kinds ...error) error { return refusal{text, kinds} }

// NewPlan examines the medium in the drive and plans how the source is burned on it. It
// writes nothing. It refuses what cannot work: no medium, a closed one, a source that is
// too large or cannot be written on this medium.
func NewPlan(ctx context.Context, t scsi.Transport, src disc.Disc, o Options) (*Burn, error) {
	t = scsi.Guard(t)
	m, err := inspect(ctx, t)
	if err != nil {
		return nil, err
	}
	b := &Burn{t: t, src: disc.Unwrap(src), o: o, medium: m}
	if err := b.examine(ctx); err != nil {
		return nil, err
	}
	if err := b.makePlan(ctx); err != nil {
		return nil, err
	}
	return b, nil
}

func (b *Burn) makePlan(ctx context.Context) error {
	r, ok := recipeFor(b.medium, b.o)
	if !ok {
		return refuse(fmt.Sprintf("the %v in the drive can only be read; insert a recordable disc", b.medium.profile), ErrNotWritable)
	}
	if err := b.resolveSpeed(); err != nil {
		return err
	}
	if err := b.checkState(ctx); err != nil {
		return err
	}
	if b.o.Blank && (b.erase || !b.medium.sequential()) {
		var err error
		if b.plan.Erases, err = b.medium.contents(ctx, b.t); err != nil {
			return err
		}
	}
	b.recipe = r
	if !b.medium.profile.IsCD() {
		if err := b.planDVD(ctx); err != nil {
			return err
		}
	}
	if err := b.simulation(); err != nil {
		return err
	}
	if b.o.Appendable && b.recipe.single {
		b.warn("the disc will be closed: a %v that is written this way (%s) cannot stay open for more sessions", b.medium.profile, b.recipe.name)
	}
	if b.o.Appendable && !b.medium.sequential() && b.o.Continue == nil {
		b.plan.Hints = append(b.plan.Hints, fmt.Sprintf("a %v is overwritten in place and never closed: files can be added to it at any time", b.medium.profile))
	}
	b.next = b.medium.next()
	if b.erase {
		b.next = 0
	}
	if len(b.src.TOC().Sessions) == 0 {
		return errors.New("the source has no tracks; there is nothing to burn")
	}
	var err error
	if b.grows() {
		if b.next, err = b.continuedStart(); err != nil {
			return fmt.Errorf("add a session: %w", err)
		}
	}
	if b.medium.profile.IsCD() {
		err = b.planCD(ctx)
	} else {
		err = b.chooseTrack(ctx)
	}
	if err != nil {
		return err
	}
	if err := b.checkSize(); err != nil {
		return err
	}
	return b.planProperties(ctx)
}

func (b *Burn) warn(format string, args ...any) {
	b.plan.Notices = append(b.plan.Notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, args...)})
}

// checkState decides by the state of the disc whether it can be written, and whether
// it has to be erased, formatted or closed before.
func (b *Burn) checkState(ctx context.Context) error {
	m := b.medium
	if b.o.Continue != nil {
		if err := b.checkContinued(); err != nil || !m.sequential() {
			return err
		}
	}
	if !m.sequential() {
		b.format = m.unformatted()
		if b.o.Blank {
			return nil
		}
		_, err := m.findData(ctx, b.t)
		var found *dataError
		if errors.As(err, &found) {
			return refuse(fmt.Sprintf("the %v in the drive is not empty: %s", m.profile, found.where()), err)
		}
		return err
	}
	if m.info.Status == mmc.Blank {
		return nil
	}
	if m.erasable() && b.o.Blank {
		b.erase = true
		return nil
	}
	switch {
	case m.unfinished() && (m.atOnce() || m.noTrack) && m.erasable():
		return refuse(fmt.Sprintf("an earlier burn of this %v was interrupted; the disc must be erased before it can be burned again", m.profile),
			ErrUnfinished, ErrNotWritable, ErrEraseFirst)
	case m.noTrack:
		return refuse(fmt.Sprintf("an earlier burn of this %v was interrupted, and the drive reports no address to write at; insert a blank disc", m.profile), ErrUnfinished, ErrNotWritable)
	case m.unfinished() && (m.oneSession() || m.atOnce()):
		return refuse(fmt.Sprintf("an earlier burn of this %v was interrupted, and this medium has only one session; close it so that its contents can be read, and burn another disc", m.profile),
			ErrUnfinished, ErrNotWritable)
	case m.unfinished():
		b.closeFirst = true
		return nil
	case m.info.Status == mmc.Appendable && m.track.Writable:
		return nil
	case m.info.Status == mmc.Appendable:
		return refuse(fmt.Sprintf("the last track of the %v is damaged: the drive reports no address to write at", m.profile), ErrNotWritable)
	case m.erasable():
		return refuse(fmt.Sprintf("the %v in the drive is not empty: it is closed", m.profile), ErrHoldsData)
	}
	return refuse(fmt.Sprintf("the %v in the drive is closed: nothing can be added to it; insert a blank disc", m.profile), ErrNotWritable)
}

// simulation refuses a simulation that would be a real burn.
func (b *Burn) simulation() error {
	if !b.o.Simulate {
		return nil
	}
	if !b.recipe.test {
		return refuse(fmt.Sprintf("a %v cannot be burned in simulation, since every write to it is real; turn simulation off", b.medium.profile), ErrNoMode)
	}
	if b.closeFirst {
		return refuse("an earlier burn of this disc was interrupted; its session must be closed, which cannot be simulated", ErrUnfinished)
	}
	if b.erase {
		return refuse("a simulation needs a blank disc, and erasing cannot be simulated; erase the disc first", ErrNoMode)
	}
	return nil
}

// chooseTrack finds the part of the source that is written to a DVD or BD: one data track.
func (b *Burn) chooseTrack(ctx context.Context) error {
	sessions := b.src.TOC().Sessions
	last := sessions[len(sessions)-1]
	for _, t := range last.Tracks {
		if t.Mode == disc.Audio {
			return refuse(fmt.Sprintf("track %d of the source is an audio track, which only a CD can hold, and there is a %v in the drive; insert a CD-R or CD-RW", t.Number, b.medium.profile), ErrNotWritable)
		}
	}
	if len(last.Tracks) != 1 {
		return refuse(fmt.Sprintf("the last session of the source has %d tracks, and a session of a %v has one; insert a CD-R or CD-RW", len(last.Tracks), b.medium.profile), ErrNotWritable)
	}
	tr := last.Tracks[0]
	switch {
	case tr.Mode != disc.Mode1:
		return refuse(fmt.Sprintf("the source has a track of %v, whose sectors hold more than the 2048 bytes of those of a %v; insert a CD-R or CD-RW", tr.Mode, b.medium.profile), ErrNotWritable)
	case tr.Length <= 0:
		return errors.New("the source is empty; there is nothing to burn")
	case len(sessions) > 1 && tr.Start == 0:
		return errors.New("the source is damaged: it has several sessions at the same address")
	}
	if err := b.checkAddress(ctx, tr); err != nil {
		return err
	}
	if b.next == 0 && !b.closeFirst {
		b.plan.CheckOpens(ctx, b.src)
	}
	b.start = tr.Start
	b.plan.Sectors = tr.Length
	return nil
}

// checkSize adds sizes and speed to the plan, and refuses a source that does not fit.
func (b *Burn) checkSize() error {
	r, p := b.recipe, &b.plan
	p.Profile = b.medium.profile.String()
	if p.Padded == 0 {
		p.Padded = max((p.Sectors+r.unit-1)/r.unit*r.unit, r.least)
	}
	p.Capacity = b.medium.freeSectors() - b.base()
	grown := b.medium.grownSectors() - b.base()
	switch {
	case b.erase:
		p.Capacity = b.medium.sectorsWhenErased()
	case b.room > 0:
		p.Capacity = b.room
	case p.Padded > p.Capacity && grown > p.Capacity:
		p.Capacity, b.format = grown, true
	}
	if b.medium.reservedWhole() && !b.erase && p.Padded < b.medium.track.Size {
		p.Padded = b.medium.track.Size
		b.warn("an earlier burn reserved a track of %d sectors; those after the source are filled with zeros", p.Padded)
	}
	if b.closeFirst && !b.medium.track.Writable { // the free space is known only when the disc is closed
		p.Capacity = p.Padded
	}
	if need := max(p.Sectors, b.least); p.Capacity > 0 && need > p.Capacity && b.overburns() {
		b.warn("the source has %d sectors more than the disc says that it holds (%d); whether it takes them is known only when they are written", need-p.Capacity, p.Capacity)
		p.Capacity = p.Padded
	} else if p.Capacity <= 0 || need > p.Capacity {
		over := need - p.Capacity
		text := fmt.Sprintf("the source does not fit on the %s: it has %d sectors (%d bytes), and the disc has room for %d (%d bytes), which is %d sectors (%d bytes) too few",
			p.Profile, need, need*disc.SectorSize, p.Capacity, p.Capacity*disc.SectorSize, over, over*disc.SectorSize)
		if b.o.Overburn {
			text += fmt.Sprintf("; a %s has no room after its end for overburning", p.Profile)
		}
		return refuse(text, ErrTooLarge)
	}
	p.Padded = min(p.Padded, p.Capacity)
	p.Speed = chooseSpeed(read.Speeds(b.medium.speeds), b.o.Speed)
	switch {
	case b.o.Speed > 0 && p.Speed == 0:
		b.warn("the drive offers no choice of speed for this disc")
	case b.o.Speed > 0 && p.Speed > b.o.Speed:
		b.warn("the drive offers no lower speed for this disc than %s", units.Speed(p.Speed, p.Profile))
	}
	if len(b.program.stages) == 0 {
		b.program = oneArea(b.next, b.start, p.Sectors, p.Padded)
		p.Mode = b.recipe.way
	}
	p.Recipe = b.describe()
	p.Cost = b.cost()
	p.Steps = b.steps()
	return nil
}

// sectorsWhenErased returns the capacity in sectors of a disc after erasing: for a CD
// according to its ATIP (MMC-6 6.25), for a DVD-RW the largest format that the drive
// offers for the whole disc (MMC-6 6.23).
func (m medium) sectorsWhenErased() int64 {
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

// describe returns the recipe as text.
func (b *Burn) describe() string {
	end := "disc closed"
	switch {
	case !b.medium.sequential():
		return b.recipe.name
	case b.o.Appendable && !b.recipe.single:
		end = "disc left open for more sessions"
	}
	if b.o.Simulate {
		return b.recipe.name + ", simulation"
	}
	return b.recipe.name + ", " + end
}

// steps lists what Run will do, in that order.
func (b *Burn) steps() []string {
	var s []string
	add := func(on bool, format string, args ...any) {
		if on {
			s = append(s, fmt.Sprintf(format, args...))
		}
	}
	p, real := b.plan, !b.o.Simulate
	add(p.Erases.Data, "overwrite the contents of the disc: %v", p.Erases)
	add(b.erase && !b.fullErase(), "erase the %s", p.Profile)
	add(b.erase && b.fullErase(), "erase the whole %s, which takes as long as writing it", p.Profile)
	add(b.format && b.medium.profile == mmc.DVDRWRO, "enlarge the formatted area of the DVD-RW")
	add(b.format && b.medium.profile != mmc.DVDRWRO && !b.grows(), "format the %s", p.Profile)
	add(b.format && b.medium.profile != mmc.DVDRWRO && b.grows(), "resume the format of the %s, which keeps its contents", p.Profile)
	add(b.closeFirst, "close the track and the session that an earlier burn left open")
	add(true, "lock the tray")
	add(p.Speed > 0, "set the speed to %s", units.Speed(p.Speed, p.Profile))
	add(b.recipe.page, "set the write parameters: %s", b.recipe.name)
	add(b.calibrates(), "calibrate the laser")
	s = append(s, b.propertySteps()...)
	add(b.recipe.reserve && !b.medium.reservedWhole(), "reserve a track of %d sectors", p.Padded)
	add(b.o.Continue != nil, "check that the disc has the contents that this session was planned for")
	add(!b.medium.sequential() && !b.grows(), "mark the beginning of the disc as not completed; the first sectors are written last")
	add(len(b.program.stages) == 1 && !b.closeFirst && !b.atOnceStages(), "write %d sectors, beginning at LBA %d", p.Padded, b.next)
	for i, st := range b.program.stages {
		with := ""
		if st.areas[0].track == 0 {
			with = ", where the lead-in begins"
		}
		add(b.atOnceStages(), "write %s, %d sectors from LBA %d%s", st.name, st.blocks(), st.areas[0].at, with)
		add(st.ends && i+1 < len(b.program.stages), "close the session")
	}
	add(b.closeFirst && b.sourceAddress+b.start == 0, "write %d sectors, beginning at the next writable address (NWA)", p.Padded)
	add(b.closeFirst && b.sourceAddress+b.start > 0, "check that the next writable address (NWA) is then %d, and write %d sectors there", max(b.sourceAddress, b.start), p.Padded)
	add(true, "flush the drive's buffer")
	add(b.grows(), "make the disc refer to the new session: until then it shows its old contents")
	add(real && b.recipe.closing != closesItself, "%s", b.closeStep())
	add(real, "check what the drive reports about the disc")
	add(real && !b.o.NoVerify, "read the disc back and compare every sector with the source")
	add(real && b.o.Continue != nil, "check that the files of the disc and the new ones are found on it")
	add(b.o.Eject, "open the tray")
	return s
}

// atOnceStages reports whether what is written is more than one track with nothing around it.
func (b *Burn) atOnceStages() bool {
	return len(b.plan.Tracks) > 1 || len(b.program.stages[0].areas) > 1
}

// closeStep describes what ends the burn.
func (b *Burn) closeStep() string {
	switch {
	case b.recipe.closing == endFormatting:
		return "end the format, so that other drives can read the disc"
	case !b.medium.sequential():
		return "close the disc, so that other drives can read it"
	case b.o.Appendable && !b.recipe.single:
		return "close the session; the disc stays open for more sessions"
	}
	return "close the disc, so that nothing can be added"
}

// calibrates reports whether the laser is calibrated: on CD-R, DVD-R and the like
// without an earlier calibration, and never in a simulation.
func (b *Burn) calibrates() bool {
	return b.recipe.opc && b.medium.info.OPCTables == 0 && !b.o.Simulate
}
