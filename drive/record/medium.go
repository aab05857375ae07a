package record

import (
	"context"
	"fmt"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// medium is what the drive says of the disc in it.
type medium struct {
	profile mmc.Profile
	config  mmc.Configuration
	info    mmc.DiscInformation
	track   mmc.TrackInformation // that the next write goes to; sequential media only
	formats mmc.FormatCapacities // zero when the drive does not tell
	speeds  []mmc.WriteSpeed     // none when the drive offers no choice
	groove  int64                // sectors that the groove of a CD is long enough for, 0 when it does not tell
}

// look asks the drive everything that a plan rests on.
func look(ctx context.Context, t scsi.Transport) (medium, error) {
	var m medium
	if err := read.Ready(ctx, t); err != nil {
		return m, err
	}
	var err error
	if m.config, err = mmc.GetConfiguration(ctx, t); err != nil {
		return m, fmt.Errorf("ask what the drive can do: %w", err)
	}
	m.profile = m.config.Profile
	if m.info, err = discInformation(ctx, t); err != nil {
		return m, fmt.Errorf("ask how far the disc is written: %w", err)
	}
	if m.profile.IsCD() && m.info.Status == mmc.Appendable {
		// The address depends on the way of writing: at once there is a pre-gap.
		if err := mmc.SetWriteParameters(ctx, t, recipeTAO.parameters(m, Options{})); err != nil {
			return m, fmt.Errorf("set the write parameters: %w", err)
		}
	}
	if m.sequential() && m.info.Status != mmc.Closed {
		if m.track, err = read.NextTrack(ctx, t, m.profile, m.info); err != nil {
			return m, fmt.Errorf("ask where the next track begins: %w", err)
		}
	}
	// These two only refine the plan.
	if m.formats, err = mmc.ReadFormatCapacities(ctx, t); scsi.Gone(err) {
		return m, fmt.Errorf("ask how the disc can be formatted: %w", err)
	}
	if m.speeds, err = mmc.WriteSpeeds(ctx, t); scsi.Gone(err) {
		return m, fmt.Errorf("ask for the speeds: %w", err)
	}
	if m.profile.IsCD() {
		a, err := mmc.ReadATIP(ctx, t)
		switch {
		case scsi.Gone(err):
			return m, fmt.Errorf("ask for the size of the disc: %w", err)
		case err == nil && a.LastLeadOut.M < 90:
			m.groove = int64(max(a.LastLeadOut.LBA(), 0))
		}
	}
	if !m.sequential() && m.formats.State == 0 {
		if last, size, err := mmc.ReadCapacity(ctx, t); err == nil && size == disc.SectorSize && last > 0 {
			m.formats = mmc.FormatCapacities{State: mmc.Formatted, Blocks: last + 1}
		}
	}
	return m, nil
}

// discInformation asks how far the disc is written, as often as it takes a drive
// that is still busy with closing it.
func discInformation(ctx context.Context, t scsi.Transport) (info mmc.DiscInformation, err error) {
	err = persist(ctx, stuck, func() error {
		info, err = mmc.ReadDiscInformation(ctx, t)
		return err
	})
	return info, err
}

// persist sends a command until the drive is not too busy to take it, for as
// long as limit. An attention that says nothing of the disc or of the drive's
// power, such as a change of parameters by somebody else, is passed over: it
// has only kept the command from being carried out.
func persist(ctx context.Context, limit time.Duration, send func() error) error {
	var pauses mmc.Backoff
	for attentions := 0; ; {
		err := send()
		key, _, _, _ := scsi.Code(err)
		switch {
		case key == scsi.KeyUnitAttention && !scsi.WasReset(err) && !scsi.MediumChanged(err) && attentions < 4:
			attentions++
			continue
		case !scsi.InProgress(err):
			return err
		case pauses.Elapsed() > limit:
			return fmt.Errorf("%w after %v: %w", mmc.ErrNotReady, limit, err)
		}
		if err := pauses.Sleep(ctx); err != nil {
			return err
		}
	}
}

// same reports whether the disc is in the state that it was in before. What
// changes by itself, such as a format in the background, does not count.
func (m medium) same(before medium) bool {
	a, b := m.info, before.info
	return m.profile == before.profile && a.Status == b.Status && a.Sessions == b.Sessions && a.LastInLast == b.LastInLast &&
		m.track.NextWritable == before.track.NextWritable && m.track.Free == before.track.Free
}

// sequential reports whether the medium is written from its beginning to its
// end, and not at any address.
func (m medium) sequential() bool {
	switch m.profile {
	case mmc.CDR, mmc.CDRW, mmc.DVDR, mmc.DVDRW, mmc.DVDRDL, mmc.DVDPR, mmc.DVDPRDL, mmc.BDRSRM:
		return true
	}
	return false
}

// next returns the address that the next track begins at.
func (m medium) next() disc.LBA {
	if !m.sequential() || m.info.Status == mmc.Blank {
		return 0
	}
	return disc.LBA(m.track.NextWritable)
}

// room returns how many sectors can be written from next on.
func (m medium) room() int64 {
	if m.sequential() {
		return m.track.Free
	}
	return read.FormattedSize(m.profile, m.info, m.formats, m.speeds)
}

// unformatted reports whether the medium has to be formatted before it can be
// written, or its format carried on with.
func (m medium) unformatted() bool { return read.Unformatted(m.profile, m.info, m.formats) }

// erasable reports whether BLANK makes the medium new.
func (m medium) erasable() bool { return m.profile == mmc.CDRW || m.profile == mmc.DVDRW }
