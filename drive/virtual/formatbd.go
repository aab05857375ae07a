package virtual

import "glassmaster/mastering/image/discfile"

// Sub-types of the formats of a BD (MMC-6 6.4).
const (
	bdrPOW    = 0 // BD-R: sequential recording with pseudo overwrite
	bdrSRM    = 1 // sequential recording
	bdrRRM    = 2 // random recording
	bdreCheck = 2 // BD-RE: full certification
)

// bdFormats calls add for the formats of a BD-R or BD-RE. For types with a choice of spare
// areas there is the usual size, and the smallest and the largest user area.
func (d *recorder) bdFormats(n int64, add func(blocks int64, kind byte, parameter uint32)) {
	m := d.medium
	spare := func(blocks int64) uint32 { return uint32((n - blocks) / m.block) }
	usual, least, most := m.usualUser(n), m.smallestUser(n), m.largestUser(n)
	add(usual, formatFull, spare(usual))
	if m.profile == profileBDRE {
		add(usual, formatBDRESpare, spare(usual))
		add(least, formatBDRESpare, spare(least))
		add(most, formatBDRESpare, spare(most))
		add(n, formatBDREPlain, 0x800)
		return
	}
	add(usual, formatBDRSpare, 0)
	add(least, formatBDRSpare, 0)
	add(most, formatBDRSpare, 0)
}

// formatBDRE formats a BD-RE with spare areas of the usual size (00h) or one that the host
// chooses (30h), or without (31h).
func (d *recorder) formatBDRE(st *discfile.State, blocks int64, kind, sub byte) error {
	m, n := d.medium, st.Sectors
	switch kind {
	case formatFull:
		blocks = m.usualUser(n)
	case formatBDREPlain:
		blocks = n
	case formatBDRESpare:
		if blocks == 0 || blocks == 0xFFFFFFFF {
			blocks = m.usualUser(n)
		}
		if blocks < m.smallestUser(n) || blocks > m.largestUser(n) || blocks%m.block != 0 {
			return errParameter()
		}
	default:
		return errParameter()
	}
	st.Format = discfile.Formatting{Blocks: blocks, Spare: blocks < n, Reached: blocks}
	if sub == bdreCheck {
		return d.certify(st)
	}
	return nil
}

// formatBDR formats a blank BD-R, for sequential or random recording.
func (d *recorder) formatBDR(st *discfile.State, blocks int64, kind, sub byte) error {
	m, n := d.medium, st.Sectors
	switch {
	case sub > bdrRRM:
		return errParameter()
	case kind == formatFull:
		blocks = m.usualUser(n)
	case kind != formatBDRSpare, blocks < m.smallestUser(n) || blocks > m.largestUser(n) || blocks%m.block != 0:
		return errParameter()
	}
	st.Format = discfile.Formatting{Limit: blocks, Spare: true, POW: sub == bdrPOW}
	if sub == bdrRRM {
		st.Format.Blocks, st.Format.Reached, st.Format.Random = blocks, 0, true
	}
	return nil
}
