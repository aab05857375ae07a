package record

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"glassmaster/drive/mmc"
	"glassmaster/drive/scsi"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/dvdvideo"
	"glassmaster/mastering/volume"
)

// layerLimits are the sectors that layer 0 of a dual-layer DVD can have. The second layer is
// read from the outside to the inside and cannot be larger than the first; both consist of
// ECC blocks.
type layerLimits struct {
	least, most int64
	sectors     int64 // that are written
}

// check returns why the layer cannot be changed after n sectors, or "".
func (l layerLimits) check(n int64) string {
	switch {
	case n%dvdBlock != 0:
		return fmt.Sprintf("%d is not a multiple of %d sectors, the ECC block of a DVD", n, dvdBlock)
	case n < l.least:
		return fmt.Sprintf("with %d sectors on the first layer, the other %d do not fit on the second one, which cannot be larger: %d is the least", n, l.sectors-n, l.least)
	case n > l.most:
		return fmt.Sprintf("the first layer of this disc has room for %d sectors, not for %d", l.most, n)
	}
	return ""
}

// dual reports whether the medium has two layers with a break that can be set (MMC-6 6.22,
// format 20h).
func (m medium) dual() bool {
	return m.profile == mmc.DVDPRDL || sameProfile(m.profile, mmc.DVDRDL)
}

// chooseLayers chooses where the layer of a dual-layer DVD changes. The size of the burn is
// known.
func (b *Burn) chooseLayers(ctx context.Context) error {
	switch {
	case b.o.LayerBreak < 0:
		return fmt.Errorf("a layer break at %d sectors is not possible", b.o.LayerBreak)
	case !b.medium.dual() && b.o.LayerBreak > 0:
		return refuse(fmt.Sprintf("the layer break of a %v cannot be chosen; leave that option out", b.medium.profile), ErrNoLayerBreak)
	case !b.medium.dual():
		return nil
	}
	have, err := mmc.ReadLayerBoundary(ctx, b.t)
	switch {
	case scsi.Gone(err):
		return fmt.Errorf("read the layer break of the disc: %w", err)
	case err != nil && b.o.LayerBreak > 0:
		return refuse(fmt.Sprintf("the drive does not report the layer break of this disc (%v), so it cannot be set", err), ErrNoLayerBreak)
	case err != nil || have.Layer0 <= 0:
		b.say("the drive does not report where the layer of this disc changes, and chooses it itself")
		return nil
	case have.Fixed || b.medium.info.Status != mmc.Blank:
		return b.keepLayers(have)
	}
	return b.setLayers(ctx, have)
}

// keepLayers accepts a layer break that can no longer be changed.
func (b *Burn) keepLayers(have mmc.LayerBoundary) error {
	n, end := have.Layer0, int64(b.next)+b.plan.Padded
	switch {
	case b.o.LayerBreak > 0 && b.o.LayerBreak != n:
		return refuse(fmt.Sprintf("the layer break of this disc is at %d sectors already, and can be set only once, before the first sector is written", n), ErrNoLayerBreak)
	case end > 2*n:
		return refuse(fmt.Sprintf("the layer break of this disc was set to %d sectors before, so that it has room for %d sectors, and %d are needed; insert another disc", n, 2*n, end), ErrTooLarge)
	}
	b.plan.Layers = []int64{n, max(end-n, 0)}
	b.plan.Breaks = []LayerBreak{{Sectors: n, Where: "as set on the disc", Chosen: true}}
	return nil
}

// setLayers chooses the layer break of a blank disc.
func (b *Burn) setLayers(ctx context.Context, have mmc.LayerBoundary) error {
	p := &b.plan
	l := layerLimits{least: roundUp((p.Padded+1)/2, dvdBlock), most: have.Layer0, sectors: p.Padded}
	if l.least > l.most { // the size was checked: the drive contradicts itself
		return b.keepLayers(have)
	}
	if p.Padded <= l.most {
		b.say("the source has %d sectors and fits on one layer of this disc; a disc with a single layer would hold it, and more players read those", p.Sectors)
	}
	if err := b.listBreaks(ctx, l); err != nil {
		return err
	}
	n := slices.IndexFunc(p.Breaks, func(x LayerBreak) bool { return x.Chosen })
	if n < 0 {
		return nil
	}
	chosen := p.Breaks[n].Sectors
	p.Layers = []int64{chosen, max(p.Padded-chosen, 0)}
	b.breaks = true
	if room := 2*chosen - p.Padded; b.o.Appendable && !b.recipe.single && b.recipe.mode != mmc.LayerJump && chosen < l.most {
		b.say("with this layer break the disc keeps room for %d sectors at most for further sessions; with the layer break at the end of the first layer (%d sectors) it would be %d", room, l.most, 2*l.most-p.Padded)
	}
	return nil
}

// listBreaks lists where the layer can be changed, and chooses: what was requested, where
// the image says that its disc had it, a cell of a DVD-Video, the middle. A disc to which more
// is added later keeps all of its room.
func (b *Burn) listBreaks(ctx context.Context, l layerLimits) error {
	list := []LayerBreak{{Sectors: l.least, Where: "the middle of the data"}}
	if l.most != l.least {
		list = append(list, LayerBreak{Sectors: l.most, Where: "the end of the first layer"})
	}
	own := b.src.TOC().LayerBreak
	if own > 0 {
		list = append(list, LayerBreak{Sectors: own, Where: "as on the disc of the image", Unusable: l.check(own)})
	}
	cells := b.cellBreaks(ctx, l)
	list = append(list, cells...)
	if n := b.o.LayerBreak; n > 0 {
		if why := l.check(n); why != "" {
			return refuse("the layer break cannot be there: "+why, ErrNoLayerBreak)
		}
		if !slices.ContainsFunc(list, func(x LayerBreak) bool { return x.Sectors == n }) {
			list = append(list, LayerBreak{Sectors: n, Where: "as requested"})
		}
	}
	slices.SortStableFunc(list, func(x, y LayerBreak) int { return cmp.Compare(x.Sectors, y.Sectors) })
	b.plan.Breaks = list
	b.chooseBreak(ctx, own, l, len(cells) > 0)
	return nil
}

// chooseBreak marks the chosen layer break.
func (b *Burn) chooseBreak(ctx context.Context, own int64, l layerLimits, video bool) {
	list := b.plan.Breaks
	mark := func(n int64) {
		// Of several descriptions of the same place, that of a cell says most.
		at := -1
		for i, x := range list {
			if x.Sectors == n && x.Unusable == "" && (at < 0 || x.Cell) {
				at = i
			}
		}
		if at >= 0 {
			list[at].Chosen = true
		}
	}
	switch {
	case b.o.LayerBreak > 0:
		mark(b.o.LayerBreak)
	case b.o.Appendable && !b.recipe.single:
		mark(l.most)
	case own > 0 && l.check(own) == "":
		mark(own)
	case video:
		best, ok := b.bestCell(ctx, list)
		switch {
		case !ok:
			b.warn("no cell of this DVD-Video begins where the layer can be changed (at a multiple of %d sectors, from %d to %d), so the layer changes within a cell: players may stop or stutter there", dvdBlock, l.least, l.most)
			mark(l.least)
		default:
			if list[best].Seamless {
				b.warn("the layer of this DVD-Video changes at %s, which is to follow the cell before it without a pause; players may pause there for a moment", list[best].Where)
			}
			list[best].Chosen = true
		}
	default:
		mark(l.least)
	}
}

// maxBreaks is how many cells are listed at most. A DVD-Video has a few dozen near its
// middle.
const maxBreaks = 500

// cellBreaks returns the cells of a DVD-Video in the source at whose beginning the layer
// could be changed, also those that are not at the beginning of an ECC block.
func (b *Burn) cellBreaks(ctx context.Context, l layerLimits) []LayerBreak {
	if b.next != 0 || b.start != 0 {
		return nil
	}
	v, err := volume.OpenDisc(ctx, b.src, volume.Options{})
	if err != nil {
		return nil // of another kind; CheckOpens has reported it
	}
	cells, err := dvdvideo.Cells(v)
	if err != nil {
		b.warn("the cells of the DVD-Video cannot all be found, for a layer break between two of them: %v", err)
	}
	var list []LayerBreak
	for _, c := range cells {
		n := int64(c.Start)
		if n < l.least || n > l.most || c.Interleaved || len(list) == maxBreaks {
			continue
		}
		list = append(list, LayerBreak{Sectors: n, Where: c.String(), Seamless: c.Seamless, Cell: true, Unusable: l.check(n)})
	}
	return list
}

// bestCell returns the index of the cell at which the layer is best changed: one that
// follows a pause, or else any other, as near to the middle as possible, so that the second
// layer is full. Its first sector must be a navigation pack.
func (b *Burn) bestCell(ctx context.Context, list []LayerBreak) (int, bool) {
	p := make([]byte, disc.SectorSize)
	for _, seamless := range []bool{false, true} {
		for i, x := range list {
			if !x.Cell || x.Unusable != "" || x.Seamless != seamless {
				continue
			}
			if n, err := b.src.ReadSectors(ctx, p, disc.LBA(x.Sectors), disc.User); n == 1 && err == nil && dvdvideo.IsNavigation(p) {
				return i, true
			}
			list[i].Unusable = "no navigation pack is there, so the tables of the DVD-Video are wrong about it"
		}
	}
	return 0, false
}

// setLayerBreak sets the layer break of the plan, and reads it back. A drive that does not
// let it be set keeps its own, which is an error only if it was requested.
func (r *burning) setLayerBreak() error {
	if !r.breaks || r.o.Simulate {
		return nil
	}
	if err := r.recheckNWA(); err != nil { // nothing may be set on the wrong disc
		return err
	}
	const step = "set the layer break"
	want := r.plan.Layers[0]
	err := retryWhileBusy(r.work, busyTimeout, func() error { return mmc.SetLayerBoundary(r.work, r.t, want) })
	if err != nil && !scsi.Recovered(err) && (scsi.Gone(err) || r.o.LayerBreak > 0 || !refused(err)) {
		return r.before(step, err)
	}
	r.breakSet = err == nil
	have, other := mmc.ReadLayerBoundary(r.work, r.t)
	switch {
	case scsi.Gone(other):
		return r.before(step, other)
	case err == nil && other != nil:
		return r.before(step, fmt.Errorf("read it back: %w", other))
	case err == nil && have.Layer0 != want:
		return r.before(step, fmt.Errorf("%w: the layer break is at %d sectors, and was set to %d", ErrUnchanged, have.Layer0, want))
	case err != nil && other == nil:
		r.warn("the drive refused to set the layer break (%v) and changes the layer at %d sectors", err, have.Layer0)
		r.plan.Layers = []int64{have.Layer0, max(r.plan.Padded-have.Layer0, 0)}
		r.plan.Breaks = []LayerBreak{{Sectors: have.Layer0, Where: "as the drive chose it", Chosen: true}}
		r.result.Plan.Layers, r.result.Plan.Breaks = r.plan.Layers, r.plan.Breaks
	case err != nil:
		r.warn("the drive refused to set the layer break and chooses it itself: %v", err)
		r.plan.Layers, r.result.Plan.Layers = nil, nil
	}
	return nil
}

// checkLayers compares the layer break of the burned disc with the plan: by the physical
// format information in its lead-in, or else by what the drive reports for the break.
func (r *burning) checkLayers() error {
	if len(r.plan.Layers) == 0 {
		return nil
	}
	want, found := r.plan.Layers[0], int64(0)
	f, err := mmc.ReadPhysicalFormat(r.work, r.t)
	if err == nil {
		found = f.Layer0()
	}
	if have, other := mmc.ReadLayerBoundary(r.work, r.t); other == nil && found == 0 {
		found = have.Layer0
	}
	if scsi.Gone(err) {
		return err
	}
	if found == 0 {
		r.warn("the drive does not report where the layer of the burned disc changes")
		return nil
	}
	r.checked(checkBreak, sectorCount(want), sectorCount(found))
	return nil
}

func sectorCount(n int64) string { return fmt.Sprintf("%d sectors on the first layer", n) }

// roundUp rounds n up to a multiple of unit.
func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }
