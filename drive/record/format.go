package record

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/progress"
)

// format formats a medium for a burn, and checks that it is formatted.
func format(ctx context.Context, t scsi.Transport, m medium, rep progress.Reporter) error {
	f, err := m.chooseFormat()
	if err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	return formatAs(ctx, t, m, f, rep)
}

// formatAs formats a medium, waits until that is done, and checks that it has the new
// format.
func formatAs(ctx context.Context, t scsi.Transport, m medium, f mmc.Format, rep progress.Reporter) error {
	show := track(rep, progress.Formatting, max(m.freeSectors(), f.Blocks%unknownBlocks))
	err := mmc.FormatUnit(ctx, t, f)
	if err != nil && !scsi.InProgress(err) && !scsi.Recovered(err) {
		return fmt.Errorf("format the disc: %w", err)
	}
	if err := mmc.Wait(ctx, t, eraseTimeout, show); err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	show(1) // the drive need not have been asked at the end
	now, err := inspect(ctx, t)
	if err != nil {
		return fmt.Errorf("examine the formatted disc: %w", err)
	}
	if err := now.has(f, m); err != nil {
		return fmt.Errorf("format the disc: %w", err)
	}
	return nil
}

// unknownBlocks means all blocks of the medium.
const unknownBlocks = 0xFFFFFFFF

// has checks that the medium has the requested format. before is its earlier state.
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
		return fmt.Errorf("%w: it still has %d sectors, and %d were requested", ErrUnchanged, m.formats.Blocks, f.Blocks)
	}
	return nil
}

// chooseFormat returns the format descriptor to send, from the drive's list if it has
// one.
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
			f.Parameter = 1 // resume the interrupted format
		}
	}
	return f, nil
}

// grownSectors returns how many sectors a DVD-RW in restricted overwrite mode has when
// its format is enlarged as far as possible, 0 when the drive cannot do that.
func (m medium) grownSectors() int64 { return read.GrownSize(m.profile, m.formats) }

// intermediate reports whether a DVD-RW is in the intermediate state after a quick
// format: it is enlarged by writing, and closed then (MMC-6 6.23: the capacity
// descriptor is not that of a complete format).
func (m medium) intermediate() bool {
	return m.profile == mmc.DVDRWRO && m.formats.State == mmc.NoMedium
}

// endIntermediate closes a DVD-RW whose format was enlarged by writing: other drives
// cannot read one that was left in the intermediate state.
func (r *burning) endIntermediate() error {
	f, err := mmc.ReadFormatCapacities(r.work, r.t)
	if err != nil || f.State != mmc.NoMedium {
		return err
	}
	return closeAndWait(r.work, r.t, mmc.CloseSession, 0)
}
