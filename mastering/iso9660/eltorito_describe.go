package iso9660

import (
	"fmt"

	"glassmaster/mastering/volume"
)

// String describes the entry in one line.
func (e BootEntry) String() string {
	s := fmt.Sprintf("%v, %v, ", e.Platform, e.Media)
	if !e.Bootable {
		s = "not bootable, " + s
	}
	if e.File != "" {
		s += "/" + e.File + ", "
	}
	s += fmt.Sprintf("%d bytes at sector %d", e.Length, e.LBA)
	if e.File == "" {
		s += " (as " + e.LengthFrom + " says)"
	}
	s += fmt.Sprintf(", the machine loads %d", int(e.Sectors)*512)
	if e.LoadSegment != 0 {
		s += fmt.Sprintf(" at %04X:0000h", e.LoadSegment)
	}
	if e.Section != "" {
		s += fmt.Sprintf(", section %q", e.Section)
	}
	return s
}

// Describe implements volume.Describer: it tells of the boot catalogue.
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
	if !c.Checksum {
		about += ", damaged: its checksum is wrong"
	}
	list := []volume.Property{{Name: "Boot catalogue", Value: about}}
	for i, e := range c.Entries {
		list = append(list, volume.Property{Name: fmt.Sprintf("Boot image %d", i+1), Value: e.String()})
	}
	return list
}

var _ volume.Describer = (*FS)(nil)
