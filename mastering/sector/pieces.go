package sector

// Complete computes EDC and ECC of whole sectors of mode 1, form 1 or form 2, whose header
// is already in its place, and clears the bytes that have to be zero.
func Complete(p []byte, k Kind) { complete(p, k) }

// UpdateEDC returns the error detection code (ECMA-130 14.3) of the bytes whose code is c,
// and of p after them. The code of no bytes is 0.
func UpdateEDC(c uint32, p []byte) uint32 { return edcTable(p, c) }
