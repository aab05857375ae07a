package update_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/boot/update"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

func makerOf(t testing.TB, name string) maker {
	t.Helper()
	for _, m := range makers() {
		if m.name == name {
			return m
		}
	}
	t.Fatal("no maker", name)
	return maker{}
}

// TestAddUEFI adds a UEFI image to an image that starts a BIOS only.
func TestAddUEFI(t *testing.T) {
	top := sample(t)
	image := makerOf(t, "xorriso isohybrid").make(t, top)
	e := begin(t, image)
	efi := read(t, filepath.Join(top, efiFile))
	i := boot.Image{Path: "efi.img", Platform: boot.EFI}
	at, err := e.up.Add(i, e.up.Prepare(i, layout.Bytes(efi), int64(len(efi))), int64(len(efi)))
	isotest.Must(t, err)
	img := read(t, e.save())
	entries := catalogEntries(t, img)
	if len(entries) != 2 || entries[1].Platform != boot.EFI || int64(entries[1].LoadSectors) != int64(len(efi))/512 || int64(entries[1].LBA) != int64(at.Start) {
		t.Fatalf("the entries are %+v, the image is at %v", entries, at)
	}
	if !bytes.Equal(img[int64(at.Start)*boot.SectorSize:][:len(efi)], efi) {
		t.Error("the image is not where Add says")
	}
	found := false
	for _, table := range boot.Tables(bytes.NewReader(img), int64(len(img))) {
		for _, p := range table.Entries {
			found = found || strings.HasPrefix(p.Type, "type EF") && p.Start == int64(at.Start)*4 && p.Blocks == int64(len(efi))/512
		}
	}
	if !found {
		t.Error("the MBR does not have the UEFI image")
	}
}

// TestAddToOrdinaryImage makes an image bootable that was not.
func TestAddToOrdinaryImage(t *testing.T) {
	top := sample(t)
	for name, make := range map[string]func(testing.TB) string{
		"genisoimage":        func(t testing.TB) string { return isotest.Genisoimage(t, top, "-R") },
		"genisoimage Joliet": func(t testing.TB) string { return isotest.Genisoimage(t, top, "-R", "-J") },
		"genisoimage UDF":    func(t testing.TB) string { return isotest.Genisoimage(t, top, "-R", "-udf") },
		"own":                func(t testing.TB) string { return own(boot.Options{})(t, top) },
	} {
		t.Run(name, func(t *testing.T) {
			image := make(t)
			base := read(t, image)
			set := patch.New(bytes.NewReader(base), int64(len(base)), nil)
			isotest.Must(t, update.MakeRoom(set, 0))
			up, err := update.New(set, update.Options{})
			isotest.Must(t, err)
			loader := read(t, peertest.ISOLINUX)
			i := boot.Image{Path: "isolinux.bin", InfoTable: true}
			at, err := up.Add(i, up.Prepare(i, layout.Bytes(loader), int64(len(loader))), int64(len(loader)))
			isotest.Must(t, err)
			e := &editing{t: t, base: base, set: set, up: up}
			out := e.save()
			report := peertest.BootReport(t, out)
			if !strings.Contains(report, "El Torito boot img: 1 BIOS y none 0x0000 0x00 4 *") {
				t.Error(report)
			}
			hasTable(t, read(t, out), at, len(loader))
			sameFiles(t, image, out)
			isotest.Must(t, up.Remove(0))
			_, err = up.Finish(set.Sectors())
			isotest.Must(t, err)
			if again, err := update.New(set, update.Options{}); err != nil || len(again.Entries()) != 0 {
				t.Errorf("after the only entry was removed: %v, %v", again.Entries(), err)
			}
		})
	}
	t.Run("no room", func(t *testing.T) {
		base := read(t, isotest.Xorriso(t, top))
		set := patch.New(bytes.NewReader(base), int64(len(base)), nil)
		var unsafe *patch.UnsafeError
		if err := update.MakeRoom(set, 0); !errors.As(err, &unsafe) {
			t.Errorf("error %v", err)
		}
		if len(set.Added()) > 0 {
			t.Error("the Set was changed")
		}
	})
}

// sameFiles checks that two images have the same files, as this program and xorriso read
// them.
func sameFiles(t *testing.T, a, b string) {
	t.Helper()
	var lists [2]string
	for i, image := range []string{a, b} {
		f, err := os.Open(image)
		isotest.Must(t, err)
		defer f.Close()
		info, err := f.Stat()
		isotest.Must(t, err)
		v, err := iso9660.Open(f, info.Size(), volume.Options{})
		isotest.Must(t, err)
		lists[i] = isotest.Listing(t, v, isotest.Posix(t, v))
		lists[i] += peertest.Run(t, "", "isoinfo", "-R", "-f", "-i", image)
	}
	isotest.Compare(t, "files", lists[1], lists[0])
}

// TestCatalogFull adds entries until the catalogue is full.
func TestCatalogFull(t *testing.T) {
	e := begin(t, makerOf(t, "xorriso El Torito").make(t, sample(t)))
	b := noise(2048)
	i := boot.Image{Path: "x"}
	var err error
	n := 0
	for ; n < 100 && err == nil; n++ {
		_, err = e.up.Add(i, layout.Bytes(b), int64(len(b)))
	}
	if err == nil || !strings.Contains(err.Error(), "full") {
		t.Fatalf("error %v after %d entries", err, n)
	}
	entries := catalogEntries(t, read(t, e.save()))
	// 2 entries were there, in 4 places of 64; a section of the BIOS has a header.
	if len(entries) != 2+59 {
		t.Errorf("%d entries", len(entries))
	}
}

// TestCatalogBytes edits a catalogue that has everything that El Torito knows: it keeps all
// that is not edited.
func TestCatalogBytes(t *testing.T) {
	le := binary.LittleEndian
	entry := func(head, medium byte, lba uint32, criteria string) []byte {
		b := make([]byte, 32)
		b[0], b[1] = head, medium
		le.PutUint16(b[6:], 4)
		le.PutUint32(b[8:], lba)
		copy(b[12:], criteria)
		return b
	}
	header := func(head, platform byte, n uint16, id string) []byte {
		b := make([]byte, 32)
		b[0], b[1] = head, platform
		le.PutUint16(b[2:], n)
		copy(b[4:], id)
		return b
	}
	extension := func(flags byte) []byte { b := noise(32); b[0], b[1] = 0x44, flags; return b }
	image := func() ([]byte, []byte) {
		img := make([]byte, 60*2048)
		copy(img[16*2048:], "\x01CD001\x01")
		copy(img[17*2048:], "\x00CD001\x01EL TORITO SPECIFICATION")
		le.PutUint32(img[17*2048+71:], 20)
		copy(img[18*2048:], "\xFFCD001\x01")
		p := make([]byte, 2048)
		boot.PutCatalog(p, "WHO MADE IT", []boot.Entry{{LBA: 30, LoadSectors: 4}})
		c := bytes.Join([][]byte{
			p[:64],
			header(0x90, 0, 2, "first section"), entry(0x88, 0x20, 31, "criteria 1"), extension(0x20), extension(0), entry(0, 0, 32, "criteria 2"),
			header(0x91, 0xEF, 1, "second section"), entry(0x88, 0, 33, ""),
		}, nil)
		copy(img[20*2048:], c)
		copy(img[21*2048-40:], "vendor data at the end of the sector")
		return img, img[20*2048 : 21*2048]
	}
	for _, c := range []struct {
		name string
		edit func(t *testing.T, u *update.Updater)
		want func(c []byte) []byte
	}{
		{"moved", func(t *testing.T, u *update.Updater) {
			_, err := u.Update([]patch.Move{{From: extent(31), To: extent(50)}, {From: extent(40), To: extent(51)}})
			isotest.Must(t, err)
		}, func(c []byte) []byte { le.PutUint32(c[96+8:], 50); return c }},
		{"removed from a section", func(t *testing.T, u *update.Updater) { isotest.Must(t, u.Remove(1)) }, func(c []byte) []byte {
			le.PutUint16(c[64+2:], 1)
			return append(append(c[:96:96], c[96+96:]...), make([]byte, 96)...)
		}},
		{"removed with the last section", func(t *testing.T, u *update.Updater) { isotest.Must(t, u.Remove(3)) }, func(c []byte) []byte {
			c[64] = 0x91
			return append(append(c[:224:224], c[224+64:]...), make([]byte, 64)...)
		}},
		{"removed default", func(t *testing.T, u *update.Updater) { isotest.Must(t, u.Remove(0)) }, func(c []byte) []byte {
			first := entry(0x88, 0, 31, "")
			le.PutUint16(c[64+2:], 1)
			d := append(append(c[:96:96], c[96+96:]...), make([]byte, 96)...)
			copy(d[32:], first)
			return d
		}},
		{"added", func(t *testing.T, u *update.Updater) {
			_, err := u.Add(boot.Image{Path: "x", Platform: boot.PowerPC, LoadSectors: 7}, layout.Bytes(noise(100)), 100)
			isotest.Must(t, err)
		}, func(c []byte) []byte {
			c[224] = 0x90
			e := entry(0x88, 0, 60, "")
			e[6] = 7
			return append(append(append(c[:288:288], header(0x91, 1, 1, "")...), e...), c[288+64:]...)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			img, old := image()
			want := c.want(bytes.Clone(old))
			// What follows the entries moves with them, if it must at all.
			set := patch.New(bytes.NewReader(img), int64(len(img)), nil)
			u, err := update.New(set, update.Options{})
			isotest.Must(t, err)
			c.edit(t, u)
			_, err = u.Finish(set.Sectors())
			isotest.Must(t, err)
			got := make([]byte, 2048)
			_, err = set.ReadAt(got, 20*2048)
			isotest.Must(t, err)
			if !bytes.Equal(got[:1024], want[:1024]) {
				t.Errorf("the catalogue is\n% x\nwant\n% x", got[:384], want[:384])
			}
			if !bytes.Contains(got, []byte("vendor data at the end")) {
				t.Error("what follows the entries is lost")
			}
		})
	}
}

func extent(lba int) []volume.Extent {
	return []volume.Extent{{Start: disc.LBA(lba), Length: 2048}}
}

// TestCatalogMoved moves the file of the catalogue, and removes it.
func TestCatalogMoved(t *testing.T) {
	image := makerOf(t, "xorriso El Torito").make(t, sample(t))
	before := peertest.BootReport(t, image)
	t.Run("moved", func(t *testing.T) {
		e := begin(t, image)
		e.replace("isolinux/boot.cat", noise(2048))
		isotest.Compare(t, "reports", peertest.BootReport(t, e.save()), before)
	})
	t.Run("removed", func(t *testing.T) {
		e := begin(t, image)
		e.remove("isolinux/boot.cat")
		isotest.Compare(t, "reports", peertest.BootReport(t, e.save()), before)
	})
}

// TestHiddenImage replaces an image that is no file of the volume.
func TestHiddenImage(t *testing.T) {
	image := makerOf(t, "xorriso isohybrid MBR").make(t, sample(t))
	before := peertest.BootReport(t, image)
	e := begin(t, image)
	loader := append(read(t, peertest.ISOLINUX), noise(2000)...)
	isotest.Must(t, e.up.Replace(0, layout.Bytes(loader), int64(len(loader))))
	e.fs = nil
	out := e.save()
	after := peertest.BootReport(t, out)
	img := read(t, out)
	lba := int64(catalogEntries(t, img)[0].LBA)
	hasTable(t, img, volume.Extent{Start: disc.LBA(lba)}, len(loader))
	if code := binary.LittleEndian.Uint64(img[432:]); code != uint64(lba)*4 {
		t.Errorf("the boot code for disks has address %d, the image is at sector %d", code, lba)
	}
	for _, line := range strings.Split(before, "\n") {
		// xorriso examines only images that are files.
		if !strings.Contains(line, "img path: 1") && !strings.Contains(line, "img opts: 1") && !strings.Contains(line, "System area") && !strings.Contains(after, line) {
			t.Errorf("the line %q is missing in\n%s", line, after)
		}
	}
}

// hasTable checks that the default entry has an image with a boot information table.
func hasTable(t *testing.T, img []byte, at volume.Extent, size int) {
	t.Helper()
	if lba := int64(catalogEntries(t, img)[0].LBA); lba != int64(at.Start) {
		t.Errorf("the catalogue has sector %d, but the image is at %d", lba, at.Start)
	}
	b := img[int64(at.Start)*boot.SectorSize:]
	le := binary.LittleEndian
	if le.Uint32(b[8:]) != 16 || le.Uint32(b[12:]) != uint32(at.Start) || le.Uint32(b[16:]) != uint32(size) {
		t.Errorf("the boot information table is % x", b[8:24])
	}
}

// TestFileAtEnd has a UEFI image that is a file of the volume, and that an edit has moved to
// its end, where appended partitions are.
func TestFileAtEnd(t *testing.T) {
	top := sample(t)
	m := makerOf(t, "xorriso EFI partition")
	e := begin(t, m.make(t, top))
	efi := read(t, filepath.Join(top, efiFile))
	e.replace(m.efi, efi)
	image := e.save()
	start := func(img []byte) (lba, partition int64) {
		for _, table := range boot.Tables(bytes.NewReader(img), int64(len(img))) {
			for _, p := range table.Entries {
				if p.Type == "EFI system" {
					partition = p.Start / 4
				}
			}
		}
		return int64(catalogEntries(t, img)[1].LBA), partition
	}
	t.Run("growth", func(t *testing.T) {
		e := begin(t, image)
		e.set.Add(layout.Bytes(noise(300000)), 300000)
		before, _ := start(e.base)
		lba, partition := start(read(t, e.save()))
		if lba != before || partition != before || e.up.Copied() != 0 {
			t.Errorf("the file at sector %d is at %d in the catalogue and %d in the GPT, %d bytes were copied", before, lba, partition, e.up.Copied())
		}
	})
	t.Run("replaced", func(t *testing.T) {
		e := begin(t, image)
		e.replace(m.efi, efi)
		to := int64(e.moves[0].To[0].Start)
		lba, partition := start(read(t, e.save()))
		if lba != to || partition != to {
			t.Errorf("the file at sector %d is at %d in the catalogue and %d in the GPT", to, lba, partition)
		}
	})
}

// TestExchange removes all entries and adds others with larger images, as a user does who
// replaces what an image boots: partitions keep their identifiers, and the entry for a BIOS
// is the default entry again.
func TestExchange(t *testing.T) {
	top := sample(t)
	for _, m := range makers() {
		if m.name == "grub-mkrescue" || m.name == "xorriso isohybrid" || strings.HasPrefix(m.name, "isohybrid") && m.name != "isohybrid UEFI" {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			image := m.make(t, top)
			before := peertest.BootReport(t, image)
			e := begin(t, image)
			isotest.Must(t, e.up.Remove(0))
			isotest.Must(t, e.up.Remove(0))
			efi, bios := larger(t), append(read(t, filepath.Join(top, m.bios)), noise(3000)...)
			add := func(i boot.Image, b []byte) int64 {
				at, err := e.up.Add(i, e.up.Prepare(i, layout.Bytes(b), int64(len(b))), int64(len(b)))
				isotest.Must(t, err)
				return int64(at.Start)
			}
			efiAt := add(boot.Image{Path: "e", Platform: boot.EFI}, efi)
			biosAt := add(boot.Image{Path: "b", InfoTable: true, GRUBInfo: m.bios == biosGRUB}, bios)
			img := read(t, e.save())
			for _, n := range e.up.Notices() {
				t.Error(n)
			}
			entries := catalogEntries(t, img)
			if len(entries) != 2 || entries[0].Platform != boot.BIOS || int64(entries[0].LBA) != biosAt || entries[1].Platform != boot.EFI || int64(entries[1].LBA) != efiAt {
				t.Fatalf("the entries are %+v, the images at sectors %d and %d", entries, biosAt, efiAt)
			}
			code := binary.LittleEndian.Uint64(img[432:])
			if was := binary.LittleEndian.Uint64(e.base[432:]); was != 0 && code != uint64(biosAt)*4 && code != uint64(biosAt)*4+4 {
				t.Errorf("the boot code for disks has address %d, the image is at sector %d", code, biosAt)
			}
			was, now := guids(before), guids(peertest.BootReport(t, writeTemp(t, img)))
			if !strings.HasPrefix(now, was) {
				t.Errorf("the identifiers of partitions were\n%sand are\n%s", was, now)
			}
			for _, table := range boot.Tables(bytes.NewReader(img), int64(len(img))) {
				for _, p := range table.Entries {
					efiPart := p.Type == "EFI system" || strings.HasPrefix(p.Type, "type EF")
					if efiPart && !bytes.Equal(img[p.Start*512:][:len(efi)], efi) {
						t.Errorf("%s partition %d is not the new UEFI image", table.Kind, p.Number)
					}
				}
			}
		})
	}
}

func writeTemp(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.iso")
	isotest.Must(t, os.WriteFile(path, b, 0o644))
	return path
}

// guids returns the identifiers in a report.
func guids(report string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(report, "\n") {
		if strings.Contains(line, "GUID") {
			b.WriteString(line)
		}
	}
	return b.String()
}
