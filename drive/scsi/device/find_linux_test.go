package device

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"

	"golang.org/x/sys/unix"
)

// sysTree creates a tree like /sys: a SATA drive with a block device, a USB drive without
// one (the driver sr is not loaded), a hard disk, and a scanner.
func sysTree(t *testing.T) string {
	t.Helper()
	sys := t.TempDir()
	for path, content := range map[string]string{
		"devices/pci0/ata2/host1/target/1:0:0:0/type":            "5\n",
		"devices/pci0/ata2/host1/target/1:0:0:0/vendor":          "HL-DT-ST\n",
		"devices/pci0/ata2/host1/target/1:0:0:0/model":           "BD-RE BU40N      \n",
		"devices/pci0/ata2/host1/target/1:0:0:0/rev":             "1.03\n",
		"devices/pci0/ata2/host1/target/1:0:0:0/block/sr10/size": "0\n",
		"devices/pci0/usb1/1-2/host6/target/6:0:0:0/type":        "5\n",
		"devices/pci0/usb1/1-2/host6/target/6:0:0:0/vendor":      "PIONEER\n",
		"devices/pci0/usb1/1-2/host6/target/6:0:0:0/model":       "DVD-RW\n",
		"devices/pci0/ata1/host0/target/0:0:0:0/type":            "0\n",
		"devices/pci0/ata2/queue/max_sectors_kb":                 "120\n",
	} {
		full := filepath.Join(sys, path)
		must(t, os.MkdirAll(filepath.Dir(full), 0o700))
		must(t, os.WriteFile(full, []byte(content), 0o600))
	}
	for link, to := range map[string]string{
		"class/block/sr10/device":        "devices/pci0/ata2/host1/target/1:0:0:0",
		"class/block/sr10/queue":         "devices/pci0/ata2/queue",
		"class/block/sda/device":         "devices/pci0/ata1/host0/target/0:0:0:0",
		"class/scsi_generic/sg2/device":  "devices/pci0/ata1/host0/target/0:0:0:0",
		"class/scsi_generic/sg3/device":  "devices/pci0/ata2/host1/target/1:0:0:0",
		"class/scsi_generic/sg11/device": "devices/pci0/usb1/1-2/host6/target/6:0:0:0",
	} {
		full := filepath.Join(sys, link)
		must(t, os.MkdirAll(filepath.Dir(full), 0o700))
		must(t, os.Symlink(filepath.Join(sys, to), full))
	}
	return sys
}

func TestList(t *testing.T) {
	sys := sysTree(t)
	found, err := list(sys)
	must(t, err)
	want := []Info{
		{Path: "/dev/sr10", Vendor: "HL-DT-ST", Product: "BD-RE BU40N", Revision: "1.03", Bus: "ATA"},
		{Path: "/dev/sg11", Vendor: "PIONEER", Product: "DVD-RW", Bus: "USB"},
	}
	if fmt.Sprint(found) != fmt.Sprint(want) {
		t.Errorf("found %v\nwant  %v", found, want)
	}
	if n := maxTransfer(sys, "sr10"); n != 64<<10 {
		t.Errorf("a limit of 120 KiB gives transfers of %d bytes, want whole clusters of 64 KiB", n)
	}
	if n := maxTransfer(sys, ""); n != defaultTransfer {
		t.Errorf("no limit gives %d", n)
	}
	if found, err := list(t.TempDir()); err != nil || len(found) != 0 {
		t.Errorf("no drivers at all: %v, %v", found, err)
	}
}

func TestMountPoint(t *testing.T) {
	const table = `29 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
88 29 11:0 / /media/a\040b/MY\134DISC ro,nosuid - iso9660 /dev/sr0 ro
89 29 11:01 x`
	for rdev, want := range map[uint64]string{
		unix.Mkdev(11, 0): `/media/a b/MY\DISC`, unix.Mkdev(8, 1): "/", unix.Mkdev(11, 1): "",
	} {
		if got := mountPoint(table, rdev); got != want {
			t.Errorf("mount point of %x is %q, want %q", rdev, got, want)
		}
	}
}

func TestOpenRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "disc.iso")
	must(t, os.WriteFile(file, nil, 0o600))
	for path, want := range map[string]string{
		file:           "is not a device; use virtual:" + file,
		file + ".gone": "does not exist",
		"/dev/null":    "does not accept SCSI commands",
	} {
		d, err := Open(context.Background(), path)
		if err == nil {
			d.Close()
			t.Errorf("%s was opened", path)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("open %s: %v, want %q", path, err, want)
		}
	}
}

// Errors of the host adapter and the driver are errors of the command.
func TestResult(t *testing.T) {
	cdb := make([]byte, 6)
	sense := []byte{0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x21, 2, 0, 0, 0, 0}
	recovered := append([]byte{0x70, 0, 1}, sense[3:]...)
	deferred := append([]byte{0x71, 0, 1}, sense[3:]...)
	for _, c := range []struct {
		name  string
		h     header
		sense []byte
		want  string
	}{
		{"good", header{}, nil, ""},
		{"check condition", header{status: 2, driverStatus: 8}, sense, "(5/21/02)"},
		{"check condition without sense", header{status: 2}, nil, "without sense data"},
		{"sense without a status", header{driverStatus: 8}, sense, "(5/21/02)"},
		{"recovered without a status", header{driverStatus: 8}, recovered, ""},
		{"busy", header{status: 8}, nil, "BUSY"},
		{"timeout", header{hostStatus: 3}, nil, "no answer in time"},
		{"aborted after the timeout", header{hostStatus: 5, durationMillis: 30_000}, nil, "no answer in time"},
		{"aborted before the timeout", header{hostStatus: 5, durationMillis: 29_000}, nil, "the kernel aborted the command"},
		{"reset after the timeout", header{hostStatus: 8, durationMillis: 30_001}, nil, "no answer in time"},
		{"deferred", header{status: 2, driverStatus: 8}, deferred, "about an earlier command"},
		{"deferred without a status", header{driverStatus: 8}, deferred, "about an earlier command"},
		{"unplugged", header{hostStatus: 1}, nil, "connection to the drive is lost"},
		{"reset", header{hostStatus: 8}, nil, "the drive was reset"},
		{"unknown", header{hostStatus: 0x13}, nil, "host status 13h"},
		{"driver", header{driverStatus: 4}, nil, "driver status 04h"},
	} {
		err := c.h.result(cdb, c.sense, scsi.DefaultTimeout)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}
