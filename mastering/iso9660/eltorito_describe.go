package iso9660

import (
	"cmp"
	"fmt"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/volume"
)

// defaultSegment is the meaning of load segment 0 (El Torito 1.0, 2.2).
const defaultSegment = 0x07C0

// String describes the entry in one line.
func (e BootEntry) String() string {
	s := e.Platform.Description() + ", " + e.Emulation.Description()
	if e.SystemType != 0 {
		s += fmt.Sprintf(" of type %02Xh", e.SystemType)
	}
	if e.NotBootable {
		s = "not bootable, " + s
	}
	if e.File != "" {
		s += ", /" + e.File
	}
	s += fmt.Sprintf(", %d bytes at sector %d", e.Length, e.LBA)
	if e.File == "" {
		s += " (according to " + e.LengthFrom + ")"
	}
	s += fmt.Sprintf(", the firmware loads %d bytes", int(e.LoadSectors)*512)
	if e.Platform == boot.BIOS {
		s += fmt.Sprintf(" at segment %04Xh", cmp.Or(e.LoadSegment, defaultSegment))
	}
	if e.Section != "" {
		s += fmt.Sprintf(", section %q", e.Section)
	}
	if len(e.Criteria) > 0 {
		s += fmt.Sprintf(", criteria %x", e.Criteria)
	}
	return s
}

// Describe implements volume.Describer. It describes the boot catalogue.
func (v *FS) Describe() []volume.Property {
	c, err := v.BootCatalog()
	switch {
	case err != nil:
		return []volume.Property{{Name: "Boot catalogue", Value: "damaged: " + err.Error()}}
	case c == nil:
		return nil
	}
	about := fmt.Sprintf("at sector %d", c.LBA)
	if c.ID != "" {
		about += fmt.Sprintf(", made by %q", c.ID)
	}
	if c.Checksum {
		about += ", checksum correct"
	} else {
		about += ", damaged: wrong checksum"
	}
	list := []volume.Property{{Name: "Boot catalogue", Value: about}}
	for i, e := range c.Entries {
		list = append(list, volume.Property{Name: fmt.Sprintf("Boot image %d", i+1), Value: e.String()})
	}
	return list
}

var _ volume.Describer = (*FS)(nil)
