package tray_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi/device"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/peertest"
)

const inGuest = "GLASSMASTER_GUEST" // set in the guest: this process burns there

// guestScript burns a disc in two drives, one by its block device and one by its generic
// device, then mounts it and reads it. The kernel has read the size of the blank disc
// before, as on a desktop.
const guestScript = `
for name in 1 2; do
	: >blank$name
	set -- $(drive blank$name)
	test "$(blockdev --getsize64 $1)" = 2048
	%s=1 DRIVE="${!name}" ./tray.test -test.v -test.run '^TestGuestBurn$'
	echo "$(blockdev --getsize64 $1) bytes"
	dd if=$1 of=/run/tmp/copy bs=64k status=none
	cmp -n $(stat -c %%s disc.iso) /run/tmp/copy disc.iso
	mount -o ro $1 /run/mnt
	cmp /run/mnt/data.bin tree/data.bin
	umount /run/mnt
	echo "drive $name was read"
done
`

// After a burn the Linux kernel has the size of the disc, which can be mounted, and read
// with dd.
func TestKernelSeesTheDisc(t *testing.T) {
	dir := t.TempDir()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	data := []byte(strings.Repeat("a disc that was burned\n", 90_000))
	if err := os.Mkdir(filepath.Join(dir, "tree"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string][]byte{"tray.test": self, "tree/data.bin": data} {
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", "disc.iso", "tree")
	out := peertest.KernelWithDrives(t, dir, fmt.Sprintf(guestScript, inGuest))
	t.Logf("%s", out)
	for _, want := range []string{"drive 1 was read", "drive 2 was read"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output of the guest lacks %q", want)
		}
	}
}

// TestGuestBurn burns in the virtual machine.
func TestGuestBurn(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs under TestKernelSeesTheDisc")
	}
	d, err := device.Open(t.Context(), os.Getenv("DRIVE"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	n := virtualtest.BurnFile(t, d, "disc.iso")
	size, err := d.SystemSize()
	if err != nil || size < n*disc.SectorSize {
		t.Errorf("the kernel sees %d bytes of %d, %v", size, n*disc.SectorSize, err)
	}
}
