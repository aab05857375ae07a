package engine

import (
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/extract"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/units"
	"glassmaster/ui/model"
)

// SaveTrack writes a track of a disc to a file, which is replaced if it exists: as the
// extension of the name says, or else as WAV or user data.
func (e *Engine) SaveTrack(ctx context.Context, d disc.Disc, t disc.Track, to string, rep progress.Reporter) (model.SavedTrack, error) {
	t = extract.Played(d, t)
	f, err := extract.TrackFormFor(to, t)
	if err != nil {
		return model.SavedTrack{}, err
	}
	before, _ := disc.Corrected(d)
	err = extract.TrackFile(ctx, to, d, t, f, rep)
	if errors.Is(err, disc.ErrForm) {
		return model.SavedTrack{}, fmt.Errorf("%w; the track has sectors without 2048 bytes of user data: choose a name that ends in .bin to save whole sectors", err)
	}
	if err != nil {
		return model.SavedTrack{}, err
	}
	s := model.SavedTrack{Text: fmt.Sprintf("Track %d was saved to %s, %s.", t.Number, to, units.Size(f.Size(t)))}
	warn := func(text string) {
		s.Notices = append(s.Notices, disc.Notice{Severity: disc.Warning, Text: text})
	}
	if after, _ := disc.Corrected(d); after > before {
		warn(fmt.Sprintf("the data of %s was damaged, and was corrected by its ECC", units.Count(after-before, "sector", "sectors")))
	}
	if f == extract.WAV && t.Control&disc.PreEmphasis != 0 {
		warn("the track was recorded with pre-emphasis, which a WAV file does not record: apply de-emphasis when you play it")
	}
	return s, nil
}
