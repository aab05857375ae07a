package read

import (
	"context"
	"fmt"
	"strings"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/sector"
)

// codesTimeout is how long the codes of all tracks may take. For each, a drive seeks to the
// track and reads up to 100 sectors.
const codesTimeout = time.Minute

// readCodes adds the CD-TEXT, the media catalogue number and the ISRCs to the table of
// contents of a CD with audio tracks. Drives that do not support this, and discs without
// these, are not an error. What a drive reports is used if it reports the same twice, in
// the characters that the standard allows.
func (d *medium) readCodes(ctx context.Context) {
	if !hasAudio(d.toc.Sessions) {
		return
	}
	if packs, err := mmc.ReadCDText(ctx, d.t); err == nil {
		d.toc.Sessions[0].Text = sector.DecodeCDText(packs)
	} else if stop(ctx, err) {
		return
	}
	catalog, err := twice(func() (string, error) { return mmc.ReadCatalog(ctx, d.t) }, sector.ValidCatalog)
	if err == nil {
		if strings.Trim(catalog, "0") != "" { // drives report zeros for a disc without one
			d.toc.Catalog = catalog
		}
	} else if stop(ctx, err) {
		return
	}
	d.readISRCs(ctx)
}

// readISRCs reads the ISRCs of all audio tracks. Some drives report the ISRC of a track for
// the next one too, if that has none.
func (d *medium) readISRCs(ctx context.Context) {
	began := time.Now()
	seen := map[string]int{}
	for _, s := range d.toc.Sessions {
		for i := range s.Tracks {
			t := &s.Tracks[i]
			if t.Mode != disc.Audio {
				continue
			}
			if time.Since(began) > codesTimeout {
				d.warn("The drive reads ISRCs too slowly: those from track %d on are left out.", t.Number)
				return
			}
			code, err := twice(func() (string, error) { return mmc.ReadISRC(ctx, d.t, t.Number) }, sector.ValidISRC)
			switch {
			case scsi.Unsupported(err) || stop(ctx, err):
				return
			case err != nil || strings.Trim(code, "0") == "":
				continue
			case seen[code] != 0:
				d.warn("The drive reports the ISRC %s of track %d for track %d too, where it is left out: an ISRC belongs to one track.", code, seen[code], t.Number)
				continue
			}
			seen[code] = t.Number
			t.ISRC = code
		}
	}
}

func (d *medium) warn(text string, args ...any) {
	d.notices = append(d.notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(text, args...)})
}

// twice returns a code that is valid and is the same when it is read again, else "".
func twice(read func() (string, error), valid func(string) bool) (string, error) {
	first, err := read()
	if err != nil || !valid(first) {
		return "", err
	}
	second, err := read()
	if err != nil || second != first {
		return "", err
	}
	return first, nil
}

// stop reports whether an error means that the drive should not be asked for more.
func stop(ctx context.Context, err error) bool {
	return err != nil && (ctx.Err() != nil || scsi.Gone(err))
}

// hasAudio reports whether there is an audio track.
func hasAudio(all []disc.Session) bool {
	for _, s := range all {
		for _, t := range s.Tracks {
			if t.Mode == disc.Audio {
				return true
			}
		}
	}
	return false
}
