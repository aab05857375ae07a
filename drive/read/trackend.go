package read

import (
	"context"
	"fmt"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

const (
	// runOut is how many blocks a recorder adds to a track written track at once, when
	// the laser stops (MMC-6 4.2.3.7). They belong to the track in the table of contents,
	// contain nothing, and cannot be read.
	runOut = 2
	// preGap is where the pre-gap of a track begins, in sectors before its start. In a
	// track written track at once, its first block links the track to what was written
	// before.
	preGap = 150
)

// trim removes from the data tracks of a CD what the table of contents includes although
// it does not belong to them: the pre-gap of the next track, and the run-out of a track
// that was written track at once. All other sectors stay, whether they can be read or
// not.
func (d *medium) trim(ctx context.Context) {
	for _, s := range d.toc.Sessions {
		for i := range s.Tracks {
			t := &s.Tracks[i]
			if t.Mode == disc.Audio {
				continue
			}
			if i+1 < len(s.Tracks) {
				next := &s.Tracks[i+1]
				n := d.preGapOf(ctx, *next, *t)
				t.Length -= n
				// Link blocks, which cannot be read, are between the tracks, but in no pre-gap.
				if next.Mode == disc.Audio && n > 0 && mmc.ReadCDOfMode(ctx, d.t, next.Start-disc.LBA(n), disc.Audio) == nil {
					next.Pregap = n
				}
			}
			if n := d.runOutOf(ctx, *t); n > 0 {
				t.Length -= n
				d.notices = append(d.notices, disc.Notice{Severity: disc.Info, Text: fmt.Sprintf(
					"Track %d: the last %s cannot be read and %s left out: the run-out of a track written track at once, which contains no data.",
					t.Number, [...]string{"", "sector", "2 sectors"}[n], [...]string{"", "is", "are"}[n])})
			}
		}
	}
}

// Notices returns notices about parts of tracks that a disc in a drive leaves out, and
// about an open last session. It returns none for other discs.
func Notices(d disc.Disc) []disc.Notice {
	if m, ok := inDrive(d); ok {
		return m.notices
	}
	return nil
}

// runOutOf returns how many sectors at the end of a data track are run-out: one or two
// unreadable sectors after readable ones, on a recorded disc, in a track that was not
// written together with its session.
func (d *medium) runOutOf(ctx context.Context, t disc.Track) int64 {
	n := int64(0)
	for n < t.Length && d.unreadable(ctx, t.Mode, t.End()-1-disc.LBA(n)) {
		if n++; n > runOut {
			return 0 // the end of the track is damaged
		}
	}
	if n == 0 || n == t.Length || !d.recordable(ctx) || d.writtenWithSession(ctx, t) {
		return 0
	}
	return n
}

// unreadable reports whether a sector of a data track cannot be read, after the usual attempts.
// It does not if the drive or the disc was removed: that is reported when the track is read.
// Sectors of mode 2 are read as a whole, since those of form 2 have no 2048 bytes of user data.
func (d *medium) unreadable(ctx context.Context, m disc.Mode, lba disc.LBA) bool {
	var p [disc.RawSectorSize]byte
	d.mu.Lock()
	defer d.mu.Unlock()
	form := disc.Raw
	if m == disc.Mode1 {
		form = disc.User
	}
	read, _ := d.reader(form)
	_, err := d.readRetrying(ctx, read, p[:form.Size()], lba, form.Size())
	if form == disc.Raw && (scsi.Unsupported(err) || scsi.InvalidField(err)) {
		_, err = d.readRetrying(ctx, d.readUser, p[:disc.SectorSize], lba, disc.SectorSize)
	}
	key, _, _, ok := scsi.Code(err)
	return ok && (key == scsi.KeyMediumError || key == scsi.KeyIllegalRequest || key == scsi.KeyBlankCheck)
}

// recordable reports whether the disc is a CD-R or CD-RW. A drive that cannot write may
// report them as pressed discs, which have no ATIP.
func (d *medium) recordable(ctx context.Context) bool {
	if d.profile == mmc.CDR || d.profile == mmc.CDRW {
		return true
	}
	a, err := mmc.ReadATIP(ctx, d.t)
	return err == nil && a.LeadIn.M >= 90
}

// writtenWithSession reports whether the track was written together with its session, as
// on pressed discs: the link block before a track that was written track at once cannot
// be read as data.
func (d *medium) writtenWithSession(ctx context.Context, t disc.Track) bool {
	return mmc.ReadCDOfMode(ctx, d.t, t.Start-preGap, t.Mode) == nil
}

// preGapOf returns how many sectors before a track are its pre-gap, at most those after
// the start of the track before it, 0: unknown.
func (d *medium) preGapOf(ctx context.Context, next, before disc.Track) int64 {
	if n, err := d.gapLength(ctx, next, before, d.isIndex0); err == nil {
		return n
	}
	if next.Mode == disc.Audio {
		// The pre-gap is audio too, and is read as audio.
		n, _ := d.gapLength(ctx, next, before, func(ctx context.Context, a disc.LBA) (bool, error) {
			return mmc.ReadCDOfMode(ctx, d.t, a, disc.Audio) == nil, nil
		})
		// The link blocks of a track written track at once are part of its pre-gap, and can be
		// read neither as audio nor as data.
		if n > 0 && n < preGap && preGap < before.Length && d.unreadable(ctx, before.Mode, next.Start-disc.LBA(n)-1) {
			return preGap
		}
		return n
	}
	ti, err := mmc.ReadTrackInformation(ctx, d.t, before.Number)
	if err == nil && ti.Start == int64(before.Start) && ti.Size > 0 && ti.Size < before.Length {
		return before.Length - ti.Size
	}
	return 0
}

// gapLength returns how many sectors before a track are in its pre-gap, which is a single
// run that ends where the track starts.
func (d *medium) gapLength(ctx context.Context, next, before disc.Track, inGap func(context.Context, disc.LBA) (bool, error)) (int64, error) {
	in, out := next.Start, before.Start
	if yes, err := inGap(ctx, in-1); err != nil || !yes {
		return 0, err
	}
	in--
	// Most have the standard length.
	try := []disc.LBA{next.Start - preGap, next.Start - preGap - 1}
	for in-out > 1 {
		a := out + (in-out)/2
		if len(try) > 0 {
			a, try = try[0], try[1:]
			if a <= out || a >= in {
				continue
			}
		}
		yes, err := inGap(ctx, a)
		if err != nil {
			return 0, err
		}
		if yes {
			in = a
		} else {
			out = a
		}
	}
	return int64(next.Start - in), nil
}

// isIndex0 reports whether a sector is in the pre-gap of a track, by the Q sub-channel.
func (d *medium) isIndex0(ctx context.Context, lba disc.LBA) (bool, error) {
	p, err := d.position(ctx, lba)
	return err == nil && p.Index == 0, err
}
