package iso9660

import (
	"errors"
	"fmt"
	"slices"

	"glassmaster/mastering/dvdvideo"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
)

// bridge is the UDF volume that shares the disc, and the contents of all files,
// with the ISO 9660 one (UDF 6.4, "bridge disc"). Its structures stand in front
// of ours, where UDF wants them, and at the very end.
type bridge struct {
	planner     *udfplan.Planner
	video       dvdvideo.Placement
	placed      map[*tree.Node]bool // files of the DVD-Video
	recognition int64               // first sector of the recognition sequence
	mirror      int64
	extents     []layout.Extent
}

// prepareUDF plans the UDF volume as far as it needs no addresses.
func (p *planner) prepareUDF(root *tree.Node) error {
	if p.o.UDF == nil {
		return nil
	}
	o := *p.o.UDF
	o.Label, o.Time, o.Clamp, o.Hidden = p.o.Label, p.o.Time, p.o.Clamp, p.o.HiddenInUDF()
	switch {
	case p.boot != nil && p.boot.o.Hybrid():
		return errors.New("plan UDF: partition tables and appended partitions stand at the end of an image, where UDF has its anchors; leave out either")
	case o.DVDVideo && len(p.o.Identical) > 0:
		return errors.New("plan UDF: a DVD-Video needs its backup files twice; identical files cannot be stored once")
	}
	p.o.Settle(root)
	b := &bridge{}
	var err error
	if b.planner, err = udfplan.New(root, o); err != nil {
		return err
	}
	b.video = b.planner.Video()
	b.placed = make(map[*tree.Node]bool, len(b.video.Files))
	for _, f := range b.video.Files {
		b.placed[f.Node] = true
	}
	p.report.Warnings = append(p.report.Warnings, b.planner.Report().Warnings...)
	p.bridge = b
	return nil
}

// assignUDF reserves what stands in front: the recognition sequence right
// behind our descriptors, the anchor, and the metadata of UDF.
func (p *planner) assignUDF(at uint32) uint32 {
	if p.bridge == nil {
		return at
	}
	p.bridge.recognition = int64(at)
	return uint32(udfplan.FirstSector + p.bridge.planner.MetadataSectors())
}

// eccBlock is the unit, in sectors, at which the contents of a DVD-Video begin.
const eccBlock = 16

// isPlaced reports whether the place of a file is that of a DVD-Video.
func (b *bridge) isPlaced(n *tree.Node) bool { return b != nil && b.placed[n] }

// sharedOf returns what the names of a hard-linked file have in common. On a
// DVD-Video each name has contents of its own: a backup that is a link to what it
// backs up would be none.
func (p *planner) sharedOf(n *tree.Node) *tree.Shared {
	if p.bridge.isPlaced(n) {
		return nil
	}
	return n.Shared()
}

// placeVideo places the files of a DVD-Video, where their IFO files have them.
func (p *planner) placeVideo(at int64) (int64, error) {
	if p.bridge == nil || len(p.bridge.video.Files) == 0 {
		return at, nil
	}
	at = (at + eccBlock - 1) / eccBlock * eccBlock
	for _, f := range p.bridge.video.Files {
		if _, err := p.assignFile(f.Node, at+f.Sector); err != nil {
			return 0, err
		}
	}
	return at + p.bridge.video.Sectors, nil
}

// finishUDF places what stands behind the contents, and returns where the
// volume ends.
func (p *planner) finishUDF(end int64) (int64, error) {
	b := p.bridge
	if b == nil {
		return end, nil
	}
	b.mirror = end
	end += b.planner.MirrorSectors() + udfplan.TailSectors
	before, behind, err := b.planner.Extents(udfplan.Placement{
		Recognition: b.recognition, Metadata: udfplan.FirstSector, Mirror: b.mirror, End: end,
		Contents: func(n *tree.Node) int64 {
			lba, _ := p.content(n)
			return int64(lba)
		},
	})
	if err != nil {
		return 0, err
	}
	b.extents = append(before, behind...)
	return end, nil
}

// all returns the extents of the image in the order of their addresses, those of
// UDF among them.
func (p *planner) all() []layout.Extent {
	if p.bridge == nil {
		return p.extents
	}
	list := append(slices.Clone(p.extents), p.bridge.extents...)
	slices.SortStableFunc(list, func(a, b layout.Extent) int {
		switch {
		case a.Start < b.Start:
			return -1
		case a.Start > b.Start:
			return 1
		}
		return 0
	})
	return list
}

// checkStored refuses contents that only Rock Ridge readers understand, where
// UDF readers would get the compressed bytes.
func (p *planner) checkStored(n *tree.Node, stored int64) error {
	if p.bridge != nil && stored != n.Size {
		return fmt.Errorf("%s is compressed, which UDF does not know; leave out either", n.Path())
	}
	return nil
}
