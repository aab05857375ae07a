// Package read opens the medium in an optical drive as a disc: its sessions and tracks
// as the drive reports them, and its sectors, which can be read at any address.
//
// Sessions and tracks of a CD come from the table of contents (MMC-6 6.25). On DVD and
// BD, for which drives synthesize it, often wrongly, they come from disc and track
// information (MMC-6 6.21, 6.26). CD-TEXT, the media catalogue number, ISRCs, and from the Q
// sub-channel pre-gaps and indexes are read from discs with audio tracks.
package read

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// ErrNoMedium is returned if the drive is empty or its tray is open.
var ErrNoMedium = errors.New("there is no disc in the drive; insert one and close the tray")

// ErrBlank is returned for a disc without readable contents.
var ErrBlank = errors.New("the disc is blank; there is nothing to read")

// ErrNotClosed is returned for a disc without a closed session.
var ErrNotClosed = errors.New("the disc has no closed session, so nothing on it can be found: an earlier burn was interrupted, or is still running")

// ErrOpenTrack is in the chain of the error of a sector that cannot be read and is in an
// open session: most drives can read it after the session is closed.
var ErrOpenTrack = errors.New("the sector is in a session that is not closed")

// loadTimeout is how long a drive may take until it is ready after a disc was inserted.
const loadTimeout = 90 * time.Second

// Ready waits until the drive is ready. Without a medium it returns ErrNoMedium.
func Ready(ctx context.Context, t scsi.Transport) error {
	err := mmc.Wait(ctx, t, loadTimeout, nil)
	if scsi.MediumNotPresent(err) {
		return ErrNoMedium
	}
	if err != nil {
		return fmt.Errorf("wait for the drive: %w", err)
	}
	return nil
}

// Open returns the medium in the drive as a disc. Closing the disc does not close the
// transport.
func Open(ctx context.Context, t scsi.Transport) (disc.Disc, error) {
	t = scsi.Guard(t)
	if err := Ready(ctx, t); err != nil {
		return nil, err
	}
	profile, err := mmc.CurrentProfile(ctx, t)
	if err != nil && !scsi.Unsupported(err) {
		return nil, fmt.Errorf("read the profile of the disc: %w", err)
	}
	d := &medium{t: t, profile: profile, cd: profile.IsCD(), open: -1}
	if d.toc.Sessions, err = sessions(ctx, t, profile); err != nil {
		return nil, err
	}
	if len(d.toc.Sessions) == 0 {
		if info, err := mmc.ReadDiscInformation(ctx, t); err == nil && info.Status == mmc.Appendable {
			return nil, ErrNotClosed
		}
		return nil, ErrBlank
	}
	if d.cd {
		d.measureLate(ctx)
		d.trim(ctx)
		d.readIndexes(ctx)
		d.readCodes(ctx)
	}
	d.readLayers(ctx)
	g, notices := splitLayers(ctx, t, profile, d.toc.Sessions)
	d.gap, d.notices = g, append(d.notices, notices...)
	d.noteOpenSession(ctx)
	d.end = disc.LBA(disc.Sectors(d))
	return d, nil
}

// readLayers adds the layer break of a DVD that can have two layers (MMC-6 6.22, format 00h).
func (d *medium) readLayers(ctx context.Context) {
	switch d.profile {
	case mmc.DVDROM, mmc.DVDPRDL, mmc.DVDRDL, mmc.DVDRDLJ:
		if f, err := mmc.ReadPhysicalFormat(ctx, d.t); err == nil {
			d.toc.LayerBreak = f.Layer0()
		}
	}
}

// noteOpenSession adds a notice if the last session is not closed.
func (d *medium) noteOpenSession(ctx context.Context) {
	info, err := mmc.ReadDiscInformation(ctx, d.t)
	if err != nil || overwritable(d.profile) || info.Status != mmc.Appendable {
		return
	}
	if info.Session == mmc.SessionIncomplete || info.Session == mmc.SessionDamaged {
		for _, s := range d.toc.Sessions {
			if s.Number == info.Sessions && len(s.Tracks) > 0 {
				d.open = s.Tracks[0].Start
			}
		}
		d.notices = append(d.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(
			"Session %d of the disc is not closed (%v): an earlier burn was interrupted, or is still running. Its contents may not be found, or not be readable.",
			info.Sessions, info.Session)})
	}
}

// medium is the disc in a drive.
type medium struct {
	disc.Memo
	t       scsi.Transport
	profile mmc.Profile
	cd      bool
	toc     disc.TOC
	end     disc.LBA
	notices []disc.Notice // about its tracks and sessions
	open    disc.LBA      // where the open session begins, -1: none
	gap     *gap          // addresses that do not exist, nil: none
	late    disc.LBA      // how many sectors too late the drive delivers sub-channels

	mu     sync.Mutex // one command at a time
	read12 bool       // the drive does not support READ(10)
	gone   error      // the drive or its disc was removed: nothing more can be read
}

func (d *medium) TOC() disc.TOC { return d.toc }

func (d *medium) Close() error { return nil }

// ReadSectors implements disc.Disc. The sectors before an unreadable one are returned;
// the error has its address.
func (d *medium) ReadSectors(ctx context.Context, p []byte, lba disc.LBA, f disc.Form) (int, error) {
	read, ok := d.reader(f)
	if !ok {
		return 0, disc.ErrForm
	}
	if lba >= d.end {
		return 0, io.EOF
	}
	size := f.Size()
	want, end, short := len(p)/size, d.end, io.EOF
	if audio, ok := d.audioFrom(lba); ok && f == disc.User && audio < lba+disc.LBA(want) {
		end, short = audio, disc.ErrForm
	}
	n := int(min(int64(want), int64(end-lba)))
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone != nil {
		return 0, d.gone
	}
	chunk := max(min(d.t.MaxTransfer()/size, 0xFFFF), 1)
	for done := 0; done < n; {
		zeros, before := d.inGap(lba+disc.LBA(done), n-done)
		if zeros > 0 {
			clear(p[done*size : (done+zeros)*size])
			done += zeros
			continue
		}
		k := min(chunk, before)
		got, err := d.readRetrying(ctx, read, p[done*size:(done+k)*size], lba+disc.LBA(done), size)
		done += got
		if err != nil {
			if _, _, _, isSCSI := scsi.Code(err); !isSCSI { // a SCSI error names the address itself
				err = fmt.Errorf("at LBA %d: %w", lba+disc.LBA(done), err)
			}
			err = fmt.Errorf("read the disc: %w", err)
			if f != disc.User && (scsi.Unsupported(err) || scsi.InvalidField(err)) {
				return done, fmt.Errorf("%w: %w", disc.ErrForm, err) // the drive does not deliver whole sectors, or no sub-channels
			}
			if scsi.DiscGone(err) {
				err = gone{err}
				d.gone = err
			} else if d.open >= 0 && lba+disc.LBA(done) >= d.open {
				err = fmt.Errorf("%w: %w", err, ErrOpenTrack)
			}
			return done, err
		}
	}
	if n < want {
		return n, short
	}
	return n, nil
}

// reader returns the function that reads sectors of a form, false if the medium has none.
func (d *medium) reader(f disc.Form) (reader, bool) {
	switch {
	case f == disc.User:
		return d.readUser, true
	case (f == disc.Raw || f == disc.RawSub) && d.cd:
		return func(ctx context.Context, p []byte, lba disc.LBA) (int, error) {
			return mmc.ReadCD(ctx, d.t, lba, p, f)
		}, true
	}
	return nil, false
}

// audioFrom returns the first address from lba on that is in an audio track.
func (d *medium) audioFrom(lba disc.LBA) (disc.LBA, bool) {
	for _, s := range d.toc.Sessions {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio && t.End() > lba {
				return max(t.Start, lba), true
			}
		}
	}
	return 0, false
}

// gone is an error after which nothing more can be read. It is a disc.ErrGone.
type gone struct{ error }

func (g gone) Unwrap() error        { return g.error }
func (g gone) Is(target error) bool { return target == disc.ErrGone }

type reader func(ctx context.Context, p []byte, lba disc.LBA) (int, error)

// attempts is how often a sector is read before it counts as unreadable.
const attempts = 3

// readRetrying reads a run of sectors and, if that fails, reads it sector by sector,
// each several times.
func (d *medium) readRetrying(ctx context.Context, read reader, p []byte, lba disc.LBA, size int) (int, error) {
	n, err := d.readWhenReady(ctx, read, p, lba)
	if err == nil && n == len(p)/size {
		return n, nil
	}
	if err != nil && isPermanent(ctx, err) && !betweenModes(err, len(p)/size) {
		return 0, err
	}
	for i := 0; i < len(p)/size; i++ {
		one := p[i*size : (i+1)*size]
		var failed error
		for range attempts {
			n, err := d.readWhenReady(ctx, read, one, lba+disc.LBA(i))
			if err == nil && n == 1 {
				failed = nil
				break
			}
			if failed = err; err == nil {
				failed = errors.New("the drive delivered less than a sector")
			}
			if isPermanent(ctx, failed) {
				break
			}
		}
		if failed != nil {
			return i, failed
		}
	}
	return len(p) / size, nil
}

// betweenModes reports whether a read of several sectors failed since they are not all of
// the same mode (ILLEGAL MODE FOR THIS TRACK): drives need not read from data into audio.
func betweenModes(err error, sectors int) bool {
	return sectors > 1 && scsi.Is(err, scsi.KeyIllegalRequest, 0x64, 0x00)
}

// isPermanent reports whether an error remains when the sector is read again.
func isPermanent(ctx context.Context, err error) bool {
	key, _, _, sense := scsi.Code(err)
	if ctx.Err() != nil || scsi.Gone(err) {
		return true
	}
	return sense && (key == scsi.KeyIllegalRequest || key == scsi.KeyNotReady || scsi.MediumChanged(err))
}

// readWhenReady reads once. It waits while the drive is busy, and reads again after a
// deferred error or a reset, because of which the command was not carried out.
func (d *medium) readWhenReady(ctx context.Context, read reader, p []byte, lba disc.LBA) (int, error) {
	var pauses mmc.Backoff
	for {
		n, err := read(ctx, p, lba)
		switch {
		case scsi.Recovered(err):
			return n, nil
		case !scsi.InProgress(err) && !scsi.WasReset(err) && !scsi.Deferred(err):
			return n, err
		case pauses.Elapsed() > loadTimeout:
			return n, fmt.Errorf("%w after %v: %w", mmc.ErrNotReady, loadTimeout, err)
		}
		if pauses.Sleep(ctx) != nil {
			return n, ctx.Err()
		}
	}
}

func (d *medium) readUser(ctx context.Context, p []byte, lba disc.LBA) (int, error) {
	if !d.read12 {
		n, err := mmc.Read10(ctx, d.t, lba, p)
		if !scsi.Unsupported(err) {
			return n, err
		}
		d.read12 = true
	}
	return mmc.Read12(ctx, d.t, lba, p)
}
