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
