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

// Known returns what is wrong with the volumes of a disc as far as their descriptors
// tell, or unlike what one expects of a disc: what opening them brings to light. It
// goes through no folder. What matters most comes first.
func Known(ctx context.Context, d disc.Disc) []disc.Notice {
	d = disc.Unwrap(d)
	all := sessionsOf(ctx, d)
	var list []disc.Notice
	if c := claimed(ctx, d, all); c.Missing() > 0 {
		list = append(list, c.notice())
	} else if disc.FilledUp(ctx, d) {
		list = append(list, disc.Notice{Severity: disc.Error, Incomplete: true, Text: "the burn of the disc was broken off, and it was filled up when it was closed"})
	}
	list = append(list, opened(ctx, d, all)...)
	list = append(list, apart(all)...)
	slices.SortStableFunc(list, func(a, b disc.Notice) int { return rank(a) - rank(b) })
	return list
}

// KnownByFiles is Known, and looks too where the files end when the descriptors find
// the disc complete. It goes through all folders. The error is that of ctx.
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

// Incomplete returns the first defect that tells of missing sectors.
func Incomplete(list []disc.Notice) (disc.Notice, bool) {
	i := slices.IndexFunc(list, func(d disc.Notice) bool { return d.Incomplete })
	if i < 0 {
		return disc.Notice{}, false
	}
	return list[i], true
}

// rank orders defects by how much they matter.
func rank(d disc.Notice) int {
	switch {
	case d.Incomplete:
		return 0
	case d.Severity > disc.Info:
		return 1
	}
	return 2
}

// notice tells of what is missing.
func (c Claim) notice() disc.Notice {
	return disc.Notice{Severity: disc.Error, LBA: c.Have, Incomplete: true, Text: fmt.Sprintf(
		"the end is missing: %s needs a disc of %d sectors, and there are %d (%d bytes less)", c.By, c.End, c.Have, c.Missing()*disc.SectorSize)}
}

// opened returns what the file systems met that can be opened, and why others that
// are there cannot.
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
			if _, err := v.ReadDir("."); err != nil { // then no file can be found
				var path *fs.PathError
				if errors.As(err, &path) {
					err = path.Err
				}
				list = append(list, disc.Notice{Severity: disc.Error, Text: fmt.Sprintf("the top folder of the %s volume cannot be read: %v", f.Name, err)})
			}
		case err != ErrUnknown: // one that is wrapped tells of a volume that should be there
			text := strings.TrimPrefix(err.Error(), "open "+f.Name+" volume: ")
			text = strings.TrimSuffix(text, " ("+ErrUnknown.Error()+")")
			closed = append(closed, disc.Notice{Severity: disc.Error, Text: fmt.Sprintf("the %s volume cannot be opened: %s", f.Name, text)})
		}
	}
	if good { // else whoever opens the disc is told
		list = append(list, closed...)
	}
	return list
}

// apart tells of sessions that the disc does not tell apart, and of what is left from
// an earlier use of the medium.
func apart(all []Session) []disc.Notice {
	if len(all) == 0 {
		return nil
	}
	var list []disc.Notice
	newest := all[len(all)-1]
	if newest.Descriptors != descriptors {
		list = append(list, disc.Notice{LBA: newest.Start, Severity: disc.Info, Text: fmt.Sprintf(
			"the disc has %d sessions in one track, of which the newest begins here: systems that read only the beginning of a track show the oldest", len(all))})
	}
	if newest.Remnant != 0 {
		list = append(list, disc.Notice{LBA: newest.Remnant, Severity: disc.Info, Text: "a volume begins here that is older than the one before it: it is taken for a remnant, and not shown"})
	}
	return list
}
