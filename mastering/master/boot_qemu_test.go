package master_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// sectorHello is what the boot sectors of these tests print to the serial port.
const sectorHello = "the boot sector runs"

func write(t testing.TB, path string, b []byte) string {
	t.Helper()
	isotest.Must(t, os.WriteFile(path, b, 0o644))
	return path
}

// bootFiles returns a tree of files, given by their paths and contents.
func bootFiles(t testing.TB, files map[string][]byte) *tree.Node {
	t.Helper()
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	root := tree.NewFolder("", at)
	for path, b := range files {
		parts, dir := strings.Split(path, "/"), root
		for _, p := range parts[:len(parts)-1] {
			if dir.Child(p) == nil {
				dir.Append(tree.NewFolder(p, at))
			}
			dir = dir.Child(p)
		}
		dir.Append(tree.NewFile(parts[len(parts)-1], int64(len(b)), at, layout.Bytes(b)))
	}
	return root
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	isotest.Must(t, err)
	return b
}

// masterBoot writes a tree as an image and returns its path.
func masterBoot(t testing.TB, root *tree.Node, o master.Options) string {
	t.Helper()
	o.Label, o.Time = "BOOT", time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	l, report, err := master.Plan(root, o)
	isotest.Must(t, err)
	for _, w := range report.Notices {
		if strings.Contains(w.Text, "boot image") {
			t.Error("warning:", w)
		}
	}
	path := filepath.Join(t.TempDir(), "boot.iso")
	f, err := os.Create(path)
	isotest.Must(t, err)
	defer f.Close()
	isotest.Must(t, l.WriteTo(context.Background(), f, layout.WriteOptions{}))
	return path
}

// isolinuxHybrid makes an image for discs and disks as isohybrid does, with the UEFI
// image as a file of the disc.
func isolinuxHybrid(t testing.TB) string {
	t.Helper()
	return isolinuxImage(t, boot.GPTHybrid)
}

func isolinuxImage(t testing.TB, gpt boot.GPT) string {
	t.Helper()
	files := peertest.ISOLINUXFiles(t)
	files["boot/efi.img"] = read(t, peertest.EFIImage(t))
	return masterBoot(t, bootFiles(t, files), master.Options{Boot: &boot.Options{
		Images: []boot.Image{
			{Path: "/isolinux/isolinux.bin", InfoTable: true},
			{Path: "/boot/efi.img", Platform: boot.EFI},
		},
		Catalog: "/isolinux/boot.cat", Code: peertest.ISOLINUXDisk, GPT: gpt, APM: gpt == boot.GPTHybrid, BasicData: gpt == boot.GPTHybrid,
	}})
}

// grubHybrid makes an image for discs and disks with a GPT and the UEFI image as an
// appended partition.
func grubHybrid(t testing.TB, offset int) string {
	t.Helper()
	return grubDisc(t, boot.GPTOnly, offset)
}

func grubDisc(t testing.TB, gpt boot.GPT, offset int) string {
	t.Helper()
	peertest.NeedFiles(t, peertest.GRUBDisk)
	files := map[string][]byte{
		"boot/core.img": peertest.GRUBImage(t, "i386-pc-eltorito", "biosdisk", "iso9660"),
		"readme.txt":    []byte("a file\n"),
	}
	return masterBoot(t, bootFiles(t, files), master.Options{Boot: &boot.Options{
		Images: []boot.Image{
			{Path: "/boot/core.img", InfoTable: true, GRUBInfo: true},
			{Partition: 2, Platform: boot.EFI},
		},
		Code: peertest.GRUBDisk, GPT: gpt, PartitionOffset: offset,
		Append: []boot.Partition{{Number: 2, Path: peertest.EFIImage(t), Type: boot.TypeEFI}},
	}})
}

// sectorCode returns a boot sector that prints to the serial port. BIOSes load it to
// 7C00h, from floppies, hard disks and emulated ones.
func sectorCode() []byte {
	code := []byte{
		0x31, 0xC0, // xor ax, ax
		0x8E, 0xD8, // mov ds, ax
		0xBE, 0x18, 0x7C, // mov si, 7C18h
		0xFC,       // next: cld
		0xAC,       // lodsb
		0x84, 0xC0, // test al, al
		0x74, 0x08, // jz stop
		0xB4, 0x01, // mov ah, 1: send a character
		0x31, 0xD2, // xor dx, dx: COM1
		0xCD, 0x14, // int 14h
		0xEB, 0xF2, // jmp next
		0xF4,       // stop: hlt
		0xEB, 0xFD, // jmp stop
	}
	b := make([]byte, boot.BlockSize)
	copy(b, code)
	copy(b[0x18:], sectorHello)
	b[510], b[511] = 0x55, 0xAA
	return b
}

func TestMachineStarts(t *testing.T) {
	if testing.Short() {
		t.Skip("machines take a while")
	}
	peertest.Need(t, "qemu-system-x86_64")
	linux, grub := isolinuxHybrid(t), grubHybrid(t, 16)
	linuxGPT, linuxMBR := isolinuxImage(t, boot.GPTOnly), isolinuxImage(t, boot.GPTNone)
	grubMBR := grubDisc(t, boot.GPTNone, 0)
	sector := emulated(t)
	for _, c := range []struct {
		name, hello string
		args        []string
	}{
		{"ISOLINUX disc BIOS", peertest.ISOLINUXHello, peertest.AsDisc(linux)},
		{"ISOLINUX disk BIOS", peertest.ISOLINUXHello, peertest.AsDisk(linux)},
		{"ISOLINUX stick BIOS", peertest.ISOLINUXHello, peertest.AsStick(linux)},
		{"ISOLINUX disc UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisc(linux))},
		{"ISOLINUX disk UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisk(linux))},
		{"GRUB disc BIOS", peertest.GRUBHello, peertest.AsDisc(grub)},
		{"GRUB disk BIOS", peertest.GRUBHello, peertest.AsDisk(grub)},
		{"GRUB disc UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisc(grub))},
		{"GRUB disk UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisk(grub))},
		{"GRUB stick UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsStick(grub))},
		{"ISOLINUX GPT disk BIOS", peertest.ISOLINUXHello, peertest.AsDisk(linuxGPT)},
		{"ISOLINUX GPT disk UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisk(linuxGPT))},
		{"ISOLINUX MBR disk BIOS", peertest.ISOLINUXHello, peertest.AsDisk(linuxMBR)},
		{"ISOLINUX MBR disk UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisk(linuxMBR))},
		{"GRUB MBR disk BIOS", peertest.GRUBHello, peertest.AsDisk(grubMBR)},
		{"GRUB MBR disk UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisk(grubMBR))},
		{"GRUB MBR disc UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisc(grubMBR))},
		{"floppy 1.2M", sectorHello, peertest.AsDisc(sector[boot.Floppy12])},
		{"floppy 1.44M", sectorHello, peertest.AsDisc(sector[boot.Floppy144])},
		{"floppy 2.88M", sectorHello, peertest.AsDisc(sector[boot.Floppy288])},
		{"hard disk", sectorHello, peertest.AsDisc(sector[boot.HardDisk])},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			peertest.Starts(t, c.hello, c.args...)
		})
	}
}

// TestMachineDoesNotBoot shows that machines boot because of the boot options: they do
// not boot from the same files without them.
func TestMachineDoesNotBoot(t *testing.T) {
	image := masterBoot(t, bootFiles(t, peertest.ISOLINUXFiles(t)), master.Options{})
	for _, args := range [][]string{peertest.AsDisc(image), peertest.AsDisk(image)} {
		if out := peertest.Machine(t, peertest.ISOLINUXHello, args...); strings.Contains(out, "boot: ") {
			t.Errorf("a machine with %q printed\n%s", args, out)
		}
	}
}

// emulated makes images that emulate floppies and a hard disk.
func emulated(t testing.TB) map[boot.Emulation]string {
	t.Helper()
	images := map[boot.Emulation]string{}
	for e, size := range map[boot.Emulation]int{
		boot.Floppy12: 1200 << 10, boot.Floppy144: 1440 << 10, boot.Floppy288: 2880 << 10, boot.HardDisk: 4 << 20,
	} {
		b := make([]byte, size)
		copy(b, sectorCode())
		if e == boot.HardDisk {
			copy(b[446:], []byte{0x80, 1, 1, 0, 0x06, 63, 32, 3, 32, 0, 0, 0, 0xE0, 0x1F, 0, 0})
		}
		images[e] = masterBoot(t, bootFiles(t, map[string][]byte{"disk.img": b}), master.Options{Boot: &boot.Options{
			Images: []boot.Image{{Path: "/disk.img", Emulation: e}}, Catalog: "/boot.cat", ID: "GLASSMASTER",
		}})
	}
	return images
}

// open opens an image file with the given view.
func open(t testing.TB, path, view string) *iso9660.FS {
	t.Helper()
	f, err := os.Open(path)
	isotest.Must(t, err)
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	isotest.Must(t, err)
	v, err := iso9660.Open(f, info.Size(), volume.Options{View: view})
	isotest.Must(t, err)
	return v
}
