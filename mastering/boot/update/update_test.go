package update_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
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

// editing is an edit of an image as an editor makes it: it stands in for the updater of the
// volume, and changes directory records only as far as this needs.
type editing struct {
	t     testing.TB
	base  []byte
	set   *patch.Set
	up    *update.Updater
	moves []patch.Move
	fs    *iso9660.FS
}

func begin(t testing.TB, image string) *editing {
	t.Helper()
	e := &editing{t: t, base: read(t, image)}
	r := bytes.NewReader(e.base)
	e.set = patch.New(r, int64(len(e.base)), nil)
	var err error
	e.fs, err = iso9660.Open(r, int64(len(e.base)), volume.Options{})
	isotest.Must(t, err)
	e.up, err = update.New(e.set, update.Options{})
	isotest.Must(t, err)
	return e
}

func (e *editing) extents(path string) []volume.Extent {
	e.t.Helper()
	info, err := e.fs.Stat(path)
	isotest.Must(e.t, err)
	return info.Sys().(*volume.Attributes).Extents
}

// replace replaces a file by other contents.
func (e *editing) replace(path string, b []byte) {
	e.t.Helper()
	old := e.extents(path)
	at := e.set.Add(e.up.Source(old, layout.Bytes(b), int64(len(b))), int64(len(b)))
	to := volume.Extent{Start: disc.LBA(at), Length: int64(len(b))}
	e.relink(old[0], to)
	e.moves = append(e.moves, patch.Move{From: old, To: []volume.Extent{to}, Path: path})
}

// remove removes the contents of a file. Its directory record stays, which no boot structure
// depends on.
func (e *editing) remove(path string) {
	e.t.Helper()
	e.moves = append(e.moves, patch.Move{From: e.extents(path), Path: path})
}

// relink changes the address and the size in directory records, with the other set of
// directories that a partition offset needs.
func (e *editing) relink(from, to volume.Extent) {
	for _, offset := range []int64{0, 16} {
		want, now := recorded(int64(from.Start)-offset, from.Length), recorded(int64(to.Start)-offset, to.Length)
		for at := 0; ; at += len(want) {
			i := bytes.Index(e.base[at:], want)
			if i < 0 {
				break
			}
			at += i
			e.write(now, int64(at))
		}
	}
}

func recorded(lba, size int64) []byte {
	le, be := binary.LittleEndian, binary.BigEndian
	b := le.AppendUint32(nil, uint32(lba))
	b = be.AppendUint32(b, uint32(lba))
	b = le.AppendUint32(b, uint32(size))
	return be.AppendUint32(b, uint32(size))
}

func (e *editing) write(b []byte, off int64) {
	e.t.Helper()
	_, err := e.set.WriteAt(b, off)
	isotest.Must(e.t, err)
}

// save finishes the edit and returns the new image.
func (e *editing) save() string {
	e.t.Helper()
	notices, err := e.up.Update(e.moves)
	isotest.Must(e.t, err)
	for _, n := range notices {
		e.t.Log(n)
	}
	end, err := e.up.Finish(e.set.Sectors())
	isotest.Must(e.t, err)
	if end != e.set.Sectors() {
		e.t.Errorf("the image ends at sector %d, but the Set at %d", end, e.set.Sectors())
	}
	for _, offset := range []int64{0, 16} {
		d := e.base[(16+offset)*boot.SectorSize:]
		if string(d[:6]) != "\x01CD001" {
			continue
		}
		old := int64(binary.LittleEndian.Uint32(d[80:]))
		b := recorded(e.up.End(old+offset)-offset, 0)[:8]
		e.write(b, (16+offset)*boot.SectorSize+80)
	}
	for _, c := range e.up.Changes() {
		e.t.Log(c)
	}
	l, err := e.set.Layout()
	isotest.Must(e.t, err)
	out := filepath.Join(e.t.TempDir(), "edited.iso")
	f, err := os.Create(out)
	isotest.Must(e.t, err)
	defer f.Close()
	isotest.Must(e.t, l.WriteTo(context.Background(), f, layout.WriteOptions{}))
	return out
}

// TestEdits edits images that several programs made, and lets xorriso and the partition
// tools compare the result.
func TestEdits(t *testing.T) {
	peertest.Need(t, "xorriso", "sgdisk", "sfdisk", "isohybrid")
	top := sample(t)
	for _, m := range makers() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			image := m.make(t, top)
			before := peertest.BootReport(t, image)
			t.Run("unchanged", func(t *testing.T) {
				e := begin(t, image)
				if out := read(t, e.save()); !bytes.Equal(out, e.base) {
					t.Error("the image has changed, though nothing was edited")
				}
			})
			t.Run("growth", func(t *testing.T) {
				e := begin(t, image)
				b := noise(300000)
				at := e.set.Add(layout.Bytes(b), int64(len(b)))
				once := check(t, m, e, before, at+147)
				e = begin(t, once)
				at = e.set.Add(layout.Bytes(b), int64(len(b)))
				check(t, m, e, peertest.BootReport(t, once), at+147)
			})
			t.Run("BIOS image", func(t *testing.T) { replaceBIOS(t, m, image, before) })
			t.Run("UEFI image", func(t *testing.T) { replaceEFI(t, m, image, before) })
			t.Run("removed", func(t *testing.T) { removeEFI(t, m, image, before) })
		})
	}
}

func replaceBIOS(t *testing.T, m maker, image, before string) {
	e := begin(t, image)
	old, err := fs.ReadFile(e.fs, m.bios)
	isotest.Must(t, err)
	b := append(bytes.Clone(old), noise(5000)...)
	clear(b[8:64]) // as the file of the package has it
	e.replace(m.bios, b)
	end := e.set.Sectors()
	out := check(t, m, e, before, end)
	img := read(t, out)
	lba := int64(catalogEntries(t, img)[0].LBA)
	got := img[lba*boot.SectorSize:][:len(b)]
	le := binary.LittleEndian
	var sum uint32
	for i := 64; i < len(b); i += 4 {
		sum += le.Uint32(append(bytes.Clone(got[i:min(i+4, len(b))]), 0, 0, 0))
	}
	if le.Uint32(got[8:]) != 16 || int64(le.Uint32(got[12:])) != lba || le.Uint32(got[16:]) != uint32(len(b)) || le.Uint32(got[20:]) != sum {
		t.Errorf("the boot information table of the image at %d is % x", lba, got[8:24])
	}
	if strings.Contains(before, "grub2-boot-info") && le.Uint64(got[2548:]) != uint64(lba)*4+5 {
		t.Errorf("GRUB's address is %d", le.Uint64(got[2548:]))
	}
	copy(got[8:64], b[8:64])
	copy(got[2548:2556], b[2548:2556])
	if !bytes.Equal(got, b) {
		t.Error("the new boot image differs from its contents")
	}
	code := le.Uint64(img[432:])
	switch {
	case strings.Contains(before, "grub2-mbr") && code != uint64(lba)*4+4, strings.Contains(before, "isohybrid ") && code != uint64(lba)*4:
		t.Errorf("the boot code for disks has address %d, the image is at sector %d", code, lba)
	}
}

// larger returns a UEFI image of 5.6 MB.
func larger(t testing.TB) []byte {
	t.Helper()
	peertest.Need(t, "mformat")
	path := filepath.Join(t.TempDir(), "large.img")
	isotest.Must(t, os.WriteFile(path, make([]byte, 5760<<10), 0o644))
	peertest.Run(t, "", "mformat", "-i", path, "-N", "87654321", "-h", "2", "-s", "36", "-t", "160", "::")
	return read(t, path)
}

func replaceEFI(t *testing.T, m maker, image, before string) {
	e := begin(t, image)
	entries := e.up.Entries()
	if len(entries) < 2 {
		return
	}
	b := larger(t)
	end := e.set.Sectors()
	switch {
	case m.efi != "":
		e.replace(m.efi, b)
		e.set.Add(layout.Bytes(b[:100000]), 100000) // after it
		end = e.set.Sectors()
	case !entries[1].Appended:
		t.Fatalf("the UEFI image is neither a file nor appended: %+v", entries[1])
	default:
		isotest.Must(t, e.up.Replace(1, layout.Bytes(b), int64(len(b))))
	}
	before = strings.ReplaceAll(before, " 5760 *", " 11520 *") // the size to load
	before = strings.ReplaceAll(before, "El Torito img blks: 2 1440", "El Torito img blks: 2 2880")
	out := check(t, m, e, before, end)
	img := read(t, out)
	lba := int64(catalogEntries(t, img)[1].LBA)
	if !bytes.Equal(img[lba*boot.SectorSize:][:len(b)], b) {
		t.Error("the UEFI image is not where the catalogue says")
	}
	e = begin(t, out) // and once more
	at := e.set.Add(layout.Bytes(b[:300000]), 300000)
	check(t, m, e, peertest.BootReport(t, out), at+147)
}

func removeEFI(t *testing.T, m maker, image, before string) {
	e := begin(t, image)
	n := len(e.up.Entries())
	if m.efi == "" {
		return
	}
	e.remove(m.efi)
	out := e.save()
	after := peertest.BootReport(t, out)
	want := strings.ReplaceAll(before, "MBR cyl", "MBR cyl")
	for _, line := range strings.Split(after, "\n") {
		if !strings.Contains(want, line) && !strings.Contains(line, "summary") && !strings.Contains(line, "GPT entry array") && !strings.Contains(line, "APM") {
			t.Errorf("xorriso says %q, which it did not say before\n%s", line, before)
		}
	}
	if got := len(catalogEntries(t, read(t, out))); got >= n || strings.Contains(after, "UEFI") || strings.Contains(after, " 0xef") {
		t.Errorf("the UEFI image is still there:\n%s", after)
	}
	tools(t, m, image, out)
	unchangedBytes(t, e)
}

func catalogEntries(t testing.TB, img []byte) []boot.CatalogEntry {
	t.Helper()
	at := int64(binary.LittleEndian.Uint32(img[17*boot.SectorSize+71:]))
	c, err := boot.ParseCatalog(img[at*boot.SectorSize:])
	isotest.Must(t, err)
	if !c.Checksum {
		t.Error("the checksum of the catalogue is wrong")
	}
	return c.Entries
}

// check saves an edit and checks the new image: xorriso reports the same, addresses aside;
// the contents of all boot images are where catalogue and tables say; the partition of the
// volume has everything up to sector end; all other bytes are the same.
func check(t *testing.T, m maker, e *editing, before string, end int64) string {
	t.Helper()
	old := e.up.Entries()
	out := e.save()
	img := read(t, out)
	after := peertest.BootReport(t, out)
	if !overlaps(e.base) {
		if overlaps(img) {
			t.Errorf("partitions of the GPT overlap: UEFI ignores them\n%s", after)
		}
		// xorriso calls partitions overlapping whose starts are not in their order, too.
		after = strings.ReplaceAll(withoutGap(after, before), " overlapping", " separated")
		before = strings.ReplaceAll(before, " overlapping", " separated")
	}
	isotest.Compare(t, "reports of xorriso", after, before)
	now := catalogEntries(t, img)
	for i, x := range now {
		was := e.base[int64(old[i].LBA)*boot.SectorSize:]
		is := img[int64(x.LBA)*boot.SectorSize:]
		if bytes.HasPrefix(was, []byte("\xEB\x3C\x90MTOO")) && !bytes.HasPrefix(is, []byte("\xEB\x3C\x90MTOO")) {
			t.Errorf("the catalogue has sector %d for image %d, which is not there", x.LBA, i+1)
		}
	}
	tables := boot.Tables(bytes.NewReader(img), int64(len(img)))
	covered := false
	for _, table := range tables {
		if table.Problem != "" {
			t.Errorf("%s: %s", table.Kind, table.Problem)
		}
		for _, p := range table.Entries {
			if p.Start+p.Blocks > int64(len(img))/boot.BlockSize+3 {
				t.Errorf("%s partition %d ends at block %d, after the image", table.Kind, p.Number, p.Start+p.Blocks)
			}
			covered = covered || p.Number == 1 && p.Start <= 64 && p.Start+p.Blocks >= end*4 && !strings.Contains(p.Type, "protective")
			if p.Type == "EFI system" || strings.HasPrefix(p.Type, "type EF") {
				if !bytes.HasPrefix(img[p.Start*boot.BlockSize:], []byte("\xEB\x3C\x90MTOO")) {
					t.Errorf("%s partition %d at block %d is not the UEFI image", table.Kind, p.Number, p.Start)
				}
			}
		}
	}
	if m.whole && !covered {
		t.Errorf("partition 1 does not have all of the volume up to block %d: %+v", end*4, tables)
	}
	tools(t, m, "", out)
	unchangedBytes(t, e)
	return out
}

// withoutGap removes the GPT partition that was added for the end of the volume, after a
// UEFI image that moved there.
func withoutGap(after, before string) string {
	for n := 1; n < 10; n++ {
		name := fmt.Sprintf("GPT partition name: %d ", n)
		if !strings.Contains(after, name+"470061007000\n") || strings.Contains(before, name) {
			continue
		}
		var b strings.Builder
		for _, line := range strings.SplitAfter(after, "\n") {
			if !strings.HasPrefix(line, "GPT ") || !strings.Contains(line, fmt.Sprintf(": %d ", n)) {
				b.WriteString(line)
			}
		}
		after = b.String()
	}
	return after
}

// overlaps reports whether partitions of the GPT overlap.
func overlaps(img []byte) bool {
	for _, table := range boot.Tables(bytes.NewReader(img), int64(len(img))) {
		for i, p := range table.Entries {
			for _, q := range table.Entries[i+1:] {
				if table.Kind == "GPT" && p.Start < q.Start+q.Blocks && q.Start < p.Start+p.Blocks {
					return true
				}
			}
		}
	}
	return false
}

// tools lets partition tools verify an image that they can verify.
func tools(t *testing.T, m maker, _, image string) {
	t.Helper()
	if !m.clean {
		return
	}
	text, err := exec.Command("sgdisk", "-v", image).CombinedOutput()
	if strings.Contains(peertest.BootReport(t, image), "GPT") && (err != nil || !bytes.Contains(text, []byte("No problems found"))) {
		t.Errorf("sgdisk: %v\n%s", err, text)
	}
}

// unchangedBytes checks that only boot structures were overwritten: the system area, volume
// descriptors, directories, the catalogue, and the header of the old backup GPT.
func unchangedBytes(t *testing.T, e *editing) {
	t.Helper()
	for off, b := range e.set.Overwritten() {
		for i := 0; i < len(b); i += boot.SectorSize {
			lba := (off + int64(i)) / boot.SectorSize
			was := e.base[lba*boot.SectorSize:]
			diff := 0
			for k := range min(boot.SectorSize, len(was)) {
				if was[k] != b[i+k] {
					diff++
				}
			}
			backup := bytes.Contains(was[:min(boot.SectorSize, len(was))], []byte("EFI PART"))
			if lba >= 34 && diff > 100 && !backup {
				t.Errorf("%d bytes of sector %d were overwritten", diff, lba)
			}
		}
	}
}
