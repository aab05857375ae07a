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

// medium is what the drive reports about the disc in it.
type medium struct {
	profile mmc.Profile
	config  mmc.Configuration
	info    mmc.DiscInformation
	track   mmc.TrackInformation // that the next write goes to; sequential media only
	noTrack bool                 // the drive reports no such track: a burn at once was interrupted
	formats mmc.FormatCapacities // zero if the drive does not support the command
	speeds  []mmc.WriteSpeed     // none if the drive offers no choice
	groove  int64                // sectors that fit on a CD according to its ATIP, 0: unknown
	leadIn  disc.LBA             // where the lead-in of a CD begins according to its ATIP, 0: unknown
}

// inspect reads everything from the drive that a plan depends on.
func inspect(ctx context.Context, t scsi.Transport) (medium, error) {
	var m medium
	if err := read.Ready(ctx, t); err != nil {
		return m, err
	}
	var err error
	if m.config, err = mmc.GetConfiguration(ctx, t); err != nil {
		return m, fmt.Errorf("read the features of the drive: %w", err)
	}
	m.profile = m.config.Profile
	if m.info, err = discInformation(ctx, t); err != nil {
		return m, fmt.Errorf("read the disc information: %w", err)
	}
	if m.profile.IsCD() && m.info.Status == mmc.Appendable {
		// The next writable address depends on the write type: track at once has a pre-gap.
		if err := mmc.SetWriteParameters(ctx, t, recipeTAO.parameters(m, Options{})); err != nil {
			return m, fmt.Errorf("set the write parameters: %w", err)
		}
	}
	if m.sequential() && m.info.Status != mmc.Closed {
		m.track, err = read.NextTrack(ctx, t, m.profile, m.info)
		// A CD on which a session at once was interrupted may have no next track.
		m.noTrack = m.profile.IsCD() && m.info.Status == mmc.Appendable && refused(err)
		if err != nil && !m.noTrack {
			return m, fmt.Errorf("read the next writable address: %w", err)
		}
	}
	// A drive need not support the rest.
	if m.formats, err = mmc.ReadFormatCapacities(ctx, t); scsi.Gone(err) {
		return m, fmt.Errorf("read the format capacities: %w", err)
	}
	if m.speeds, err = mmc.WriteSpeeds(ctx, t); scsi.Gone(err) {
		return m, fmt.Errorf("read the speeds: %w", err)
	}
	if m.profile.IsCD() {
		a, err := mmc.ReadATIP(ctx, t)
		switch {
		case scsi.Gone(err):
			return m, fmt.Errorf("read the ATIP: %w", err)
		case err == nil:
			m.readATIP(a)
		}
	}
	if !m.sequential() && m.formats.State == 0 {
		if last, size, err := mmc.ReadCapacity(ctx, t); err == nil && size == disc.SectorSize && last > 0 {
			m.formats = mmc.FormatCapacities{State: mmc.Formatted, Blocks: last + 1}
		}
	}
	return m, nil
}

// readATIP keeps where the lead-in and the last possible lead-out begin.
func (m *medium) readATIP(a mmc.ATIP) {
	if a.LastLeadOut.M < 90 {
		m.groove = int64(max(a.LastLeadOut.LBA(), 0))
	}
	if a.LeadIn.M >= 90 {
		m.leadIn = a.LeadIn.LBA()
	}
}

// discInformation reads the disc information. It waits while the drive is still closing
// the disc.
func discInformation(ctx context.Context, t scsi.Transport) (info mmc.DiscInformation, err error) {
	err = retryWhileBusy(ctx, busyTimeout, func() error {
		info, err = mmc.ReadDiscInformation(ctx, t)
		return err
	})
	return info, err
}

// retryWhileBusy sends a command until the drive is no longer busy, for at most limit. It
// also repeats the command after a unit attention that concerns neither the disc nor a
// reset, such as a change of mode parameters: such a command was not executed.
func retryWhileBusy(ctx context.Context, limit time.Duration, send func() error) error {
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

// same reports whether the disc is in the same state as before, except for what changes
// by itself, such as a background format.
func (m medium) same(before medium) bool {
	a, b := m.info, before.info
	if !sameProfile(m.profile, before.profile) || a.Status != b.Status || a.Sessions != b.Sessions || a.LastInLast != b.LastInLast {
		return false
	}
	if m.profile.IsCD() && a.Status == mmc.Blank {
		return true // its next writable address depends on the write parameters
	}
	return m.track.NextWritable == before.track.NextWritable && (m.track.Free == before.track.Free || m.profile != before.profile)
}

// sequential reports whether the medium is written sequentially, as opposed to being
// overwritten in place.
func (m medium) sequential() bool {
	switch m.profile {
	case mmc.CDR, mmc.CDRW, mmc.DVDR, mmc.DVDRW, mmc.DVDRDL, mmc.DVDRDLJ, mmc.DVDPR, mmc.DVDPRDL, mmc.BDRSRM:
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

// freeSectors returns how many sectors can be written, beginning at next.
func (m medium) freeSectors() int64 {
	if m.sequential() {
		return m.track.Free
	}
	return read.FormattedSize(m.profile, m.info, m.formats, m.speeds)
}

// unformatted reports whether the medium has to be formatted, or an interrupted format
// resumed, before it can be written.
func (m medium) unformatted() bool { return read.Unformatted(m.profile, m.info, m.formats) }

// erasable reports whether the medium is erased by BLANK.
func (m medium) erasable() bool { return m.profile == mmc.CDRW || m.profile == mmc.DVDRW }
