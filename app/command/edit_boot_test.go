package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// Texts that loaders print from files of the disc.
const (
	oldShown = "shown-before"
	newShown = "shown-after"
	newCore  = "the new boot image runs"
)

// grubConfig is a configuration of GRUB that prints a file.
func grubConfig(file string) string {
	return "serial --unit=0 --speed=115200\nterminal_output serial\ncat " + file + "\nsleep 999\n"
}

// linuxConfig is a configuration of ISOLINUX that includes a file, which names a kernel that
// does not exist; ISOLINUX prints this name.
func linuxConfig(file string) string {
	return "SERIAL 0 115200\nPROMPT 0\nINCLUDE " + file + "\n"
}

// searching is the configuration in a GRUB image that runs the one on the disc.
const searching = "search --file --set=root /boot/grub/grub.cfg\nconfigfile /boot/grub/grub.cfg\n"

// grubImage makes a GRUB image with a configuration in it.
func grubImage(t *testing.T, format, config string, modules ...string) string {
	t.Helper()
	peertest.Need(t, "grub-mkimage")
	dir := t.TempDir()
	put(t, filepath.Join(dir, "in.cfg"), config)
	args := []string{
		"-O", format, "-o", "core", "-p", "/boot/grub", "-c", "in.cfg",
		"serial", "terminal", "echo", "cat", "sleep", "iso9660", "search", "search_fs_file", "configfile", "normal",
	}
	peertest.Run(t, dir, "grub-mkimage", append(args, modules...)...)
	return string(content(t, filepath.Join(dir, "core")))
}

// efiImage makes a FAT file system with GRUB in it.
func efiImage(t *testing.T, config string) string {
	t.Helper()
	peertest.Need(t, "mformat", "mmd", "mcopy")
	dir := t.TempDir()
	put(t, filepath.Join(dir, "BOOTX64.EFI"), grubImage(t, "x86_64-efi", config, "part_gpt", "part_msdos", "fat"))
	path := filepath.Join(dir, "efi.img")
	put(t, path, string(make([]byte, 2880<<10)))
	peertest.Run(t, dir, "mformat", "-i", path, "-f", "2880", "-N", "12345678", "::")
	peertest.Run(t, dir, "mmd", "-i", path, "::/EFI", "::/EFI/BOOT")
	peertest.Run(t, dir, "mcopy", "-i", path, "BOOTX64.EFI", "::/EFI/BOOT/BOOTX64.EFI")
	return string(content(t, path))
}

// biosCore makes a GRUB image for BIOSes.
func biosCore(t *testing.T, config string) string {
	t.Helper()
	return grubImage(t, "i386-pc-eltorito", config, "biosdisk")
}

// sayCore is the configuration in a GRUB image that needs no file of the disc.
const sayCore = "serial --unit=0 --speed=115200\nterminal_output serial\necho " + newCore + "\nsleep 999\n"

// bootFolder makes the folder of a disc that boots with ISOLINUX or GRUB from BIOSes, and
// with GRUB from UEFI.
func bootFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"isolinux/isolinux.cfg": linuxConfig("/shown.txt"),
		"boot/core.img":         biosCore(t, searching),
		"boot/efi.img":          efiImage(t, searching),
		"boot/grub/grub.cfg":    grubConfig("/shown.txt"),
		"shown.txt":             "DEFAULT " + oldShown + "\n",
		"data.bin":              strings.Repeat("data of the disc", 100_000),
	}
	for path, b := range peertest.ISOLINUXFiles(t) {
		if all[path] == "" {
			all[path] = string(b)
		}
	}
	for path, text := range all {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(path)), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, path), text)
	}
	return dir
}

// bootMaker makes a bootable image as a program does it.
type bootMaker struct {
	name      string
	make      func(t *testing.T, dir, out string)
	bios, efi string                      // the boot images as files of the disc
	attach    func(image string) []string // how UEFI gets it
}

func xorrisoLinux(t *testing.T, dir, out string) {
	peertest.Need(t, "xorriso")
	peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-as", "mkisofs", "-quiet", "-R", "-J", "-o", out,
		"-c", "isolinux/boot.cat", "-b", "isolinux/isolinux.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
		"-isohybrid-mbr", peertest.ISOLINUXDisk, "-eltorito-alt-boot", "-e", "boot/efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat", dir)
}

// xorrisoGRUB makes an image as those of Debian and Ubuntu are, with the UEFI image as an
// appended partition.
func xorrisoGRUB(t *testing.T, dir, out string) {
	peertest.Need(t, "xorriso")
	esp := filepath.Join(t.TempDir(), "esp.img")
	put(t, esp, string(content(t, filepath.Join(dir, "boot/efi.img"))))
	peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-as", "mkisofs", "-quiet", "-R", "-J", "-o", out,
		"-m", "efi.img", "-c", "boot.cat", "-b", "boot/core.img", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info",
		"--grub2-mbr", peertest.GRUBDisk, "-append_partition", "2", "0xef", esp, "-appended_part_as_gpt", "-partition_offset", "16",
		"-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot", dir)
}

func genisoimageHybrid(t *testing.T, dir, out string) {
	peertest.Need(t, "genisoimage", "isohybrid")
	peertest.Run(t, "", "genisoimage", "-quiet", "-input-charset", "utf-8", "-R", "-J", "-o", out,
		"-c", "isolinux/boot.cat", "-b", "isolinux/isolinux.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
		"-eltorito-alt-boot", "-e", "boot/efi.img", "-no-emul-boot", dir)
	peertest.Run(t, "", "isohybrid", "--uefi", out)
}

func rescue(t *testing.T, dir, out string) {
	peertest.Need(t, "grub-mkrescue")
	peertest.Run(t, "", "grub-mkrescue", "-o", out, dir)
}

func ownHybrid(t *testing.T, dir, out string) {
	must(t, OK, "build", dir, "-o", out, "--boot", "bios=/isolinux/isolinux.bin,info-table", "--boot", "efi=/boot/efi.img",
		"--boot-catalog", "/isolinux/boot.cat", "--mbr", peertest.ISOLINUXDisk, "--gpt", "hybrid")
}

// TestEditedStarts starts machines from images of several programs, before and after edits
// in each of the ways. Machines are slow: the ways are only compared by their bytes.
func TestEditedStarts(t *testing.T) {
	if testing.Short() {
		peertest.Skip(t, "machines take a while")
	}
	peertest.Need(t, "qemu-system-x86_64", "xorriso")
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000") // the ways give the same bytes
	dir, sources := bootFolder(t), t.TempDir()
	put(t, filepath.Join(sources, "grub.cfg"), grubConfig("/added/new.txt"))
	put(t, filepath.Join(sources, "isolinux.cfg"), linuxConfig("/added/new.txt"))
	put(t, filepath.Join(sources, "new.txt"), "DEFAULT "+newShown+"\n")
	put(t, filepath.Join(sources, "efi.img"), efiImage(t, sayCore)+string(make([]byte, 200<<10)))
	put(t, filepath.Join(sources, "core.img"), biosCore(t, sayCore))
	for _, m := range []bootMaker{
		{"xorriso ISOLINUX", xorrisoLinux, "", "/boot/efi.img", peertest.AsDisc},
		{"xorriso GRUB", xorrisoGRUB, "/boot/core.img", "", peertest.AsStick},
		{"genisoimage isohybrid", genisoimageHybrid, "", "/boot/efi.img", peertest.AsDisk},
		{"grub-mkrescue", rescue, "/boot/grub/i386-pc/eltorito.img", "/efi.img", peertest.AsStick},
		{"glassmaster", ownHybrid, "", "/boot/efi.img", peertest.AsDisc},
	} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			image := filepath.Join(t.TempDir(), "boot.iso")
			m.make(t, dir, image)
			peertest.Starts(t, oldShown, peertest.AsDisc(image)...)
			edited := editEachWay(t, image, "--add", filepath.Join(sources, "new.txt")+"=/added/new.txt",
				"--replace", filepath.Join(sources, "grub.cfg")+"=/boot/grub/grub.cfg",
				"--replace", filepath.Join(sources, "isolinux.cfg")+"=/isolinux/isolinux.cfg")
			peertest.Starts(t, newShown, peertest.AsDisc(edited)...)
			peertest.Starts(t, newShown, peertest.AsDisk(edited)...)
			peertest.Starts(t, newShown, peertest.UEFI(t, m.attach(edited))...)
			m.replaceImages(t, edited, sources)
		})
	}
}

// replaceImages replaces the boot images of an image, and starts machines from it.
func (m bootMaker) replaceImages(t *testing.T, image, sources string) {
	var args []string
	if m.bios != "" {
		args = append(args, "--replace", filepath.Join(sources, "core.img")+"="+m.bios)
	}
	if m.efi != "" {
		args = append(args, "--replace", filepath.Join(sources, "efi.img")+"="+m.efi)
	}
	edited := editEachWay(t, image, args...)
	if m.bios != "" {
		peertest.Starts(t, newCore, peertest.AsDisk(edited)...)
	} else {
		peertest.Starts(t, newShown, peertest.AsDisk(edited)...)
	}
	if m.efi != "" {
		peertest.Starts(t, newCore, peertest.UEFI(t, peertest.AsDisk(edited))...)
	}
	m.compact(t, edited)
}

// compact drops what nothing refers to from an image that must still start, unless it is one
// of grub-mkrescue, with a volume of HFS Plus that cannot be moved.
func (m bootMaker) compact(t *testing.T, image string) {
	before, old := peertest.BootReport(t, image), content(t, image)
	if m.name == "grub-mkrescue" {
		if must(t, Failed, "compact", image); !bytes.Equal(content(t, image), old) {
			t.Error("compact changed an image that it cannot compact")
		}
		return
	}
	must(t, OK, "compact", image)
	if after := peertest.BootReport(t, image); after != before {
		t.Errorf("after compact xorriso reports\n%s\nbefore it was\n%s", after, before)
	}
	hello := newShown
	if m.bios != "" {
		hello = newCore
	}
	peertest.Starts(t, hello, peertest.AsDisk(image)...)
}

// editEachWay edits copies of an image in each of the ways, which must give the same bytes,
// and returns the path of one of them. What xorriso reports about booting stays the same.
func editEachWay(t *testing.T, image string, args ...string) string {
	t.Helper()
	old, dir := content(t, image), t.TempDir()
	updated, rewritten, saved := filepath.Join(dir, "update.iso"), filepath.Join(dir, "rewrite.iso"), filepath.Join(dir, "new.iso")
	put(t, updated, string(old))
	put(t, rewritten, string(old))
	must(t, OK, append([]string{"edit", updated, "--in-place", "--update"}, args...)...)
	must(t, OK, append([]string{"edit", rewritten, "--in-place", "--rewrite"}, args...)...)
	must(t, OK, append([]string{"edit", image, "-o", saved, "--verify"}, args...)...)
	if !bytes.Equal(content(t, image), old) {
		t.Error("the image itself was changed")
	}
	result := content(t, updated)
	if !bytes.Equal(content(t, rewritten), result) || !bytes.Equal(content(t, saved), result) {
		t.Error("the results of the ways differ")
	}
	got, want := peertest.BootReport(t, updated), peertest.BootReport(t, image)
	if !strings.Contains(strings.Join(args, " "), "efi.img=") && got != want { // a larger UEFI image has another load size
		t.Errorf("xorriso reports\n%s\nbefore the edit it was\n%s", got, want)
	}
	if must(t, OK, "undo", "--yes", updated); !bytes.Equal(content(t, updated), old) {
		t.Error("undo did not restore the image")
	}
	return saved
}
