package dvdvideo

import (
	"io"

	"glassmaster/mastering/disc"
)

// Sectors of the DVDs that hold least: one layer, and the first layer of two.
const (
	oneLayer   = 2295104 // DVD+R
	firstLayer = 2085856 // DVD-R DL
)

// alignSlack is how many sectors an image may have more than its contents: the middle of the
// image is not known exactly before it is planned.
const alignSlack = 1024

// copies are the places of the information of a set and of its backup, which should not share
// an ECC block: the last sector of one and the first of the other.
type copies struct{ last, backup int64 }

func (c copies) shared(at int64) bool { return (at+c.last)/ECCBlock == (at+c.backup)/ECCBlock }

// Shift returns by how many sectors, less than an ECC block, the files should begin after
// address at so that a disc with two layers can change the layer at the beginning of a cell,
// which must be at an ECC block. after is the number of sectors behind the files. It is 0 if
// the DVD-Video fits on one layer, or no cell is suitable.
//
// The cell is the one that a burn chooses: one that follows a pause, or else any other, the
// first one in the second half of the disc.
func (p *Placement) Shift(at, after int64) int64 {
	total := at + p.Sectors + after
	if total <= oneLayer {
		return 0
	}
	least := (total + alignSlack + 1) / 2
	for _, seamless := range []bool{false, true} {
		for _, c := range merged(p.cells) {
			n := at + int64(c.Start)
			shift := (ECCBlock - n%ECCBlock) % ECCBlock
			if c.Interleaved || c.Seamless != seamless || n < least || n+shift > firstLayer || p.shares(at, shift) {
				continue
			}
			return shift
		}
	}
	return 0
}

// shares reports whether a shift puts the information of a set into the ECC block of its
// backup, where it was not.
func (p *Placement) shares(at, shift int64) bool {
	for _, c := range p.copies {
		if c.shared(at+shift) && !c.shared(at) {
			return true
		}
	}
	return false
}

// noteCells remembers the cells of a title set whose information begins at a sector. Damaged
// tables are reported when the disc is burned.
func (v *video) noteCells(r io.ReaderAt, size int64, set int, begin int64) {
	if set == 0 || len(v.cells) > maxCells {
		return
	}
	cells, _ := decodeCells(io.NewSectionReader(r, 0, size), set, disc.LBA(begin))
	v.cells = append(v.cells, cells...)
}
