package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"glassmaster/mastering/disc"
)

// Known returns the defects and unusual properties of a disc that can be found by opening
// its volumes, without reading folders. The most important ones come first.
func Known(ctx context.Context, d disc.Disc) []disc.Notice {
	d = disc.Unwrap(d)
	all := sessionsOf(ctx, d)
	var list []disc.Notice
	if c := claimed(ctx, d, all); c.Missing() > 0 {
		list = append(list, c.notice())
	} else if disc.FilledUp(ctx, d) {
		list = append(list, disc.Notice{Severity: disc.Error, Incomplete: true, Text: "the burn of the disc was interrupted, and the rest of the disc was filled when it was closed"})
	}
	list = append(list, disc.Notices(d)...)
	list = append(list, opened(ctx, d, all)...)
	list = append(list, aboutSessions(all)...)
	slices.SortStableFunc(list, func(a, b disc.Notice) int { return rank(a) - rank(b) })
	return list
}

// KnownByFiles is like Known. If the disc is complete according to the descriptors, it
// also walks all folders and checks where the files end. The error is that of ctx.
func KnownByFiles(ctx context.Context, d disc.Disc) ([]disc.Notice, error) {
	list := Known(ctx, d)
	if _, ok := Incomplete(list); ok {
		return list, ctx.Err()
	}
	c, err := ClaimedByFiles(ctx, d)
	if c.Missing() > 0 {
		list = append([]disc.Notice{c.notice()}, list...)
	}
	return list, err
}

// Incomplete returns the first notice about missing sectors.
func Incomplete(list []disc.Notice) (disc.Notice, bool) {
	i := slices.IndexFunc(list, func(d disc.Notice) bool { return d.Incomplete })
	if i < 0 {
		return disc.Notice{}, false
	}
	return list[i], true
}

// rank orders notices by importance.
func rank(d disc.Notice) int {
	switch {
	case d.Incomplete:
		return 0
	case d.Severity != disc.Info:
		return 1
	}
	return 2
}

// notice describes what is missing.
func (c Claim) notice() disc.Notice {
	return disc.Notice{Severity: disc.Error, LBA: c.Have, Incomplete: true, Text: fmt.Sprintf(
		"the end is missing: %s needs %d sectors, but only %d are there (%d bytes are missing)", c.By, c.End, c.Have, c.Missing()*disc.SectorSize)}
}

// opened returns the defects found by opening the file systems, and the reasons why some
// of them cannot be opened if at least one can.
func opened(ctx context.Context, d disc.Disc, all []Session) []disc.Notice {
	var list, closed []disc.Notice
	good := false
	for _, f := range registered {
		v, err := OpenFormat(ctx, d, f.Name, Options{Sessions: all})
		switch {
		case err == nil:
			good = true
			if x, ok := v.(Noticer); ok {
				list = append(list, x.Notices()...)
			}
			if _, err := v.ReadDir("."); err != nil { // no file can be found
				var path *fs.PathError
				if errors.As(err, &path) {
					err = path.Err
				}
				list = append(list, disc.Notice{Severity: disc.Error, Text: fmt.Sprintf("the root folder of the %s volume cannot be read: %v", f.Name, err)})
			}
		case err != ErrUnknown: // a wrapped error means that the volume is damaged
			text := strings.TrimPrefix(err.Error(), "open "+f.Name+" volume: ")
			text = strings.TrimSuffix(text, " ("+ErrUnknown.Error()+")")
			closed = append(closed, disc.Notice{Severity: disc.Error, Text: fmt.Sprintf("the %s volume cannot be opened: %s", f.Name, text)})
		}
	}
	if good { // otherwise opening the disc returns the reason
		list = append(list, closed...)
	}
	return list
}

// aboutSessions reports sessions that the disc has in one track, and remnants of an
// earlier use of the medium.
func aboutSessions(all []Session) []disc.Notice {
	if len(all) == 0 {
		return nil
	}
	var list []disc.Notice
	newest := all[len(all)-1]
	if newest.Descriptors != descriptors {
		list = append(list, disc.Notice{LBA: newest.Start, Severity: disc.Info, Text: fmt.Sprintf(
			"the disc has %d sessions in one track, the newest of which begins here: systems that read only the beginning of a track show the oldest one", len(all))})
	}
	if newest.Remnant != 0 {
		list = append(list, disc.Notice{LBA: newest.Remnant, Severity: disc.Info, Text: "the volume that begins here is older than the one before it: it is regarded as a remnant, and not shown"})
	}
	return list
}
