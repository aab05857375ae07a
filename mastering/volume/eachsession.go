package volume

import (
	"context"
	"slices"

	"glassmaster/mastering/disc"
)

// EachSession returns the sessions of a disc that can have a volume, the oldest first: those of
// its table of contents that have a data track or, if that has one session, those in its track.
// Their numbers are those that Options.Session names.
func EachSession(ctx context.Context, d disc.Disc) []Session {
	d = disc.Unwrap(d)
	all := d.TOC().Sessions
	if len(all) < 2 {
		return sessionsOf(ctx, d)
	}
	var list []Session
	for _, s := range all {
		if t, ok := dataTrackOf(all, s.Number); ok {
			start := volumeStart(ctx, d, t)
			list = append(list, Session{Number: s.Number, Start: start, End: t.End(), Descriptors: start + descriptors})
		}
	}
	return list
}

// CommonView returns the richest of the views that are in both lists, or "" if there is none.
func CommonView(a, b []string) string {
	best, most := "", 0
	for _, f := range registered {
		for _, v := range f.Views {
			if slices.Contains(a, v.Name) && slices.Contains(b, v.Name) && (best == "" || v.Richness > most) {
				best, most = v.Name, v.Richness
			}
		}
	}
	return best
}
