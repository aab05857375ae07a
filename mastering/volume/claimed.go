package volume

import (
	"context"

	"glassmaster/mastering/disc"
)

// Claim is how far a volume, or a file of it, says that its disc reaches. A disc
// that ends before is incomplete: an image that was cut off, a burn that was broken
// off.
type Claim struct {
	End  disc.LBA // behind the last sector that there must be
	By   string   // who says so: "the UDF volume", "the file docs/a.pdf"; empty when nobody does
	Have disc.LBA // behind the last sector that there is
}

// Missing returns how many sectors the disc lacks at its end, 0 when it is complete. It
// may lack more: what is behind the last structure that tells of others is not known.
func (c Claim) Missing() int64 { return max(int64(c.End-c.Have), 0) }

// worse reports whether c tells of more that is missing, or where nothing is, of
// more that there must be.
func (c Claim) worse(than Claim) bool {
	if c.Missing() != than.Missing() {
		return c.Missing() > than.Missing()
	}
	return c.End > than.End
}

// claimed returns how far the volumes of a disc say that it reaches, by their
// descriptors alone, which are a few sectors. Where several volumes are on it, side
// by side or in sessions, it is the claim of the one that lacks the most, and where
// none lacks anything the claim that reaches furthest. inTrack are the sessions within
// the only track of the disc.
//
// A disc without a known volume gives a Claim with an empty By.
func claimed(ctx context.Context, d disc.Disc, inTrack []Session) Claim {
	worst := Claim{Have: disc.LBA(disc.Sectors(d))}
	for _, s := range d.TOC().Sessions {
		start, data, have, ok := bounds(s)
		if !ok {
			continue
		}
		r := userData(ctx, d, data)
		for _, at := range starts(start, inTrack) {
			for _, f := range registered {
				if c := (Claim{f.Claim(r, int64(data)*disc.SectorSize, at), "the " + f.Name + " volume", have}); c.End > 0 && (worst.By == "" || c.worse(worst)) {
					worst = c
				}
			}
		}
	}
	return worst
}

// starts returns where the sessions begin in a session of a disc: more than one
// where the disc itself does not tell them apart, as an image file.
func starts(start disc.LBA, inTrack []Session) []disc.LBA {
	list := []disc.LBA{start}
	for _, s := range inTrack {
		if s.Start != start {
			list = append(list, s.Start)
		}
	}
	return list
}

// ClaimedByFiles returns how far the volumes of a disc and the files in the newest ones
// say that it reaches: files may lie behind the end of their volume. Where several lay
// claim to the disc, it is the claim of the one that lacks the most, and where none
// lacks anything the claim that reaches furthest. By is empty for a disc without a known
// volume. It goes through all folders. The error
// is that of ctx.
func ClaimedByFiles(ctx context.Context, d disc.Disc) (Claim, error) {
	d = disc.Unwrap(d)
	worst := claimed(ctx, d, sessionsOf(ctx, d))
	all := d.TOC().Sessions
	if len(all) == 0 {
		return worst, ctx.Err()
	}
	_, _, have, ok := bounds(all[len(all)-1])
	if !ok {
		have = disc.LBA(disc.Sectors(d))
	}
	for _, f := range registered {
		v, err := OpenFormat(ctx, d, f.Name, Options{})
		if err != nil {
			continue
		}
		err = Walk(v, ".", func(e *Entry) error {
			if end := lastSector(e.Extents); end > worst.End || worst.By == "" && end > 0 {
				if c := (Claim{end, "the file " + string(e.Path), have}); worst.By == "" || c.worse(worst) {
					worst = c
				}
			}
			return ctx.Err()
		})
		if err != nil {
			return worst, err
		}
	}
	return worst, ctx.Err()
}

// lastSector returns the address behind the last sector of a file, 0 when it has
// none.
func lastSector(extents []Extent) disc.LBA {
	var end disc.LBA
	for _, x := range extents {
		if x.Length > 0 && x.Start >= 0 {
			end = max(end, x.Start+disc.LBA((x.Length-1)/disc.SectorSize+1))
		}
	}
	return end
}

// bounds returns where the first data track of a session begins, where its last one
// ends, and where the session ends: the volume of a Video CD goes over tracks of
// other modes.
func bounds(s disc.Session) (start, data, end disc.LBA, ok bool) {
	for _, t := range s.Tracks {
		end = max(end, t.End())
		if t.Mode == disc.Audio {
			continue
		}
		if !ok {
			start, ok = t.Start, true
		}
		data = max(data, t.End())
	}
	return start, data, end, ok
}
