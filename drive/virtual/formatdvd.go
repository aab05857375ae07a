package virtual

import (
	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/discfile"
)

// factoryFormat returns the format of a new disc. Only a DVD-RAM is sold formatted.
func factoryFormat(m Medium, sectors int64) discfile.Formatting {
	if m.profile != profileDVDRAM {
		return discfile.Formatting{}
	}
	n := m.usualUser(sectors)
	return discfile.Formatting{Blocks: n, Reached: n, Spare: true}
}

// ramFormats calls add for the formats of a DVD-RAM: the whole disc with the largest and with
// no supplementary spare area, and a larger one without loss of data.
func (d *recorder) ramFormats(n int64, add func(blocks int64, kind byte, parameter uint32)) {
	least := d.medium.smallestUser(n)
	add(least, formatFull, disc.SectorSize)
	add(n, formatFull, disc.SectorSize)
	if d.state().Format.Blocks > least {
		add(least, formatRAMSpare, disc.SectorSize)
	}
}

// formatDVDRAM formats a DVD-RAM, or enlarges its supplementary spare area. Defective blocks
// are looked for unless DCRT is set.
func (d *recorder) formatDVDRAM(st *discfile.State, blocks int64, kind byte, certify bool) error {
	m, least := d.medium, d.medium.smallestUser(st.Sectors)
	if blocks == 0xFFFFFFFF {
		blocks = least
	}
	old := st.Format
	switch {
	case blocks < least || blocks > st.Sectors || blocks%m.block != 0:
		return errParameter()
	case kind == formatRAMSpare && blocks >= old.Blocks, kind != formatRAMSpare && kind != formatFull:
		return errParameter()
	}
	st.Format = discfile.Formatting{Blocks: blocks, Reached: blocks, Spare: true}
	if kind == formatRAMSpare {
		st.Format.Replaced = old.Replaced
		return nil
	}
	if certify {
		return d.certify(st)
	}
	return nil
}

// rwFormats calls add for the formats of a DVD-RW. In the intermediate state, and when the
// whole disc is formatted, the formatted area cannot be extended.
func (d *recorder) rwFormats(n int64, add func(blocks int64, kind byte, parameter uint32)) {
	f := d.state().Format
	add(n, formatFull, disc.SectorSize)
	add(n, formatRWFull, uint32(d.medium.block))
	if rest := n - f.Blocks; f.Restricted && !f.Growing && rest > 0 {
		add(rest, formatRWGrow, uint32(d.medium.block))
		add(rest, formatRWQGrow, uint32(d.medium.block))
	}
	add(n, formatRWQuick, uint32(d.medium.block))
}

// formatDVDRW formats a DVD-RW for restricted overwrite. After a quick format it is in the
// intermediate state, in which it is written from the beginning, or from the end of the
// formatted part.
func (d *recorder) formatDVDRW(st *discfile.State, blocks int64, kind byte) error {
	old := st.Format
	if blocks == 0xFFFFFFFF {
		blocks = st.Sectors
	}
	if blocks > st.Sectors || blocks%d.medium.block != 0 {
		return errParameter()
	}
	f := discfile.Formatting{Restricted: true}
	switch kind {
	case formatFull, formatRWFull:
		if blocks == 0 {
			blocks = st.Sectors
		}
		f.Blocks, f.Reached = blocks, blocks
	case formatRWQuick:
		f.Growing, f.Target = true, blocks
	case formatRWGrow, formatRWQGrow:
		if !old.Restricted || old.Growing || old.Blocks >= st.Sectors {
			return errParameter()
		}
		f.Blocks, f.Reached = old.Blocks, old.Reached
		if kind == formatRWGrow {
			f.Blocks = min(old.Blocks+blocks, st.Sectors)
			f.Reached = f.Blocks
		} else {
			f.Growing = true
		}
	default:
		return errParameter()
	}
	st.Sessions, st.Final, st.Quick, st.Format = nil, false, false, f
	return nil
}
