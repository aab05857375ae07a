package update

import (
	"cmp"
	"fmt"
	"slices"

	"glassmaster/mastering/boot"
)

// blocks is the number of blocks of 512 bytes in a sector.
const blocks = boot.SectorSize / boot.BlockSize

// partition is an entry of one of the tables, as it is and as it will be.
type partition struct {
	table   string // "MBR", "GPT" or "APM"
	number  int    // in its table, from 1
	name    string
	span    span
	now     span
	covers  bool // it only protects the others: type EEh, or the map itself
	tail    bool // it is after the volume, and moves with the end of the image
	image   bool // it is a file or boot image of the volume
	filler  bool // it only fills the space between others
	removed bool
	added   bool
	orphan  bool  // the entry of the catalogue for it was removed
	unit    int64 // blocks in which its size is counted
}

// span is a run of blocks of 512 bytes.
type span struct{ start, count int64 }

func (s span) end() int64 { return s.start + s.count }

func (s span) contains(o span) bool {
	return s.start <= o.start && o.end() <= s.end() && s.count > o.count
}

func (s span) overlaps(o span) bool {
	return s.count > 0 && o.count > 0 && s.start < o.end() && o.start < s.end()
}

func (p *partition) String() string { return fmt.Sprintf("%s partition %d", p.table, p.number) }

func (s span) String() string { return fmt.Sprintf("%d blocks from %d", s.count, s.start) }

// live returns the partitions of a table that remain, in the order of their starts.
func live(list []*partition, table string) []*partition {
	var l []*partition
	for _, p := range list {
		if p.table == table && !p.removed && !p.covers {
			l = append(l, p)
		}
	}
	slices.SortStableFunc(l, func(a, b *partition) int { return cmp.Compare(a.now.start, b.now.start) })
	return l
}

// separate reports whether no partitions of a table overlap, as they were.
func separate(list []*partition, table string) bool {
	l := live(list, table)
	for i, a := range l {
		for _, b := range l[i+1:] {
			if a.span.overlaps(b.span) {
				return false
			}
		}
	}
	return true
}

// ceil rounds n up to a multiple of unit.
func ceil(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// alignment returns the alignment of a number of blocks that was meant: 1 MiB, 4 KiB or a
// sector.
func alignment(n int64) int64 {
	for _, a := range []int64{1 << 20 / boot.BlockSize, 4 << 10 / boot.BlockSize} {
		if n%a == 0 {
			return a
		}
	}
	return blocks
}
