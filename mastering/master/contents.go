package master

import (
	"fmt"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/dvdvideo"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/zisofs"
)

// video is the placement of the files of a DVD-Video. It is empty if there is none.
type video struct {
	dvdvideo.Placement
	placed map[*tree.Node]bool
}

// prepareVideo finds where the files of a DVD-Video have to be. There, each name of a
// hard-linked file gets its own contents, since a backup that shares the contents of
// the original would be useless.
func (p *planner) prepareVideo(root *tree.Node) error {
	if p.o.UDF == nil || !p.o.UDF.DVDVideo {
		return nil
	}
	var err error
	if p.video.Placement, err = dvdvideo.Place(root); err != nil {
		return err
	}
	p.report.Notices = append(p.report.Notices, p.video.Notices...)
	p.video.placed = make(map[*tree.Node]bool, len(p.video.Files))
	for _, f := range p.video.Files {
		if f.Node.Recorded() != nil {
			return fmt.Errorf("plan DVD-Video: %s is on the disc already, but files cannot be added to a DVD-Video", f.Node.Path())
		}
		p.video.placed[f.Node] = true
		if s := f.Node.Shared(); s != nil {
			s.Links--
			f.Node.Init(f.Node.Name, f.Node.Mode, s.Source)
		}
	}
	return nil
}

// placeVideo places the files of a DVD-Video where their IFO files expect them, so that the
// layer of a dual-layer DVD can change between two cells.
func (p *planner) placeVideo(root *tree.Node, at int64) (int64, error) {
	if len(p.video.Files) == 0 {
		return at, nil
	}
	at = (at + dvdvideo.ECCBlock - 1) / dvdvideo.ECCBlock * dvdvideo.ECCBlock
	at += p.video.Shift(at, p.otherSectors(root))
	for _, f := range p.video.Files {
		if _, err := p.placeFile(f.Node, at+f.Sector); err != nil {
			return 0, err
		}
	}
	return at + p.video.Sectors, nil
}

// otherSectors returns the number of sectors of the files that do not belong to the DVD-Video.
func (p *planner) otherSectors(root *tree.Node) (sum int64) {
	_ = root.Walk(func(n *tree.Node) error {
		if n.Mode.IsRegular() && !p.video.placed[n] {
			sum += (n.Size + disc.SectorSize - 1) / disc.SectorSize
		}
		return nil
	})
	return sum
}

// placeContents places the contents of all files: first those of a DVD-Video, then
// boot images, then the others by weight; files of equal weight folder by folder. It
// returns the sector after them.
func (p *planner) placeContents(root *tree.Node, at int64) (int64, error) {
	at, err := p.placeVideo(root, at)
	if err != nil {
		return 0, err
	}
	place := func(n *tree.Node) error {
		if p.video.placed[n] {
			return nil
		}
		var err error
		at, err = p.placeFile(n, at)
		return err
	}
	p.bootFirst()
	last := p.sortByWeight(root)
	for _, n := range p.first {
		if err := place(n); err != nil {
			return 0, err
		}
	}
	err = p.eachFile(root, func(n *tree.Node) error {
		if p.moved[n] {
			return nil
		}
		return place(n)
	})
	if err != nil {
		return 0, err
	}
	for _, n := range last {
		if err := place(n); err != nil {
			return 0, err
		}
	}
	return at, nil
}

// expand makes files that are compressed on the disc already be laid out uncompressed, if
// a volume cannot say that they are compressed.
func (p *planner) expand(root *tree.Node) {
	if !p.o.HasUDF() && !p.o.NoRockRidge {
		return
	}
	if z, ok := root.Source().(*zisofs.Recorded); ok {
		root.SetSource(z.Expanded())
	}
	if p.o.continuesVirtual() && root.Unread() {
		return
	}
	for _, c := range root.Children() {
		p.expand(c)
	}
}

// placeFile places the contents of a file at a sector, unless they are on the disc
// already, and returns the sector after them.
func (p *planner) placeFile(n *tree.Node, at int64) (int64, error) {
	src := n.Source()
	if n.Size == 0 || src == nil {
		return at, nil
	}
	if r := n.Recorded(); r != nil {
		size := n.Size
		if z, ok := src.(*zisofs.Recorded); ok {
			size = z.Length()
		}
		if err := r.Check(size, int64(p.o.Start)); err != nil {
			return 0, fmt.Errorf("%s: %w", n.Path(), err)
		}
		return at, nil
	}
	size := n.Size
	if z, ok := src.(*zisofs.Compressed); ok {
		if p.udf != nil {
			return 0, fmt.Errorf("%s is compressed with zisofs, which UDF does not support: turn off compression or UDF", n.Path())
		}
		size = z.Stored()
	}
	index := uint32(len(p.extents) - p.base)
	if known, ok := p.stored(n, index); ok {
		n.Index = known
		return at, nil
	}
	n.Index = index
	p.extents = append(p.extents, layout.Extent{Start: at * disc.SectorSize, Length: size, Source: src})
	p.report.Files++
	return at + (size+disc.SectorSize-1)/disc.SectorSize, nil
}

// start returns the first sector of the contents of a file that was placed or is on
// the disc already.
func (p *planner) start(n *tree.Node) int64 {
	if r := n.Recorded(); r != nil {
		return int64(r.Extents[0].Start)
	}
	return p.extents[p.base+int(n.Index)].Start / disc.SectorSize
}

// stored returns the index of the extent that has the contents of a file already,
// because of another name of the file or an identical file. Otherwise it records that
// the contents will be at index.
func (p *planner) stored(n *tree.Node, index uint32) (uint32, bool) {
	s := n.Shared()
	if s != nil {
		if known, ok := p.shared[s]; ok {
			return known, true
		}
	}
	found := false
	if class, ok := p.o.Identical[n]; ok && !isPatched(n) {
		var known uint32
		if known, found = p.identical[class]; found {
			index = known
		} else {
			if p.identical == nil {
				p.identical = map[int]uint32{}
			}
			p.identical[class] = index
		}
	}
	if s != nil {
		if p.shared == nil {
			p.shared = map[*tree.Shared]uint32{}
		}
		p.shared[s] = index
	}
	return index, found
}

// isPatched reports whether a file is changed when it is stored, so that it cannot
// share contents with other files.
func isPatched(n *tree.Node) bool {
	_, ok := n.Source().(*boot.Patched)
	return ok
}
