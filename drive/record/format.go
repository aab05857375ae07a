package record

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/progress"
)

// format formats a medium for a burn, and looks whether it is formatted.
func format(ctx context.Context, t scsi.Transport, m medium, rep progress.Reporter) error {
	f, err := m.chooseFormat()
	if err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	return formatAs(ctx, t, m, f, rep)
}

// formatAs gives a medium a format, waits for the end, and looks whether the
// medium has it.
func formatAs(ctx context.Context, t scsi.Transport, m medium, f mmc.Format, rep progress.Reporter) error {
	show := track(rep, progress.Formatting, max(m.freeSectors(), f.Blocks%unknownBlocks))
	err := mmc.FormatUnit(ctx, t, f)
	if err != nil && !scsi.InProgress(err) && !scsi.Recovered(err) {
		return fmt.Errorf("format the disc: %w", err)
	}
	if err := mmc.Wait(ctx, t, eraseTimeout, show); err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	now, err := inspect(ctx, t)
	if err != nil {
		return fmt.Errorf("look at the formatted disc: %w", err)
	}
	if err := now.has(f, m); err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	return nil
}

// unknownBlocks asks for as many blocks as there are.
const unknownBlocks = 0xFFFFFFFF

// has makes sure that the medium has got the format that it was to be given.
// Before it was as before tells.
func (m medium) has(f mmc.Format, before medium) error {
	switch {
	case m.profile == mmc.DVDPRW || m.profile == mmc.DVDPRWDL:
		if m.info.Background == 0 || m.info.Background == 1 && f.Parameter&1 != 0 {
			return fmt.Errorf("%w: it is %s", ErrUnchanged, read.FormatState(m.profile, m.info, m.formats))
		}
	case f.Type == mmc.FormatDVDRW || f.Type == mmc.FormatDVDRWQuick:
		if m.profile != mmc.DVDRWRO {
			return fmt.Errorf("%w: it is a %v", ErrUnchanged, m.profile)
		}
	case f.Type == mmc.FormatDVDRWGrow:
		if m.formats.State != mmc.NoMedium && m.formats.Blocks <= before.formats.Blocks {
			return fmt.Errorf("%w: it still has %d sectors", ErrUnchanged, m.formats.Blocks)
		}
	case m.formats.State != mmc.Formatted:
		return fmt.Errorf("%w: it is not formatted", ErrUnchanged)
	case f.Blocks > 0 && f.Blocks < unknownBlocks && m.formats.Blocks != f.Blocks && m.formats.Blocks == before.formats.Blocks && before.formats.State == mmc.Formatted:
		return fmt.Errorf("%w: it still has %d sectors, %d were asked for", ErrUnchanged, m.formats.Blocks, f.Blocks)
	}
	return nil
}

// chooseFormat picks the format descriptor to send, from the drive's own list
// where it has one.
func (m medium) chooseFormat() (mmc.Format, error) {
	if m.profile == mmc.DVDRWRO {
		return mmc.Format{Type: mmc.FormatDVDRWGrow, Parameter: dvdBlock}, nil
	}
	plus := m.profile == mmc.DVDPRW || m.profile == mmc.DVDPRWDL
	kind := read.FormatType(m.profile)
	f, ok := m.formats.Find(kind)
	switch {
	case ok:
	case m.formats.Blocks > 0:
		f = mmc.Format{Type: kind, Blocks: m.formats.Blocks}
	case plus:
		f = mmc.Format{Type: kind, Blocks: unknownBlocks}
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

// wholeRoom returns how many sectors a DVD-RW that is written in place has when its
// format is grown as far as it goes, 0 when the drive cannot grow it.
func (m medium) grownSectors() int64 { return read.GrownSize(m.profile, m.formats) }

// intermediate reports whether a DVD-RW is in the state between a quick format and
// its end: it is written as far as it was reached, and closed then (MMC-6 6.23: the
// capacity descriptor is of no complete format).
func (m medium) intermediate() bool {
	return m.profile == mmc.DVDRWRO && m.formats.State == mmc.NoMedium
}

// endIntermediate closes a DVD-RW whose format was grown by writing: drives that
// only read choke on one that was left in between.
func (r *burning) endIntermediate() error {
	f, err := mmc.ReadFormatCapacities(r.work, r.t)
	if err != nil || f.State != mmc.NoMedium {
		return err
	}
	return closeAndWait(r.work, r.t, mmc.CloseSession, 0)
}
