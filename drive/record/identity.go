package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
)

// ErrOtherDisc is in the chain of the error of a burn behind which another disc is
// in the drive than the one that was burned.
var ErrOtherDisc = errors.New("another disc is in the drive than the one that was burned")

// identity is by what a disc is known again. Discs of one make share most of it: it
// can tell that a disc is another one, and not that it is the same.
type identity struct {
	profile      mmc.Profile
	manufacturer []byte // what the manufacturer recorded on the medium; empty when the drive does not tell
	id           uint32
	hasID        bool
	sessions     int
	sectors      int64 // of a medium that is overwritten in place
}

// identify asks for what the medium is known by.
func identify(ctx context.Context, t scsi.Transport) (identity, error) {
	config, err := mmc.GetConfiguration(ctx, t)
	if err != nil {
		return identity{}, fmt.Errorf("ask for the kind of the disc: %w", err)
	}
	info, err := discInformation(ctx, t)
	if err != nil {
		return identity{}, fmt.Errorf("ask how far the disc is written: %w", err)
	}
	i := identity{profile: config.Profile, id: info.ID, hasID: info.HasID, sessions: info.Sessions}
	if i.manufacturer, err = manufacturer(ctx, t, i.profile); err != nil {
		return identity{}, fmt.Errorf("ask what the maker put on the disc: %w", err)
	}
	if i.profile == mmc.BDRE || i.profile == mmc.DVDRAM {
		if last, _, err := mmc.ReadCapacity(ctx, t); err == nil {
			i.sectors = last + 1
		}
	}
	return i, nil
}

// made reads what the maker put on a medium: the ATIP of a CD (MMC-6 6.25, format
// 0100b), the ADIP of DVD+, the pre-recorded information of DVD-, the disc
// information of BD (MMC-6 6.22, formats 11h, 0Eh, 00h). A drive need not tell; the
// error is that of one that hangs.
func manufacturer(ctx context.Context, t scsi.Transport, p mmc.Profile) ([]byte, error) {
	var b []byte
	var err error
	switch p {
	case mmc.CDR, mmc.CDRW:
		var a mmc.ATIP
		if a, err = mmc.ReadATIP(ctx, t); err == nil {
			b = fmt.Appendf(nil, "%s %v %v", a.Code(), a.LastLeadOut, a.Rewritable)
		}
	case mmc.DVDPR, mmc.DVDPRW, mmc.DVDPRDL, mmc.DVDPRWDL:
		// Of this the maker and the type: some drives put into the rest what is recorded.
		if b, err = mmc.ReadDiscStructure(ctx, t, false, 0, 0x11, 256); err == nil && len(b) >= 30 {
			b = b[19:30]
		}
	case mmc.DVDR, mmc.DVDRW, mmc.DVDRWRO, mmc.DVDRDL:
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

// other says by what a disc is another one than before, nothing when it may be the
// same.
func (i identity) differsFrom(before identity) string {
	switch {
	case i.profile != before.profile && !pressedKind(i.profile, before.profile):
		return fmt.Sprintf("it is a %v, and a %v was burned", i.profile, before.profile)
	case i.hasID && before.hasID && i.id != before.id:
		return fmt.Sprintf("its identification is %08X, and that of the disc burned was %08X", i.id, before.id)
	case i.profile == before.profile && len(i.manufacturer) > 0 && len(before.manufacturer) > 0 && !bytes.Equal(i.manufacturer, before.manufacturer):
		return "it is of another maker or type"
	case i.sessions < before.sessions:
		return fmt.Sprintf("it has fewer sessions (%d) than the disc burned had before (%d)", i.sessions, before.sessions)
	case i.sectors > 0 && before.sectors > 0 && i.sectors != before.sectors:
		return fmt.Sprintf("it has %d sectors, and the disc burned had %d", i.sectors, before.sectors)
	}
	return ""
}

// pressedKind reports whether a drive may call a disc now a pressed one: a closed
// disc whose book type says so.
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

// known takes note of the disc before the first sector, and of what the drive has
// to tell of earlier discs.
func (r *burning) identifyDisc() error {
	_, _ = mmc.GetMediaEvent(r.work, r.t) // about what was before; a drive may not know the command
	var err error
	if r.burned, err = identify(r.work, r.t); err != nil {
		return r.before("look at what the disc is known by", err)
	}
	return nil
}

// watchChange asks whether the drive has met another disc while it wrote.
func (r *burning) watchChange() {
	if e, err := mmc.GetMediaEvent(r.work, r.t); err == nil && e.Changed() {
		r.notAssured("the drive told of a new disc while it was writing, so the disc in it may be another one")
	}
}

// sameDisc makes sure that the disc that is going to be checked is not visibly
// another one than the one that was burned.
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

// doubt takes note of something that the verdict cannot rest on.
func (r *burning) notAssured(format string, args ...any) {
	r.result.NotAssured = append(r.result.NotAssured, fmt.Sprintf(format, args...))
}
