package record

import (
	"encoding/hex"
	"errors"
	"fmt"

	"glassmaster/drive/read"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/verify"
)

// compare reads the disc again and compares it with the source, sector by
// sector.
func (r *burning) compare() error {
	d, err := read.Open(r.ctx, r.t)
	if err != nil {
		return r.notCompared(err)
	}
	defer d.Close()
	tr := disc.Track{Number: 1, Mode: disc.Mode1, Start: r.start, Length: r.plan.Sectors}
	only := []disc.Session{{Number: 1, Tracks: []disc.Track{tr}}}
	got, err := verify.Compare(r.ctx, window{r.src, 0, only}, window{d, r.next - r.start, only}, r.o.Locate, r.rep)
	var m *verify.Mismatch
	switch {
	case errors.As(err, &m) && !lost(m.Err):
		r.result.Mismatch = m
		return &Error{
			Step: "compare the disc with its source", LBA: -1, Written: r.result.Written, Err: fmt.Errorf("%w: %w", ErrDiffers, m),
			Left: "the disc was burned to its end", Advice: "do not rely on this disc; burn another one, at a lower speed",
		}
	case err != nil:
		return r.notCompared(err)
	case hex.EncodeToString(got.SHA256[:]) != r.result.SHA256:
		return r.notCompared(errors.New("the source has changed since it was burned"))
	}
	r.result.Verified = true
	return nil
}

func (r *burning) notCompared(err error) error {
	advice := "compare it again before you rely on it"
	if scsi.Gone(err) {
		advice = scsi.Hint(err) + "; then " + advice
	}
	return &Error{
		Step: "compare the disc with its source", LBA: -1, Written: r.result.Written, Err: err,
		Left: "the disc was burned, and not compared to its end", Advice: advice,
	}
}

// lost reports whether a sector could not be read because the drive, or the
// disc in it, is gone: that says nothing of the sector.
func lost(err error) bool {
	return scsi.Gone(err) || scsi.MediumNotPresent(err) || scsi.MediumChanged(err)
}

// window shows a run of sectors of a disc as a disc of its own.
type window struct {
	d        disc.Disc
	shift    disc.LBA // address in d minus address here
	sessions []disc.Session
}

func (w window) Sessions() []disc.Session { return w.sessions }
func (w window) Close() error             { return nil }
func (w window) ReadSectors(p []byte, lba disc.LBA, f disc.Form) (int, error) {
	return w.d.ReadSectors(p, lba+w.shift, f)
}
