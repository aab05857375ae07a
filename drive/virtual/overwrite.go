package virtual

import "glassmaster/mastering/image/discfile"

// overwriteTrack is the one track of a disc written at random addresses.
func (d *recorder) overwriteTrack(st *discfile.State) trackInfo {
	t := trackInfo{number: 1, session: 1, control: 7, last: -1, size: st.Format.End()}
	if d.medium.profile == profileDVDRWSQ {
		t.control, t.packet = 5, true
	}
	if st.Format.Blocks == 0 {
		t.size, t.free, t.blank = d.capacity(), d.capacity(), true
	}
	t.fixed = st.Format.Restricted
	if st.Format.Growing {
		t.nwa, t.nwaValid = st.Format.Reached, true
		t.size, t.free = d.capacity(), d.capacity()-st.Format.Reached
	}
	return t
}

// admitOverwrite checks a write at random addresses.
func (d *recorder) admitOverwrite(st *discfile.State, lba, blocks int64) error {
	f := &st.Format
	if f.Blocks == 0 && !f.Growing {
		return errCannotWrite() // FORMAT UNIT comes first
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
		return errAddress().at(lba) // the formatting has to be restarted
	}
	return nil
}

// advanceOverwrite notes how far the disc is written.
func (d *recorder) advanceOverwrite(st *discfile.State, lba, blocks int64) {
	f := &st.Format
	f.Reached = max(f.Reached, lba+blocks)
	if f.Growing {
		f.Blocks = f.Reached
		f.Growing = f.Target == 0 || f.Reached < f.Target
	}
}

// closeRandom is CLOSE TRACK/SESSION on a disc written at random addresses:
// functions 0 and 2 stop the background formatting of a DVD+RW, function 2 ends
// the intermediate state of a DVD-RW.
func (d *recorder) closeRandom(st *discfile.State, function byte) error {
	f := &st.Format
	switch {
	case d.medium.profile == profileDVDpRW && (function == 0 || function == 2):
		f.Stop()
		return nil
	case f.Restricted && (function == 1 || function == 2):
		f.Growing = false
		return nil
	}
	return errField()
}

// formattable reports whether FORMAT UNIT is possible as the disc is.
func (d *recorder) formattable() bool {
	switch {
	case d.store == nil:
		return false
	case d.medium.family == bdR:
		return len(d.now().Sessions) == 0
	}
	return d.medium.family == overwrite || d.medium.profile == profileDVDRWSQ
}

// pseudoOverwrite reports whether a write goes to a sector of a BD-R with
// pseudo overwrite that is written already (MMC-6, BD-R pseudo overwrite).
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
