package edit

import (
	"context"
	"fmt"
	"io"

	"glassmaster/mastering/compilation"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/replace"
)

// whole returns the disc with another data track in the place of the one that is edited.
// image is the disc up to the end of the new track.
func (m *Image) whole(ctx context.Context, image *compilation.Image) (disc.Disc, error) {
	toc := m.d.TOC()
	if _, flat := disc.Unwrap(m.d).(io.ReaderAt); flat && len(toc.Sessions) == 1 && len(toc.Sessions[0].Tracks) == 1 {
		return image.Disc(compilation.DiscOptions{}), nil
	}
	t := m.track()
	start := int64(t.Start) * disc.SectorSize
	data := io.NewSectionReader(image, start, image.Size()-start)
	return replace.Track(ctx, m.d, t.Number, data, image.Sectors()-int64(t.Start))
}

// movedTracks returns a notice if tracks after the edited one begin at other addresses. What
// finds them in the table of contents finds them still.
func (m *Image) movedTracks(now disc.TOC) []disc.Notice {
	at := map[int]disc.LBA{}
	for _, s := range now.Sessions {
		for _, t := range s.Tracks {
			at[t.Number] = t.Start
		}
	}
	for _, s := range m.d.TOC().Sessions {
		for _, t := range s.Tracks {
			if start, ok := at[t.Number]; ok && start != t.Start {
				return []disc.Notice{{Severity: disc.Info, Text: fmt.Sprintf("track %d will begin at sector %d instead of %d, and later tracks move by as much", t.Number, start, t.Start)}}
			}
		}
	}
	return nil
}

// track returns the track that is edited.
func (m *Image) track() disc.Track {
	for _, s := range m.d.TOC().Sessions {
		for _, t := range s.Tracks {
			if t.Number == m.o.Track {
				return t
			}
		}
	}
	t, _ := disc.DataTrack(m.d)
	return t
}
