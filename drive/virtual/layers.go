package virtual

import (
	"encoding/binary"

	"glassmaster/mastering/image/discfile"
)

// layered reports whether the disc is a recordable DVD of two layers.
func (d *recorder) layered() bool {
	return d.medium.layers == 2 && (d.medium.family == plusR || d.medium.family == minusR)
}

// layerValue returns a structure of 8 bytes: a flag in bit 7 of byte 0, and a number.
func layerValue(set bool, v int64) []byte {
	b := make([]byte, 8)
	b[0] = flag(set, 0x80)
	binary.BigEndian.PutUint32(b[4:], uint32(v))
	return b
}

// sendStructure is SEND DISC STRUCTURE (MMC-6 6.33): the formats 20h to 23h of discs with two
// layers, and write protection.
func (d *recorder) sendStructure(r *request) (int, error) {
	n := int(binary.BigEndian.Uint16(r.CDB[8:]))
	b, err := r.list(n)
	if err != nil {
		return 0, err
	}
	format := r.CDB[7]
	size := 12
	switch {
	case d.readOnly(), d.medium.isCD():
		return 0, errField()
	case format == structProtection:
		size = 8
	case format == structBoundary && d.layered():
	case format > structBoundary && format <= structManual && d.jumps():
	default:
		return 0, errField()
	}
	if n != size {
		return 0, errListLength()
	}
	if int(binary.BigEndian.Uint16(b)) != n-2 {
		return 0, errParameter()
	}
	if d.faults.Discard {
		return n, nil
	}
	if format == structProtection {
		return n, d.protect(b[4])
	}
	if d.protected() {
		return 0, errProtected()
	}
	if err := d.setLayers(d.disc, format, int64(binary.BigEndian.Uint32(b[8:]))); err != nil {
		return 0, err
	}
	return n, d.commit()
}

// setLayers sets the layer boundary of a blank disc, or a value of layer jump recording.
func (d *recorder) setLayers(st *discfile.State, format byte, v int64) error {
	if format != structBoundary {
		return d.setJump(st, format, v)
	}
	switch {
	case len(st.Sessions) > 0 || st.LayerBreak > 0:
		return errSequence()
	case v == 0 || v%d.medium.block != 0 || v > st.Sectors/2:
		return errParameter()
	}
	st.LayerBreak, st.Jump = v, nil // jumps are set after the boundary
	return nil
}
