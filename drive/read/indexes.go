package read

import (
	"context"
	"errors"
	"slices"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// indexTimeout is how long it may take to look for pre-gaps and indexes. A drive seeks for every
// sector whose sub-channel is read: three for most tracks, about twenty for each further index.
const indexTimeout = time.Minute

// readIndexes adds the pre-gaps and the indexes after the first to the audio tracks of a CD. Only
// the Q sub-channel records them. Pre-gaps after data tracks are known already: see trim. What
// the drive does not deliver is left out; a track then reaches to the start of the next one, as in
// the table of contents.
func (d *medium) readIndexes(ctx context.Context) {
	if !hasAudio(d.toc.Sessions) || d.noQ {
		return
	}
	began := time.Now()
	for n, s := range d.toc.Sessions {
		for i := range s.Tracks {
			if time.Since(began) > indexTimeout {
				d.warn("The drive reads sub-channels too slowly: pre-gaps and indexes from track %d on are left out.", s.Tracks[i].Number)
				return
			}
			var before *disc.Track
			if i > 0 {
				before = &s.Tracks[i-1]
			}
			err := d.readPregap(ctx, &s.Tracks[i], before, n == 0)
			if err == nil && i > 0 { // the track before now ends where it does on the disc
				err = d.readTrackIndexes(ctx, before)
			}
			if err == nil && i+1 == len(s.Tracks) {
				err = d.readTrackIndexes(ctx, &s.Tracks[i])
			}
			if stop(ctx, err) || scsi.Unsupported(err) || scsi.InvalidField(err) {
				return
			}
		}
	}
}

// readPregap finds the pre-gap of a track after an audio track, or of the first track of a disc,
// of which only the sectors from address 0 on can be read.
func (d *medium) readPregap(ctx context.Context, t, before *disc.Track, first bool) error {
	switch {
	case before == nil && first && t.Mode == disc.Audio && t.Start > 0:
		t.Pregap = int64(t.Start)
		return nil
	case before == nil || before.Mode != disc.Audio:
		return nil
	}
	n, err := d.gapLength(ctx, *t, *before, d.isIndex0)
	if err != nil || n >= before.Length {
		return err
	}
	before.Length -= n
	if t.Mode == disc.Audio {
		t.Pregap = n
	}
	return nil
}

// readTrackIndexes finds the indexes of an audio track after the first one. Index numbers grow
// by one from the start of a track to its end.
func (d *medium) readTrackIndexes(ctx context.Context, t *disc.Track) error {
	if t.Mode != disc.Audio || t.Length < 2 {
		return nil
	}
	last, err := d.indexAt(ctx, t.End()-1, *t)
	if err != nil || last < 2 {
		return err
	}
	var all []disc.LBA
	from := t.Start
	for want := 2; want <= last; want++ {
		in, out := t.End()-1, from // the index is at least want; less
		for in-out > 1 {
			a := out + (in-out)/2
			n, err := d.indexAt(ctx, a, *t)
			if err != nil {
				return err
			}
			if n >= want {
				in = a
			} else {
				out = a
			}
		}
		all, from = append(all, in), in
	}
	t.Indexes = all
	return nil
}

// indexAt returns the index of a sector of a track.
func (d *medium) indexAt(ctx context.Context, lba disc.LBA, t disc.Track) (int, error) {
	p, err := d.positionOf(ctx, lba)
	if err != nil {
		return 0, err
	}
	for n := range maxIndex + 1 {
		if p.Is(t.Number, n) {
			return n, nil
		}
	}
	return 0, mmc.ErrNoPosition
}

// maxIndex is the highest index of a track.
const maxIndex = 99

// isIndex0 reports whether a sector is in the pre-gap of a track, by the Q sub-channel.
func (d *medium) isIndex0(ctx context.Context, lba disc.LBA) (bool, error) {
	p, err := d.positionOf(ctx, lba)
	return err == nil && p.Index == 0, err
}

// positionOf reads where a sector is. One sector in a hundred holds the catalogue number or an
// ISRC instead; the one before it then tells.
func (d *medium) positionOf(ctx context.Context, lba disc.LBA) (p mmc.Position, err error) {
	for back := range disc.LBA(positionTries) {
		p, err = mmc.ReadPosition(ctx, d.t, lba-back-d.late)
		if !errors.Is(err, mmc.ErrNoPosition) {
			break
		}
	}
	return p, err
}

// measureLate finds out by how many sectors the drive delivers sub-channels too late or too
// early: the address that they state, in sectors after each other, is always as far from the one
// that was asked for. That is true of numbers in BCD or of numbers in binary, as the drive has
// them, and of neither if the sub-channels cannot be relied on.
func (d *medium) measureLate(ctx context.Context) {
	if !hasAudio(d.toc.Sessions) {
		return
	}
	from := d.toc.Sessions[0].Tracks[0].Start + lateReads
	var decimal, binary []disc.LBA
	for at := from; at < from+lateReads; at++ {
		p, err := mmc.ReadPosition(ctx, d.t, at)
		if errors.Is(err, mmc.ErrNoPosition) {
			continue
		}
		if err != nil {
			d.noQ = true
			return
		}
		if n, ok := p.BCD(); ok {
			decimal = append(decimal, n-at)
		}
		binary = append(binary, p.Binary()-at)
	}
	for _, by := range [][]disc.LBA{decimal, binary} {
		if len(by) == len(binary) && len(by) > 0 && slices.Min(by) == slices.Max(by) && max(by[0], -by[0]) <= mostLate {
			d.late = by[0]
			break
		}
	}
}

// lateReads is how many sectors after each other are read by measureLate: so many that numbers
// in binary are not mistaken for BCD. mostLate is how late sub-channels are at most.
const (
	lateReads = 16
	mostLate  = 16
)

// positionTries is how many sectors in a row are read until one holds its position: the catalogue
// number and an ISRC may follow each other.
const positionTries = 3
