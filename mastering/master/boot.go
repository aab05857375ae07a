package master

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"slices"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// booter is what makes a planned disc bootable. A nil booter is a disc that is not.
type booter struct {
	o        *boot.Options
	images   []bootImage
	catalog  *tree.Node // nil: the catalogue is not visible as a file
	lba      int64      // of the catalogue
	appended []appended
	code     []byte
	disk     *boot.Disk // nil: no partition tables
}

// bootImage is an entry of the boot catalogue.
type bootImage struct {
	entry boot.Entry
	node  *tree.Node    // nil: an appended partition, or on the disc already
	patch *boot.Patched // nil: unchanged
	// hybrid: ISOLINUX's boot code for disks can boot the image.
	hybrid bool
}

// appended is a partition after the volume.
type appended struct {
	source layout.Source
	size   int64 // bytes
	head   []byte
	span   boot.Span
}

// prepareBoot checks the boot options, adds the boot catalogue to the tree, and
// patches boot images that need to know their address.
func (p *planner) prepareBoot(root *tree.Node) error {
	o := p.o.Boot
	if o == nil || len(o.Images) == 0 && !o.Hybrid() {
		return nil
	}
	if err := o.Check(); err != nil {
		return fmt.Errorf("plan boot: %w", err)
	}
	b := &booter{o: o}
	p.boot = b
	for _, a := range o.Append {
		if err := b.append(a); err != nil {
			return fmt.Errorf("plan boot: %w", err)
		}
	}
	for _, i := range o.Images {
		if err := b.image(root, i); err != nil {
			return fmt.Errorf("plan boot: %w", err)
		}
	}
	if err := b.readCode(); err != nil {
		return fmt.Errorf("plan boot: %w", err)
	}
	if len(o.Images) == 0 || o.Catalog == "" {
		return nil
	}
	if err := b.insertCatalog(root, p.o.Time.UnixNano()); err != nil {
		return fmt.Errorf("plan boot: %w", err)
	}
	return nil
}

// append adds the file that becomes a partition.
func (b *booter) append(a boot.Partition) error {
	info, err := os.Stat(a.Path)
	if err != nil {
		return fmt.Errorf("%s: %w", a, err)
	}
	if !info.Mode().IsRegular() || info.Size() == 0 {
		return fmt.Errorf("%s: %s is not a regular file, or is empty: use a file that contains a file system", a, a.Path)
	}
	src := layout.NewFile(a.Path)
	head, err := readHead(src, info.Size())
	if err != nil {
		return fmt.Errorf("%s: %w", a, err)
	}
	b.appended = append(b.appended, appended{source: src, size: info.Size(), head: head})
	return nil
}

// image adds a boot image.
func (b *booter) image(root *tree.Node, i boot.Image) error {
	if i.Path == "" && i.Partition == 0 {
		return b.recorded(i)
	}
	if i.Path == "" {
		for n, a := range b.o.Append {
			if a.Number == i.Partition {
				e, err := i.Entry(b.appended[n].size, b.appended[n].head)
				b.images = append(b.images, bootImage{entry: e})
				return err
			}
		}
	}
	n := root.Lookup(i.Path)
	switch {
	case n == nil:
		return fmt.Errorf("%s is not on the disc: add the file, or correct the path", i)
	case !n.Mode.IsRegular():
		return fmt.Errorf("%s is not a regular file", i)
	case n.Size == 0:
		return fmt.Errorf("%s is empty", i)
	}
	k := bootImage{node: n}
	src := n.Source()
	old, known := src.(*boot.Patched)
	if known {
		src = old.Base
	}
	var head []byte
	var err error
	if n.Size > 0 {
		if head, err = readHead(src, n.Size); err != nil {
			return fmt.Errorf("%s: %w", i, err)
		}
	}
	if i.Former != nil {
		k.entry = *i.Former
	} else if k.entry, err = i.Entry(n.Size, head); err != nil {
		return err
	}
	k.hybrid = boot.HybridISOLINUX(head)
	switch want := (boot.Patched{InfoTable: i.InfoTable, GRUBInfo: i.GRUBInfo}); {
	case known && b.patches(old):
		// Another entry has the same image: patches of either apply to both.
		old.InfoTable, old.GRUBInfo = old.InfoTable || want.InfoTable, old.GRUBInfo || want.GRUBInfo
		k.patch = old
	case want != boot.Patched{}:
		want.Base, want.Size = src, n.Size
		k.patch = &want
		n.SetSource(k.patch)
	case known: // the tree was planned before, with other options
		n.SetSource(src)
	}
	b.images = append(b.images, k)
	return nil
}

// recorded adds a boot image that is on the disc already and is not a file.
func (b *booter) recorded(i boot.Image) error {
	size := volume.ExtentReader{Extents: i.OnDisc.Extents}.Size()
	if err := i.OnDisc.Check(size, math.MaxInt64); err != nil || size == 0 {
		return fmt.Errorf("%s: its extents are not valid: %w", i, err)
	}
	k := bootImage{}
	if i.Former != nil {
		k.entry = *i.Former
	} else {
		head, err := readHead(i.OnDisc, size)
		if err != nil {
			return fmt.Errorf("%s: %w", i, err)
		}
		if k.entry, err = i.Entry(size, head); err != nil {
			return err
		}
	}
	b.images = append(b.images, k)
	return nil
}

// patches reports whether an image that was added before has this patch.
func (b *booter) patches(p *boot.Patched) bool {
	return slices.ContainsFunc(b.images, func(i bootImage) bool { return i.patch == p })
}

// readHead reads the first bytes of a boot image, at most boot.HeadSize.
func readHead(s layout.Source, size int64) ([]byte, error) {
	r, err := layout.OpenSource(s, size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head := make([]byte, min(size, boot.HeadSize))
	if n, err := r.ReadAt(head, 0); n < len(head) {
		if err == nil || errors.Is(err, io.EOF) {
			err = layout.ErrShrunk
		}
		return nil, err
	}
	return head, nil
}

// readCode reads the boot code for disks.
func (b *booter) readCode() error {
	if b.o.Code == "" {
		return nil
	}
	f, err := os.Open(b.o.Code)
	if err != nil {
		return fmt.Errorf("boot code: %w", err)
	}
	defer f.Close()
	// One byte more than the limit shows that it is too large.
	if b.code, err = io.ReadAll(io.LimitReader(f, boot.SystemArea+1)); err != nil {
		return fmt.Errorf("boot code: %w", err)
	}
	if len(b.code) == 0 {
		return fmt.Errorf("boot code %s is empty", b.o.Code)
	}
	return nil
}

// insertCatalog adds the boot catalogue to the tree as a file. It replaces a file
// with the same path, such as the catalogue of an older disc.
func (b *booter) insertCatalog(root *tree.Node, made int64) error {
	dir, name := path.Split(path.Clean("/" + b.o.Catalog))
	folder := root.Lookup(dir)
	if folder == nil || !folder.IsDir() {
		return fmt.Errorf("boot catalogue %s: there is no folder %s on the disc", b.o.Catalog, dir)
	}
	n := tree.NewNode(name, 0o444, &catalogSource{b})
	n.Size, n.Modified = boot.MaxCatalog, made
	if old := folder.Child(name); old != nil {
		for _, i := range b.images {
			if i.node == old {
				return fmt.Errorf("boot catalogue %s would replace a boot image: give it another path", b.o.Catalog)
			}
		}
		if !old.Mode.IsRegular() {
			return fmt.Errorf("boot catalogue %s: a folder or special file has that path already", b.o.Catalog)
		}
		old.Detach()
	}
	if err := folder.Insert(n); err != nil {
		return fmt.Errorf("boot catalogue: %w", err)
	}
	b.catalog = n
	return nil
}

// addHead adds the extent of the system area, if it contains partition tables.
func (p *planner) addHead() {
	if p.boot != nil && p.boot.o.Hybrid() {
		p.extents = append(p.extents, layout.Extent{Length: boot.SystemArea, Source: &headSource{p.boot}})
	}
}

// placeCatalog places a boot catalogue that is not a file at a sector, and returns the
// sector after it.
func (p *planner) placeCatalog(at int64) int64 {
	if p.boot == nil || len(p.boot.images) == 0 || p.boot.catalog != nil {
		return at
	}
	p.boot.lba = at
	return at + 1
}

// catalogExtents returns the extent of a boot catalogue that is not a file.
func (b *booter) catalogExtents() []layout.Extent {
	if b == nil || len(b.images) == 0 || b.catalog != nil {
		return nil
	}
	return []layout.Extent{{Start: b.lba * disc.SectorSize, Length: boot.MaxCatalog, Source: &catalogSource{b}}}
}

// catalogSector returns the sector of the boot catalogue, 0 if there is none.
func (b *booter) catalogSector() int64 {
	if b == nil {
		return 0
	}
	return b.lba
}

// partitionSectors returns the number of sectors of the volume's partition, 0 if there
// are no partition tables.
func (b *booter) partitionSectors() int64 {
	if b == nil || b.disk == nil {
		return 0
	}
	return b.disk.VolumeSectors()
}

// finishBoot places the appended partitions and the backup GPT after the files,
// settles all addresses in boot structures, and returns the end of the image.
func (p *planner) finishBoot(end int64) (int64, error) {
	b := p.boot
	if b == nil {
		return end, nil
	}
	volume := end
	if b.o.Hybrid() {
		volume, end = p.assignAppended(end)
	}
	if end > math.MaxUint32 {
		return end, nil // assign returns the error
	}
	plan := boot.Plan{
		Sectors: end, Volume: volume, Code: b.code,
		Seed: boot.NewSeed(p.o.Label, p.o.Time.UnixNano()),
	}
	if b.catalog != nil {
		b.lba = p.start(b.catalog)
	}
	for _, a := range b.appended {
		plan.Appended = append(plan.Appended, a.span)
	}
	for n := range b.images {
		plan.Images = append(plan.Images, p.setImageAddress(n))
	}
	if !b.o.Hybrid() {
		return end, nil
	}
	var err error
	if b.disk, err = b.o.Disk(plan); err != nil {
		return 0, fmt.Errorf("plan boot: %w", err)
	}
	if err := p.checkStyle(); err != nil {
		return 0, fmt.Errorf("plan boot: %w", err)
	}
	if b.o.GPT != boot.GPTNone {
		p.extents = append(p.extents, layout.Extent{Start: (end - boot.TailSectors) * disc.SectorSize, Length: boot.TailSectors * disc.SectorSize, Source: &tailSource{b}})
	}
	return end, nil
}

// assignAppended places the appended partitions and reserves the sectors of the backup
// GPT. It returns the ends of the volume and of the image.
func (p *planner) assignAppended(end int64) (volume, image int64) {
	b := p.boot
	volume = end
	for n := range b.appended {
		a := &b.appended[n]
		end = boot.Align(end)
		if n == 0 {
			volume = end
		}
		a.span = boot.Span{Start: end, Count: (a.size + disc.SectorSize - 1) / disc.SectorSize}
		p.extents = append(p.extents, layout.Extent{Start: end * disc.SectorSize, Length: a.size, Source: a.source})
		end += a.span.Count
	}
	if len(b.appended) > 0 && !p.o.NoPadding {
		end += paddingSectors
	}
	if b.o.GPT != boot.GPTNone {
		end += boot.TailSectors
	}
	end = boot.Align(end)
	if len(b.appended) == 0 {
		volume = end
	}
	return volume, end
}

// setImageAddress sets the address of a boot image in its entry and its patch.
func (p *planner) setImageAddress(n int) boot.Span {
	i := &p.boot.images[n]
	if r := p.boot.o.Images[n].OnDisc; i.node == nil && r != nil {
		i.entry.LBA = uint32(r.Extents[0].Start)
		return boot.Span{Start: int64(i.entry.LBA), Count: (r.Extents[0].Length + disc.SectorSize - 1) / disc.SectorSize}
	}
	if i.node == nil {
		want := p.boot.o.Images[n].Partition
		for k, a := range p.boot.o.Append {
			if a.Number == want {
				i.entry.LBA = uint32(p.boot.appended[k].span.Start)
				return p.boot.appended[k].span
			}
		}
	}
	i.entry.LBA = uint32(p.start(i.node))
	if i.patch != nil {
		i.patch.LBA, i.patch.Volume = i.entry.LBA, uint32(p.o.Start)+systemArea
	}
	return boot.Span{Start: int64(i.entry.LBA), Count: (i.node.Size + disc.SectorSize - 1) / disc.SectorSize}
}

// checkStyle returns an error if the boot code for disks cannot boot the boot image,
// and warns if it may fail.
func (p *planner) checkStyle() error {
	b := p.boot
	for n, i := range b.o.Images {
		if b.images[n].entry.LBA != b.disk.Boot {
			continue
		}
		switch {
		case b.disk.Style == boot.StyleISOLINUX && !b.images[n].hybrid:
			return fmt.Errorf("%s is not an isolinux.bin that can boot from disks, which boot code %s requires: use both from the same version of SYSLINUX", i, b.o.Code)
		case b.disk.Style == boot.StyleISOLINUX && !i.InfoTable:
			p.warn("%s has no boot information table, which ISOLINUX needs", i)
		case b.disk.Style == boot.StyleGRUB && !i.GRUBInfo:
			p.warn("%s has no GRUB information, which GRUB needs to boot from a disk", i)
		}
	}
	return nil
}
