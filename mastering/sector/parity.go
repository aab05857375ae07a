package sector

// RestoreParity fills in the sync pattern and the P and Q parity of a sector of mode 1 or of
// mode 2 form 1, which image formats leave out because the rest determines them. Header,
// sub-header, user data and EDC are not changed. The parity of mode 2 is computed as if the
// header were zero.
func RestoreParity(p []byte) {
	copy(p, Sync)
	putParities(p[:Size], p[HeaderAt+3] != 2)
}

// HasParity reports whether RestoreParity would restore the sector: its sync pattern is
// there, and the P and Q parity match, whatever its mode is.
func HasParity(p []byte) bool {
	if string(p[:SyncSize]) != Sync {
		return false
	}
	var bad [1]byte
	checkParities(bad[:], p, p[HeaderAt+3] != 2)
	return bad[0] == 0
}

// RemoveParity clears what RestoreParity restores, and returns its size in bytes.
func RemoveParity(p []byte) int {
	clear(p[:SyncSize])
	clear(p[parityPAt:Size])
	return SyncSize + Size - parityPAt
}
