package verify

import (
	"context"
	"slices"

	"glassmaster/mastering/disc"
)

// parts is a disc reduced to parts of its tracks.
type parts struct {
	disc.Disc
	list []disc.Track
}

// Unwrap returns the disc itself, which may implement further interfaces.
func (p parts) Unwrap() disc.Disc { return disc.Unwrap(p.Disc) }

// TOC implements disc.Disc.
func (p parts) TOC() disc.TOC { return disc.TOC{Sessions: []disc.Session{{Number: 1, Tracks: p.list}}} }

// span is a run of sectors of one kind.
type span struct {
	start, end disc.LBA
	number     int // of the track
	mode       disc.Mode
	gap        bool // the pre-gap of an audio track
}

func (s span) audio() bool { return s.mode == disc.Audio }

// overlap returns the parts of spans of a that are also in spans of b of the same kind.
func overlap(a, b []span) []disc.Track {
	var list []disc.Track
	for _, s := range a {
		for _, o := range b {
			start, end := max(s.start, o.start), min(s.end, o.end)
			if start < end && o.audio() == s.audio() {
				list = append(list, disc.Track{Number: s.number, Mode: s.mode, Start: start, Length: int64(end - start)})
			}
		}
	}
	return list
}

// without returns the parts of spans of a, up to the address end, that are in no span of b
// of the same kind.
func without(a, b []span, end disc.LBA) []span {
	var rest []span
	for _, s := range a {
		if s.end = min(s.end, end); s.start >= s.end {
			continue
		}
		for _, o := range b {
			if o.audio() != s.audio() || o.end <= s.start {
				continue
			}
			if o.start > s.start {
				part := s
				part.end = min(s.end, o.start)
				rest = append(rest, part)
			}
			s.start = max(s.start, o.end)
			if s.start >= s.end {
				break
			}
		}
		if s.start < s.end {
			rest = append(rest, s)
		}
	}
	return rest
}

// spans returns the tracks of all sessions in the order of their addresses, each audio track
// after its pre-gap from address 0 on. What the pre-gap of a data track contains depends on
// the track before it, and is not compared.
func spans(toc disc.TOC) []span {
	var list []span
	for _, s := range toc.Sessions {
		for _, t := range s.Tracks {
			if gap := gapOf(t); gap < t.Start && t.Mode == disc.Audio {
				list = append(list, span{gap, t.Start, t.Number, t.Mode, true})
			}
			list = append(list, span{t.Start, t.End(), t.Number, t.Mode, false})
		}
	}
	return list
}

// gapOf returns the address of the first sector of the pre-gap of a track, from address 0 on.
func gapOf(t disc.Track) disc.LBA { return max(t.Start-disc.LBA(t.Pregap), min(t.Start, 0)) }

// wholes returns the form in which the parts of tracks are compared that two discs have:
// data in whole sectors if both discs store them, so that a difference in EDC and ECC is
// found, and what has no user data, too.
func wholes(ctx context.Context, list []disc.Track, discs ...disc.Disc) func(disc.Track) disc.Form {
	raw := map[disc.LBA]bool{}
	for _, t := range list {
		raw[t.Start] = t.Mode == disc.Audio || !slices.ContainsFunc(discs, func(d disc.Disc) bool { return !whole(ctx, d, t) })
	}
	return func(t disc.Track) disc.Form {
		if raw[t.Start] {
			return disc.Raw
		}
		return disc.User
	}
}

// whole reports whether a disc delivers the sectors of a data track as they were recorded. Of
// a disc that does not know that, such as the one in a drive, this is wanted for mode 2 alone:
// sectors of mode 1 follow from their data.
func whole(ctx context.Context, d disc.Disc, t disc.Track) bool {
	if _, knows := disc.Unwrap(d).(disc.Storer); knows || t.Mode == disc.Mode1 {
		return disc.StoresRaw(d, t.Start)
	}
	n, _ := d.ReadSectors(ctx, make([]byte, disc.RawSectorSize), t.Start, disc.Raw)
	return n == 1
}
