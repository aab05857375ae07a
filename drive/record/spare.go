package record

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"glassmaster/drive/mmc"
	"glassmaster/mastering/units"
)

// String returns the size of the spare areas, as [ParseSpare] reads it.
func (s Spare) String() string {
	switch s {
	case SpareUsual:
		return "usual"
	case SpareNone:
		return "none"
	case SpareMost:
		return "most"
	}
	return strconv.Itoa(int(s))
}

// ParseSpare returns the size of spare areas: "usual", "none", "most", or a number of
// sectors.
func ParseSpare(s string) (Spare, error) {
	for _, known := range []Spare{SpareUsual, SpareNone, SpareMost} {
		if strings.EqualFold(s, known.String()) {
			return known, nil
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < bdCluster {
		return 0, fmt.Errorf("spare areas are usual, none, most, or a number of sectors from %d on, not %q", bdCluster, s)
	}
	return Spare(n), nil
}

// spareFormats are the formats of a BD from which the size of its spare areas follows.
type spareFormats struct {
	whole    int64 // sectors without any spare areas
	none     *mmc.Format
	usual    *mmc.Format
	variable []mmc.Format // with spare areas of some size, the largest capacity first
}

// spareFormats returns the formats that the drive offers for a BD (MMC-6 6.4, 6.23): 00h
// with the usual spare areas; of a BD-RE 30h with areas of a given size and 31h without; of
// a BD-R 32h with areas of a given size. A BD-R that is not formatted has none.
func (m medium) spareFormats() spareFormats {
	kind := byte(mmc.FormatBDRESpare)
	if m.profile == mmc.BDRSRM {
		kind = mmc.FormatBDRSpare
	}
	s := spareFormats{}
	if m.profile == mmc.BDRSRM {
		s.whole = m.track.Free
	}
	for _, f := range m.formats.Formats {
		switch {
		case f.Type == mmc.FormatWhole && s.usual == nil:
			s.usual = &f
		case f.Type == mmc.FormatBDRENoSpare && m.profile == mmc.BDRE && s.none == nil:
			s.none, s.whole = &f, f.Blocks
		case f.Type == kind:
			s.variable = append(s.variable, f)
		}
	}
	slices.SortFunc(s.variable, func(a, b mmc.Format) int { return cmp.Compare(b.Blocks, a.Blocks) })
	return s
}

// find returns the format for spare areas of a size, and the capacity with them. ok is
// false if the drive does not offer it. A BD-R with none needs no format: it is nil then.
func (s spareFormats) find(want Spare) (f *mmc.Format, capacity int64, ok bool) {
	least := len(s.variable) - 1
	switch {
	case want == SpareNone && s.none != nil:
		return s.none, s.none.Blocks, true
	case want == SpareNone:
		return nil, s.whole, s.whole > 0
	case want == SpareUsual && s.usual != nil:
		return s.near(s.usual)
	case want == SpareMost && least >= 0:
		return &s.variable[least], s.variable[least].Blocks, true
	case want < bdCluster || least < 0 || s.whole == 0:
		return nil, 0, false
	}
	// The drive takes every size between those that it lists, in clusters.
	blocks := (s.whole - int64(want)) / bdCluster * bdCluster
	if blocks < s.variable[least].Blocks || blocks > s.variable[0].Blocks {
		return nil, 0, false
	}
	for _, x := range s.variable {
		if x.Blocks == blocks {
			return &x, blocks, true
		}
	}
	return &mmc.Format{Type: s.variable[0].Type, Blocks: blocks}, blocks, true
}

// near returns the format itself, or on a BD-R, whose format 00h comes with
// pseudo-overwrite, that of the same or the next larger capacity with areas of a given size.
func (s spareFormats) near(f *mmc.Format) (*mmc.Format, int64, bool) {
	if len(s.variable) == 0 || s.variable[0].Type != mmc.FormatBDRSpare {
		return f, f.Blocks, true
	}
	best := &s.variable[0]
	for i, x := range s.variable {
		if x.Blocks >= f.Blocks {
			best = &s.variable[i]
		}
	}
	return best, best.Blocks, true
}

// bounds returns the smallest and the largest size of the spare areas that can be chosen by
// a number of sectors, false if none can.
func (s spareFormats) bounds() (least, most int64, ok bool) {
	if len(s.variable) == 0 || s.whole == 0 {
		return 0, 0, false
	}
	return s.whole - s.variable[0].Blocks, s.whole - s.variable[len(s.variable)-1].Blocks, true
}

// hasSpares reports whether the size of the spare areas can be chosen: of a BD-RE, and of a
// blank BD-R that is not formatted yet.
func (m medium) hasSpares() bool {
	switch m.profile {
	case mmc.BDRE:
		return true
	case mmc.BDRSRM:
		return m.info.Status == mmc.Blank && m.formats.State != mmc.Formatted
	}
	return false
}

// chooseSpares lists the spare areas that the disc can have, and plans its format if one
// was chosen.
func (b *Burn) chooseSpares() error {
	m := b.medium
	if !m.hasSpares() {
		switch {
		case b.o.Spare == nil:
			return nil
		case m.profile == mmc.BDRSRM:
			return refuse(fmt.Sprintf("the spare areas of this BD-R can no longer be chosen: it is %s", b.bdrState()), ErrNoFormat)
		}
		return refuse(fmt.Sprintf("the spare areas of a %v cannot be chosen; leave that option out", m.profile), ErrNoFormat)
	}
	want := SpareUsual
	if b.o.Spare != nil {
		want = *b.o.Spare
	}
	all := b.listSpares(want)
	if b.o.Spare == nil {
		b.markPresent(all)
		return nil
	}
	f, capacity, ok := all.find(want)
	if !ok {
		return b.noSpare(want, all)
	}
	if f == nil {
		return nil
	}
	if b.o.Simulate {
		return refuse(fmt.Sprintf("a simulation cannot format the %v; leave the spare areas out", m.profile), ErrNoMode)
	}
	chosen := *f
	if m.profile == mmc.BDRSRM {
		chosen = bdrFormat(chosen, false)
	}
	b.format, b.chosen, b.room = true, &chosen, capacity
	return nil
}

// listSpares lists the spare areas that the disc can have, with the exact capacities, and
// marks the chosen ones.
func (b *Burn) listSpares(chosen Spare) spareFormats {
	all := b.medium.spareFormats()
	offered := []Spare{SpareNone, SpareUsual, SpareMost}
	if chosen >= bdCluster {
		offered = append(offered, chosen)
	}
	for _, s := range offered {
		if _, capacity, ok := all.find(s); ok {
			b.plan.Spares = append(b.plan.Spares, SpareChoice{Spare: s, Sectors: max(all.whole-capacity, 0), Capacity: capacity, Chosen: s == chosen})
		}
	}
	return all
}

// bdrFormat returns the format of a BD-R with or without pseudo-overwrite, which is the
// sub-type of 32h (MMC-6 6.4).
func bdrFormat(f mmc.Format, pow bool) mmc.Format {
	f.Sub = 1
	if pow {
		f.Sub = 0
	}
	return f
}

func (b *Burn) bdrState() string {
	if b.medium.info.Status == mmc.Blank {
		return "formatted already"
	}
	return "written already"
}

// markPresent marks the spare areas that the disc has now.
func (b *Burn) markPresent(all spareFormats) {
	for i := range b.plan.Spares {
		b.plan.Spares[i].Chosen = false
	}
	for i, s := range b.plan.Spares {
		now := b.medium.freeSectors()
		if b.medium.profile == mmc.BDRE && b.medium.unformatted() { // formatted as usual
			now = -1
			if all.usual != nil {
				now = all.usual.Blocks
			}
		}
		if s.Capacity == now {
			b.plan.Spares[i].Chosen = true
			return
		}
	}
}

// noSpare is the error of spare areas that the drive does not offer, with those that it
// does.
func (b *Burn) noSpare(want Spare, all spareFormats) error {
	text := fmt.Sprintf("the drive does not offer the spare areas %q for this %v", want, b.medium.profile)
	if want >= bdCluster {
		text = fmt.Sprintf("the drive does not offer spare areas of %d sectors for this %v", int(want), b.medium.profile)
		if least, most, ok := all.bounds(); ok {
			text += fmt.Sprintf("; they can have %d to %d", least, most)
		}
	}
	for _, s := range b.plan.Spares {
		text += fmt.Sprintf("; %v: room for %d sectors (%s)", s.Spare, s.Capacity, units.Size(s.Capacity*2048))
	}
	return refuse(text, ErrNoFormat)
}

// formatNow formats the disc as planned.
func (r *burning) formatNow() error {
	if r.chosen == nil {
		return format(r.work, r.t, r.medium, r.rep)
	}
	return formatAs(r.work, r.t, r.medium, *r.chosen, r.rep)
}

// checkFormat compares the capacity of a disc that was just formatted with the chosen one.
func (r *burning) checkFormat() {
	if r.chosen != nil {
		r.checked(checkCapacity, strconv.FormatInt(r.room, 10), strconv.FormatInt(r.medium.freeSectors(), 10))
	}
}

// checkSpares reports spare areas that are used up: the next defect cannot be replaced.
func (r *burning) checkSpares() error {
	if !r.medium.profile.IsBD() {
		return nil
	}
	s, err := mmc.ReadSpareArea(r.work, r.t, true)
	if err == nil && s.Allocated > 0 && s.Free == 0 {
		r.warn("the spare areas of the disc are used up: use another disc for important data")
	}
	return nil
}

// sameName compares names without regard to case, spaces and dashes in front of "DL".
func sameName(a, b string) bool {
	fold := strings.NewReplacer(" ", "", "_", "", "-", "")
	return strings.EqualFold(fold.Replace(a), fold.Replace(b))
}
