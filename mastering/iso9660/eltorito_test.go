package iso9660

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/volume"
)

// bootTree makes a folder with images to boot from: a loader, a FAT volume, a
// floppy disk.
func bootTree(t testing.TB) string {
	top := t.TempDir()
	put := func(name string, p []byte) { isotest.Must(t, os.WriteFile(filepath.Join(top, name), p, 0o644)) }
	put("loader.bin", bytes.Repeat([]byte("loader"), 4000))
	fat := make([]byte, 64*512)
	copy(fat, "\xEB\x3C\x90MSDOS5.0\x00\x02\x04\x01\x00\x02\x00\x02\x40\x00\xF8")
	fat[510], fat[511] = 0x55, 0xAA
	put("efi.img", fat)
	put("floppy.img", bytes.Repeat([]byte{0xF6}, 1440<<10))
	put("other", []byte("content"))
	return top
}

func TestBootCatalog(t *testing.T) {
	top := bootTree(t)
	entry := func(i int, e BootEntry) string {
		return fmt.Sprintf("%v %v boot=%v default=%v load=%d length=%d from %s file=%s", e.Platform.Description(), e.Emulation.Description(), !e.NotBootable, i == 0,
			e.LoadSectors, e.Length, e.LengthFrom, e.File)
	}
	for _, c := range []struct {
		name, image string
		want        []string
	}{
		{
			"two platforms",
			isotest.Xorriso(t, top, "-R", "-b", "loader.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
				"-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot"),
			[]string{
				"BIOS no emulation boot=true default=true load=4 length=24000 from the file file=loader.bin",
				"EFI no emulation boot=true default=false load=64 length=32768 from the file file=efi.img",
			},
		},
		{
			"floppy",
			isotest.Genisoimage(t, top, "-R", "-b", "floppy.img", "-c", "boot.cat"),
			[]string{"BIOS 1.44 MB floppy disk boot=true default=true load=1 length=1474560 from the file file=floppy.img"},
		},
		{
			"hidden",
			isotest.Xorriso(t, top, "-R", "-b", "loader.bin", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table",
				"-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot", "-hide", "loader.bin", "-hide", "efi.img"),
			[]string{
				"BIOS no emulation boot=true default=true load=4 length=24000 from its boot information table file=",
				"EFI no emulation boot=true default=false load=64 length=32768 from its FAT file system file=",
			},
		},
	} {
		v := open(t, c.image, "")
		cat, err := v.BootCatalog()
		isotest.Must(t, err)
		if cat == nil || !cat.Checksum || cat.LBA == 0 {
			t.Errorf("%s: catalogue %+v", c.name, cat)
			continue
		}
		var got []string
		for i, e := range cat.Entries {
			got = append(got, entry(i, e))
		}
		isotest.Compare(t, c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		images, err := v.BootImages()
		isotest.Must(t, err)
		for _, e := range images {
			p, err := io.ReadAll(v.OpenBootImage(e))
			if err != nil || int64(len(p)) != e.Length {
				t.Errorf("%s: read %d bytes of %d, %v", c.name, len(p), e.Length, err)
			}
			if e.Platform == boot.EFI && !bytes.HasPrefix(p, []byte("\xEB\x3C\x90MSDOS5.0")) {
				t.Errorf("%s: the image begins with %x", c.name, p[:16])
			}
		}
	}
	if c, err := open(t, isotest.Xorriso(t, top, "-R"), "").BootCatalog(); c != nil || err != nil {
		t.Errorf("a volume without a catalogue has %v, %v", c, err)
	}
}

// TestDiskLength finds the lengths of hard disks by their partition tables.
func TestDiskLength(t *testing.T) {
	p := make([]byte, 512)
	if got := diskLength(p); got != 0 {
		t.Errorf("no partitions: %d bytes", got)
	}
	put := func(n int, kind byte, start, count uint32) {
		e := p[446+16*n:]
		e[4] = kind
		binary.LittleEndian.PutUint32(e[8:], start)
		binary.LittleEndian.PutUint32(e[12:], count)
	}
	put(2, 6, 63, 1000)
	put(1, 0, 5000, 5000)
	if got := diskLength(p); got != 1063*512 {
		t.Errorf("one partition: %d bytes", got)
	}
	put(0, 6, 1<<32-1, 1<<32-1)
	if got := diskLength(p); got != (1<<33-2)*512 {
		t.Errorf("far away: %d bytes", got)
	}
}

// TestBootEntryText describes entries with section names and criteria, and images whose
// length comes from something other than a file of the volume.
func TestBootEntryText(t *testing.T) {
	e := BootEntry{
		CatalogEntry: boot.CatalogEntry{
			Entry:   boot.Entry{Platform: boot.EFI, Emulation: boot.HardDisk, SystemType: 0xEF, LBA: 7},
			Section: "ID", Criteria: []byte{1, 2},
		},
		Length: 512, LengthFrom: "its partition table",
	}
	want := `EFI, hard disk of type EFh, 512 bytes at sector 7 (according to its partition table), the firmware loads 0 bytes, section "ID", criteria 0102`
	if got := e.String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestHybrids(t *testing.T) {
	top := bootTree(t)
	for _, c := range []struct {
		image string
		want  []string
	}{
		{isotest.Xorriso(t, top, "-R", "-hfsplus"), []string{`APM entry 3 "HFSPLUS_Hybrid", Apple_HFS`, "Macintosh volume HFS+"}},
		{isotest.Genisoimage(t, top, "-R", "-hfs", "-V", "MAC"), []string{`Macintosh volume HFS, label "MAC"`}},
		{isotest.Xorriso(t, top, "-R", "-partition_offset", "16"), []string{"Partition offset 16", "MBR entry 1 type CDh (ISO 9660)"}},
		{
			isotest.Xorriso(t, top, "-R", "-e", "efi.img", "-no-emul-boot", "-isohybrid-gpt-basdat"),
			[]string{"Boot record EL TORITO SPECIFICATION"},
		},
		{isotest.Xorriso(t, top, "-R", "-efi-boot-part", filepath.Join(top, "efi.img")), []string{`GPT entry 2 "EFI boot partition", EFI system`}},
		{
			isotest.Xorriso(t, top, "-R", "-append_partition", "2", "0xef", filepath.Join(top, "efi.img"), "-append_partition", "3",
				"AF3DC60F-8384-7247-8E79-3D69D8477DE4", filepath.Join(top, "other"), "-appended_part_as_gpt"),
			[]string{`GPT entry 2 "Appended2", EFI system, 64 blocks`, `GPT entry 3 "Appended3", AF3DC60F`, "MBR entry 1 type EEh"},
		},
	} {
		v := open(t, c.image, "")
		var list []string
		for _, p := range v.Volume().Properties {
			list = append(list, p.Name+" "+p.Value)
		}
		all := strings.Join(list, "\n")
		for _, w := range c.want {
			if !strings.Contains(all, w) {
				t.Errorf("%q is not in the properties:\n%s", w, all)
			}
		}
		if _, err := v.Stat("other"); err != nil {
			t.Error(err)
		}
		isotest.Must(t, v.Walk(".", func(e *volume.Entry) error { return e.Err }))
	}
}
