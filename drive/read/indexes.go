package read

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
)

// indexesTimeout is how long the indexes of all tracks may take. A track takes one read or two,
// and about fifteen for each index that is searched.
const indexesTimeout = time.Minute

// errIndexes means that the Q sub-channel does not say where the indexes of a track are.
var errIndexes = errors.New("the Q sub-channel has other tracks than the table of contents")

// readIndexes adds to the audio tracks of a CD what the table of contents does not have: their
// pre-gaps, which it counts to the track before, and the indexes after the first, both from the Q
// sub-channel; and the sound before the first track. A drive that does not deliver the
// sub-channel is no error.
func (d *medium) readIndexes(ctx context.Context) {
	d.readFirstGap(ctx)
	began := time.Now()
	for _, s := range d.toc.Sessions {
		for i := range s.Tracks {
			t := &s.Tracks[i]
			if t.Mode != disc.Audio {
				continue
			}
			if time.Since(began) > indexesTimeout {
				d.warn("The drive reads the Q sub-channel too slowly: pre-gaps and indexes of the tracks from %d on are left out.", t.Number)
				return
			}
			if i > 0 && s.Tracks[i-1].Mode == disc.Audio {
				before := &s.Tracks[i-1]
				n, err := d.gapLength(ctx, *t, *before, func(ctx context.Context, at disc.LBA) (bool, error) {
					return d.isGapOf(ctx, *t, *before, at)
				})
				if scsi.Unsupported(err) || scsi.InvalidField(err) || stop(ctx, err) {
					return
				}
				if err == nil {
					t.Pregap, before.Length = n, before.Length-n
				}
			}
		}
		for i := range s.Tracks {
			if t := &s.Tracks[i]; t.Mode == disc.Audio {
				t.Indexes = d.indexesOf(ctx, *t)
			}
		}
	}
}

// readFirstGap adds the pre-gap of an audio track that does not begin at address 0: what is before
// it can be sound.
func (d *medium) readFirstGap(ctx context.Context) {
	t := &d.toc.Sessions[0].Tracks[0]
	if t.Mode != disc.Audio || t.Start <= 0 || t.Number != 1 {
		return
	}
	if err := mmc.ReadCDOfMode(ctx, d.t, 0, disc.Audio); err != nil {
		if !stop(ctx, err) {
			d.warn("The drive does not read the %d sectors before track 1, which may contain sound: %v", t.Start, err)
		}
		return
	}
	t.Pregap = int64(t.Start)
}

// isGapOf reports whether a sector is in the pre-gap of a track, and not in the track before.
func (d *medium) isGapOf(ctx context.Context, t, before disc.Track, lba disc.LBA) (bool, error) {
	p, err := d.positionAt(ctx, lba)
	switch {
	case err != nil:
		return false, err
	case p.Is(t.Number, 0):
		return true, nil
	case p.In(before.Number):
		return false, nil
	}
	return false, fmt.Errorf("sector %d: %w", lba, errIndexes)
}

// indexesOf returns where the indexes of a track begin, from the second on. If the sub-channel
// contradicts itself there are none.
func (d *medium) indexesOf(ctx context.Context, t disc.Track) []disc.LBA {
	last, err := d.indexAt(ctx, t, t.End()-1)
	if err != nil {
		return nil
	}
	var all []disc.LBA
	from := t.Start
	for n := 2; n <= last; n++ {
		// The index of a sector is n or more from to on, and less at from.
		to := t.End() - 1
		for to-from > 1 {
			at := from + (to-from)/2
			index, err := d.indexAt(ctx, t, at)
			if err != nil {
				return nil
			}
			if index >= n {
				to = at
			} else {
				from = at
			}
		}
		all = append(all, to)
	}
	return all
}

// indexAt returns the index of a sector of a track.
func (d *medium) indexAt(ctx context.Context, t disc.Track, lba disc.LBA) (int, error) {
	p, err := d.positionAt(ctx, lba)
	if err != nil {
		return 0, err
	}
	for n := 1; n <= maxIndex; n++ {
		if p.Is(t.Number, n) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("sector %d: %w", lba, errIndexes)
}

// maxIndex is the last index that a track can have.
const maxIndex = 99

// positionAt is position for callers that do not hold the mutex.
func (d *medium) positionAt(ctx context.Context, lba disc.LBA) (mmc.Position, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.position(ctx, lba)
}

// position reads the position of a sector, or of the one before it if the sub-channel of the
// sector holds a code, as one in a hundred does. The caller holds the mutex.
func (d *medium) position(ctx context.Context, lba disc.LBA) (mmc.Position, error) {
	at := lba - d.late
	p, err := mmc.ReadPosition(ctx, d.t, at)
	if errors.Is(err, mmc.ErrNoPosition) && at > 0 {
		p, err = mmc.ReadPosition(ctx, d.t, at-1)
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

// lateReads is how many consecutive sectors measureLate reads: enough that numbers
// in binary are not mistaken for BCD. mostLate is how late sub-channels are at most.
const (
	lateReads = 16
	mostLate  = 16
)
