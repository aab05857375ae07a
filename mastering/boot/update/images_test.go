package update_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
)

// maker makes images of a kind.
type maker struct {
	name string
	make func(t testing.TB, top string) string
	// files says which entries of the catalogue are files of the volume.
	bios, efi string
	// whole: the first partition of the MBR or the GPT has the whole volume, so that it can
	// be mounted.
	whole bool
	// clean: partition tools find no problems.
	clean bool
}

const (
	biosLinux = "isolinux/isolinux.bin"
	biosGRUB  = "boot/core.img"
	efiFile   = "boot/efi.img"
)

// sample makes the folder that the images are made of.
func sample(t testing.TB) string {
	t.Helper()
	top := t.TempDir()
	files := peertest.ISOLINUXFiles(t)
	files["boot/core.img"] = peertest.GRUBImage(t, "i386-pc-eltorito", "biosdisk", "iso9660")
	files["boot/efi.img"] = read(t, peertest.EFIImage(t))
	files["data.bin"] = noise(700000)
	files["zz.bin"] = noise(3000)
	for name, b := range files {
		path := filepath.Join(top, filepath.FromSlash(name))
		isotest.Must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		isotest.Must(t, os.WriteFile(path, b, 0o644))
	}
	return top
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	isotest.Must(t, err)
	return b
}

// noise returns bytes that are not zero.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(n)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x>>24) | 1
	}
	return b
}

func linuxArgs(more ...string) []string {
	return append([]string{"-c", "isolinux/boot.cat", "-b", biosLinux, "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table"}, more...)
}

func grubArgs(more ...string) []string {
	return append([]string{
		"-c", "boot.cat", "-b", biosGRUB, "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
		"--grub2-boot-info", "--grub2-mbr", peertest.GRUBDisk,
	}, more...)
}

var (
	altEFI      = []string{"-eltorito-alt-boot", "-e", efiFile, "-no-emul-boot"}
	altAppended = []string{"-eltorito-alt-boot", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot"}
	codeLinux   = []string{"-isohybrid-mbr", peertest.ISOLINUXDisk}
)

func join(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// xorriso returns a function that makes an image with xorriso.
func xorriso(args ...string) func(testing.TB, string) string {
	return func(t testing.TB, top string) string { return isotest.Xorriso(t, top, args...) }
}

// appending is like xorriso, with the UEFI image as partition 2.
func appending(args ...string) func(testing.TB, string) string {
	return func(t testing.TB, top string) string {
		esp := filepath.Join(t.TempDir(), "esp.img")
		isotest.Must(t, os.WriteFile(esp, read(t, filepath.Join(top, efiFile)), 0o644))
		dir := t.TempDir() // the folder without the image
		isotest.Must(t, os.CopyFS(dir, os.DirFS(top)))
		isotest.Must(t, os.Remove(filepath.Join(dir, efiFile)))
		return isotest.Xorriso(t, dir, join([]string{"-append_partition", "2", "0xef", esp}, args)...)
	}
}

// isohybrid returns a function that makes an image with genisoimage and isohybrid.
func isohybrid(args ...string) func(testing.TB, string) string {
	return func(t testing.TB, top string) string {
		more := altEFI
		if slices.Contains(args, "--mac") { // another UEFI image, for a Macintosh
			more = join(altEFI, altEFI)
		}
		image := isotest.Genisoimage(t, top, join([]string{"-R"}, linuxArgs(more...))...)
		peertest.Run(t, "", "isohybrid", append(args, image)...)
		return image
	}
}

func mkrescue(t testing.TB, top string) string {
	peertest.Need(t, "grub-mkrescue")
	out := filepath.Join(t.TempDir(), "r.iso")
	peertest.Run(t, "", "grub-mkrescue", "-o", out, top)
	return out
}

// own returns a function that makes an image with this program.
func own(o boot.Options) func(testing.TB, string) string {
	return func(t testing.TB, top string) string {
		b := o
		for i := range b.Append {
			b.Append = append([]boot.Partition(nil), o.Append...)
			b.Append[i].Path = filepath.Join(top, efiFile)
		}
		at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
		root := tree.NewFolder("", at)
		for _, path := range []string{biosLinux, biosGRUB, efiFile, "isolinux/ldlinux.c32", "data.bin", "zz.bin"} {
			if path == efiFile && len(o.Append) > 0 {
				continue
			}
			addFile(root, path, read(t, filepath.Join(top, path)), at)
		}
		l, _, err := master.Plan(root, master.Options{Label: "BOOT", Time: at, Boot: &b})
		isotest.Must(t, err)
		out := filepath.Join(t.TempDir(), "own.iso")
		f, err := os.Create(out)
		isotest.Must(t, err)
		defer f.Close()
		isotest.Must(t, l.WriteTo(context.Background(), f, layout.WriteOptions{}))
		return out
	}
}

func addFile(root *tree.Node, path string, b []byte, at time.Time) {
	dir, name := filepath.Split(path)
	n := root
	if dir != "" {
		dir = filepath.Clean(dir)
		if n = root.Child(dir); n == nil {
			n = tree.NewFolder(dir, at)
			root.Append(n)
		}
	}
	n.Append(tree.NewFile(name, int64(len(b)), at, layout.Bytes(bytes.Clone(b))))
}

func ownLinux(gpt boot.GPT, apm bool) boot.Options {
	return boot.Options{
		Images:  []boot.Image{{Path: biosLinux, InfoTable: true}, {Path: efiFile, Platform: boot.EFI}},
		Catalog: "isolinux/boot.cat", Code: peertest.ISOLINUXDisk, GPT: gpt, APM: apm, ID: "MADE BY US",
	}
}

func ownGRUB(gpt boot.GPT, offset int) boot.Options {
	return boot.Options{
		Images: []boot.Image{{Path: biosGRUB, InfoTable: true, GRUBInfo: true}, {Partition: 2, Platform: boot.EFI}},
		Code:   peertest.GRUBDisk, GPT: gpt, PartitionOffset: offset,
		Append: []boot.Partition{{Number: 2, Type: boot.TypeEFI}},
	}
}

func makers() []maker {
	return []maker{
		{"xorriso El Torito", xorriso(linuxArgs(altEFI...)...), biosLinux, efiFile, false, false},
		{"xorriso isohybrid", xorriso(join(linuxArgs(), codeLinux)...), biosLinux, "", true, true},
		{"xorriso isohybrid MBR", xorriso(join(linuxArgs(), codeLinux, altEFI, []string{"-isohybrid-gpt-basdat"})...), biosLinux, efiFile, true, false},
		{"xorriso isohybrid MBR GPT APM", xorriso(join(linuxArgs(), codeLinux, altEFI, []string{"-isohybrid-gpt-basdat", "-isohybrid-apm-hfsplus"})...), biosLinux, efiFile, true, false},
		{"xorriso appended MBR", appending(join(linuxArgs(), codeLinux, altAppended)...), biosLinux, "", true, true},
		{"xorriso appended offset MBR", appending(join(linuxArgs(), codeLinux, altAppended, []string{"-partition_offset", "16"})...), biosLinux, "", true, true},
		{"xorriso appended GPT", appending(join(grubArgs(), altAppended, []string{"-appended_part_as_gpt", "-partition_offset", "16", "--mbr-force-bootable"})...), biosGRUB, "", true, true},
		{"xorriso appended GPT APM", appending(join(grubArgs(), altAppended, []string{"-appended_part_as_gpt", "-part_like_isohybrid", "-isohybrid-gpt-basdat", "-isohybrid-apm-hfsplus"})...), biosGRUB, "", false, false},
		{"xorriso GRUB MBR", xorriso(grubArgs(altEFI...)...), biosGRUB, efiFile, false, true},
		{"xorriso EFI partition", xorriso(join(grubArgs(), []string{"-efi-boot-part", "--efi-boot-image"}, altEFI)...), biosGRUB, efiFile, false, true},
		{"isohybrid", isohybrid(), biosLinux, efiFile, true, true},
		{"isohybrid 255/63", isohybrid("-h", "255", "-s", "63"), biosLinux, efiFile, true, true},
		{"isohybrid UEFI", isohybrid("--uefi"), biosLinux, efiFile, true, false},
		{"isohybrid UEFI Mac", isohybrid("--uefi", "--mac"), biosLinux, efiFile, true, false},
		{"grub-mkrescue", mkrescue, "boot/grub/i386-pc/eltorito.img", "efi.img", false, true},
		{"own hybrid", own(ownLinux(boot.GPTHybrid, true)), biosLinux, efiFile, true, false},
		{"own GPT", own(ownLinux(boot.GPTOnly, true)), biosLinux, efiFile, false, true},
		{"own MBR", own(ownLinux(boot.GPTNone, false)), biosLinux, efiFile, true, false},
		{"own appended GPT", own(ownGRUB(boot.GPTOnly, 16)), biosGRUB, "", true, true},
		{"own appended MBR", own(ownGRUB(boot.GPTNone, 0)), biosGRUB, "", true, true},
		{"own appended hybrid", own(ownGRUB(boot.GPTHybrid, 0)), biosGRUB, "", true, false},
	}
}
