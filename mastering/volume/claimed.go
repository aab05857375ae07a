package volume

import (
	"context"
	"io"

	"glassmaster/mastering/disc"
)

// Claim is the size that a disc must have according to a volume or one of its files. A
// disc that is smaller is incomplete: a truncated image, or a burn that was interrupted.
type Claim struct {
	End  disc.LBA // after the last sector that must exist
	By   string   // what requires it: "the UDF volume", "the file docs/a.pdf"; empty: nothing
	Have disc.LBA // after the last sector that exists
}

// Missing returns how many sectors are missing at the end of the disc, 0 if it is
// complete. More may be missing: structures whose descriptors are missing are not
// counted.
func (c Claim) Missing() int64 { return max(int64(c.End-c.Have), 0) }

// worse reports whether more sectors are missing by c, or, if none are, whether it needs
// more sectors.
func (c Claim) worse(than Claim) bool {
	if c.Missing() != than.Missing() {
		return c.Missing() > than.Missing()
	}
	return c.End > than.End
}

// claimed returns the size that a disc must have according to the descriptors of its
// volumes, which are a few sectors. If there are several volumes, it is the Claim by
// which most sectors are missing, or else the largest one. inTrack are the sessions in
// the only track of the disc. By is empty if there is no known volume.
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

// ClaimedEnd returns the address after the last sector that must exist according to the
// volumes at the beginning of r, or 0 if there are none. size is the number of bytes that r
// can have.
func ClaimedEnd(r io.ReaderAt, size int64) disc.LBA {
	var end disc.LBA
	for _, f := range registered {
		end = max(end, f.Claim(r, size, 0))
	}
	return end
}

// starts returns where the sessions begin in a session of a disc. There is more than one
// if the disc has no list of sessions, such as an image file.
func starts(start disc.LBA, inTrack []Session) []disc.LBA {
	list := []disc.LBA{start}
	for _, s := range inTrack {
		if s.Start != start {
			list = append(list, s.Start)
		}
	}
	return list
}

// ClaimedByFiles returns the size that a disc must have according to its volumes and to
// the files in the newest ones, which may be outside of their volume. It is the Claim by
// which most sectors are missing, or else the largest one. By is empty if there is no
// known volume. It walks all folders. The error is that of ctx.
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

// lastSector returns the address after the last sector of a file, 0 if it has none.
func lastSector(extents []Extent) disc.LBA {
	var end disc.LBA
	for _, x := range extents {
		if x.Length > 0 && x.Start >= 0 {
			end = max(end, x.Start+disc.LBA((x.Length-1)/disc.SectorSize+1))
		}
	}
	return end
}

// bounds returns where the first data track of a session begins, where its last data
// track ends, and where the session ends: the volume of a Video CD extends over tracks
// of other modes.
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
