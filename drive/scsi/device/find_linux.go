package device

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// opticalType is the peripheral device type of optical drives: SPC-4 table 138.
const opticalType = "5"

// List finds the optical drives of this computer, without opening them. A drive that
// has a block device (/dev/srN) is listed with that, else with /dev/sgN.
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

// entries are the names of a folder that are prefix and number, in the order of
// their numbers. A folder that is not there has none: there may be no such driver.
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

func number(name, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n >= 0
}

// info reads what the kernel has kept of a drive's INQUIRY.
func info(path, dir string) Info {
	return Info{
		Path: path, Vendor: attribute(dir, "vendor"), Product: attribute(dir, "model"),
		Revision: attribute(dir, "rev"), Bus: bus(dir),
	}
}

// attribute is a file of sysfs, "" when it cannot be read.
func attribute(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// bus tells from the place in the tree of devices what a drive hangs on.
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

// devices are the two devices of a drive that is known by either: "/dev/sr0" and
// "/dev/sg1". One that it does not have is empty.
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

// isGeneric reports whether a device is that of the SCSI generic driver.
func isGeneric(path string) bool {
	_, ok := number(filepath.Base(path), "sg")
	return ok
}

// sibling is the name of the block device (sr0) of a drive known by its generic
// device (sg1), "" when there is none.
func sibling(sys, generic string) string {
	names, err := entries(filepath.Join(sys, "class/scsi_generic", generic, "device/block"), "sr")
	if err != nil || len(names) == 0 {
		return ""
	}
	return names[0]
}

const (
	defaultTransfer = 64 << 10  // where the kernel names no limit
	largestTransfer = 256 << 10 // more makes no drive faster
	cluster         = 64 << 10  // what Blu-ray writes at once
	eccBlock        = 32 << 10  // what DVD writes at once
)

// maxTransfer is how many bytes the kernel takes with one command: the limit of the
// block device's queue, in whole clusters if it has room for any.
func maxTransfer(sys, block string) int {
	kib, err := strconv.Atoi(attribute(filepath.Join(sys, "class/block", block, "queue"), "max_sectors_kb"))
	if err != nil || block == "" || kib <= 0 {
		return defaultTransfer
	}
	n := min(kib, largestTransfer>>10) << 10
	for _, unit := range []int{cluster, eccBlock, 2048} {
		if n >= unit {
			return n - n%unit
		}
	}
	return 2048
}
