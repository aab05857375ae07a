package session

import (
	"encoding/binary"
	"io"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/volume"
)

// Offsets of what boot loaders have in their images: the boot information table with the
// addresses of the volume descriptor and of the image, and the address that GRUB loads.
const (
	tableVolume = 8
	tableImage  = 12
	grubAddress = 2548
)

// addBoot sets the boot options. The entries of the boot catalogue are kept with all
// their values, and refer to the images where they are. An image that has the address of
// the volume descriptor in it is copied, so that the loader finds the files of the new
// session.
func (c *Continuation) addBoot(v *iso9660.FS, t *trees) error {
	catalog, err := v.BootCatalog()
	if err != nil {
		c.warn("the disc can be booted, but the next session cannot: %v", err)
		return nil
	}
	if catalog == nil {
		return nil
	}
	o := &boot.Options{ID: catalog.ID, Catalog: t.files[disc.LBA(catalog.LBA)]}
	for _, e := range catalog.Entries {
		former := e.Entry
		path := e.File
		if path != "" && t.shown != t.main {
			path = t.files[disc.LBA(e.LBA)]
		}
		i := boot.Image{Path: path, Platform: e.Platform, Emulation: e.Emulation, LoadSegment: e.LoadSegment, NotBootable: e.NotBootable, Former: &former}
		if e.Section != "" || len(e.Criteria) > 0 {
			c.warn("the names and selection criteria of the boot catalogue are left out")
		}
		switch {
		case e.Length <= 0:
			c.warn("the boot image at sector %d is not on the disc, and its entry is left out", e.LBA)
			continue
		case path == "":
			i.OnDisc = &layout.Recorded{Extents: []volume.Extent{{Start: disc.LBA(e.LBA), Length: e.Length}}, Disc: c.imported.disc}
		case e.Emulation == boot.NoEmulation:
			i.InfoTable, i.GRUBInfo = patched(c.imported.disc, e)
		}
		o.Images = append(o.Images, i)
	}
	if len(o.Images) > 0 {
		c.Options.Boot = o
	}
	return nil
}

// patched reports which addresses a boot image has in it.
func patched(r io.ReaderAt, e iso9660.BootEntry) (table, grub bool) {
	head := make([]byte, min(e.Length, grubAddress+8))
	if n, _ := r.ReadAt(head, int64(e.LBA)*disc.SectorSize); n < len(head) || n < tableImage+4 {
		return false, false
	}
	le := binary.LittleEndian
	// The descriptor of a later session is 16 sectors after its start.
	table = le.Uint32(head[tableImage:]) == e.LBA && le.Uint32(head[tableVolume:]) >= 16 && le.Uint32(head[tableVolume:]) < e.LBA
	grub = len(head) == grubAddress+8 && le.Uint64(head[grubAddress:]) == uint64(e.LBA)*4+5
	return table, grub
}
