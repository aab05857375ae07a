// Package boot encodes what makes a disc bootable: the boot catalogue of El Torito
// ("El Torito" Bootable CD-ROM Format Specification, version 1.0), the boot
// information tables that boot loaders need in their images, and the partition
// tables that let the same image boot from a disk: MBR, GPT (UEFI Specification
// 2.10, chapter 5) and APM (Inside Macintosh: Devices, chapter 3).
//
// It does not depend on a file system. The planner of a volume passes the addresses of
// boot images, and places the result in the image.
package boot

import (
	"fmt"
	"path/filepath"
	"strings"

	"glassmaster/mastering/layout"
)

// SectorSize is the size of a sector of a disc in bytes. BlockSize is the size of a
// block of a disk, and of a "virtual sector" of El Torito.
const (
	SectorSize = 2048
	BlockSize  = 512
)

// blocksPerSector is the number of disk blocks in a sector of a disc.
const blocksPerSector = SectorSize / BlockSize

// SystemArea is the size in bytes of the area before the volume descriptors
// (ECMA-119 6.2.1), which holds boot code and partition tables.
const SystemArea = 16 * SectorSize

// Options are the boot options of a disc. The zero value is a disc that is not bootable.
// They must not be changed while in use, since copies of a volume's options share them.
type Options struct {
	// Images are the entries of the boot catalogue; the first is the default.
	Images []Image `json:"images,omitempty"`
	// ID names the manufacturer: up to 24 bytes in the validation entry.
	ID string `json:"id,omitempty"`
	// Catalog is the path of the boot catalogue on the disc, such as
	// "/isolinux/boot.cat". If it is empty, the catalogue is not visible as a file.
	Catalog string `json:"catalog,omitempty"`

	// Code is a file of the host with boot code for disks: ISOLINUX's isohdpfx.bin,
	// GRUB's boot_hybrid.img, or any other of up to 32 KiB.
	Code string `json:"code,omitempty"`
	// Style is how the boot code learns the address of the boot image.
	Style Style `json:"style,omitempty"`
	// GPT is the kind of GPT to write.
	GPT GPT `json:"gpt,omitempty"`
	// APM adds an Apple partition map that names the UEFI images and partitions.
	APM bool `json:"apm,omitempty"`
	// BasicData gives UEFI images and partitions the GPT type basic data, as isohybrid
	// does, instead of EFI system partition.
	BasicData bool `json:"basicData,omitempty"`
	// VolumeType is the MBR type of the partition that contains the volume; 0 selects
	// the usual one of the style.
	VolumeType byte `json:"volumeType,omitempty"`
	// PartitionOffset is the sector at which the partition of the volume begins: 0, or
	// 16 and more. If it is not 0, the volume has a second set of descriptors and
	// directories, so that the partition can be mounted too.
	PartitionOffset int `json:"partitionOffset,omitempty"`
	// Append are partitions after the volume.
	Append []Partition `json:"append,omitempty"`
}

// Image is an entry of the boot catalogue.
type Image struct {
	// Path is that of the boot image on the disc.
	Path string `json:"path,omitempty"`
	// Partition is the number of the appended partition that is the boot image. It is
	// used if Path is empty.
	Partition   int       `json:"partition,omitempty"`
	Platform    Platform  `json:"platform"`
	Emulation   Emulation `json:"emulation,omitempty"`
	LoadSegment uint16    `json:"loadSegment,omitempty"` // 0 is 7C0h
	// LoadSectors is the number of 512-byte blocks that the firmware loads: 0 is the
	// usual number (4 for a BIOS, all for UEFI, 1 for an emulated disk), LoadAll is all.
	LoadSectors int `json:"loadSectors,omitempty"`
	// InfoTable puts the boot information table at bytes 8 to 63 of the image.
	InfoTable bool `json:"infoTable,omitempty"`
	// GRUBInfo writes the address of the image into GRUB's image at byte 2548.
	GRUBInfo bool `json:"grubInfo,omitempty"`
	// NotBootable marks the entry as not bootable.
	NotBootable bool `json:"notBootable,omitempty"`
	// OnDisc is a boot image that is on the disc already and is not a file. It is used if
	// Path is empty and Partition is 0.
	OnDisc *layout.Recorded `json:"-"`
	// Former is the entry that the image had in the catalogue of an earlier session. If it
	// is not nil, all values of the entry but the address are taken from it.
	Former *Entry `json:"-"`
}

// LoadAll makes the firmware load the whole image.
const LoadAll = -1

// Partition is a partition that is appended after the volume.
type Partition struct {
	// Number is its position in the partition table, from 1.
	Number int `json:"number"`
	// Path is the file of the host that becomes the partition.
	Path string `json:"path"`
	// Type is the partition type.
	Type Type `json:"type"`
}

// Hybrid reports whether the image has a partition table.
func (o *Options) Hybrid() bool {
	return o.Code != "" || o.GPT != GPTNone || o.APM || o.PartitionOffset != 0 || len(o.Append) > 0
}

// Resolve returns the options with all paths of the host passed through f.
func (o *Options) Resolve(f func(string) string) *Options {
	r := *o
	if o.Code != "" {
		r.Code = f(o.Code)
	}
	r.Append = append([]Partition(nil), o.Append...)
	for i := range r.Append {
		r.Append[i].Path = f(r.Append[i].Path)
	}
	return &r
}

// Appended returns the appended partition with a number.
func (o *Options) Appended(number int) (Partition, bool) {
	for _, p := range o.Append {
		if p.Number == number {
			return p, true
		}
	}
	return Partition{}, false
}

// String names a boot image in messages.
func (i Image) String() string {
	switch {
	case i.OnDisc != nil && i.Path == "":
		return "boot image with " + i.OnDisc.String()
	case i.Path == "":
		return fmt.Sprintf("boot image in appended partition %d", i.Partition)
	}
	return "boot image " + i.Path
}

func (p Partition) String() string {
	return fmt.Sprintf("appended partition %d (%s)", p.Number, filepath.Base(p.Path))
}

// Check returns an error if the options contradict each other, whatever is on the
// disc.
func (o *Options) Check() error {
	for n, i := range o.Images {
		if err := o.checkImage(i); err != nil {
			return fmt.Errorf("boot catalogue entry %d: %w", n+1, err)
		}
	}
	if n := catalogLength(o.Images); n > MaxCatalog {
		return fmt.Errorf("%d boot images need a boot catalogue of %d bytes, but firmware reads only %d: use fewer boot images", len(o.Images), n, MaxCatalog)
	}
	if len(o.ID) > 24 {
		return fmt.Errorf("the ID of the boot catalogue has %d bytes; the limit is 24", len(o.ID))
	}
	if o.Catalog != "" && strings.HasSuffix(o.Catalog, "/") {
		return fmt.Errorf("the path of the boot catalogue, %s, ends in a slash: give a file name", o.Catalog)
	}
	if off := o.PartitionOffset; off != 0 && (off < 16 || off > 512) {
		return fmt.Errorf("partition offset %d is out of range: use 0, or 16 to 512", off)
	}
	for _, i := range o.Images {
		if o.PartitionOffset != 0 && o.GPT == GPTOnly && i.Platform == EFI && i.Path != "" {
			return fmt.Errorf("%s would be a partition inside the partition of the volume, which a GPT does not allow: append it as a partition, or use no partition offset", i)
		}
	}
	return o.checkAppended()
}

func (o *Options) checkImage(i Image) error {
	switch {
	case i.Path == "" && i.Partition == 0 && i.OnDisc == nil:
		return fmt.Errorf("it names neither a file on the disc nor an appended partition")
	case i.Path != "" && i.Partition != 0:
		return fmt.Errorf("it names both %s and appended partition %d", i.Path, i.Partition)
	case i.LoadSectors < LoadAll || i.LoadSectors > 0xFFFF:
		return fmt.Errorf("cannot load %d sectors of %s: the number must be 1 to 65535", i.LoadSectors, i)
	case i.Platform == EFI && i.Emulation != NoEmulation:
		return fmt.Errorf("%s: UEFI does not emulate floppy disks or hard disks", i)
	case i.Path == "" && (i.InfoTable || i.GRUBInfo):
		return fmt.Errorf("%s: an appended partition cannot have a boot information table", i)
	case i.Emulation != NoEmulation && (i.InfoTable || i.GRUBInfo):
		return fmt.Errorf("%s: a boot information table would damage the emulated disk", i)
	}
	if i.Path != "" || i.Partition == 0 {
		return nil
	}
	if _, ok := o.Appended(i.Partition); !ok {
		return fmt.Errorf("there is no appended partition %d", i.Partition)
	}
	return nil
}

func (o *Options) checkAppended() error {
	limit := 4
	if o.GPT == GPTOnly {
		limit = gptEntries
	}
	seen := map[int]bool{}
	for _, p := range o.Append {
		switch {
		case p.Path == "":
			return fmt.Errorf("appended partition %d names no file", p.Number)
		case p.Number < 1 || p.Number > limit:
			return fmt.Errorf("%s: partition numbers are 1 to %d", p, limit)
		case seen[p.Number]:
			return fmt.Errorf("%s: the number %d is used twice", p, p.Number)
		case p.Number == 1:
			return fmt.Errorf("%s: number 1 is the volume itself; use 2 or higher", p)
		}
		seen[p.Number] = true
	}
	return nil
}
