package virtual

import (
	"slices"

	"glassmaster/mastering/image/discfile"
)

// Spare blocks. A DVD-RAM has a primary spare area, which is outside of the capacity that
// the drive reports, and a supplementary one. A BD has inner and outer spare areas.
const (
	ramPrimary       = 12800 / 16 // blocks of the primary spare area of a DVD-RAM of 4.7 GB
	ramSupplementary = 58368      // sectors of its largest supplementary spare area
	leastSpare       = 4096       // clusters of a BD layer with spare areas
	usualSpare       = 12288      // clusters that drives reserve in a layer unless the host asks for others
	mostSpare        = 200704     // clusters
	usualSpareXL     = 16384
)

// rawSectors returns how many sectors a disc has, with its spare areas, that is sold with
// this capacity.
func (m Medium) rawSectors(capacity int64) int64 {
	switch {
	case m.profile != profileDVDRAM:
		return capacity
	case capacity == m.Sectors:
		return capacity + ramSupplementary
	}
	n := capacity
	for m.smallestUser(n) < capacity {
		n += m.block
	}
	return n
}

// usualUser returns the user area of a disc with the spare areas of real drives, in sectors:
// 11826176 of the 12219392 of a BD. Those of an XL are larger.
func (m Medium) usualUser(sectors int64) int64 {
	switch {
	case m.profile == profileDVDRAM:
		return m.smallestUser(sectors)
	case sectors != m.Sectors:
		return sectors - m.roundUp(sectors/32)
	case m.layers > 2:
		return sectors - [...]int64{3: 3 * usualSpareXL, 4: 4 * usualSpareXL}[m.layers]*m.block
	}
	return sectors - int64(m.layers)*usualSpare*m.block
}

// smallestUser returns the smallest user area, with the largest spare areas. Of BD XL it is
// not known; that of the other BD is used in proportion.
func (m Medium) smallestUser(sectors int64) int64 {
	switch {
	case m.profile == profileDVDRAM && sectors == m.Sectors+ramSupplementary:
		return m.Sectors
	case m.profile == profileDVDRAM:
		return sectors - m.roundUp(sectors/40)
	case sectors != m.Sectors:
		return sectors/2/m.block*m.block + m.block
	}
	return sectors - int64(m.layers)*mostSpare*m.block
}

// largestUser returns the largest user area of a disc with spare areas.
func (m Medium) largestUser(sectors int64) int64 {
	switch {
	case m.profile == profileDVDRAM:
		return sectors
	case sectors != m.Sectors:
		return sectors - m.block
	}
	return sectors - int64(m.layers)*leastSpare*m.block
}

// user returns the user area of the disc as it is formatted.
func user(st *discfile.State) int64 {
	if st.Format.Limit > 0 {
		return st.Format.Limit
	}
	return st.Format.Blocks
}

// spares returns how many blocks the spare areas of the disc have, and how many of them are
// free.
func (d *recorder) spares(st *discfile.State) (all, free int64) {
	if !st.Format.Spare {
		return 0, 0
	}
	all = (st.Sectors - user(st)) / d.medium.block
	free = all
	if d.medium.profile == profileDVDRAM {
		free += ramPrimary
	}
	return all, max(free-int64(len(st.Format.Replaced)), 0)
}

// blockOf returns the address of the first sector of the ECC block of a sector.
func (d *recorder) blockOf(lba int64) int64 { return lba / d.medium.block * d.medium.block }

// defect returns the first sector from lba to end that is in a block of the fault Defective
// in place of which no spare block is used, or -1.
func (d *recorder) defect(st *discfile.State, lba, end int64) int64 {
	first := int64(-1)
	for _, at := range d.faults.Defective {
		b := d.blockOf(at)
		if b+d.medium.block <= lba || b >= end || slices.Contains(st.Format.Replaced, b) {
			continue
		}
		if b = max(b, lba); first < 0 || b < first {
			first = b
		}
	}
	return first
}

// replace uses a spare block in place of the block of a sector.
func (d *recorder) replace(st *discfile.State, lba int64) error {
	if _, free := d.spares(st); free == 0 {
		return check(3, 0x32, 0x00).at(lba) // NO DEFECT SPARE LOCATION AVAILABLE
	}
	st.Format.Replaced = append(st.Format.Replaced, d.blockOf(lba))
	return nil
}

// certify finds the defective blocks of a disc that is being formatted.
func (d *recorder) certify(st *discfile.State) error {
	for st.Format.Spare {
		at := d.defect(st, 0, user(st))
		if at < 0 {
			break
		}
		if err := d.replace(st, at); err != nil {
			return err
		}
	}
	return nil
}

// settle applies defect management to a write: the drive verifies what it writes to a disc
// with spare areas, and replaces the blocks that it cannot read, unless the host requests
// streaming. Without spare areas, only a write with verification finds a defect.
func (d *recorder) settle(st *discfile.State, w writeRequest) error {
	if d.medium.isCD() {
		return nil
	}
	if d.pseudoOverwrite(st, w.lba) { // the new data are written to spare clusters
		for at := d.blockOf(w.lba); at < w.lba+w.blocks; at += d.medium.block {
			if slices.Contains(st.Format.Replaced, at) {
				continue
			}
			if err := d.replace(st, at); err != nil {
				return err
			}
		}
	}
	for {
		at := d.defect(st, w.lba, w.lba+w.blocks)
		switch {
		case at < 0:
			return nil
		case st.Format.Spare && !w.streaming:
			if err := d.replace(st, at); err != nil {
				return err
			}
		case w.verify:
			return check(3, 0x0C, 0x00).at(at) // WRITE ERROR
		default:
			return nil
		}
	}
}
