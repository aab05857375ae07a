package master_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
)

// report returns what xorriso reports about booting an image.
func report(t testing.TB, image string) string {
	t.Helper()
	return peertest.Run(t, "", "xorriso", "-report_about", "FAILURE", "-indev", image,
		"-report_el_torito", "plain", "-report_system_area", "plain")
}

// wantLines fails unless every line is in the text; runs of spaces count as one.
func wantLines(t testing.TB, text string, lines ...string) {
	t.Helper()
	var have strings.Builder
	for _, l := range strings.Split(text, "\n") {
		have.WriteString(strings.Join(strings.Fields(l), " ") + "\n")
	}
	for _, l := range lines {
		if !strings.Contains(have.String(), l+"\n") {
			t.Errorf("the line %q is missing in\n%s", l, text)
		}
	}
}

func TestXorrisoRecognizesISOLINUXHybrid(t *testing.T) {
	image := isolinuxHybrid(t)
	text := report(t, image)
	wantLines(t, text,
		"El Torito cat path : /isolinux/boot.cat",
		"El Torito img path : 1 /isolinux/isolinux.bin",
		"El Torito img opts : 1 boot-info-table isohybrid-suitable",
		"El Torito img path : 2 /boot/efi.img",
		"System area summary: MBR isohybrid cyl-align-on GPT APM",
		"MBR partition path : 2 /boot/efi.img",
		"GPT partname local : 1 ISOHybrid ISO",
		"GPT partition path : 2 /boot/efi.img",
		"APM block size : 2048",
		"APM partition name : 1 EFI",
		"APM partition path : 1 /boot/efi.img",
	)
	if strings.Contains(text, "GPT CRC should be") || strings.Contains(text, "GPT backup problems") {
		t.Error("xorriso complains about the GPT:\n" + text)
	}
	out := peertest.Run(t, "", "isoinfo", "-d", "-i", image)
	for _, want := range []string{"Eltorito validation header", "Arch 0 (x86)", "Boot media 0 (No Emulation Boot)", "Nsect 4"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output of isoinfo lacks %q:\n%s", want, out)
		}
	}
}

func TestPartitionToolsAcceptGPT(t *testing.T) {
	for _, offset := range []int{0, 16} {
		image := grubHybrid(t, offset)
		if out := peertest.Run(t, "", "sgdisk", "-v", image); !strings.Contains(out, "No problems found") {
			t.Errorf("offset %d: sgdisk finds problems:\n%s", offset, out)
		}
		out := peertest.Run(t, "", "sgdisk", "-p", image)
		for _, want := range []string{"ISO9660", "EF00  Appended2"} {
			if !strings.Contains(out, want) {
				t.Errorf("the output of sgdisk lacks %q:\n%s", want, out)
			}
		}
		out = peertest.Run(t, "", "fdisk", "-l", image)
		if !strings.Contains(out, "Disklabel type: gpt") || !strings.Contains(out, "EFI System") {
			t.Errorf("fdisk says\n%s", out)
		}
		text := report(t, image)
		wantLines(t, text, "El Torito img opts : 1 boot-info-table grub2-boot-info", fmt.Sprintf("Partition offset : %d", offset))
		if !strings.Contains(text, "protective-msdos-label grub2-mbr") {
			t.Errorf("xorriso does not recognize the MBR:\n%s", text)
		}
		mdirPartition(t, image)
	}
}

// TestPartitionToolsAcceptImageInVolume uses a UEFI image that is a file of the volume:
// the GPT lists it and the parts of the volume around it.
func TestPartitionToolsAcceptImageInVolume(t *testing.T) {
	image := isolinuxImage(t, boot.GPTOnly)
	if out := peertest.Run(t, "", "sgdisk", "-v", image); !strings.Contains(out, "No problems found") {
		t.Errorf("sgdisk finds problems:\n%s", out)
	}
	mdirPartition(t, image)
	out := peertest.Run(t, "", "fdisk", "-l", "-o", "Type", image)
	wantLines(t, out, "Disklabel type: gpt", "EFI System", "Microsoft basic data")

	image = isolinuxImage(t, boot.GPTNone)
	out = peertest.Run(t, "", "fdisk", "-l", "-o", "Boot,Id", image)
	wantLines(t, out, "Disklabel type: dos", "* 17", "ef")
}

// mdirPartition reads the file system of the appended partition in place.
func mdirPartition(t testing.TB, image string) {
	t.Helper()
	out := peertest.Run(t, "", "sgdisk", "-i", "2", image)
	_, first, ok := strings.Cut(out, "First sector: ")
	if !ok {
		t.Fatal(out)
	}
	out = peertest.Run(t, "", "mdir", "-/", "-b", "-i", image+"@@"+strings.Fields(first)[0]+"s", "::/EFI")
	if !strings.Contains(out, "BOOTX64.EFI") {
		t.Errorf("the appended partition holds\n%s", out)
	}
}

func TestMBRNamesAppendedPartition(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "part.img"), bytes.Repeat([]byte("partition"), 1000))
	code := write(t, filepath.Join(dir, "code.bin"), sectorCode())
	image := masterBoot(t, bootFiles(t, map[string][]byte{"a": []byte("a")}), master.Options{Boot: &boot.Options{
		Code: code, Append: []boot.Partition{{Number: 3, Path: path, Type: boot.TypeLinux}},
	}})
	wantLines(t, report(t, image), "MBR partition : 1 0x80 0xcd 0 2048", "MBR partition : 3 0x00 0x83 2048 20")
	b := read(t, image)
	if !bytes.Equal(b[1<<20:][:9000], read(t, path)) {
		t.Error("the partition differs from its file")
	}
	if !bytes.Equal(b[:440], sectorCode()[:440]) {
		t.Error("the boot code differs from its file")
	}
	if size := int64(len(b)); size%(1<<20) != 0 {
		t.Errorf("the image has %d bytes", size)
	}
}

// TestInfoTableLikeGenisoimage compares the boot information table with that of
// genisoimage, which changes the source file. This program must not change it.
func TestInfoTableLikeGenisoimage(t *testing.T) {
	for _, size := range []int{64, 2048, 5001, 70003} {
		b := make([]byte, size)
		for i := range b {
			b[i] = byte(i*7 + i>>8)
		}
		theirs := t.TempDir()
		write(t, filepath.Join(theirs, "loader.bin"), b)
		g := isotest.Genisoimage(t, theirs, "-b", "loader.bin", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table")
		source := write(t, filepath.Join(t.TempDir(), "loader.bin"), b)
		root := bootFiles(t, map[string][]byte{"loader.bin": b})
		root.Child("loader.bin").Init("loader.bin", 0o644, layout.NewFile(source))
		image := masterBoot(t, root, master.Options{Boot: &boot.Options{
			Images: []boot.Image{{Path: "loader.bin", InfoTable: true}}, Catalog: "boot.cat",
		}})
		want, got := bootTable(t, g), bootTable(t, image)
		if !bytes.Equal(got, want) {
			t.Errorf("size %d: table\n%x\nwant\n%x", size, got, want)
		}
		if !bytes.Equal(read(t, source), b) {
			t.Errorf("size %d: the source file was changed", size)
		}
	}
}

// bootTable returns the boot information table of the default image without the
// address of the file, which it compares with the catalogue.
func bootTable(t testing.TB, image string) []byte {
	t.Helper()
	b := read(t, image)
	catalog := le32(b[17*disc.SectorSize+71:])
	lba := le32(b[int(catalog)*disc.SectorSize+32+8:])
	table := bytes.Clone(b[int(lba)*disc.SectorSize+8:][:56])
	if at := le32(table[4:]); at != lba {
		t.Errorf("%s: the table says sector %d, the catalogue %d", image, at, lba)
	}
	clear(table[4:8])
	return table
}

func le32(b []byte) uint32 {
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

// TestCatalogueLikeXorriso compares a whole catalogue, except for its addresses.
func TestCatalogueLikeXorriso(t *testing.T) {
	dir := t.TempDir()
	floppy := make([]byte, 1440<<10)
	copy(floppy, sectorCode())
	efi := make([]byte, 3<<20)
	copy(efi, sectorCode())
	files := map[string][]byte{"one.bin": sectorCode(), "two.img": floppy, "efi.img": efi, "more.img": append([]byte(nil), efi...)}
	for name, b := range files {
		write(t, filepath.Join(dir, name), b)
	}
	x := isotest.Xorriso(t, dir, "-c", "boot.cat",
		"-b", "one.bin", "-no-emul-boot", "-boot-load-size", "4",
		"-eltorito-alt-boot", "-b", "two.img", "-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot",
		"-eltorito-alt-boot", "-e", "more.img", "-no-emul-boot")
	image := masterBoot(t, bootFiles(t, files), master.Options{Boot: &boot.Options{
		Images: []boot.Image{
			{Path: "one.bin"},
			{Path: "two.img", Emulation: boot.FloppyBySize},
			{Path: "efi.img", Platform: boot.EFI},
			{Path: "more.img", Platform: boot.EFI},
		},
		Catalog: "boot.cat",
	}})
	var want, got []string
	for _, l := range []struct {
		image string
		to    *[]string
	}{{x, &want}, {image, &got}} {
		for _, line := range strings.Split(report(t, l.image), "\n") {
			f := strings.Fields(line)
			if strings.HasPrefix(line, "El Torito boot img") {
				f = f[:len(f)-1] // the address
			}
			if strings.HasPrefix(line, "El Torito") && f[2] != "catalog" {
				*l.to = append(*l.to, strings.Join(f, " "))
			}
		}
	}
	isotest.Compare(t, "catalogues", strings.Join(got, "\n"), strings.Join(want, "\n"))
}

func TestUnusualEntries(t *testing.T) {
	disk := make([]byte, 1<<20)
	copy(disk, sectorCode())
	copy(disk[446:], []byte{0x80, 1, 1, 0, 0x0E, 63, 32, 0, 32, 0, 0, 0, 0xE0, 7, 0, 0})
	image := masterBoot(t, bootFiles(t, map[string][]byte{"disk": disk, "mac": disk, "ppc": disk}), master.Options{Boot: &boot.Options{
		Images: []boot.Image{
			{Path: "disk", Emulation: boot.HardDisk, LoadSegment: 0x1234},
			{Path: "ppc", Platform: boot.PowerPC, NotBootable: true, LoadSectors: boot.LoadAll},
			{Path: "mac", Platform: boot.Mac, LoadSectors: 7},
			{Path: "mac", Platform: boot.Mac, LoadSectors: 9},
		},
		ID: "Who made it",
	}})
	var got []string
	for _, line := range strings.Split(report(t, image), "\n") {
		if f := strings.Fields(line); strings.HasPrefix(line, "El Torito boot img") {
			got = append(got, strings.Join(f[5:len(f)-1], " "))
		}
	}
	isotest.Compare(t, "catalogue", strings.Join(got, "\n"), strings.Join([]string{
		"1 BIOS y hd 0x1234 0x0e 1", "2 PPC n none 0x0000 0x00 2048", "3 Mac y none 0x0000 0x00 7", "4 Mac y none 0x0000 0x00 9",
	}, "\n"))
	// isoinfo reads the ID, and finds a catalogue that is not a file.
	if out := peertest.Run(t, "", "isoinfo", "-d", "-i", image); !strings.Contains(out, "ID 'Who made it'") {
		t.Errorf("isoinfo says\n%s", out)
	}
}

// TestReadBack reads catalogue and partition tables back.
func TestReadBack(t *testing.T) {
	core := bytes.Repeat([]byte("core"), 1500)
	dir := t.TempDir()
	efi := make([]byte, 1<<20)
	copy(efi, sectorCode())
	image := masterBoot(t, bootFiles(t, map[string][]byte{"boot/core.img": core}), master.Options{Boot: &boot.Options{
		Images: []boot.Image{{Path: "/boot/core.img", LoadSectors: boot.LoadAll}, {Partition: 2, Platform: boot.EFI}},
		ID:     "ID", GPT: boot.GPTOnly, PartitionOffset: 16,
		Append: []boot.Partition{{Number: 2, Path: write(t, filepath.Join(dir, "efi.img"), efi), Type: boot.TypeEFI}},
	}})
	v := open(t, image, "")
	cat, err := v.BootCatalog()
	isotest.Must(t, err)
	if cat == nil || !cat.Checksum || cat.ID != "ID" || len(cat.Entries) != 2 {
		t.Fatalf("catalogue %+v", cat)
	}
	if e := cat.Entries[0]; e.Platform != boot.BIOS || e.File != "boot/core.img" || e.LoadSectors != 12 || e.NotBootable {
		t.Errorf("first entry %+v", e)
	}
	if e := cat.Entries[1]; e.Platform != boot.EFI || e.Length != 1<<20 || e.LoadSectors != 2048 {
		t.Errorf("second entry %+v", e)
	}
	var list []string
	for _, p := range v.Volume().Properties {
		list = append(list, p.Name)
	}
	if !slices.Contains(list, "GPT entry 2") {
		t.Errorf("no GPT entry among %q", list)
	}
	if n := v.Volume().Blocks * disc.SectorSize; n != int64(len(read(t, image))) {
		t.Errorf("the volume claims %d bytes, the image has %d", n, len(read(t, image)))
	}
}

// TestSameImage plans a tree twice: the same tree and options give the same image.
func TestSameImage(t *testing.T) {
	root := bootFiles(t, map[string][]byte{"loader.bin": make([]byte, 4096)})
	o := master.Options{Boot: &boot.Options{
		Images: []boot.Image{{Path: "loader.bin", InfoTable: true}}, Catalog: "boot.cat", GPT: boot.GPTOnly, APM: true,
	}}
	a := read(t, masterBoot(t, root, o))
	if b := read(t, masterBoot(t, root, o)); !bytes.Equal(a, b) {
		t.Error("the second image differs")
	}
}

// TestSameFileTwice uses several entries for one file, some with a boot information
// table: the file is stored once and has it.
func TestSameFileTwice(t *testing.T) {
	root := bootFiles(t, map[string][]byte{"a": bytes.Repeat([]byte{7}, 3000)})
	for _, images := range [][]boot.Image{
		{{Path: "a", InfoTable: true}, {Path: "a", Platform: boot.Mac}},
		{{Path: "a"}, {Path: "a", Platform: boot.Mac, InfoTable: true}},
		{{Path: "a", InfoTable: true}, {Path: "a", InfoTable: true, GRUBInfo: true}},
	} {
		image := masterBoot(t, root, master.Options{Boot: &boot.Options{Images: images}})
		if table := bootTable(t, image); le32(table) != 16 || le32(table[8:]) != 3000 {
			t.Errorf("%+v: table %x", images, table)
		}
	}
	image := masterBoot(t, root, master.Options{Boot: &boot.Options{Images: []boot.Image{{Path: "a"}}}})
	v := open(t, image, "")
	if b, err := fs.ReadFile(v, "a"); err != nil || !bytes.Equal(b, bytes.Repeat([]byte{7}, 3000)) {
		t.Errorf("planned again without a table, the file reads %x, %v", b[:64], err)
	}
}

func TestBootRefusals(t *testing.T) {
	dir := t.TempDir()
	code := write(t, filepath.Join(dir, "isohdpfx"), append([]byte("isolinux.bin missing"), make([]byte, 412)...))
	large := write(t, filepath.Join(dir, "large"), bytes.Repeat([]byte{1}, boot.SystemArea+1))
	kilo := write(t, filepath.Join(dir, "kilo"), bytes.Repeat([]byte{1}, 1024))
	files := map[string][]byte{
		"short": make([]byte, 63), "empty": nil, "prog.efi": append([]byte("MZ"), make([]byte, 600)...),
		"small": make([]byte, 2000), "huge": make([]byte, 40<<20), "dir/x": []byte("x"),
	}
	image := func(i boot.Image) *boot.Options { return &boot.Options{Images: []boot.Image{i}} }
	for _, c := range []struct {
		want string
		o    *boot.Options
	}{
		{"boot image gone.bin is not on the disc", image(boot.Image{Path: "gone.bin"})},
		{"boot image dir is not a regular file", image(boot.Image{Path: "dir"})},
		{"boot image empty is empty", image(boot.Image{Path: "empty"})},
		{"has 63 bytes, but a boot information table needs at least 64", image(boot.Image{Path: "short", InfoTable: true})},
		{"is not a GRUB image", image(boot.Image{Path: "small", GRUBInfo: true})},
		{"a 1.44M floppy has 1474560", image(boot.Image{Path: "small", Emulation: boot.Floppy144})},
		{"is not the size of a floppy", image(boot.Image{Path: "small", Emulation: boot.FloppyBySize})},
		{"it is not a hard disk", image(boot.Image{Path: "small", Emulation: boot.HardDisk})},
		{"is a UEFI program", image(boot.Image{Path: "prog.efi", Platform: boot.EFI})},
		{"is not a FAT file system", image(boot.Image{Path: "small", Platform: boot.EFI})},
		{"set how much of it to load", image(boot.Image{Path: "huge", LoadSectors: boot.LoadAll})},
		{"there is no appended partition 2", image(boot.Image{Partition: 2})},
		{"there is no folder /no/", &boot.Options{Images: []boot.Image{{Path: "small"}}, Catalog: "/no/boot.cat"}},
		{"would replace a boot image", &boot.Options{Images: []boot.Image{{Path: "small"}}, Catalog: "/small"}},
		{"and there is none", &boot.Options{Code: code}},
		{"and there is none", &boot.Options{Code: code, Images: []boot.Image{{Path: "small", Platform: boot.Mac}}}},
		{"is not an isolinux.bin that can boot from disks", &boot.Options{Code: code, Images: []boot.Image{{Path: "small"}}}},
		{"holds 32768", &boot.Options{Code: large}},
		{"only one block of 512 bytes", &boot.Options{Code: kilo, GPT: boot.GPTOnly}},
		{"no such file", &boot.Options{Code: filepath.Join(dir, "gone")}},
		{"no such file", &boot.Options{Append: []boot.Partition{{Number: 2, Path: filepath.Join(dir, "gone")}}}},
		{"number 1 is the volume itself", &boot.Options{Append: []boot.Partition{{Number: 1, Path: kilo}}}},
		{"partition numbers are 1 to 4", &boot.Options{Append: []boot.Partition{{Number: 5, Path: kilo}}}},
	} {
		_, _, err := master.Plan(bootFiles(t, files), master.Options{Boot: c.o})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one with %q", *c.o, err, c.want)
		}
	}
}
