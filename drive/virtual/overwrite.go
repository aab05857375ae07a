package virtual

import "glassmaster/mastering/image/discfile"

// overwriteTrack returns the only track of a disc that is overwritten in place.
func (d *recorder) overwriteTrack(st *discfile.State) trackInfo {
	t := trackInfo{number: 1, session: 1, control: 7, last: -1, size: st.Format.End()}
	if d.medium.profile == profileDVDRWSQ {
		t.control, t.packet = 5, true
	}
	if st.Format.Blocks == 0 {
		t.size, t.free, t.blank = d.capacity(), d.capacity(), true
	}
	t.fixed = st.Format.Restricted
	if d.random(st) {
		t.size, t.blank = st.Format.Blocks, len(st.Format.Written) == 0
		t.free = st.Format.Blocks
		for _, r := range st.Format.Written {
			t.free -= r.End - r.Start
		}
	}
	if st.Format.Growing {
		t.nwa, t.nwaValid = st.Format.Reached, true
		t.size, t.free = d.capacity(), d.capacity()-st.Format.Reached
	}
	return t
}

// admitOverwrite checks a write to a disc that is overwritten in place.
func (d *recorder) admitOverwrite(st *discfile.State, lba, blocks int64) error {
	f := &st.Format
	if f.Blocks == 0 && !f.Growing {
		return errCannotWrite() // the disc is not formatted
	}
	end := f.Blocks
	if f.Growing {
		end = st.Usable()
	}
	switch {
	case lba < 0 || lba >= end:
		return errRange().at(max(lba, 0))
	case lba+blocks > end:
		return errTrackEnd().at(end)
	case f.Restricted && (lba%d.medium.block != 0 || blocks%d.medium.block != 0):
		return errAddress().at(lba)
	case f.Growing && lba > f.Reached:
		return errAddress().at(lba)
	case f.Background == 1 && lba+blocks > f.Reached:
		return errAddress().at(lba) // the formatting must be resumed first
	}
	return nil
}

// advanceOverwrite records up to which address the disc is written.
func (d *recorder) advanceOverwrite(st *discfile.State, lba, blocks int64) {
	f := &st.Format
	f.Reached = max(f.Reached, lba+blocks)
	if f.Growing {
		f.Blocks = f.Reached
		f.Growing = f.Target == 0 || f.Reached < f.Target
	}
}

// closeRandom is CLOSE TRACK/SESSION on a disc that is overwritten in place. Functions 0 and
// 2 stop the background formatting of a DVD+RW. Functions 1 and 2 end the intermediate
// state of a DVD-RW.
func (d *recorder) closeRandom(st *discfile.State, function byte) error {
	f := &st.Format
	switch {
	case d.random(st) && function == 6:
		st.Final = true
		return nil
	case d.medium.profile == profileDVDpRW && (function == 0 || function == 2):
		f.Stop()
		return nil
	case f.Restricted && (function == 1 || function == 2):
		f.Growing = false
		return nil
	}
	return errField()
}

// formattable reports whether the disc can be formatted in its present state.
func (d *recorder) formattable() bool {
	switch {
	case d.store == nil:
		return false
	case d.medium.family == bdR:
		return len(d.state().Sessions) == 0 && d.state().Format.Limit == 0
	}
	return d.medium.family == overwrite || d.medium.profile == profileDVDRWSQ
}

// pseudoOverwrite reports whether a write is to a sector of a BD-R that is written already,
// with pseudo overwrite enabled (MMC-6, BD-R pseudo overwrite).
func (d *recorder) pseudoOverwrite(st *discfile.State, lba int64) bool {
	if d.medium.family != bdR || !st.Format.POW {
		return false
	}
	k, _ := d.kind(lba)
	return k == dataSector
}

// admitPseudo checks a pseudo overwrite.
func (d *recorder) admitPseudo(st *discfile.State, lba, blocks int64) error {
	if _, n := d.kind(lba); lba+blocks > lba+n {
		return errAddress().at(lba + n)
	}
	return nil
}
