package master_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
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

// Files of Debian's packages isolinux, syslinux-common, grub-pc-bin and ovmf that the
// tests boot.
const (
	isolinuxBin  = "/usr/lib/ISOLINUX/isolinux.bin"
	isolinuxDisk = "/usr/lib/ISOLINUX/isohdpfx.bin"
	isolinuxCore = "/usr/lib/syslinux/modules/bios/ldlinux.c32"
	grubDisk     = "/usr/lib/grub/i386-pc/boot_hybrid.img"
	firmwareUEFI = "/usr/share/ovmf/OVMF.fd"
)

// Texts that the loaders print to the serial port after reading their files. ISOLINUX
// uses the port only if its configuration says so, and a module that it loads prints
// the prompt.
const (
	isolinuxHello = "H. Peter Anvin et al\r\nboot: "
	grubHello     = "GRUB ran its configuration"
	sectorHello   = "the boot sector runs"
)

func needFiles(t testing.TB, paths ...string) {
	t.Helper()
	for _, p := range paths {
		if _, err := os.Stat(p); err != nil {
			peertest.Skip(t, p+" is not installed")
		}
	}
}

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

// isolinuxFiles returns the files that ISOLINUX needs on a disc.
func isolinuxFiles(t testing.TB) map[string][]byte {
	t.Helper()
	needFiles(t, isolinuxBin, isolinuxCore, isolinuxDisk)
	return map[string][]byte{
		"isolinux/isolinux.bin": read(t, isolinuxBin),
		"isolinux/ldlinux.c32":  read(t, isolinuxCore),
		"isolinux/isolinux.cfg": []byte("SERIAL 0 115200\nPROMPT 1\nTIMEOUT 0\nDEFAULT none\n"),
	}
}

// grubImage makes a GRUB image in a format that prints grubHello.
func grubImage(t testing.TB, format string, modules ...string) []byte {
	t.Helper()
	peertest.Need(t, "grub-mkimage")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "hello.cfg"), []byte("serial --unit=0 --speed=115200\nterminal_output serial\necho "+grubHello+"\n"))
	args := []string{"-O", format, "-o", "core", "-p", "/boot/grub", "-c", "hello.cfg", "serial", "terminal", "echo"}
	peertest.Run(t, dir, "grub-mkimage", append(args, modules...)...)
	return read(t, filepath.Join(dir, "core"))
}

// efiImage makes a FAT file system with GRUB in it, which UEFI boots from any removable
// disk, and returns its path.
func efiImage(t testing.TB) string {
	t.Helper()
	peertest.Need(t, "mformat", "mmd", "mcopy")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "BOOTX64.EFI"), grubImage(t, "x86_64-efi"))
	path := write(t, filepath.Join(dir, "efi.img"), make([]byte, 2880<<10))
	peertest.Run(t, dir, "mformat", "-i", path, "-f", "2880", "-N", "12345678", "::")
	peertest.Run(t, dir, "mmd", "-i", path, "::/EFI", "::/EFI/BOOT")
	peertest.Run(t, dir, "mcopy", "-i", path, "BOOTX64.EFI", "::/EFI/BOOT/BOOTX64.EFI")
	return path
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
	files := isolinuxFiles(t)
	files["boot/efi.img"] = read(t, efiImage(t))
	return masterBoot(t, bootFiles(t, files), master.Options{Boot: &boot.Options{
		Images: []boot.Image{
			{Path: "/isolinux/isolinux.bin", InfoTable: true},
			{Path: "/boot/efi.img", Platform: boot.EFI},
		},
		Catalog: "/isolinux/boot.cat", Code: isolinuxDisk, GPT: gpt, APM: gpt == boot.GPTHybrid, BasicData: gpt == boot.GPTHybrid,
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
	needFiles(t, grubDisk)
	files := map[string][]byte{
		"boot/core.img": grubImage(t, "i386-pc-eltorito", "biosdisk", "iso9660"),
		"readme.txt":    []byte("a file\n"),
	}
	return masterBoot(t, bootFiles(t, files), master.Options{Boot: &boot.Options{
		Images: []boot.Image{
			{Path: "/boot/core.img", InfoTable: true, GRUBInfo: true},
			{Partition: 2, Platform: boot.EFI},
		},
		Code: grubDisk, GPT: gpt, PartitionOffset: offset,
		Append: []boot.Partition{{Number: 2, Path: efiImage(t), Type: boot.TypeEFI}},
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

// slots limits the number of machines that run at once.
var slots = make(chan struct{}, 2)

// start runs a machine that must print a text.
func start(t testing.TB, hello string, args ...string) {
	t.Helper()
	if out := run(t, hello, args...); !strings.Contains(out, hello) {
		t.Fatalf("a machine with %q did not print %q, but\n%s", args, hello, out)
	}
}

// run runs a machine until it prints a text, fails to boot, or ends, and returns its
// output.
func run(t testing.TB, hello string, args ...string) string {
	t.Helper()
	peertest.Need(t, "qemu-system-x86_64")
	slots <- struct{}{}
	defer func() { <-slots }()
	ctx, stop := context.WithTimeout(context.Background(), 8*time.Minute)
	defer stop()
	// SeaBIOS resets the machine if nothing boots, which ends it.
	args = append([]string{
		"-accel", "tcg", "-m", "256", "-display", "none", "-serial", "stdio", "-monitor", "none",
		"-nic", "none", "-no-reboot", "-boot", "reboot-timeout=1",
	}, args...)
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", args...)
	out := &watch{stop: stop, words: []string{hello, "Shell>", "No bootable option"}}
	cmd.Stdout, cmd.Stderr = out, out
	_ = cmd.Run()
	return out.seen.String()
}

// watch collects what is written to it and stops at certain texts.
type watch struct {
	mu    sync.Mutex
	seen  bytes.Buffer
	stop  func()
	words []string
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Write(p)
	for _, s := range w.words {
		if bytes.Contains(w.seen.Bytes(), []byte(s)) {
			w.stop()
		}
	}
	return len(p), nil
}

// asDisc and asDisk attach an image to a machine, read-only.
func asDisc(image string) []string {
	return []string{"-drive", "media=cdrom,readonly=on,format=raw,file=" + image}
}

func asDisk(image string) []string {
	return []string{"-drive", "media=disk,snapshot=on,format=raw,file=" + image}
}

func asStick(image string) []string {
	return []string{"-device", "qemu-xhci", "-drive", "if=none,id=stick,snapshot=on,format=raw,file=" + image, "-device", "usb-storage,drive=stick"}
}

func TestMachineStarts(t *testing.T) {
	if testing.Short() {
		t.Skip("machines take a while")
	}
	peertest.Need(t, "qemu-system-x86_64")
	needFiles(t, firmwareUEFI)
	uefi := []string{"-bios", firmwareUEFI}
	linux, grub := isolinuxHybrid(t), grubHybrid(t, 16)
	linuxGPT, linuxMBR := isolinuxImage(t, boot.GPTOnly), isolinuxImage(t, boot.GPTNone)
	grubMBR := grubDisc(t, boot.GPTNone, 0)
	sector := emulated(t)
	for _, c := range []struct {
		name, hello string
		args        []string
	}{
		{"ISOLINUX disc BIOS", isolinuxHello, asDisc(linux)},
		{"ISOLINUX disk BIOS", isolinuxHello, asDisk(linux)},
		{"ISOLINUX stick BIOS", isolinuxHello, asStick(linux)},
		{"ISOLINUX disc UEFI", grubHello, append(asDisc(linux), uefi...)},
		{"ISOLINUX disk UEFI", grubHello, append(asDisk(linux), uefi...)},
		{"GRUB disc BIOS", grubHello, asDisc(grub)},
		{"GRUB disk BIOS", grubHello, asDisk(grub)},
		{"GRUB disc UEFI", grubHello, append(asDisc(grub), uefi...)},
		{"GRUB disk UEFI", grubHello, append(asDisk(grub), uefi...)},
		{"GRUB stick UEFI", grubHello, append(asStick(grub), uefi...)},
		{"ISOLINUX GPT disk BIOS", isolinuxHello, asDisk(linuxGPT)},
		{"ISOLINUX GPT disk UEFI", grubHello, append(asDisk(linuxGPT), uefi...)},
		{"ISOLINUX MBR disk BIOS", isolinuxHello, asDisk(linuxMBR)},
		{"ISOLINUX MBR disk UEFI", grubHello, append(asDisk(linuxMBR), uefi...)},
		{"GRUB MBR disk BIOS", grubHello, asDisk(grubMBR)},
		{"GRUB MBR disk UEFI", grubHello, append(asDisk(grubMBR), uefi...)},
		{"GRUB MBR disc UEFI", grubHello, append(asDisc(grubMBR), uefi...)},
		{"floppy 1.2M", sectorHello, asDisc(sector[boot.Floppy12])},
		{"floppy 1.44M", sectorHello, asDisc(sector[boot.Floppy144])},
		{"floppy 2.88M", sectorHello, asDisc(sector[boot.Floppy288])},
		{"hard disk", sectorHello, asDisc(sector[boot.HardDisk])},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start(t, c.hello, c.args...)
		})
	}
}

// TestMachineDoesNotBoot shows that machines boot because of the boot options: they do
// not boot from the same files without them.
func TestMachineDoesNotBoot(t *testing.T) {
	image := masterBoot(t, bootFiles(t, isolinuxFiles(t)), master.Options{})
	for _, args := range [][]string{asDisc(image), asDisk(image)} {
		if out := run(t, isolinuxHello, args...); strings.Contains(out, "boot: ") {
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
