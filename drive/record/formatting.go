package record

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Spare is the size of the spare areas of a Blu-ray disc, which replace defective sectors: one
// of these constants, or a number of sectors from 32 on.
type Spare int

// Sizes of the spare areas.
const (
	SpareUsual Spare = iota // the drive's default
	SpareNone               // none: the whole disc holds data
	SpareMost               // the largest that the drive offers
)

// FormatOptions are the options of formatting a disc.
type FormatOptions struct {
	Full  bool  // all of the disc, which takes as long as writing it
	Spare Spare // BD-RE and BD-R only
	// PseudoOverwrite formats a BD-R so that its sectors can be overwritten in place, at the
	// price of spare sectors. Few programs can add to such a disc.
	PseudoOverwrite bool
}

// FormatPlan describes what formatting a disc will do.
type FormatPlan struct {
	Profile  string
	Contents Contents      // of the disc, which will be lost
	Now      int64         // sectors of the present format, 0: not formatted
	Capacity int64         // sectors of the new format, 0: unknown
	Spares   []SpareChoice // that the disc can have; BD only
	Steps    []string      // as text
	Costs    []string      // the disadvantages, as text
}

// Formatted is the state of a disc after it was formatted.
type Formatted struct {
	Profile  string
	Capacity int64 // sectors
	Notices  []disc.Notice
}

// ErrNoFormat is in the chain of the error of a medium that cannot be formatted,
// or not in that way.
var ErrNoFormat = errors.New("the disc cannot be formatted in this way")

// Formatting is a format that was planned and not begun.
type Formatting struct {
	t      scsi.Transport
	medium medium
	format mmc.Format
	full   bool
	plan   FormatPlan
}

// NewFormatting examines the disc and plans how it is formatted. It changes nothing.
func NewFormatting(ctx context.Context, t scsi.Transport, o FormatOptions) (*Formatting, error) {
	t = scsi.Guard(t)
	m, err := inspect(ctx, t)
	if err != nil {
		return nil, fmt.Errorf("format the disc: %w", err)
	}
	f := &Formatting{t: t, medium: m, full: o.Full, plan: FormatPlan{Profile: m.profile.String()}}
	if err := f.makePlan(ctx, o); err != nil {
		return nil, fmt.Errorf("format the disc: %w", err)
	}
	return f, nil
}

// Plan returns what Run will do.
func (f *Formatting) Plan() FormatPlan { return f.plan }

func (f *Formatting) makePlan(ctx context.Context, o FormatOptions) error {
	m, p := f.medium, &f.plan
	switch {
	case o.Spare != SpareUsual && m.profile != mmc.BDRE && m.profile != mmc.BDRSRM:
		return fmt.Errorf("%w: the spare areas of a %v cannot be chosen", ErrNoFormat, m.profile)
	case o.PseudoOverwrite && m.profile != mmc.BDRSRM:
		return fmt.Errorf("%w: pseudo-overwrite is a format of BD-R, not of %v", ErrNoFormat, m.profile)
	}
	var err error
	switch m.profile {
	case mmc.DVDPRW, mmc.DVDPRWDL, mmc.DVDRAM:
		err = f.planRewritable()
	case mmc.DVDRW, mmc.DVDRWRO:
		err = f.planDVDRW()
	case mmc.BDRE:
		err = f.planBDRE(o.Spare)
	case mmc.BDRSRM:
		err = f.planBDR(o)
	default:
		err = fmt.Errorf("%w: a %v is used without a format", ErrNoFormat, m.profile)
	}
	if err != nil {
		return err
	}
	if !m.sequential() && !m.unformattedNow() {
		p.Now = m.freeSectors()
	}
	if f.format.Blocks < unknownBlocks {
		p.Capacity = f.format.Blocks
	}
	if p.Contents, err = m.contents(ctx, f.t); err != nil {
		return err
	}
	if p.Contents.Data {
		p.Costs = append([]string{"the contents of the disc are lost: " + p.Contents.String()}, p.Costs...)
	}
	f.describe()
	return nil
}

// describe adds the steps and costs that all media have in common.
func (f *Formatting) describe() {
	m, p := f.medium, &f.plan
	p.Steps = append(p.Steps, "lock the tray", "format the "+p.Profile)
	switch {
	case m.profile == mmc.BDRSRM:
	case f.full:
		p.Steps = append(p.Steps, "write zeros over the whole disc")
		p.Costs = append(p.Costs, "it takes as long as writing the whole disc")
	default:
		p.Steps = append(p.Steps, "write zeros where file systems begin")
	}
	p.Steps = append(p.Steps, "check what the drive reports about the disc, and read it")
}

func (f *Formatting) planRewritable() error {
	var err error
	if f.format, err = f.medium.chooseFormat(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoFormat, err)
	}
	if f.medium.profile == mmc.DVDRAM {
		f.plan.Costs = append(f.plan.Costs, "most drives format all of a DVD-RAM, which can take an hour")
	}
	if f.full { // do not resume an interrupted format
		f.format.Parameter &^= 1
	}
	return nil
}

// planDVDRW formats a DVD-RW for restricted overwrite. After a quick format it holds as
// much as is written to it, and a burn enlarges it.
func (f *Formatting) planDVDRW() error {
	m, p := f.medium, &f.plan
	kind := byte(mmc.FormatDVDRWQuick)
	if f.full {
		kind = mmc.FormatDVDRW
	}
	var ok bool
	if f.format, ok = m.formats.Find(kind); !ok {
		return fmt.Errorf("%w: the drive offers no such format for this %v", ErrNoFormat, m.profile)
	}
	f.format.Parameter = dvdBlock
	if !f.full {
		f.format.Blocks = 0
	}
	if m.profile == mmc.DVDRW {
		p.Costs = append(p.Costs, "the disc is then overwritten in place and has no sessions; some players cannot read it; erasing undoes the format")
	}
	if !f.full {
		p.Costs = append(p.Costs, "only the written part of the disc is formatted, and a burn that needs more room enlarges it")
	}
	return nil
}

// spareFormat returns the format with the requested spare areas, and lists those that the
// disc can have.
func (f *Formatting) spareFormat(want Spare) (mmc.Format, error) {
	own := Burn{medium: f.medium}
	all := own.listSpares(want)
	f.plan.Spares = own.plan.Spares
	x, _, ok := all.find(want)
	if !ok || x == nil {
		return mmc.Format{}, own.noSpare(want, all)
	}
	return *x, nil
}

// planBDRE chooses the spare areas of a BD-RE.
func (f *Formatting) planBDRE(s Spare) (err error) {
	if s == SpareNone {
		f.plan.Costs = append(f.plan.Costs, "the drive cannot replace defective sectors, so verify what is written")
	}
	f.format, err = f.spareFormat(s)
	return err
}

// planBDR formats a blank BD-R with spare areas, by default without pseudo-overwrite, whose
// sessions other programs leave open.
func (f *Formatting) planBDR(o FormatOptions) (err error) {
	m, p := f.medium, &f.plan
	switch {
	case m.info.Status != mmc.Blank:
		return fmt.Errorf("%w: a BD-R can only be formatted while it is blank", ErrNoFormat)
	case m.formats.State == mmc.Formatted:
		return fmt.Errorf("%w: this BD-R is formatted already, which can be done only once", ErrNoFormat)
	case o.Spare == SpareNone:
		return fmt.Errorf("%w: a BD-R that is not formatted has no spare areas already", ErrNoFormat)
	case o.Full:
		return fmt.Errorf("%w: a BD-R cannot be formatted in full, because it can be written only once", ErrNoFormat)
	}
	x, err := f.spareFormat(o.Spare)
	if err != nil {
		return err
	}
	f.format = bdrFormat(x, o.PseudoOverwrite)
	p.Now = m.track.Free
	p.Costs = append(p.Costs,
		fmt.Sprintf("the disc holds %d sectors less", max(p.Now-f.format.Blocks, 0)),
		"it is written at about half the speed, because the drive checks each cluster",
		"it cannot be undone")
	if o.PseudoOverwrite {
		p.Costs = append(p.Costs, "sectors that are overwritten use up the spare areas, and few programs can add to such a disc")
	}
	return nil
}

// Run formats the disc, and checks that it is formatted and empty: ErrUnchanged is in
// the chain of the error if the drive reported success and did nothing.
func (f *Formatting) Run(ctx context.Context, rep progress.Reporter) (Formatted, error) {
	r := work(ctx, f.t, f.medium, rep)
	if err := r.lockPlanned(); err != nil {
		return Formatted{}, fmt.Errorf("format the disc: %w", err)
	}
	defer r.lock(false)
	if err := formatAs(r.work, r.t, f.medium, f.format, rep); err != nil {
		return Formatted{}, err
	}
	m, err := inspect(r.work, r.t)
	if err != nil {
		return Formatted{}, fmt.Errorf("examine the formatted disc: %w", err)
	}
	if !m.sequential() {
		if m, err = f.empty(r, m); err != nil {
			return Formatted{}, fmt.Errorf("overwrite the formatted disc with zeros: %w", err)
		}
	}
	r.lock(false)
	if r.watch.lost != nil {
		return Formatted{}, fmt.Errorf("format the disc: %w", r.watch.lost)
	}
	r.show()
	return Formatted{Profile: m.profile.String(), Capacity: m.freeSectors(), Notices: r.result.Notices}, nil
}

// empty overwrites a formatted disc with zeros, and returns its new state.
func (f *Formatting) empty(r *burning, m medium) (medium, error) {
	r.medium = m
	r.recipe, _ = recipeFor(m, Options{})
	if m.intermediate() { // only what is written can be read
		if err := r.writeZeros([]span{{0, min(firstSectors, m.freeSectors())}}, progress.Formatting); err != nil {
			return m, err
		}
	} else if err := r.zero(f.full); err != nil {
		return m, err
	}
	now, err := inspect(r.work, r.t)
	if err == nil && now.intermediate() {
		err = fmt.Errorf("%w: the format is still not complete", ErrUnchanged)
	}
	return now, err
}
