package udf

// rootSearch is how many blocks around the place of the file set descriptor are
// searched for the root directory. Writers put it close behind.
const rootSearch = 4096

// searchRoot finds the root directory where the file set descriptor at a, which
// leads to it, cannot be read: it is the directory that is its own parent
// (ECMA-167 4/8.6).
func (v reader) searchRoot(a longAD) (longAD, bool) {
	if int(a.partition) >= len(v.parts) {
		return longAD{}, false
	}
	end := v.parts[a.partition].blocks()
	begin := int64(a.block)
	for _, run := range [][2]int64{{begin, begin + rootSearch}, {max(0, begin-rootSearch), begin}} {
		for block := run[0]; block < min(run[1], end); block++ {
			icb := longAD{uint32(v.block), uint32(block), a.partition}
			if v.isRoot(icb) || v.hasMirror && (reader{v.state, true}).isRoot(icb) {
				return icb, true
			}
		}
	}
	return longAD{}, false
}

// isRoot reports whether the block holds the file entry of a directory that is
// its own parent.
func (v reader) isRoot(icb longAD) bool {
	p, id, err := v.readDescriptor(icb, tagFE, tagEFE)
	if err != nil || p[27] != typeDirectory {
		return false
	}
	e, err := decodeEntry(p, id, icb)
	if err != nil {
		return false
	}
	c, err := v.contents(e)
	if err != nil {
		return false
	}
	head := make([]byte, min(c.size, v.block))
	if n, _ := c.ReadAt(head, 0); n < len(head) {
		return false
	}
	n, _, err := decodeName(head)
	return err == nil && n.traits&fileParent != 0 && n.icb.same(icb)
}
