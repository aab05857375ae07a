package command

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"

	"glassmaster/app/terminal"
	"glassmaster/drive/source"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/volume"
)

// bootable is a volume that starts machines.
type bootable interface {
	BootCatalog() (*iso9660.BootCatalog, error)
	BootImages() ([]iso9660.BootEntry, error)
	OpenBootImage(iso9660.BootEntry) fs.File
}

// bootableOf returns the volume if it may start machines, or the ISO 9660 volume
// that is beside it, nil when there is none: on a disc with UDF too the boot
// catalogue is that of ISO 9660.
func bootableOf(src *source.Source, vol volume.FS, which volume.Options) bootable {
	if b, ok := vol.(bootable); ok {
		return b
	}
	which.View = iso9660.ViewPlain
	if beside, err := volume.OpenDisc(src.Disc, which); err == nil {
		b, _ := beside.(bootable)
		return b
	}
	return nil
}

// bootInfo is the boot catalogue of a disc, for a program.
type bootInfo struct {
	LBA      int64       `json:"lba"`
	ID       string      `json:"id,omitempty"`
	Checksum bool        `json:"checksum"` // that of the validation entry is right
	Images   []bootImage `json:"images,omitempty"`
	Problem  string      `json:"problem,omitempty"` // why the catalogue cannot be read
}

type bootImage struct {
	Platform    string `json:"platform"`
	Section     string `json:"section,omitempty"`
	Bootable    bool   `json:"bootable"`
	Media       string `json:"media"`
	System      byte   `json:"system,omitempty"` // type of the partition of a hard disk
	LoadSegment uint16 `json:"load_segment"`
	LoadSectors uint16 `json:"load_sectors"` // of 512 bytes
	LBA         int64  `json:"lba"`
	Bytes       int64  `json:"bytes"`
	BytesFrom   string `json:"bytes_from"`
	Path        string `json:"path,omitempty"`
	Criteria    []byte `json:"criteria,omitempty"` // of selection, without zeros at the end
}

// describeBoot reads the boot catalogue, nil when there is none.
func describeBoot(b bootable) *bootInfo {
	if b == nil {
		return nil
	}
	c, err := b.BootCatalog()
	switch {
	case err != nil:
		return &bootInfo{Problem: err.Error()}
	case c == nil:
		return nil
	}
	info := &bootInfo{LBA: int64(c.LBA), ID: c.ID, Checksum: c.Checksum}
	for _, e := range c.Entries {
		i := bootImage{
			Platform: e.Platform.String(), Section: e.Section, Bootable: e.Bootable, Media: e.Media.String(), System: e.System,
			LoadSegment: e.LoadSegment, LoadSectors: e.Sectors, LBA: int64(e.LBA), Bytes: e.Length, BytesFrom: e.LengthFrom, Path: e.File,
		}
		if criteria := bytes.TrimRight(e.Criteria, "\x00"); len(criteria) > 0 {
			i.Criteria = criteria
		}
		info.Images = append(info.Images, i)
	}
	return info
}

// print writes the catalogue and each image on a row.
func (b *bootInfo) print(row func(name, value string)) {
	if b == nil {
		return
	}
	if b.Problem != "" {
		row("boot catalogue", b.Problem)
		return
	}
	s := fmt.Sprintf("sector %d", b.LBA)
	if b.ID != "" {
		s += fmt.Sprintf(", made by %q", b.ID)
	}
	if b.Checksum {
		s += ", checksum right"
	} else {
		s += ", checksum wrong"
	}
	row("boot catalogue", s)
	for n, i := range b.Images {
		row(fmt.Sprintf("boot image %d", n+1), i.String())
	}
}

// defaultSegment is what a load segment of 0 stands for (El Torito 1.0, 2.2).
const defaultSegment = 0x07C0

func (i bootImage) String() string {
	s := i.Platform + ", " + i.Media
	if i.System != 0 {
		s += fmt.Sprintf(" of type %02Xh", i.System)
	}
	if !i.Bootable {
		s += ", not bootable"
	}
	if i.Section != "" {
		s += fmt.Sprintf(", section %q", i.Section)
	}
	if len(i.Criteria) > 0 {
		s += fmt.Sprintf(", criteria %x", i.Criteria)
	}
	from := "by " + i.BytesFrom
	if i.Path != "" {
		from = "file " + i.Path
	}
	return s + fmt.Sprintf(", loads %s of 512 bytes at segment %04Xh; sector %d, %s (%s)",
		counted(int(i.LoadSectors), "block"), cmp.Or(i.LoadSegment, defaultSegment), i.LBA, terminal.Size(i.Bytes), from)
}
