package serve_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/drive/scsi/device"
	"glassmaster/drive/serve"
	"glassmaster/drive/virtual"
	"glassmaster/drive/virtualtest"
	"glassmaster/mastering/peertest"
)

const (
	inGuest    = "GLASSMASTER_GUEST" // set in the guest: this process serves or burns there
	guestName  = "iqn.2026-01.local.glassmaster:served"
	guestPort  = "127.0.0.1:3261"
	chapPort   = "127.0.0.1:3262" // demands CHAP, with the accounts of these tests
	guestCheck = "the served drive was read"
)

// guestScript serves a blank disc, connects the kernel's initiator to it, burns, and reads
// the disc with the kernel.
const guestScript = `
export %[1]s=1
setsid ./serve.test -test.run '^TestGuestServe$' >serve.log 2>&1 &
for _ in $(seq 200); do
	[ $(grep -c listening serve.log) = 2 ] && break
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
if iscsistart -i iqn.2026-01.local.glassmaster:host -t %[2]s -g 1 -a 127.0.0.1 -p 3262 -u anna -w a-wrong-secret; then
	echo "logged in with a wrong secret"
	exit 1
fi
iscsistart -i iqn.2026-01.local.glassmaster:host -t %[2]s -g 1 -a 127.0.0.1 -p 3262 -u anna -w %[3]s -U target -W the-secret-of-the-target \
	-P node.conn[0].iscsi.HeaderDigest=CRC32C -P node.conn[0].iscsi.DataDigest=CRC32C
for _ in $(seq 200); do
	[ -e /dev/sr1 ] && break
	sleep 0.05
done
dd if=/dev/sr1 of=/run/tmp/copy bs=256k iflag=direct status=none
cmp -n $size /run/tmp/copy disc.iso
cat /sys/class/iscsi_connection/*/header_digest /sys/class/iscsi_connection/*/data_digest
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
	out := peertest.KernelWithDrives(t, dir, fmt.Sprintf(guestScript, inGuest, guestName, secret))
	t.Logf("%s", out)
	for _, want := range []string{guestCheck, "0\n1\n0\n1\n"} { // the second session has both digests
		if !strings.Contains(out, want) {
			t.Errorf("the output of the guest lacks %q", want)
		}
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
	o := serve.Options{
		Targets: []serve.Target{{Name: guestName, LUNs: []scsi.Transport{d}}},
		Events:  func(e serve.Event) { fmt.Println(e.Kind, e.Initiator, e.Text) },
	}
	image, err := virtual.Open("disc.iso")
	if err != nil {
		t.Fatal(err)
	}
	closed := accounts(o)
	closed.Targets = []serve.Target{{Name: guestName, LUNs: []scsi.Transport{image}}}
	go guestServes(t, closed, chapPort)
	guestServes(t, o, guestPort)
}

func guestServes(t *testing.T, o serve.Options, address string) {
	s, err := serve.New(context.Background(), o)
	if err != nil {
		t.Error(err)
		return
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Error(err)
		return
	}
	if err := s.Serve(context.Background(), l); err != nil {
		t.Error(err)
	}
}

// TestGuestBurn burns in the virtual machine.
func TestGuestBurn(t *testing.T) {
	if os.Getenv(inGuest) == "" {
		t.Skip("runs under TestKernelBurns")
	}
	d, err := device.Open(t.Context(), os.Getenv("DRIVE"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	virtualtest.BurnFile(t, d, "disc.iso")
}
