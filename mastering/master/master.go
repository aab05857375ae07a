// Package master turns one tree of files into the volumes of a disc: ISO 9660 with
// its extensions, UDF, or both (a bridge disc, UDF 2.60 6.4). The contents of files
// are placed once, in extents that all volumes share. It also places boot images,
// boot catalogue and partition tables.
package master

import (
	"fmt"
	"math"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	udfplan "glassmaster/mastering/udf/plan"
)

// Report summarizes a plan.
type Report struct {
	Files       int // files whose contents are stored; hard links count once
	Directories int
	Notices     []disc.Notice // what may differ from what the user expects
}

// Plan plans the volumes of a disc: it settles all sizes and addresses. Of the
// contents of files, it reads only the start of boot images and the IFO files of a
// DVD-Video. Plan may change the tree (see Options), and the layout renders
// directories from it: the tree must not be changed while the layout is in use.
func Plan(root *tree.Node, o Options) (*layout.Layout, Report, error) {
	if err := o.check(); err != nil {
		return nil, Report{}, err
	}
	if !root.IsDir() {
		return nil, Report{}, fmt.Errorf("plan disc: %s is not a folder", root.Name)
	}
	p := &planner{o: o}
	if err := p.prepare(root); err != nil {
		return nil, Report{}, err
	}
	end, err := p.assign(root)
	if err != nil {
		return nil, Report{}, err
	}
	l, err := layout.NewSession(p.extents, int64(o.Start)*disc.SectorSize, end*disc.SectorSize, o.Previous)
	return l, p.report, err
}

// planner is a disc that is being planned. The volumes use it afterwards to find the
// addresses of contents.
type planner struct {
	o      Options
	iso    *isoplan.Planner // nil: no ISO 9660
	udf    udfVolume        // nil: no UDF
	boot   *booter          // nil: the disc is not bootable
	video  video
	report Report

	extents   []layout.Extent // of the whole disc
	base      int             // index of the first extent of contents; Node.Index of a file counts from it
	shared    map[*tree.Shared]uint32
	identical map[int]uint32      // indices of contents that several files have
	first     []*tree.Node        // files whose contents come first
	moved     map[*tree.Node]bool // files whose contents are not in folder order
}

// udfVolume is a planner of a UDF volume.
type udfVolume interface {
	Report() udfplan.Report
	// HeadSectors is the distance of the metadata from the beginning of the session.
	HeadSectors() int64
	MetadataSectors() int64
	// End returns the address after the volume if contents end at an address.
	End(contents int64) int64
	Extents(udfplan.Placement) (before, after []layout.Extent, err error)
}

// paddingSectors is the number of sectors that mkisofs -pad adds.
const paddingSectors = 150

func (p *planner) warn(format string, args ...any) {
	p.report.Notices = append(p.report.Notices, disc.Notice{Severity: disc.Warning, Text: fmt.Sprintf(format, args...)})
}

// prepare changes the tree to what goes on the disc, and plans the volumes as far as
// possible without addresses.
func (p *planner) prepare(root *tree.Node) error {
	if err := p.prepareVideo(root); err != nil {
		return err
	}
	if err := p.prepareBoot(root); err != nil {
		return err
	}
	p.o.setAllAttributes(root)
	p.expand(root)
	var err error
	if p.o.HasUDF() {
		u := p.o.udf()
		u.Gaps = p.video.Gaps()
		if p.udf, err = newUDF(root, u, p.o.virtual()); err != nil {
			return err
		}
		p.report.Notices = append(p.report.Notices, p.udf.Report().Notices...)
		p.report.Directories = p.udf.Report().Directories
	}
	if p.o.UDFOnly {
		p.warnUDFOnly()
		return nil
	}
	if p.iso, err = isoplan.New(root, p.o.iso()); err != nil {
		return err
	}
	p.report.Directories = p.iso.Directories()
	return nil
}

// newUDF plans a UDF volume, with a virtual allocation table if v is not nil.
func newUDF(root *tree.Node, o udfplan.Options, v *udfplan.Virtual) (udfVolume, error) {
	if v == nil {
		return udfplan.New(root, o)
	}
	return udfplan.NewVirtual(root, o, *v)
}

// warnUDFOnly warns of options that have no effect without ISO 9660.
func (p *planner) warnUDFOnly() {
	for _, w := range []struct {
		wanted bool
		what   string
	}{
		{len(p.o.Hide) > 0 || len(p.o.HideJoliet) > 0, "files hidden from ISO 9660 or Joliet are shown"},
		{p.o.Attributes, "extended attributes and access control lists are not stored"},
		{p.o.Stamps && p.o.udf().Revision != 0 && p.o.udf().Revision < udfplan.Revision200, "times of creation are not stored before revision 2.00"},
	} {
		if w.wanted {
			p.warn("on a disc with only UDF, %s", w.what)
		}
	}
}

// assign settles all addresses, and returns the sector after the last one.
func (p *planner) assign(root *tree.Node) (int64, error) {
	start := int64(p.o.Start)
	at, recognition := start+systemArea, start+systemArea
	p.addHead()
	if p.iso != nil {
		at = p.iso.PlaceDescriptors(start)
		recognition = at
	}
	if p.udf != nil {
		at = start + p.udf.HeadSectors() + p.udf.MetadataSectors()
	}
	at = p.placeCatalog(at)
	if p.iso != nil {
		at = p.iso.PlaceMetadata(at)
	}
	p.addMetadata()
	end, err := p.placeContents(root, at)
	if err != nil {
		return 0, err
	}
	if p.iso != nil && !p.o.NoPadding {
		end += paddingSectors
	}
	if end, err = p.finishBoot(end); err != nil {
		return 0, err
	}
	if end, err = p.finishUDF(recognition, end); err != nil {
		return 0, err
	}
	if end > math.MaxUint32 {
		return 0, fmt.Errorf("the disc would end at sector %d; the limit is %d (8 TiB)", end, uint32(math.MaxUint32))
	}
	if p.iso != nil {
		p.iso.Finish(isoplan.Finished{
			End: end, Contents: p.start, BootCatalog: p.boot.catalogSector(), PartitionSectors: p.boot.partitionSectors(),
		})
	}
	return end, nil
}

// systemArea is the number of sectors before the first structure of any volume
// (ECMA-119 6.2.1, ECMA-167 2/8.2).
const systemArea = boot.SystemArea / disc.SectorSize

// addMetadata adds the extents before the contents, and allocates room for the extents
// of the contents.
func (p *planner) addMetadata() {
	head := p.extents
	if p.iso != nil {
		p.report.Notices = append(p.report.Notices, p.iso.Notices()...)
		descriptors, metadata := p.iso.Extents()
		head = slices.Concat(head, descriptors, p.boot.catalogExtents(), metadata)
		p.extents = make([]layout.Extent, 0, len(head)+p.iso.Entries()+8)
	} else {
		p.extents = make([]layout.Extent, 0, len(head)+p.udf.Report().Files+8)
	}
	p.extents = append(p.extents, head...)
	p.base = len(p.extents)
}

// finishUDF places the structures of the UDF volume, part of which follow the
// contents, and returns the end of the volume.
func (p *planner) finishUDF(recognition, end int64) (int64, error) {
	if p.udf == nil {
		return end, nil
	}
	contents := end
	end = p.udf.End(contents)
	before, after, err := p.udf.Extents(udfplan.Placement{
		Start: int64(p.o.Start), Recognition: recognition, Metadata: int64(p.o.Start) + p.udf.HeadSectors(),
		Mirror: contents, End: end, Contents: p.start,
	})
	if err != nil {
		return 0, err
	}
	// The structures before the contents go between the descriptors and the directories
	// of ISO 9660.
	at := 0
	for len(before) > 0 && at < p.base && p.extents[at].Start < before[0].Start {
		at++
	}
	p.extents = slices.Insert(p.extents, at, before...)
	p.base += len(before)
	p.extents = append(p.extents, after...)
	return end, nil
}
