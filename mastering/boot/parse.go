package boot

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseImage parses the description of a boot image, as used on the command line:
//
//	platform=path[,option]...
//
// The platform is bios, efi, ppc, mac or a number. The path is a path on the disc, or
// "partition:2" for appended partition 2. Options are info-table, grub-info,
// load=SECTORS or load=all, segment=NUMBER, emulation=WORD and not-bootable. A comma
// in a path is written twice.
func ParseImage(s string) (Image, error) {
	var i Image
	platform, rest, ok := strings.Cut(s, "=")
	if !ok {
		return i, fmt.Errorf("boot image %q: want platform=path, such as bios=/isolinux/isolinux.bin", s)
	}
	if err := i.Platform.UnmarshalText([]byte(platform)); err != nil {
		return i, fmt.Errorf("boot image %q: %w", s, err)
	}
	parts := splitCommas(rest)
	i.Path = parts[0]
	if number, ok := strings.CutPrefix(parts[0], "partition:"); ok {
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 {
			return i, fmt.Errorf("boot image %q: %q is not a partition number", s, number)
		}
		i.Path, i.Partition = "", n
	}
	if i.Path == "" && i.Partition == 0 {
		return i, fmt.Errorf("boot image %q: the path is missing", s)
	}
	for _, option := range parts[1:] {
		if err := i.option(option); err != nil {
			return i, fmt.Errorf("boot image %q: %w", s, err)
		}
	}
	return i, nil
}

// splitCommas splits at single commas; a double comma is an escaped comma.
func splitCommas(s string) []string {
	parts := strings.Split(strings.ReplaceAll(s, ",,", "\x00"), ",")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], "\x00", ",")
	}
	return parts
}

func (i *Image) option(s string) error {
	name, value, _ := strings.Cut(s, "=")
	switch name {
	case "info-table":
		i.InfoTable = true
	case "grub-info":
		i.GRUBInfo = true
	case "not-bootable":
		i.NotBootable = true
	case "emulation":
		return i.Emulation.UnmarshalText([]byte(value))
	case "load":
		if value == "all" {
			i.LoadSectors = LoadAll
			return nil
		}
		n, err := strconv.ParseUint(value, 0, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("load=%s: want 1 to 65535 sectors of 512 bytes, or all", value)
		}
		i.LoadSectors = int(n)
	case "segment":
		n, err := strconv.ParseUint(value, 0, 16)
		if err != nil {
			return fmt.Errorf("segment=%s: want a number from 0 to 0xffff", value)
		}
		i.LoadSegment = uint16(n)
	default:
		return fmt.Errorf("unknown option %q: want info-table, grub-info, load=, segment=, emulation= or not-bootable", s)
	}
	return nil
}

// ParsePartition parses the description of an appended partition, as used on the
// command line: number:type:path, such as 2:efi:esp.img. See Type.UnmarshalText for
// the type.
func ParsePartition(s string) (Partition, error) {
	parts := strings.SplitN(s, ":", 3)
	if len(parts) != 3 || parts[2] == "" {
		return Partition{}, fmt.Errorf("partition %q: want number:type:path, such as 2:efi:esp.img", s)
	}
	n, err := strconv.Atoi(parts[0])
	if err != nil || n < 1 {
		return Partition{}, fmt.Errorf("partition %q: %q is not a partition number", s, parts[0])
	}
	p := Partition{Number: n, Path: parts[2]}
	if err := p.Type.UnmarshalText([]byte(parts[1])); err != nil {
		return Partition{}, fmt.Errorf("partition %q: %w", s, err)
	}
	return p, nil
}
