package device

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"glassmaster/drive/scsi"
	"glassmaster/mastering/peertest"

	"golang.org/x/sys/unix"
)

const (
	inGuest = "GLASSMASTER_GUEST" // set in the guest: this process may do as it likes
	discLen = 400                 // blocks
)

// guestScript creates two drives and runs this test binary with them.
const guestScript = `
set -- $(drive disc.iso) $(drive blank.dvd)
%s=1 SR="$1" SG="$2" BLANK_SR="$3" BLANK_SG="$4" ./device.test -test.v -test.run '^TestGuest'
`

// TestUnderKernel runs the tests TestGuest... in a virtual machine, where the drives of
// tgtd are devices of Linux.
func TestUnderKernel(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o755)) // another user runs the test too
	self, err := os.ReadFile("/proc/self/exe")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "device.test"), self, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "blank.dvd"), nil, 0o600))
	tree := t.TempDir()
	must(t, os.WriteFile(filepath.Join(tree, "data.bin"), pattern(discLen*2048), 0o600))
	peertest.Run(t, dir, "xorriso", "-as", "mkisofs", "-quiet", "-o", "disc.iso", tree)
	out := peertest.KernelWithDrives(t, dir, fmt.Sprintf(guestScript, inGuest))
	t.Logf("%s", out)
	for _, line := range regexp.MustCompile(`(?m)^--- (FAIL|SKIP): TestGuest.*$`).FindAllString(out, -1) {
		t.Errorf("in the guest: %s", line)
	}
	if !strings.Contains(out, "--- PASS: TestGuestBurn") {
		t.Error("the tests did not run in the guest")
	}
	burned, err := os.ReadFile(filepath.Join(dir, "blank.dvd"))
	if err != nil || !bytes.Equal(burned, pattern(len(burned))) || len(burned) < 64<<10 {
		t.Errorf("the burned disc has %d bytes, %v, not what was written", len(burned), err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := 0; i+4 <= n; i += 4 {
		binary.BigEndian.PutUint32(b[i:], uint32(i)*2654435761)
	}
	return b
}

func guest(t *testing.T) context.Context {
	t.Helper()
	if os.Getenv(inGuest) == "" {
		t.Skip("runs under TestUnderKernel")
	}
	return context.Background()
}

func openDevice(t *testing.T, path string) *Device {
	t.Helper()
	d, err := Open(context.Background(), path)
	must(t, err)
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func block10(op byte, lba, blocks int) []byte {
	cdb := make([]byte, 10)
	cdb[0] = op
	binary.BigEndian.PutUint32(cdb[2:], uint32(lba))
	binary.BigEndian.PutUint16(cdb[7:], uint16(blocks))
	return cdb
}

func TestGuestList(t *testing.T) {
	guest(t)
	found, err := List()
	must(t, err)
	want := []string{os.Getenv("SR"), os.Getenv("BLANK_SR")}
	if len(found) != len(want) {
		t.Fatalf("found %+v, want %v", found, want)
	}
	for i, f := range found {
		if f.Path != want[i] || f.Vendor != "IET" || f.Product == "" || f.Revision == "" || f.Bus != "iSCSI" {
			t.Errorf("found %+v, want %s of vendor IET on iSCSI", f, want[i])
		}
	}
}

func TestGuestRead(t *testing.T) {
	ctx := guest(t)
	content, err := os.ReadFile("disc.iso")
	must(t, err)
	for _, path := range []string{os.Getenv("SR"), os.Getenv("SG")} {
		d := openDevice(t, path)
		t.Logf("%s: up to %d bytes with one command", d, d.MaxTransfer())
		var got []byte
		for len(got) < len(content) {
			lba := len(got) / 2048
			blocks := min(d.MaxTransfer(), len(content)-len(got)) / 2048
			buf := make([]byte, blocks*2048)
			n, err := d.Execute(ctx, scsi.Command{CDB: block10(0x28, lba, blocks), Direction: scsi.In, Data: buf})
			if err != nil || n != len(buf) {
				t.Fatalf("%s: READ at %d: %d bytes, %v", path, lba, n, err)
			}
			got = append(got, buf...)
		}
		if !bytes.Equal(got, content) {
			t.Errorf("%s: what was read differs", path)
		}
		inquiry := make([]byte, 255)
		n, err := d.Execute(ctx, scsi.Command{CDB: []byte{0x12, 0, 0, 0, 255, 0}, Direction: scsi.In, Data: inquiry})
		if err != nil || n < 36 || n >= 255 {
			t.Errorf("%s: INQUIRY with room to spare: %d bytes, %v", path, n, err)
		}
		if _, err := d.Execute(ctx, scsi.Command{CDB: append([]byte{0x53}, make([]byte, 9)...)}); !scsi.Unsupported(err) {
			t.Errorf("%s: RESERVE TRACK: %v", path, err)
		}
		must(t, d.Close())
	}
}

func TestGuestBurn(t *testing.T) {
	ctx := guest(t)
	lba := 0
	for i, path := range []string{os.Getenv("BLANK_SR"), os.Getenv("BLANK_SG")} {
		d := openDevice(t, path)
		must(t, d.Writable())
		end := 2*d.MaxTransfer()/2048*(i+1) + 5 // and a short write at the end
		data := pattern(end * 2048)
		for lba < end {
			n := min(d.MaxTransfer()/2048, end-lba)
			c := scsi.Command{CDB: block10(0x2A, lba, n), Direction: scsi.Out, Data: data[lba*2048 : (lba+n)*2048]}
			if got, err := d.Execute(ctx, c); err != nil || got != n*2048 {
				t.Fatalf("%s: WRITE at %d: %d bytes, %v", path, lba, got, err)
			}
			lba += n
		}
		if _, err := d.Execute(ctx, scsi.Command{CDB: append([]byte{0x35}, make([]byte, 9)...)}); err != nil {
			t.Error(err)
		}
		must(t, d.Close())
	}
}

// requests returns how many commands the kernel has sent to the drive.
func requests(t *testing.T, sr string) string {
	t.Helper()
	n, err := os.ReadFile("/sys/class/block/" + filepath.Base(sr) + "/device/iorequest_cnt")
	must(t, err)
	return string(n)
}

// A drive that another program uses by one of its devices is not opened and gets no
// command, and the error names the program.
func TestGuestInUse(t *testing.T) {
	guest(t)
	sr, sg := os.Getenv("SR"), os.Getenv("SG")
	for _, c := range []struct {
		name, path string
		flags      int
	}{
		{"a burner at the block device", sr, unix.O_RDWR | unix.O_EXCL},
		{"a reader that has the block device alone", sr, unix.O_RDONLY | unix.O_EXCL},
		{"a burner at the generic device", sg, unix.O_RDWR},
		{"a burner that has the generic device alone", sg, unix.O_RDWR | unix.O_EXCL},
	} {
		f, err := os.OpenFile(c.path, c.flags|unix.O_NONBLOCK, 0)
		must(t, err)
		other := exec.Command("sleep", "1000")
		other.ExtraFiles = []*os.File{f}
		must(t, other.Start())
		must(t, f.Close())
		before := requests(t, sr)
		for _, path := range []string{sr, sg} {
			d, err := Open(context.Background(), path)
			if err == nil {
				d.Close()
				t.Errorf("%s: %s was opened", c.name, path)
				continue
			}
			var busy *scsi.InUseError
			want := fmt.Sprintf("in use by sleep (process %d)", other.Process.Pid)
			if !errors.As(err, &busy) || !errors.Is(err, unix.EBUSY) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %s: %v, want %q", c.name, path, err, want)
			}
			t.Log(err)
		}
		if after := requests(t, sr); after != before {
			t.Errorf("%s: commands were sent to the drive: %s before, %s after", c.name, before, after)
		}
		must(t, other.Process.Kill())
		_ = other.Wait() // it was killed
	}
}

// A drive that is open cannot be opened again by either device.
func TestGuestOpenTwice(t *testing.T) {
	guest(t)
	sr, sg := os.Getenv("SR"), os.Getenv("SG")
	if a, b := Identity(sr), Identity(sg); a != b || a != sr {
		t.Errorf("%s is known as %s, and %s as %s", sr, a, sg, b)
	}
	for _, first := range []string{sr, sg} {
		d := openDevice(t, first)
		for _, second := range []string{sr, sg} {
			e, err := Open(context.Background(), second)
			if err == nil {
				e.Close()
			}
			if !errors.As(err, new(*scsi.InUseError)) || !strings.Contains(err.Error(), "already open in this program") {
				t.Errorf("%s, then %s: %v", first, second, err)
			}
		}
		must(t, d.Close())
	}
}

// A mounted disc can be read, but not changed.
func TestGuestMounted(t *testing.T) {
	ctx := guest(t)
	write := scsi.Command{CDB: block10(0x2A, 0, 1), Direction: scsi.Out, Data: make([]byte, 2048)}
	read := scsi.Command{CDB: block10(0x28, 16, 1), Direction: scsi.In, Data: make([]byte, 2048)}
	must(t, unix.Mount(os.Getenv("SR"), "/run/mnt", "iso9660", unix.MS_RDONLY, ""))
	defer func() {
		if err := unix.Unmount("/run/mnt", 0); err != nil {
			t.Error(err)
		}
	}()
	for _, path := range []string{os.Getenv("SR"), os.Getenv("SG")} {
		d := openDevice(t, path)
		_, err := d.Execute(ctx, write)
		if err == nil || !strings.Contains(err.Error(), "mounted at /run/mnt") {
			t.Errorf("%s: WRITE to a mounted disc: %v", path, err)
		}
		t.Logf("mounted: %v", err)
		if _, err := d.Execute(ctx, read); err != nil {
			t.Errorf("%s: READ from a mounted disc: %v", path, err)
		}
		must(t, d.Close())
	}
}

// A member of the drive's group can burn; for other users the error names the group.
func TestGuestPermission(t *testing.T) {
	guest(t)
	path := os.Getenv("BLANK_SR")
	must(t, os.Chown(path, 0, 24))
	must(t, os.Chmod(path, 0o660))
	for _, c := range []struct {
		group uint32
		test  string
	}{{65534, "TestNobodyOpens"}, {24, "TestMemberBurns"}} {
		cmd := exec.Command("/proc/self/exe", "-test.v", "-test.run", "^"+c.test+"$")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: c.group}}
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: "+c.test)) {
			t.Errorf("as another user: %v\n%s", err, out)
			continue
		}
		t.Logf("%s", out)
	}
}

// When a drive is removed, the error is a lost connection. Later tests do not use it.
func TestGuestUnplugged(t *testing.T) {
	ctx := guest(t)
	for _, path := range []string{os.Getenv("SR"), os.Getenv("BLANK_SG")} {
		d := openDevice(t, path)
		class := "/sys/class/block/"
		if strings.Contains(path, "sg") {
			class = "/sys/class/scsi_generic/"
		}
		must(t, os.WriteFile(class+filepath.Base(path)+"/device/delete", []byte("1"), 0))
		_, err := d.Execute(ctx, scsi.Command{CDB: make([]byte, 6)})
		if !errors.Is(err, scsi.ErrConnection) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s is gone: %v", path, err)
		}
		t.Log(err)
	}
}

func TestNobodyOpens(t *testing.T) {
	if guest(t); os.Geteuid() == 0 {
		t.Skip("runs under TestGuestPermission")
	}
	d, err := Open(context.Background(), os.Getenv("BLANK_SR"))
	if err == nil {
		d.Close()
		t.Fatal("opened")
	}
	if !errors.Is(err, unix.EACCES) || !strings.Contains(err.Error(), "usermod -aG cdrom") {
		t.Errorf("got %v, want advice about the group cdrom", err)
	}
	t.Log(err)
}

// The kernel allows users who are not root to send the commands of MMC only.
func TestMemberBurns(t *testing.T) {
	ctx := guest(t)
	if os.Geteuid() == 0 {
		t.Skip("runs under TestGuestPermission")
	}
	d := openDevice(t, os.Getenv("BLANK_SR"))
	must(t, d.Writable())
	for _, cdb := range [][]byte{
		{0x46},
		{0x51},
		{0x52},
		{0x23},
		{0x43},
		{0x5C},
		{0x4A},
		{0x5A},
		{0x55},
		{0x54},
		{0x5D},
		{0x53},
		{0x35},
		{0x1E},
		{0xAC, 11: 0},
		{0xB6, 11: 0},
		{0xBB, 11: 0},
		{0xA1, 11: 0},
		{0xAA, 11: 0},
		{0xAD, 11: 0},
		{0xBF, 11: 0},
		{0xBE, 11: 0},
		{0x04, 0, 0, 0, 0, 0},
		{0x5B, 9: 0},
		{0x1B, 0, 0, 0, 1, 0},
		{0x2A, 9: 0},
		{0x2E, 9: 0},
		{0x42},
	} {
		if len(cdb) == 1 {
			cdb = append(cdb, make([]byte, 9)...)
		}
		if cdb[0] == 0x1E {
			cdb = cdb[:6]
		}
		if _, err := d.Execute(ctx, scsi.Command{CDB: cdb}); errors.Is(err, unix.EPERM) {
			t.Errorf("the kernel refuses %s", scsi.Describe(cdb))
		}
	}
	_, err := d.Execute(ctx, scsi.Command{CDB: append([]byte{0xF9}, make([]byte, 9)...)})
	if !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "root may") {
		t.Errorf("a maker's own command: %v", err)
	}
	t.Log(err)
}
