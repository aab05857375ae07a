package serve_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/record"
	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/device"
	"glassmaster/drive/serve"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/image"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
)

const (
	inGuest    = "GLASSMASTER_GUEST" // set in the guest: this process serves or burns there
	guestName  = "iqn.2026-01.local.glassmaster:served"
	guestPort  = "127.0.0.1:3261"
	guestCheck = "the served drive was read"
)

// guestScript serves a blank disc, connects the kernel's initiator to it, burns, and reads
// the disc with the kernel.
const guestScript = `
export %[1]s=1
setsid ./serve.test -test.run '^TestGuestServe$' >serve.log 2>&1 &
for _ in $(seq 200); do
	grep -q listening serve.log && break
	sleep 0.05
done
iscsistart -i iqn.2026-01.local.glassmaster:host -t %[2]s -g 1 -a 127.0.0.1 -p 3261
for _ in $(seq 200); do
	[ -e /dev/sr0 ] && break
	sleep 0.05
done
DRIVE=/dev/sr0 ./serve.test -test.v -test.run '^TestGuestBurn$'
size=$(stat -c %%s disc.iso)
for bs in 2k 64k 1M; do
	dd if=/dev/sr0 of=/run/tmp/copy bs=$bs iflag=direct status=none
	cmp -n $size /run/tmp/copy disc.iso
done
mount -o ro /dev/sr0 /run/mnt
cmp /run/mnt/data.bin tree/data.bin
umount /run/mnt
echo "the served drive was read"
cat /sys/class/iscsi_session/session*/targetname
`

// The initiator of the Linux kernel burns to a served recorder, and reads what was burned.
func TestKernelBurns(t *testing.T) {
	dir := t.TempDir()
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	data := []byte(strings.Repeat("a disc that was burned\n", 200_000))
	if err := os.Mkdir(filepath.Join(dir, "tree"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string][]byte{"serve.test": self, "tree/data.bin": data} {
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", "disc.iso", "tree")
	out := peertest.KernelWithDrives(t, dir, fmt.Sprintf(guestScript, inGuest, guestName))
	t.Logf("%s", out)
	if !strings.Contains(out, guestCheck) {
		t.Errorf("the output of the guest lacks %q", guestCheck)
	}
}

// TestGuestServe serves in the virtual machine, until that ends.
func TestGuestServe(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs under TestKernelBurns")
	}
	d, err := virtual.OpenName("virtual:" + filepath.Join(t.TempDir(), "disc") + "?medium=bd-r&sectors=40000")
	if err != nil {
		t.Fatal(err)
	}
	s, err := serve.New(t.Context(), serve.Options{
		Targets: []serve.Target{{Name: guestName, LUNs: []scsi.Transport{d}}},
		Events:  func(e serve.Event) { fmt.Println(e.Kind, e.Initiator, e.Text) },
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", guestPort)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(t.Context(), l); err != nil {
		t.Fatal(err)
	}
}

// TestGuestBurn burns in the virtual machine.
func TestGuestBurn(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs under TestKernelBurns")
	}
	ctx := context.Background()
	d, err := device.Open(ctx, os.Getenv("DRIVE"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	src, _, err := image.Open(t.Context(), "disc.iso")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	b, err := record.NewPlan(ctx, d, src, record.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := virtualtest.Burn(ctx, b, progress.Discard)
	if err != nil || !r.Verified {
		t.Fatalf("verified: %v, %v", r.Verified, err)
	}
	for _, w := range r.Notices {
		t.Errorf("warning: %s", w)
	}
}
