package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
)

// ErrOtherDisc is in the chain of the error of a burn after which the disc in the drive
// is not the one that was burned.
var ErrOtherDisc = errors.New("the disc in the drive is not the one that was burned")

// identity is what identifies a disc. Discs of the same type have most of it in common:
// it can show that two discs are different, but not that they are the same.
type identity struct {
	profile      mmc.Profile
	manufacturer []byte // recorded by the manufacturer; empty if the drive does not report it
	id           uint32
	hasID        bool
	sessions     int
	sectors      int64 // of a medium that is overwritten in place
}

// identify reads what identifies the medium.
func identify(ctx context.Context, t scsi.Transport) (identity, error) {
	config, err := mmc.GetConfiguration(ctx, t)
	if err != nil {
		return identity{}, fmt.Errorf("read the profile of the disc: %w", err)
	}
	info, err := discInformation(ctx, t)
	if err != nil {
		return identity{}, fmt.Errorf("read the disc information: %w", err)
	}
	i := identity{profile: config.Profile, id: info.ID, hasID: info.HasID, sessions: info.Sessions}
	if i.manufacturer, err = manufacturer(ctx, t, i.profile); err != nil {
		return identity{}, fmt.Errorf("read the manufacturer of the disc: %w", err)
	}
	if i.profile == mmc.BDRE || i.profile == mmc.DVDRAM {
		if last, _, err := mmc.ReadCapacity(ctx, t); err == nil {
			i.sectors = last + 1
		}
	}
	return i, nil
}

// manufacturer reads what the manufacturer recorded on a medium: the ATIP of a CD (MMC-6 6.25, format
// 0100b), the ADIP of DVD+, the pre-recorded information of DVD-, the disc information of BD (MMC-6
// 6.22, formats 11h, 0Eh, 00h). Drives need not support this; an error is returned only if the drive
// does not answer.
func manufacturer(ctx context.Context, t scsi.Transport, p mmc.Profile) ([]byte, error) {
	var b []byte
	var err error
	switch p {
	case mmc.CDR, mmc.CDRW:
		var a mmc.ATIP
		if a, err = mmc.ReadATIP(ctx, t); err == nil {
			b = fmt.Appendf(nil, "%s %v %v", a.LeadIn, a.LastLeadOut, a.Rewritable)
		}
	case mmc.DVDPR, mmc.DVDPRW, mmc.DVDPRDL, mmc.DVDPRWDL:
		// Manufacturer and media type only: some drives report a different rest after
		// recording.
		if b, err = mmc.ReadDiscStructure(ctx, t, false, 0, 0x11, 256); err == nil && len(b) >= 30 {
			b = b[19:30]
		}
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRWRO, mmc.DVDRDL, mmc.DVDRDLJ:
		b, err = mmc.ReadDiscStructure(ctx, t, false, 0, 0x0E, 40)
	case mmc.BDRSRM, mmc.BDRE:
		if b, err = mmc.ReadDiscStructure(ctx, t, true, 0, 0, 112); err == nil && len(b) >= 109 {
			b = b[100:109]
		}
	}
	switch {
	case scsi.Gone(err):
		return nil, err
	case err != nil:
		return nil, nil
	}
	return b, nil
}

// differsFrom returns why a disc is not the one it is compared with, or "" if it may be
// the same.
func (i identity) differsFrom(before identity) string {
	switch {
	case !sameProfile(i.profile, before.profile) && !pressedKind(i.profile, before.profile):
		return fmt.Sprintf("it is a %v, and a %v was burned", i.profile, before.profile)
	case i.hasID && before.hasID && i.id != before.id:
		return fmt.Sprintf("its identification is %08X, and that of the burned disc was %08X", i.id, before.id)
	case sameProfile(i.profile, before.profile) && len(i.manufacturer) > 0 && len(before.manufacturer) > 0 && !bytes.Equal(i.manufacturer, before.manufacturer):
		return "it is of another manufacturer or type"
	case i.sessions < before.sessions:
		return fmt.Sprintf("it has fewer sessions (%d) than the burned disc had before (%d)", i.sessions, before.sessions)
	case i.sectors > 0 && before.sectors > 0 && i.sectors != before.sectors:
		return fmt.Sprintf("it has %d sectors, and the burned disc had %d", i.sectors, before.sectors)
	}
	return ""
}

// pressedKind reports whether a drive may now report a recordable disc as a pressed
// one, because it is closed and its book type says so.
func pressedKind(now, before mmc.Profile) bool {
	switch now {
	case mmc.CDROM:
		return before.IsCD()
	case mmc.DVDROM:
		return !before.IsCD() && !before.IsBD()
	case mmc.BDROM:
		return before.IsBD()
	}
	return false
}

// identifyDisc identifies the disc before the first sector is written, and clears media
// events of earlier discs.
func (r *burning) identifyDisc() error {
	_, _ = mmc.GetMediaEvent(r.work, r.t) // earlier events; a drive may not support the command
	var err error
	if r.burned, err = identify(r.work, r.t); err != nil {
		return r.before("identify the disc", err)
	}
	return nil
}

// watchChange checks for media events that report a disc change during writing.
func (r *burning) watchChange() {
	if e, err := mmc.GetMediaEvent(r.work, r.t); err == nil && e.Changed() {
		r.notAssured("the drive reported a new disc while it was writing, so the disc in it may be another one")
	}
}

// sameDisc checks that the disc in the drive is the one that was burned, as far as the
// drive's replies allow.
func (r *burning) sameDisc() error {
	now, err := identify(r.work, r.t)
	if err != nil {
		return err
	}
	if why := now.differsFrom(r.burned); why != "" {
		return fmt.Errorf("%w: %s", ErrOtherDisc, why)
	}
	return nil
}

// notAssured adds a reason why the result is not verified.
func (r *burning) notAssured(format string, args ...any) {
	r.result.NotAssured = append(r.result.NotAssured, fmt.Sprintf(format, args...))
}
