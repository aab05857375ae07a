package edit_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// open opens an image file for editing.
func open(t *testing.T, image string) (*edit.Image, disc.Disc) {
	t.Helper()
	f, err := os.Open(image)
	isotest.Must(t, err)
	info, err := f.Stat()
	isotest.Must(t, err)
	d := disc.FromReaderAt(f, info.Size(), f.Close)
	t.Cleanup(func() { d.Close() })
	m, err := edit.Open(t.Context(), d, edit.Options{Time: time.Unix(1_700_000_000, 0)})
	isotest.Must(t, err)
	return m, d
}

// TestCompact removes and replaces files of images in place, and drops what is no longer in
// use: all views show the same before and after, and the image is smaller.
func TestCompact(t *testing.T) {
	for kind, image := range images(t) {
		t.Run(kind, func(t *testing.T) {
			changed := filepath.Join(t.TempDir(), "changed.iso")
			m, _ := open(t, image)
			root := m.Compilation().Root()
			for _, n := range append([]*tree.Node(nil), root.Children()...) {
				if n.IsDir() && len(n.Children()) > 0 {
					n.Children()[0].Detach()
				} else if n.Mode.IsRegular() && n.Size > 4096 {
					n.Detach()
				}
			}
			root.Append(tree.NewFile("NEW.TXT", 70000, time.Unix(1, 0), layout.Bytes(make([]byte, 70000))))
			p, err := m.Plan(t.Context(), nil)
			isotest.Must(t, err)
			writeDisc(t, p.Disc(), changed)
			m, before := open(t, changed)
			p, err = m.Compact(t.Context(), nil)
			isotest.Must(t, err)
			if p.After >= p.Before && p.Unsafe == nil {
				t.Errorf("%d bytes became %d", p.Before, p.After)
			}
			if moved := kind != "ours UDF 2.60"; moved != (p.Unsafe == nil) {
				t.Errorf("planned anew: %v", p.Unsafe)
			}
			isotest.Must(t, p.Prepare(t.Context(), nil))
			compareViews(t, before, p.Disc(), p.Unsafe == nil)
			checkVolumes(t, kind, before, p.Disc())
			checkAgain(t, p.Disc())
		})
	}
}

// checkAgain checks that an image does not change when it is compacted again.
func checkAgain(t *testing.T, d disc.Disc) {
	t.Helper()
	image := filepath.Join(t.TempDir(), "again.iso")
	writeDisc(t, d, image)
	m, before := open(t, image)
	p, err := m.Compact(t.Context(), nil)
	isotest.Must(t, err)
	if p.Unsafe != nil {
		return
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	a, b := make([]byte, p.Before), make([]byte, p.After)
	for _, x := range []struct {
		d disc.Disc
		b []byte
	}{{before, a}, {p.Disc(), b}} {
		_, err := x.d.(io.ReaderAt).ReadAt(x.b, 0)
		isotest.Must(t, err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%d bytes become %d when they are compacted again", len(a), len(b))
	}
}

// TestCompactKernel lets Linux and udfinfo read compacted images with UDF.
func TestCompactKernel(t *testing.T) {
	peertest.Need(t, "udfinfo", "7z")
	dir := t.TempDir()
	var script strings.Builder
	for kind, image := range images(t) {
		if !strings.Contains(kind, "UDF") && !strings.Contains(kind, "bridge") || strings.Contains(kind, "2.60") {
			continue
		}
		m, _ := open(t, image)
		root := m.Compilation().Root()
		root.Children()[0].Detach()
		root.Append(tree.NewFile("NEW.TXT", 70000, time.Unix(1, 0), layout.Bytes(bytes.Repeat([]byte("n"), 70000))))
		p, err := m.Plan(t.Context(), nil)
		isotest.Must(t, err)
		name := strings.ReplaceAll(kind, " ", "-")
		changed := filepath.Join(dir, name+"-before")
		writeDisc(t, p.Disc(), changed)
		m, _ = open(t, changed)
		p, err = m.Compact(t.Context(), nil)
		isotest.Must(t, err)
		isotest.Must(t, p.Prepare(t.Context(), nil))
		writeDisc(t, p.Disc(), filepath.Join(dir, name+"-after"))
		info := peertest.Run(t, "", "udfinfo", filepath.Join(dir, name+"-after"))
		if !strings.Contains(info, "integrity=closed") || strings.Contains(info, "rror") {
			t.Errorf("udfinfo says of %s:\n%s", kind, info)
		}
		if kind != "ours UDF 2.01" { // which 7z does not open, not even before
			peertest.Run(t, "", "7z", "t", filepath.Join(dir, name+"-after"))
		}
		fmt.Fprintf(&script, `
			echo "%[1]s" >&2
			for which in before after; do
				loop=$(losetup --show -f -r %[1]s-$which)
				mount -t udf -o ro $loop /run/mnt
				(cd /run/mnt; find . -type f -size -1000k -exec md5sum {} + | sort; find . | sort) > /run/$which
				umount /run/mnt
				losetup -d $loop
			done
			grep -q NEW.TXT /run/after
			cmp /run/before /run/after
		`, name)
	}
	peertest.Kernel(t, dir, script.String())
}

// compareViews compares the files of two discs in all views.
func compareViews(t *testing.T, a, b disc.Disc, attributes bool) {
	t.Helper()
	for _, view := range volume.Views(t.Context(), a, volume.Options{}) {
		va, err := volume.OpenDisc(t.Context(), a, volume.Options{View: view})
		isotest.Must(t, err)
		vb, err := volume.OpenDisc(t.Context(), b, volume.Options{View: view})
		if err != nil {
			t.Errorf("view %s: %v", view, err)
			continue
		}
		rich := attributes && (view == "Rock Ridge" || view == "UDF")
		isotest.Compare(t, view, modelOf(t, vb).describe(rich), modelOf(t, va).describe(rich))
	}
}

// TestCompactSessions compacts an image of several sessions: the newest one is planned anew,
// and the plan says how many are lost.
func TestCompactSessions(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := isotest.SampleTree(t)
	image := filepath.Join(t.TempDir(), "sessions.iso")
	more := filepath.Join(t.TempDir(), "more.bin")
	isotest.Must(t, os.WriteFile(more, make([]byte, 100000), 0o644))
	peertest.Run(t, "", "xorriso", "-outdev", image, "-map", top, "/", "-commit", "-map", more, "/more.bin", "-commit")
	m, before := open(t, image)
	p, err := m.Compact(t.Context(), nil)
	isotest.Must(t, err)
	if p.Sessions != 1 || p.Unsafe == nil {
		t.Errorf("%d sessions are lost, unsafe: %v", p.Sessions, p.Unsafe)
	}
	said := false
	for _, n := range p.Notices {
		said = said || strings.Contains(n.Text, "1 earlier session can no longer be read")
	}
	if !said {
		t.Errorf("no notice says that a session is lost: %v", p.Notices)
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	compareViews(t, before, p.Disc(), false)
}

// TestCompactKeepsTables refuses to plan an image anew that has partition tables, since they
// would be lost.
func TestCompactKeepsTables(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(top, "a.bin"), make([]byte, 5000), 0o644))
	isotest.Must(t, os.WriteFile(filepath.Join(top, "boot.img"), make([]byte, 5000), 0o644))
	image := isotest.Xorriso(t, top, "-R", "-hfsplus", "-b", "boot.img", "-no-emul-boot", "-isohybrid-mbr", peertest.ISOLINUXDisk)
	m, _ := open(t, image)
	if _, err := m.Compact(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "partition tables for disks") {
		t.Errorf("the error is %v", err)
	}
}

// TestCompactKeepsUnknownTables does the same for an image whose boot structures are damaged, so
// that what its system area has is not known.
func TestCompactKeepsUnknownTables(t *testing.T) {
	top := t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(top, "boot.img"), make([]byte, 5000), 0o644))
	image := isotest.Xorriso(t, top, "-R", "-b", "boot.img", "-no-emul-boot", "-partition_offset", "16", "-isohybrid-mbr", peertest.ISOLINUXDisk)
	b, err := os.ReadFile(image)
	isotest.Must(t, err)
	second := b[(16+17)*disc.SectorSize:][:disc.SectorSize] // of the descriptors in the partition
	copy(second, b[17*disc.SectorSize:])
	second[71]++ // this boot record refers to another catalogue
	isotest.Must(t, os.WriteFile(image, b, 0o644))
	m, _ := open(t, image)
	if _, err := m.Compact(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "partition tables for disks") {
		t.Errorf("the error is %v", err)
	}
}

// TestCompactVideo keeps the distances between the files of a DVD-Video.
func TestCompactVideo(t *testing.T) {
	top := t.TempDir()
	isotest.Must(t, os.MkdirAll(filepath.Join(top, "VIDEO_TS"), 0o755))
	for i, name := range []string{"a.bin", "VIDEO_TS/VIDEO_TS.IFO", "VIDEO_TS/VTS_01_0.IFO", "VIDEO_TS/VTS_01_1.VOB", "z.bin"} {
		isotest.Must(t, os.WriteFile(filepath.Join(top, name), bytes.Repeat([]byte{byte(i + 1)}, 30000), 0o644))
	}
	image := isotest.Genisoimage(t, top, "-R", "-sort", sortFile(t, top))
	b, err := os.ReadFile(image)
	isotest.Must(t, err)
	m, _ := open(t, image)
	m.Compilation().Root().Lookup("/a.bin").Detach()
	p, err := m.Plan(t.Context(), nil)
	isotest.Must(t, err)
	changed := filepath.Join(t.TempDir(), "changed.iso")
	writeDisc(t, p.Disc(), changed)
	m, before := open(t, changed)
	p, err = m.Compact(t.Context(), nil)
	isotest.Must(t, err)
	if p.Unsafe != nil || p.After >= int64(len(b)) {
		t.Fatalf("%d bytes became %d: %v", len(b), p.After, p.Unsafe)
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	compareViews(t, before, p.Disc(), true)
	for _, other := range []string{"VTS_01_0.IFO", "VTS_01_1.VOB"} {
		distance := func(d disc.Disc) disc.LBA {
			return extentOf(t, d, "VIDEO_TS/"+other) - extentOf(t, d, "VIDEO_TS/VIDEO_TS.IFO")
		}
		if was, is := distance(before), distance(p.Disc()); was != is {
			t.Errorf("%s is %d sectors after VIDEO_TS.IFO, and was %d", other, is, was)
		}
	}
	if extentOf(t, p.Disc(), "VIDEO_TS/VIDEO_TS.IFO") >= extentOf(t, before, "VIDEO_TS/VIDEO_TS.IFO") {
		t.Error("the files of the DVD-Video have not moved")
	}
}

// sortFile makes a list of weights for genisoimage, with which z.bin is between the files of
// the DVD-Video.
func sortFile(t *testing.T, top string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sort")
	var b strings.Builder
	for i, name := range []string{"a.bin", "VIDEO_TS/VIDEO_TS.IFO", "VIDEO_TS/VTS_01_0.IFO", "z.bin", "VIDEO_TS/VTS_01_1.VOB"} {
		fmt.Fprintf(&b, "%s %d\n", filepath.Join(top, name), 100-i)
	}
	isotest.Must(t, os.WriteFile(path, []byte(b.String()), 0o644))
	return path
}

// extentOf returns where a file begins.
func extentOf(t *testing.T, d disc.Disc, path string) disc.LBA {
	t.Helper()
	v, err := volume.OpenDisc(t.Context(), d, volume.Options{})
	isotest.Must(t, err)
	info, err := fs.Stat(v, path)
	isotest.Must(t, err)
	return info.Sys().(*volume.Attributes).Extents[0].Start
}

// TestCompactSpace refuses a UDF volume that records its free blocks.
func TestCompactSpace(t *testing.T) {
	peertest.Need(t, "mkudffs")
	image := filepath.Join(t.TempDir(), "disk.udf")
	isotest.Must(t, os.WriteFile(image, make([]byte, 4<<20), 0o644))
	peertest.Run(t, "", "mkudffs", "--blocksize=2048", "--media-type=hd", image)
	m, _ := open(t, image)
	if _, err := m.Compact(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "records its free blocks") {
		t.Errorf("the error is %v", err)
	}
}

// TestCompactMIPS compacts an image whose boot label for MIPS has the address of a file.
func TestCompactMIPS(t *testing.T) {
	peertest.Need(t, "xorriso")
	top := t.TempDir()
	for _, name := range []string{"a.bin", "kernel"} {
		isotest.Must(t, os.WriteFile(filepath.Join(top, name), bytes.Repeat([]byte(name), 90000), 0o644))
	}
	changed := filepath.Join(t.TempDir(), "changed.iso")
	m, _ := open(t, isotest.Xorriso(t, top, "-R", "-mips-boot", "kernel"))
	m.Compilation().Root().Lookup("/a.bin").Detach()
	p, err := m.Plan(t.Context(), nil)
	isotest.Must(t, err)
	writeDisc(t, p.Disc(), changed)
	m, _ = open(t, changed)
	p, err = m.Compact(t.Context(), nil)
	isotest.Must(t, err)
	if p.Unsafe != nil || p.After >= p.Before {
		t.Fatalf("%d bytes became %d: %v", p.Before, p.After, p.Unsafe)
	}
	isotest.Must(t, p.Prepare(t.Context(), nil))
	out := filepath.Join(t.TempDir(), "out.iso")
	writeDisc(t, p.Disc(), out)
	report := func(image string) string { return numbers.ReplaceAllString(peertest.BootReport(t, image), "N") }
	isotest.Compare(t, "reports of xorriso", report(out), report(changed))
	b, err := os.ReadFile(out)
	isotest.Must(t, err)
	at := int(b[80])<<24 | int(b[81])<<16 | int(b[82])<<8 | int(b[83])
	if at*512+6 > len(b) || string(b[at*512:at*512+6]) != "kernel" {
		t.Errorf("the label has block %d, where the file is not", at)
	}
}
