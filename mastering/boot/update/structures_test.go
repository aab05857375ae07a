package update_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/boot/update"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	_ "glassmaster/mastering/volume/formats"
)

// opened opens an image file for editing.
func opened(t testing.TB, image string) *edit.Image {
	t.Helper()
	f, err := os.Open(image)
	isotest.Must(t, err)
	info, err := f.Stat()
	isotest.Must(t, err)
	d := disc.FromReaderAt(f, info.Size(), f.Close)
	t.Cleanup(func() { d.Close() })
	m, err := edit.Open(t.Context(), d, edit.Options{})
	isotest.Must(t, err)
	return m
}

// saved saves a plan as a new image.
func saved(t testing.TB, p *edit.Plan) string {
	t.Helper()
	if p.Unsafe != nil {
		t.Fatal(p.Unsafe)
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	d := p.Disc()
	b := make([]byte, p.After)
	_, err := d.(interface {
		ReadAt(p []byte, off int64) (int, error)
	}).ReadAt(b, 0)
	isotest.Must(t, err)
	out := filepath.Join(t.TempDir(), "out.iso")
	isotest.Must(t, os.WriteFile(out, b, 0o644))
	return out
}

// replaced edits an image: a file and its boot images are replaced, so that their old
// contents are unused.
func replaced(t testing.TB, m maker, image string, contents map[string][]byte) string {
	t.Helper()
	e := opened(t, image)
	root := e.Compilation().Root()
	for path, b := range contents {
		n := root.Lookup("/" + path)
		if n == nil {
			t.Fatalf("%s: there is no %s", m.name, path)
		}
		n.Size = int64(len(b))
		n.SetSource(layout.Bytes(b))
	}
	root.Append(tree.NewFile("new.bin", 5000, root.ModTime(), layout.Bytes(noise(5000))))
	p, err := e.Plan(t.Context(), nil)
	isotest.Must(t, err)
	return saved(t, p)
}

// compacted compacts an image.
func compacted(t testing.TB, image string) string {
	t.Helper()
	p, err := opened(t, image).Compact(t.Context(), nil)
	isotest.Must(t, err)
	return saved(t, p)
}

// changesOf are the files that are replaced in an image.
func changesOf(t testing.TB, m maker, top string) map[string][]byte {
	t.Helper()
	changes := map[string][]byte{"data.bin": noise(300000)}
	if m.name != "grub-mkrescue" {
		changes[m.bios] = append(read(t, filepath.Join(top, m.bios)), noise(5000)...)
	}
	if m.efi != "" {
		changes[m.efi] = append(read(t, filepath.Join(top, efiFile)), make([]byte, 200000)...)
	}
	return changes
}

// TestCompact replaces files and boot images of images that several programs made, and drops
// what is no longer used: xorriso reports the same boot structures, addresses aside; boot
// images and partitions have the same contents; other programs extract the same files.
func TestCompact(t *testing.T) {
	peertest.Need(t, "xorriso", "sgdisk", "sfdisk", "isohybrid", "bsdtar", "7z")
	top := sample(t)
	for _, m := range makers() {
		if m.name == "grub-mkrescue" {
			continue // it has HFS+, which cannot be moved
		}
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			image := m.make(t, top)
			t.Run("unchanged", func(t *testing.T) { checkCompact(t, m, image, 0) })
			changed := replaced(t, m, image, changesOf(t, m, top))
			out := checkCompact(t, m, changed, 1_000_000)
			again := compacted(t, out)
			if a, b := read(t, again), read(t, out); !bytes.Equal(a, b) {
				for i := range min(len(a), len(b)) {
					if a[i] != b[i] {
						t.Logf("byte %d", i)
						break
					}
				}
				t.Errorf("%d bytes become %d when they are compacted again", len(b), len(a))
			}
		})
	}
}

// checkCompact compacts an image and checks the result, which must be smaller by a number of
// bytes.
func checkCompact(t *testing.T, m maker, image string, smaller int) string {
	t.Helper()
	out := compacted(t, image)
	a, b := read(t, image), read(t, out)
	t.Logf("%d bytes became %d", len(a), len(b))
	if len(b) > len(a)-smaller {
		t.Errorf("%d bytes became %d", len(a), len(b))
	}
	isotest.Compare(t, "reports of xorriso", peertest.BootReport(t, out), peertest.BootReport(t, image))
	tools(t, m, image, out)
	if !overlaps(a) && overlaps(b) {
		t.Error("partitions of the GPT overlap: UEFI ignores them")
	}
	compareImages(t, a, b)
	comparePartitions(t, m, a, b)
	for _, list := range []string{"bsdtar -tvf %s", "isoinfo -R -f -i %s", "xorriso -indev %s -find / -exec lsdl"} {
		if got, want := listing(t, list, out), listing(t, list, image); got != want {
			t.Errorf(list+" says\n%s\ninstead of\n%s", out, got, want)
		}
	}
	for _, x := range []string{"bsdtar -C %[2]s -xf %[1]s", "7z x -y -o%[2]s %[1]s", "xorriso -osirrox on -indev %[1]s -extract / %[2]s"} {
		compareFolders(t, m, extracted(t, x, out), extracted(t, x, image))
	}
	return out
}

func listing(t *testing.T, format, image string) string {
	t.Helper()
	args := strings.Fields(fmt.Sprintf(format, image))
	text, err := exec.Command(args[0], args[1:]...).Output()
	if err != nil {
		t.Errorf("%s: %v", args, err)
	}
	return string(text)
}

func extracted(t *testing.T, format, image string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "x")
	isotest.Must(t, os.Mkdir(dir, 0o755))
	args := strings.Fields(fmt.Sprintf(format, image, dir))
	if text, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", args, err, text)
	}
	t.Cleanup(func() { _ = exec.Command("chmod", "-R", "u+w", dir).Run() })
	return dir
}

// compareFolders compares what was extracted, apart from addresses in boot images.
func compareFolders(t *testing.T, m maker, a, b string) {
	t.Helper()
	count := 0
	isotest.Must(t, filepath.WalkDir(b, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(b, path)
		if strings.Contains(name, "BOOT]") || filepath.Base(name) == "boot.cat" {
			return nil // it has addresses
		}
		count++
		got, err := os.ReadFile(filepath.Join(a, name))
		want := read(t, path)
		if name == m.bios {
			got, want = withoutAddresses(got), withoutAddresses(want)
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs: %v", name, err)
		}
		return nil
	}))
	if count < 5 {
		t.Errorf("only %d files were extracted", count)
	}
}

// withoutAddresses clears the addresses and the checksum in a boot image.
func withoutAddresses(b []byte) []byte {
	b = bytes.Clone(b)
	for _, f := range [][2]int{{12, 16}, {20, 24}, {2548, 2556}} {
		if len(b) >= f[1] {
			clear(b[f[0]:f[1]])
		}
	}
	return b
}

// compareImages checks that each entry of the catalogue refers to the same contents, and
// that boot information tables are right.
func compareImages(t *testing.T, a, b []byte) {
	t.Helper()
	le := binary.LittleEndian
	old := catalogEntries(t, a)
	for i, e := range catalogEntries(t, b) {
		x, y := a[int64(old[i].LBA)*boot.SectorSize:], b[int64(e.LBA)*boot.SectorSize:]
		n := min(len(x), len(y), 60000)
		if le.Uint32(x[8:]) == 16 && le.Uint32(x[12:]) == old[i].LBA {
			n = min(n, int(le.Uint32(x[16:])))
		}
		if !bytes.Equal(withoutAddresses(x[:n]), withoutAddresses(y[:n])) {
			t.Errorf("entry %d of the catalogue refers to something else", i+1)
		}
		if le.Uint32(x[8:]) != 16 || le.Uint32(x[12:]) != old[i].LBA {
			continue
		}
		size, sum := int(le.Uint32(y[16:])), uint32(0)
		for k := 64; k < size; k += 4 {
			sum += le.Uint32(append(bytes.Clone(y[k:min(k+4, size)]), 0, 0, 0))
		}
		if le.Uint32(y[12:]) != e.LBA || le.Uint32(y[20:]) != sum {
			t.Errorf("the boot information table of the image at %d is % x", e.LBA, y[8:24])
		}
		if le.Uint64(x[2548:]) == uint64(old[i].LBA)*4+5 && le.Uint64(y[2548:]) != uint64(e.LBA)*4+5 {
			t.Errorf("GRUB's address is %d", le.Uint64(y[2548:]))
		}
		if code := le.Uint64(a[432:]); code == uint64(old[i].LBA)*4 && le.Uint64(b[432:]) != uint64(e.LBA)*4 || code == uint64(old[i].LBA)*4+4 && le.Uint64(b[432:]) != uint64(e.LBA)*4+4 {
			t.Errorf("the boot code for disks has address %d, the image is at sector %d", le.Uint64(b[432:]), e.LBA)
		}
	}
}

// comparePartitions checks that partitions which are contents have the same ones, and that
// the others are in the image and have the whole volume.
func comparePartitions(t *testing.T, m maker, a, b []byte) {
	t.Helper()
	old, now := boot.Tables(bytes.NewReader(a), int64(len(a))), boot.Tables(bytes.NewReader(b), int64(len(b)))
	if len(old) != len(now) {
		t.Fatalf("there are %d tables instead of %d", len(now), len(old))
	}
	volume := int64(binary.LittleEndian.Uint32(b[16*boot.SectorSize+80:]))
	covered := false
	for i, table := range now {
		if table.Problem != "" && old[i].Problem == "" {
			t.Errorf("%s: %s", table.Kind, table.Problem)
		}
		for k, p := range table.Entries {
			if p.Start+p.Blocks > int64(len(b))/boot.BlockSize+3 && !strings.Contains(p.Type, "map") && table.Kind != "APM" {
				t.Errorf("%s partition %d ends at block %d, after the image", table.Kind, p.Number, p.Start+p.Blocks)
			}
			covered = covered || p.Number == 1 && p.Start <= 64 && !strings.Contains(p.Type, "protective") && (p.Start+p.Blocks >= volume*4 || appended(now))
			if k >= len(old[i].Entries) || p.Start <= 64 || strings.HasPrefix(p.Name, "Gap") {
				continue
			}
			q := old[i].Entries[k]
			x, y := a[q.Start*boot.BlockSize:], b[p.Start*boot.BlockSize:]
			n := min(int(p.Blocks)*boot.BlockSize, len(x), len(y))
			if table.Kind == "APM" {
				n = min(n, 60000)
			}
			if p.Blocks != q.Blocks || !bytes.Equal(x[:n], y[:n]) {
				t.Errorf("%s partition %d at block %d differs from that at block %d", table.Kind, p.Number, p.Start, q.Start)
			}
		}
	}
	if m.whole && !covered {
		t.Errorf("partition 1 does not have all of the volume of %d sectors: %+v", volume, now)
	}
}

// appended reports whether a partition follows that of the volume.
func appended(tables []boot.Table) bool {
	for _, table := range tables {
		for _, p := range table.Entries {
			if p.Number == 2 && p.Start > 64 {
				return true
			}
		}
	}
	return false
}

// TestCompactBridge compacts bootable images with UDF, whose last anchor is at the end of the
// volume.
func TestCompactBridge(t *testing.T) {
	peertest.Need(t, "xorriso", "sgdisk", "bsdtar", "7z", "udfinfo")
	top := sample(t)
	bridge := func(args ...string) func(testing.TB, string) string {
		return func(t testing.TB, top string) string {
			image := isotest.Genisoimage(t, top, join([]string{"-R", "-udf"}, linuxArgs(altEFI...))...)
			if len(args) > 0 {
				peertest.Run(t, "", "isohybrid", append(args[1:], image)...)
			}
			return image
		}
	}
	for _, m := range []maker{
		{"bridge", bridge(), biosLinux, efiFile, false, false},
		{"isohybrid bridge", bridge("isohybrid"), biosLinux, efiFile, true, true},
		{"isohybrid UEFI bridge", bridge("isohybrid", "--uefi"), biosLinux, efiFile, true, false},
	} {
		t.Run(m.name, func(t *testing.T) {
			image := m.make(t, top)
			checkCompact(t, m, image, 0)
			if m.name != "bridge" {
				return // isohybrid's padding is in the place of the last anchor
			}
			changed := replaced(t, m, image, changesOf(t, m, top))
			out := checkCompact(t, m, changed, 1_000_000)
			was, is := peertest.Run(t, "", "udfinfo", changed), peertest.Run(t, "", "udfinfo", out)
			for _, line := range strings.Split(was, "\n") {
				key, _, _ := strings.Cut(line, "=")
				if strings.Contains("label uuid lvid vid integrity accesstype numfiles numdirs udfrev", key) && !strings.Contains(is, line+"\n") {
					t.Errorf("udfinfo no longer says %q:\n%s", line, is)
				}
			}
		})
	}
}

// TestCompactHidden removes the file names of boot images: their contents are only in the
// catalogue then, and must stay.
func TestCompactHidden(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := sample(t)
	m := makerOf(t, "xorriso El Torito")
	image := isotest.Xorriso(t, top, append(linuxArgs(altEFI...), "-hide", "isolinux.bin", "-hide", "efi.img", "-hide", "boot.cat")...)
	for _, e := range []string{"isolinux", "boot"} {
		if text := listing(t, "bsdtar -tf %s", image); strings.Contains(text, e+"/efi.img") || strings.Contains(text, "isolinux.bin") {
			t.Fatalf("the boot images are not hidden:\n%s", text)
		}
	}
	changed := replaced(t, m, image, map[string][]byte{"data.bin": noise(200000)})
	out := compacted(t, changed)
	a, b := read(t, changed), read(t, out)
	if len(b) > len(a)-400000 {
		t.Errorf("%d bytes became %d", len(a), len(b))
	}
	// How many blocks hidden images have, xorriso can only guess.
	guess := regexp.MustCompile(`(?m)^El Torito img blks.*$`)
	isotest.Compare(t, "reports of xorriso", guess.ReplaceAllString(peertest.BootReport(t, out), ""), guess.ReplaceAllString(peertest.BootReport(t, changed), ""))
	compareImages(t, a, b)
	want := read(t, filepath.Join(top, efiFile))
	if at := int(catalogEntries(t, b)[1].LBA) * boot.SectorSize; !bytes.Equal(b[at:at+len(want)], want) {
		t.Error("the hidden UEFI image is not whole")
	}
}

// TestSurveyRefuses checks that structures are refused which cannot be moved.
func TestSurveyRefuses(t *testing.T) {
	peertest.Need(t, "xorriso", "genisoimage")
	top := sample(t)
	for name, image := range map[string]string{
		"HFS+":      isotest.Xorriso(t, top, "-hfsplus"),
		"Sun SPARC": isotest.Genisoimage(t, top, "-R", "-B", "..."),
	} {
		t.Run(name, func(t *testing.T) {
			b := read(t, image)
			_, err := update.Survey(bytes.NewReader(b), int64(len(b)))
			if err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestCompactMachineStarts starts machines from images that were edited and compacted.
func TestCompactMachineStarts(t *testing.T) {
	if testing.Short() {
		peertest.Skip(t, "machines take a while")
	}
	peertest.Need(t, "qemu-system-x86_64")
	top := sample(t)
	made := func(name string) string {
		m := makerOf(t, name)
		return compacted(t, replaced(t, m, m.make(t, top), changesOf(t, m, top)))
	}
	hybrid, appended, isohybrid := made("xorriso isohybrid MBR GPT APM"), made("xorriso appended GPT"), made("isohybrid UEFI Mac")
	for _, c := range []struct {
		name, hello string
		args        []string
	}{
		{"isohybrid of xorriso disc BIOS", peertest.ISOLINUXHello, peertest.AsDisc(hybrid)},
		{"isohybrid of xorriso stick UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsStick(hybrid))},
		{"appended GPT disk BIOS", peertest.GRUBHello, peertest.AsDisk(appended)},
		{"appended GPT disc UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisc(appended))},
		{"appended GPT disk UEFI", peertest.GRUBHello, peertest.UEFI(t, peertest.AsDisk(appended))},
		{"isohybrid disk BIOS", peertest.ISOLINUXHello, peertest.AsDisk(isohybrid)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			peertest.Starts(t, c.hello, c.args...)
		})
	}
}

// TestCompactKernelMounts lets Linux read compacted images: from the whole image, and from
// the partition of the volume.
func TestCompactKernelMounts(t *testing.T) {
	top := sample(t)
	dir := t.TempDir()
	want := noise(300000)
	isotest.Must(t, os.WriteFile(filepath.Join(dir, "want"), want, 0o644))
	var script strings.Builder
	for i, m := range makers() {
		if !m.whole || m.name == "grub-mkrescue" {
			continue
		}
		out := compacted(t, replaced(t, m, m.make(t, top), changesOf(t, m, top)))
		image := filepath.Join(dir, fmt.Sprintf("%d.iso", i))
		isotest.Must(t, os.WriteFile(image, read(t, out), 0o644))
		script.WriteString(mounts(m.name, image, "data.bin"))
	}
	peertest.Kernel(t, dir, script.String())
}
