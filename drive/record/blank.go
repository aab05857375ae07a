package record

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/progress"
)

// Blank makes a rewritable disc new. A CD-RW or DVD-RW is erased: quickly, which
// takes away what makes the disc known as written, or in full. A DVD+RW, BD-RE
// or DVD-RAM is formatted if it is not yet, and overwritten with zeros: where
// file systems begin, or in full. Full takes as long as writing the whole disc.
func Blank(ctx context.Context, t scsi.Transport, full bool, rep progress.Reporter) error {
	t = scsi.Guard(t)
	m, err := look(ctx, t)
	if err != nil {
		return fmt.Errorf("erase the disc: %w", err)
	}
	if _, ok := recipeFor(m, Options{}); !ok {
		return fmt.Errorf("erase the disc: %w: a %v in this drive is only read", ErrNotWritable, m.profile)
	}
	restricted := m.profile == mmc.DVDRWRO
	if m.sequential() && !m.erasable() {
		return fmt.Errorf("erase the disc: %w: a %v keeps what is on it for ever", ErrNotWritable, m.profile)
	}
	if err := scsi.Writable(t); err != nil {
		return fmt.Errorf("erase the disc: the drive can only be read now: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	work := context.WithoutCancel(ctx)
	if err := mmc.PreventRemoval(work, t, true); err == nil {
		defer func() { _ = mmc.PreventRemoval(work, t, false) }()
	}
	if m.erasable() || restricted {
		return erase(work, t, m, full, rep)
	}
	if m.unformatted() {
		if err := format(work, t, m, rep); err != nil {
			return err
		}
		if m, err = look(work, t); err != nil {
			return fmt.Errorf("erase the disc: %w", err)
		}
	}
	return zero(ctx, t, m, full, rep)
}

// quickZeros is how many sectors are overwritten quickly: behind them no file
// system begins. UDF has its anchor at 256, an image of several sessions a
// second start at 32.
const quickZeros = 512

// zero overwrites the disc with zeros.
func zero(ctx context.Context, t scsi.Transport, m medium, full bool, rep progress.Reporter) error {
	total := m.room()
	if !full {
		total = min(total, quickZeros)
	}
	r, _ := recipeFor(m, Options{})
	b := &Burn{
		t: t, medium: m, recipe: r, o: Options{Blank: true, NoVerify: true},
		src:  disc.FromReaderAt(zeros{}, total*disc.SectorSize, nil),
		plan: Plan{Profile: m.profile.String(), Sectors: total, Padded: total, Capacity: total},
	}
	if _, err := b.Run(ctx, rep); err != nil {
		return fmt.Errorf("overwrite the disc with zeros: %w", err)
	}
	return nil
}

// zeros is a source that has nothing else.
type zeros struct{}

func (zeros) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// track reports the progress that the drive tells of a long operation on that
// many sectors.
func track(rep progress.Reporter, phase string, sectors int64) func(float64) {
	total := sectors * disc.SectorSize
	rep.Phase(phase, total)
	var done int64
	return func(part float64) {
		if now := int64(part * float64(total)); now > done {
			rep.Add(now - done)
			done = now
		}
	}
}

// erase blanks a CD-RW or DVD-RW. Where the quick way fails, the whole disc is
// erased: that helps with discs that are damaged at their beginning.
func erase(ctx context.Context, t scsi.Transport, m medium, full bool, rep progress.Reporter) error {
	if !full {
		err := blank(ctx, t, mmc.BlankMinimal, track(rep, "erasing", m.erasedRoom()))
		if err == nil || scsi.Gone(err) {
			return err
		}
		rep.Message(progress.Warning, fmt.Sprintf("erasing quickly failed, now the whole disc is erased: %v", err))
	}
	return blank(ctx, t, mmc.BlankFull, track(rep, "erasing the whole disc", m.erasedRoom()))
}

func blank(ctx context.Context, t scsi.Transport, kind mmc.BlankType, show func(float64)) error {
	if err := mmc.BlankDisc(ctx, t, kind); err != nil && !scsi.InProgress(err) {
		return fmt.Errorf("erase the disc: %w", err)
	}
	if err := mmc.Wait(ctx, t, eraseTime, show); err != nil {
		return fmt.Errorf("erase the disc: %w", err)
	}
	return nil
}

// format formats a DVD+RW, BD-RE or DVD-RAM.
func format(ctx context.Context, t scsi.Transport, m medium, rep progress.Reporter) error {
	f, err := m.chooseFormat()
	if err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	show := track(rep, "formatting", m.room())
	if err := mmc.FormatUnit(ctx, t, f); err != nil && !scsi.InProgress(err) {
		return fmt.Errorf("format the disc: %w", err)
	}
	if err := mmc.Wait(ctx, t, eraseTime, show); err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	return nil
}

// chooseFormat picks the format descriptor to send, from the drive's own list
// where it has one.
func (m medium) chooseFormat() (mmc.Format, error) {
	plus := m.profile == mmc.DVDPRW || m.profile == mmc.DVDPRWDL
	kind := read.FormatType(m.profile)
	f, ok := m.formats.Find(kind)
	switch {
	case ok:
	case m.formats.Blocks > 0:
		f = mmc.Format{Type: kind, Blocks: m.formats.Blocks}
	case plus:
		f = mmc.Format{Type: kind, Blocks: 0xFFFFFFFF} // as much as there is
	default:
		return mmc.Format{}, fmt.Errorf("the drive offers no format for this %v", m.profile)
	}
	if plus {
		f.Parameter = 0
		if m.info.Background == 1 {
			f.Parameter = 1 // carry on with the format that was interrupted
		}
	}
	return f, nil
}
