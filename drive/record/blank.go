package record

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/progress"
)

// Blank makes a rewritable disc new: it erases a CD-RW or DVD-RW, and formats a
// DVD+RW, BD-RE or DVD-RAM. A quick one takes away what makes the disc known as
// written; with full set the whole disc is erased or formatted, which takes as
// long as writing it.
func Blank(ctx context.Context, t scsi.Transport, full bool, rep progress.Reporter) error {
	m, err := look(ctx, t)
	if err != nil {
		return fmt.Errorf("erase the disc: %w", err)
	}
	if !m.erasable() && m.sequential() || m.profile == mmc.NoProfile {
		return fmt.Errorf("erase the disc: %w: a %v keeps what is on it for ever", ErrNotWritable, m.profile)
	}
	if _, ok := recipeFor(m, Options{}); !ok {
		return fmt.Errorf("erase the disc: %w: a %v in this drive is only read", ErrNotWritable, m.profile)
	}
	work := context.WithoutCancel(ctx)
	if err := mmc.PreventRemoval(work, t, true); err == nil {
		defer func() { _ = mmc.PreventRemoval(work, t, false) }()
	}
	if m.erasable() {
		return erase(work, t, full, rep)
	}
	return format(work, t, m, full, rep)
}

// parts is the scale on which a drive tells its progress.
const parts = 1 << 16

// track reports the progress that the drive tells of a long operation.
func track(rep progress.Reporter, phase string) func(float64) {
	rep.Phase(phase, parts)
	var done int64
	return func(part float64) {
		if now := int64(part * parts); now > done {
			rep.Add(now - done)
			done = now
		}
	}
}

// erase blanks a CD-RW or DVD-RW. Where the quick way fails, the whole disc is
// erased: that helps with discs that are damaged at their beginning.
func erase(ctx context.Context, t scsi.Transport, full bool, rep progress.Reporter) error {
	if !full {
		err := blank(ctx, t, mmc.BlankMinimal, "erasing", rep)
		if err == nil {
			return nil
		}
		rep.Message(progress.Warning, fmt.Sprintf("erasing quickly failed, now the whole disc is erased: %v", err))
	}
	return blank(ctx, t, mmc.BlankFull, "erasing the whole disc", rep)
}

func blank(ctx context.Context, t scsi.Transport, kind mmc.BlankType, phase string, rep progress.Reporter) error {
	show := track(rep, phase)
	if err := mmc.BlankDisc(ctx, t, kind); err != nil && !scsi.InProgress(err) {
		return fmt.Errorf("erase the disc: %w", err)
	}
	if err := mmc.Wait(ctx, t, eraseTime, show); err != nil {
		return fmt.Errorf("erase the disc: %w", err)
	}
	return nil
}

// format formats a DVD+RW, BD-RE, DVD-RAM or DVD-RW.
func format(ctx context.Context, t scsi.Transport, m medium, full bool, rep progress.Reporter) error {
	f, err := m.chooseFormat(full)
	if err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	show := track(rep, "formatting")
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
func (m medium) chooseFormat(bool) (mmc.Format, error) {
	for _, kind := range formatTypes(m.profile) {
		if f, ok := m.formats.Find(kind); ok {
			if m.profile == mmc.DVDPRW || m.profile == mmc.DVDPRWDL {
				f.Parameter = 0 // start anew, from the beginning
			}
			return f, nil
		}
	}
	if m.formats.Blocks > 0 {
		return mmc.Format{Type: formatTypes(m.profile)[0], Blocks: m.formats.Blocks}, nil
	}
	return mmc.Format{}, fmt.Errorf("the drive offers no format for this %v", m.profile)
}
