package udf

import (
	"glassmaster/mastering/udf/internal/ecma167"
)

// rootSearch is the number of blocks before and after the file set descriptor that
// are searched for the root directory. Writers put it shortly after.
const rootSearch = 4096

// searchRoot finds the root directory if the file set descriptor at a, which points
// to it, cannot be read. The root is the directory that is its own parent (ECMA-167
// 4/8.6).
func (v reader) searchRoot(a ecma167.LongAD) (ecma167.LongAD, bool) {
	if int(a.Partition) >= len(v.parts) {
		return ecma167.LongAD{}, false
	}
	end := v.parts[a.Partition].blocks()
	begin := int64(a.Block)
	for _, run := range [][2]int64{{begin, begin + rootSearch}, {max(0, begin-rootSearch), begin}} {
		for block := run[0]; block < min(run[1], end); block++ {
			icb := ecma167.LongAD{Length: uint32(v.block), Block: uint32(block), Partition: a.Partition}
			if v.isRoot(icb) || v.hasMirror && (reader{v.state, true}).isRoot(icb) {
				return icb, true
			}
		}
	}
	return ecma167.LongAD{}, false
}

// isRoot reports whether the block holds the file entry of a directory that is
// its own parent.
func (v reader) isRoot(icb ecma167.LongAD) bool {
	p, id, err := v.readDescriptor(icb, ecma167.TagFE, ecma167.TagEFE)
	if err != nil || p[27] != ecma167.TypeDirectory {
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
	return err == nil && n.characteristics&ecma167.FIDParent != 0 && n.icb.Same(icb)
}
