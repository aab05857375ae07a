package job

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"glassmaster/drive/mmc"
	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/drive/tray"
	"glassmaster/mastering/disc"
)

// ErrSameDisc is in the chain of the error of a disc that is not to be used for another
// copy, since it holds one already: probably the disc was not changed.
var ErrSameDisc = errors.New("the disc in the drive holds this source already")

// ReleaseDisc opens the tray of a drive, so that the next disc can be inserted. Drives
// without a tray, and such as cannot open it, are an error; the disc can then be changed by
// hand.
func ReleaseDisc(ctx context.Context, t scsi.Transport) error {
	_, _ = mmc.GetMediaEvent(ctx, t) // of the last disc
	return tray.EjectDisc(ctx, t)
}

// AwaitDisc waits until a disc was inserted into a drive since ReleaseDisc, which returned
// released. It polls the drive until the context ends.
func AwaitDisc(ctx context.Context, t scsi.Transport, released error) error {
	changed := released == nil
	var pauses mmc.Backoff
	for {
		if e, err := mmc.GetMediaEvent(ctx, t); err == nil && e.Changed() {
			changed = true
		}
		err := read.Ready(ctx, t)
		switch {
		case scsi.Gone(err):
			return err
		case errors.Is(err, read.ErrNoMedium):
			changed = true
		case err == nil && changed:
			return nil
		}
		if err := pauses.Sleep(ctx); err != nil {
			return err
		}
	}
}

// LoadDisc closes the tray of a drive into which a disc was put, if that is still open, and
// waits until the drive is ready.
func LoadDisc(ctx context.Context, t scsi.Transport) error {
	if _, err := tray.LoadDisc(ctx, t); err == nil || scsi.Gone(err) {
		return err
	}
	return read.Ready(ctx, t) // a tray that is closed by hand
}

// sameSectors is how many sectors of a disc are compared with the source, to recognize a
// copy. They contain the descriptors of volumes.
const sameSectors = 64

// CheckNext returns ErrSameDisc if the disc in a drive holds the source already, as far as
// its first sectors show. It does not judge whether the disc can be written.
func CheckNext(ctx context.Context, t scsi.Transport, src disc.Disc) error {
	d, err := read.Open(ctx, t)
	if err != nil {
		return nil // blank, for example
	}
	defer d.Close()
	want, got := beginning(ctx, src), beginning(ctx, d)
	if len(want) > 0 && len(got) >= len(want) && bytes.Equal(want, got[:len(want)]) {
		return fmt.Errorf("%w; insert another disc", ErrSameDisc)
	}
	return nil
}

// beginning returns the first sectors of the first track of a disc, or nil if they cannot
// be read.
func beginning(ctx context.Context, d disc.Disc) []byte {
	sessions := d.TOC().Sessions
	if len(sessions) == 0 || len(sessions[0].Tracks) == 0 {
		return nil
	}
	t, form := sessions[0].Tracks[0], disc.User
	if t.Mode == disc.Audio {
		form = disc.Raw
	}
	p := make([]byte, min(sameSectors, t.Length)*int64(form.Size()))
	n, err := d.ReadSectors(ctx, p, t.Start, form)
	if n*form.Size() < len(p) || err != nil && !errors.Is(err, io.EOF) {
		return nil
	}
	return p
}
