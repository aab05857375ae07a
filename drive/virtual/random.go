package virtual

import (
	"slices"

	"glassmaster/mastering/image/discfile"
)

// random reports whether the disc is a BD-R with random recording: each cluster can be
// written once, in any order (MMC-6 5.3, feature 0025h).
func (d *recorder) random(st *discfile.State) bool {
	return d.medium.family == bdR && st.Format.Random
}

// admitRandom checks a write to a BD-R with random recording. A cluster is written as a
// whole, and once.
func (d *recorder) admitRandom(st *discfile.State, lba, blocks int64) error {
	f := &st.Format
	switch {
	case st.Final:
		return errCannotWrite().at(max(lba, 0))
	case lba < 0 || lba >= f.Blocks:
		return errRange().at(max(lba, 0))
	case lba+blocks > f.Blocks:
		return errTrackEnd().at(f.Blocks)
	case lba%d.medium.block != 0 || blocks%d.medium.block != 0:
		return errAddress().at(lba)
	}
	for _, r := range f.Written {
		if lba < r.End && r.Start < lba+blocks {
			return errAddress().at(max(lba, r.Start))
		}
	}
	return nil
}

// advanceRandom records which sectors are written.
func (d *recorder) advanceRandom(st *discfile.State, lba, blocks int64) {
	f := &st.Format
	f.Reached = max(f.Reached, lba+blocks)
	all := append(slices.Clone(f.Written), discfile.Run{Start: lba, End: lba + blocks})
	slices.SortFunc(all, func(a, b discfile.Run) int { return int(a.Start - b.Start) })
	f.Written = all[:1]
	for _, r := range all[1:] {
		last := &f.Written[len(f.Written)-1]
		if r.Start == last.End {
			last.End = r.End
			continue
		}
		f.Written = append(f.Written, r)
	}
}

// randomKind returns the kind of a sector of a BD-R with random recording, and how many
// sectors from there on have the same kind.
func randomKind(st *discfile.State, lba int64) (sectorKind, int64) {
	for _, r := range st.Format.Written {
		if lba >= r.Start && lba < r.End {
			return dataSector, r.End - lba
		}
	}
	return noSector, 1
}
