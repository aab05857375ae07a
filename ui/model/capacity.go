package model

import (
	"fmt"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/units"
)

// Capacity is how much of a medium a compilation fills.
type Capacity struct {
	Medium   disc.Medium
	Old      int64 // bytes of the medium that are in use before
	Content  int64 // bytes of the files
	Sectors  int64 // of the whole image; 0: not computed yet
	Counting bool  // the figures are being computed
}

// Used returns the size of the image in bytes, or of the files alone as long as that of
// the image is unknown.
func (c Capacity) Used() int64 { return max(c.Sectors*disc.SectorSize, c.Content) }

// Overhead returns the size of the file system without the files, in bytes.
func (c Capacity) Overhead() int64 { return c.Used() - c.Content }

// Free returns the free bytes, negative when the medium is too small.
func (c Capacity) Free() int64 { return c.Medium.Bytes() - c.Old - c.Used() }

// Over reports whether the medium is too small.
func (c Capacity) Over() bool { return c.Free() < 0 }

// Segments are the parts of the capacity bar, as shares of its whole length.
type Segments struct {
	Old               float64 // what is in use before
	Content, Overhead float64 // of what fits
	Excess            float64 // of what does not
	Limit             float64 // where the medium ends; 1 unless there is an excess
}

// Segments returns the parts of the bar. When the medium is too small, the bar shows the
// size of the image, and the limit is a mark within it.
func (c Capacity) Segments() Segments {
	whole := float64(max(c.Medium.Bytes(), c.Old+c.Used(), 1))
	limit := float64(c.Medium.Bytes()) / whole
	old := float64(c.Old) / whole
	content := float64(c.Content) / whole
	used := float64(c.Used()) / whole
	s := Segments{Limit: limit, Old: old, Content: min(content, limit-old)}
	s.Overhead = min(used, limit-old) - s.Content
	s.Excess = max(old+used-limit, 0)
	return s
}

// Headline returns the used and the total capacity: "1.20 GB of 4.70 GB".
func (c Capacity) Headline() string {
	if c.Old > 0 {
		return fmt.Sprintf("%s to be added", units.Size(c.Used()))
	}
	return fmt.Sprintf("%s of %s", units.Size(c.Used()), units.Size(c.Medium.Bytes()))
}

// Remark returns the free space, or the excess and the medium that would hold it.
func (c Capacity) Remark() string {
	switch {
	case !c.Over() && c.Old > 0:
		return units.Size(c.Free()) + " left afterwards"
	case !c.Over():
		return units.Size(c.Free()) + " free"
	case c.Old > 0:
		return units.Size(-c.Free()) + " too much for the rest of this disc"
	}
	s := units.Size(-c.Free()) + " too much"
	if m, ok := c.Fits(); ok {
		s += " – fits on " + m.Name
	}
	return s
}

// Fits returns the smallest common medium that holds the image.
func (c Capacity) Fits() (disc.Medium, bool) {
	return disc.SmallestFor((c.Used() + disc.SectorSize - 1) / disc.SectorSize)
}
