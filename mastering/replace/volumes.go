package replace

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// checkVolumes returns a *MovedError if a volume of the disc refers to sectors that are moved
// or replaced.
func (r *replaced) checkVolumes(ctx context.Context) error {
	if r.old.End() >= disc.LBA(disc.Sectors(r.Disc)) && r.old.Start == 0 {
		return nil // it is the only track
	}
	for _, s := range r.Disc.TOC().Sessions {
		for _, t := range s.Tracks {
			switch volume.AddressesOf(ctx, r.Disc, t) {
			case volume.FromDisc:
				if err := r.checkVolume(ctx, t); err != nil {
					return err
				}
			case volume.NoVolume:
				if r.by != 0 && t.Start > r.old.Start && t.Mode != disc.Audio {
					r.notices = append(r.notices, disc.Notice{Severity: disc.Warning, LBA: t.Start, Text: fmt.Sprintf(
						"Track %d is moved, and contains data without a known file system: what finds it by its address no longer does.", t.Number)})
				}
			case volume.FromTrack:
			}
		}
	}
	return ctx.Err()
}

// checkVolume checks the volume of a track whose addresses count from the start of the disc.
func (r *replaced) checkVolume(ctx context.Context, t disc.Track) error {
	if t.Start > r.old.Start {
		if r.by != 0 {
			return r.refuse(t, fmt.Sprintf("the volume of track %d would be moved, and its files are found by addresses that count from the start of the disc", t.Number))
		}
		return r.checkFiles(ctx, t, r.old.Start, r.old.End(), func(path []byte, x volume.Extent) error {
			same, err := r.same(ctx, max(x.Start, r.old.Start), min(extentEnd(x), r.old.End()))
			if err == nil && !same {
				err = r.refuse(t, fmt.Sprintf("the file %q of the volume of track %d is in sectors that would change", path, t.Number))
			}
			return err
		})
	}
	if r.by == 0 {
		return nil
	}
	return r.checkFiles(ctx, t, r.old.End(), disc.LBA(disc.MaxSectors), func(path []byte, _ volume.Extent) error {
		return r.refuse(t, fmt.Sprintf("the file %q of the volume of track %d is in a track that would be moved", path, t.Number))
	})
}

func (r *replaced) refuse(t disc.Track, why string) error {
	return &MovedError{Track: r.old.Number, Volume: t.Number, By: int64(r.by), Room: r.old.Length, Why: why}
}

// extentEnd returns the address after an extent.
func extentEnd(x volume.Extent) disc.LBA {
	return x.Start + disc.LBA((x.Length+disc.SectorSize-1)/disc.SectorSize)
}

// checkFiles calls f for the extents of the files of a volume that have sectors in a range. A
// volume that cannot be opened has no files.
func (r *replaced) checkFiles(ctx context.Context, t disc.Track, from, to disc.LBA, f func(path []byte, x volume.Extent) error) error {
	v, err := volume.OpenDisc(ctx, r.Disc, volume.Options{Track: t.Number})
	if errors.Is(err, volume.ErrUnknown) || errors.Is(err, volume.ErrUnfinished) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the volume of track %d, which may refer to track %d: %w", t.Number, r.old.Number, err)
	}
	return volume.Walk(v, ".", func(e *volume.Entry) error {
		for _, x := range e.Extents {
			if x.Start < to && extentEnd(x) > from && x.Length > 0 {
				if err := f(e.Path, x); err != nil {
					return err
				}
			}
		}
		return ctx.Err()
	})
}

// same reports whether user data of the track is what it was.
func (r *replaced) same(ctx context.Context, from, to disc.LBA) (bool, error) {
	var a, b [pieceSectors * disc.SectorSize]byte
	for at := from; at < to; at += pieceSectors {
		n := min(int(to-at), pieceSectors) * disc.SectorSize
		was, oldErr := r.Disc.ReadSectors(ctx, a[:n], at, disc.User)
		is, err := r.user(ctx, b[:n], at)
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case err != nil && oldErr != nil && was == is && sameReason(err, oldErr):
			at += disc.LBA(was+1) - pieceSectors // go on after the sector that cannot be read
			n = was * disc.SectorSize
		case err != nil:
			return false, err
		case oldErr != nil:
			return false, nil
		}
		if !bytes.Equal(a[:n], b[:n]) {
			return false, nil
		}
	}
	return true, nil
}
