package peertest

import (
	"os"
	"path/filepath"
	"testing"
)

// Files of Debian's packages isolinux, syslinux-common and grub-pc-bin.
const (
	ISOLINUX     = "/usr/lib/ISOLINUX/isolinux.bin"
	ISOLINUXDisk = "/usr/lib/ISOLINUX/isohdpfx.bin" // boot code for disks
	ISOLINUXCore = "/usr/lib/syslinux/modules/bios/ldlinux.c32"
	GRUBDisk     = "/usr/lib/grub/i386-pc/boot_hybrid.img" // boot code for disks
)

// Texts that the loaders print to the serial port after reading their files. ISOLINUX
// uses the port only if its configuration says so, and a module that it loads prints
// the prompt.
const (
	ISOLINUXHello = "H. Peter Anvin et al\r\nboot: "
	GRUBHello     = "GRUB ran its configuration"
)

// ISOLINUXFiles returns the files that ISOLINUX needs on a disc to print ISOLINUXHello, by
// their paths.
func ISOLINUXFiles(t testing.TB) map[string][]byte {
	t.Helper()
	NeedFiles(t, ISOLINUX, ISOLINUXCore, ISOLINUXDisk)
	return map[string][]byte{
		"isolinux/isolinux.bin": read(t, ISOLINUX),
		"isolinux/ldlinux.c32":  read(t, ISOLINUXCore),
		"isolinux/isolinux.cfg": []byte("SERIAL 0 115200\nPROMPT 1\nTIMEOUT 0\nDEFAULT none\n"),
	}
}

// GRUBImage makes a GRUB image in a format that prints GRUBHello.
func GRUBImage(t testing.TB, format string, modules ...string) []byte {
	t.Helper()
	Need(t, "grub-mkimage")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "hello.cfg"), "serial --unit=0 --speed=115200\nterminal_output serial\necho "+GRUBHello+"\n", 0o644)
	args := []string{"-O", format, "-o", "core", "-p", "/boot/grub", "-c", "hello.cfg", "serial", "terminal", "echo"}
	Run(t, dir, "grub-mkimage", append(args, modules...)...)
	return read(t, filepath.Join(dir, "core"))
}

// EFIImage makes a FAT file system with GRUB in it, which UEFI boots from any removable
// disk, and returns its path.
func EFIImage(t testing.TB) string {
	t.Helper()
	Need(t, "mformat", "mmd", "mcopy")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "BOOTX64.EFI"), string(GRUBImage(t, "x86_64-efi")), 0o644)
	path := filepath.Join(dir, "efi.img")
	write(t, path, string(make([]byte, 2880<<10)), 0o644)
	Run(t, dir, "mformat", "-i", path, "-f", "2880", "-N", "12345678", "::")
	Run(t, dir, "mmd", "-i", path, "::/EFI", "::/EFI/BOOT")
	Run(t, dir, "mcopy", "-i", path, "BOOTX64.EFI", "::/EFI/BOOT/BOOTX64.EFI")
	return path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
