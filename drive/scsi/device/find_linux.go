package device

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"glassmaster/mastering/disc"
)

// opticalType is the peripheral device type of optical drives: SPC-4 table 138.
const opticalType = "5"

// List returns the optical drives of this computer without opening them. The path of a
// drive is its block device (/dev/srN) if it has one, otherwise /dev/sgN.
func List() ([]Info, error) { return list("/sys") }

func list(sys string) ([]Info, error) {
	var found []Info
	blocks, err := entries(filepath.Join(sys, "class/block"), "sr")
	if err != nil {
		return nil, err
	}
	for _, name := range blocks {
		dir := filepath.Join(sys, "class/block", name, "device")
		if t := attribute(dir, "type"); t == opticalType || t == "" {
			found = append(found, info("/dev/"+name, dir))
		}
	}
	generics, err := entries(filepath.Join(sys, "class/scsi_generic"), "sg")
	if err != nil {
		return nil, err
	}
	for _, name := range generics {
		dir := filepath.Join(sys, "class/scsi_generic", name, "device")
		if attribute(dir, "type") == opticalType && sibling(sys, name) == "" {
			found = append(found, info("/dev/"+name, dir))
		}
	}
	return found, nil
}

// entries returns the names in a directory that consist of prefix and a number, ordered by
// number. A directory that does not exist has none: the driver may not be loaded.
func entries(dir, prefix string) ([]string, error) {
	all, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var names []string
	for _, e := range all {
		if _, ok := number(e.Name(), prefix); ok {
			names = append(names, e.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		x, _ := number(a, prefix)
		y, _ := number(b, prefix)
		return x - y
	})
	return names, nil
}

// number returns the number in a name that consists of prefix and a number.
func number(name, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 0
}

// info returns what the kernel has stored of the INQUIRY data of a drive.
func info(path, dir string) Info {
	return Info{
		Path: path, Vendor: attribute(dir, "vendor"), Product: attribute(dir, "model"),
		Revision: attribute(dir, "rev"), Bus: bus(dir),
	}
}

// attribute returns the contents of a file of sysfs, "" if it cannot be read.
func attribute(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// bus returns the bus of a drive, from its path in the tree of devices.
func bus(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "SCSI"
	}
	for part := range strings.SplitSeq(real, "/") {
		if _, ok := number(part, "usb"); ok {
			return "USB"
		}
		if _, ok := number(part, "ata"); ok {
			return "ATA"
		}
		if _, ok := number(part, "session"); ok {
			return "iSCSI"
		}
	}
	return "SCSI"
}

// devices returns the block device and the generic device of the drive that has one of
// them at path: "/dev/sr0" and "/dev/sg1". A device that does not exist is empty.
func devices(sys, path string) (block, generic string) {
	name := filepath.Base(path)
	if isGeneric(path) {
		if block = sibling(sys, name); block != "" {
			block = "/dev/" + block
		}
		return block, path
	}
	names, err := entries(filepath.Join(sys, "class/block", name, "device/scsi_generic"), "sg")
	if err != nil || len(names) == 0 {
		return path, ""
	}
	return path, "/dev/" + names[0]
}

// isGeneric reports whether a device is one of the SCSI generic driver.
func isGeneric(path string) bool {
	_, ok := number(filepath.Base(path), "sg")
	return ok
}

// sibling returns the name of the block device (sr0) of the drive with a generic device
// (sg1), "" if there is none.
func sibling(sys, generic string) string {
	names, err := entries(filepath.Join(sys, "class/scsi_generic", generic, "device/block"), "sr")
	if err != nil || len(names) == 0 {
		return ""
	}
	return names[0]
}

const (
	defaultTransfer = 64 << 10  // if the kernel reports no limit
	maxUsedTransfer = 256 << 10 // larger transfers do not make drives faster
	cluster         = 64 << 10  // smallest recorded unit of a BD
	eccBlock        = 32 << 10  // smallest recorded unit of a DVD
)

// maxTransfer returns the largest number of bytes in one command: the limit of the block
// device's queue, rounded down to clusters, ECC blocks or sectors.
func maxTransfer(sys, block string) int {
	kib, err := strconv.Atoi(attribute(filepath.Join(sys, "class/block", block, "queue"), "max_sectors_kb"))
	if err != nil || block == "" || kib <= 0 {
		return defaultTransfer
	}
	n := min(kib, maxUsedTransfer>>10) << 10
	for _, unit := range []int{cluster, eccBlock, disc.SectorSize} {
		if n >= unit {
			return n - n%unit
		}
	}
	return disc.SectorSize
}
