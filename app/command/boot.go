package command

import (
	"context"

	"glassmaster/drive/source"
	"glassmaster/mastering/boot"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/volume"
)

// bootVolume returns the volume if it is an ISO 9660 volume, or else the ISO 9660 volume on
// the same disc, which has the boot catalogue, or nil if there is none.
func bootVolume(ctx context.Context, src *source.Source, vol volume.FS, which volume.Options) *iso9660.FS {
	if v, ok := vol.(*iso9660.FS); ok {
		return v
	}
	which.View = iso9660.ViewPlain
	if beside, err := volume.OpenDisc(ctx, src.Disc, which); err == nil {
		v, _ := beside.(*iso9660.FS)
		return v
	}
	return nil
}

// propertyObject is a further property of a volume.
type propertyObject struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// bootObject is the boot catalogue of El Torito.
type bootObject struct {
	LBA        int64            `json:"lba"`
	ID         string           `json:"id,omitempty"`
	ChecksumOK bool             `json:"checksum_ok"`
	Images     []bootImageEntry `json:"images"`
}

type bootImageEntry struct {
	Platform    string `json:"platform"`
	Bootable    bool   `json:"bootable"`
	Media       string `json:"media"`
	System      byte   `json:"system,omitempty"` // type of the partition of a hard disk
	LoadSegment int    `json:"load_segment"`     // 0 stands for 07C0h
	LoadBlocks  int    `json:"load_blocks"`      // of 512 bytes
	LBA         int64  `json:"lba"`
	Bytes       int64  `json:"bytes"`
	BytesFrom   string `json:"bytes_from"` // how the size is known: the catalogue does not record it
	Path        string `json:"path,omitempty"`
	Section     string `json:"section,omitempty"`
	Criteria    []byte `json:"criteria,omitempty"` // of selection
}

// tableObject is a partition table.
type tableObject struct {
	Kind       string            `json:"kind"`
	Problem    string            `json:"problem,omitempty"`
	Partitions []partitionObject `json:"partitions"`
}

type partitionObject struct {
	Number int    `json:"number"`
	Type   string `json:"type"`
	Name   string `json:"name,omitempty"`
	Start  int64  `json:"start"`  // blocks of 512 bytes
	Blocks int64  `json:"blocks"` // of 512 bytes
	Active bool   `json:"active,omitempty"`
}

// describe adds the partition tables and the boot catalogue.
func (v *volumeInfo) describe(b *iso9660.FS) {
	if b == nil {
		return
	}
	for _, p := range b.Describe() {
		v.Properties = append(v.Properties, propertyObject(p))
	}
	for _, t := range b.PartitionTables() {
		v.Tables = append(v.Tables, table(t))
	}
	if c, err := b.BootCatalog(); err == nil && c != nil {
		v.Boot = catalogue(c)
	}
}

func table(t boot.Table) tableObject {
	o := tableObject{Kind: t.Kind, Problem: t.Problem, Partitions: []partitionObject{}}
	for _, e := range t.Entries {
		o.Partitions = append(o.Partitions, partitionObject(e))
	}
	return o
}

func catalogue(c *iso9660.BootCatalog) *bootObject {
	o := &bootObject{LBA: int64(c.LBA), ID: c.ID, ChecksumOK: c.Checksum}
	for _, e := range c.Entries {
		i := bootImageEntry{
			Platform: e.Platform.Description(), Bootable: !e.NotBootable, Media: e.Emulation.Description(), System: e.SystemType,
			LoadSegment: int(e.LoadSegment), LoadBlocks: int(e.LoadSectors), LBA: int64(e.LBA),
			Bytes: e.Length, BytesFrom: e.LengthFrom, Section: e.Section, Criteria: e.Criteria,
		}
		if e.File != "" {
			i.Path = "/" + e.File
		}
		o.Images = append(o.Images, i)
	}
	return o
}
