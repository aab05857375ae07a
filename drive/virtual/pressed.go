package virtual

import (
	"context"
	"errors"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/discfile"
	"glassmaster/mastering/image/format"
)

// Largest images of pressed discs, in sectors.
const (
	maxCDSectors  = 359849   // 80 minutes, of an image that can be that of a DVD too
	maxDVDSectors = 4230000  // two layers
	maxDVDLayer   = 2298496  // one layer
	maxBDLayer    = 12219392 // one layer of 25 GB
)

// press opens an image as a pressed disc. A file that is not an image is one of plain sectors.
func press(path string) (*discfile.File, *discfile.State, Medium, error) {
	d, f, err := image.Open(context.Background(), path)
	if errors.Is(err, image.ErrUnknown) {
		d, err = image.OpenPlain(path)
	}
	if err != nil {
		return nil, nil, Medium{}, err
	}
	m := pressedMedium(d, f)
	s, st := discfile.Pressed(d, m.isCD())
	return s, st, m, nil
}

// pressedMedium returns the medium of which a disc is an image: a CD, if it has anything that
// only a CD can have, or is small enough; else a DVD or a BD, by its size.
func pressedMedium(d disc.Disc, f format.Format) Medium {
	n := disc.Sectors(d)
	m := pressedBD
	switch {
	case n <= maxCDSectors || f.Holds&format.OnlyCD != 0 || disc.HasSubChannels(d) || !plainTrack(d.TOC()):
		m = pressedCD
	case n <= maxDVDSectors:
		m = pressedDVD
		if n > maxDVDLayer {
			m.layers = 2
		}
	default:
		m.layers = int(min((n+maxBDLayer-1)/maxBDLayer, 4))
	}
	m.Sectors = n
	return m
}

// plainTrack reports whether a disc has one track as that of a DVD or BD.
func plainTrack(toc disc.TOC) bool {
	if len(toc.Sessions) != 1 || len(toc.Sessions[0].Tracks) != 1 {
		return false
	}
	t := toc.Sessions[0].Tracks[0]
	return t.Mode == disc.Mode1 && t.Start == 0
}
