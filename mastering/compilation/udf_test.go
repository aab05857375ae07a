package compilation

import (
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/extract"
	imagefile "glassmaster/mastering/image"
	"glassmaster/mastering/iso9660"
	isoplan "glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/master"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	udfplan "glassmaster/mastering/udf/plan"
	"glassmaster/mastering/volume"
	_ "glassmaster/mastering/volume/formats"
	"glassmaster/mastering/zisofs"
)

// masterUDF writes a folder as an image with UDF.
func masterUDF(t *testing.T, folder string, o master.Options, only bool) string {
	t.Helper()
	c := compile(t, folder, o)
	c.Options.UDFOnly = only
	return writeImage(t, c)
}

// openView opens one view of an image with this program, until the test ends.
func openView(t *testing.T, img, view string) volume.FS {
	t.Helper()
	d, _, err := imagefile.Open(t.Context(), img)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	v, err := volume.OpenDisc(context.Background(), d, volume.Options{View: view})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// extractView extracts one view of an image with this program.
func extractView(t *testing.T, img, view string) string {
	t.Helper()
	v := openView(t, img, view)
	out := t.TempDir()
	if _, err := extract.Extract(t.Context(), v, out, extract.Options{}, progress.Discard); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBridgeDisc writes ISO 9660 and UDF beside each other in every revision:
// both trees equal the source, and the contents are stored once.
func TestBridgeDisc(t *testing.T) {
	src := sampleTree(t)
	want := describe(t, src)
	plain, err := os.Stat(makeImage(t, src, master.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range udfplan.Revisions {
		t.Run(r.String(), func(t *testing.T) {
			img := masterUDF(t, src, master.Options{UDF: &master.UDF{Revision: r}}, false)
			equalTrees(t, describe(t, extractView(t, img, "UDF")), want, "set-user", "one file")
			equalTrees(t, describe(t, extractView(t, img, "Rock Ridge")), want, "set-user", "one file")
			out := t.TempDir()
			peertest.Run(t, out, "bsdtar", "-xpf", img)
			equalTrees(t, describe(t, out), want)
			if info := peertest.Run(t, "", "udfinfo", "--utf8", img); !strings.Contains(info, "label=INTEROP") || !strings.Contains(info, "udfwriterev="+r.String()) {
				t.Errorf("udfinfo says\n%s", info)
			}
			s, err := os.Stat(img)
			if err != nil || s.Size() > plain.Size()+3<<20 {
				t.Errorf("the bridge has %d bytes, ISO 9660 alone %d (%v)", s.Size(), plain.Size(), err)
			}
		})
	}
}

// TestUDFOnly has 7-Zip extract volumes without ISO 9660. 7-Zip does not open volumes
// with symbolic links.
func TestUDFOnly(t *testing.T) {
	src := sampleTree(t)
	err := filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSymlink != 0 {
			err = os.Remove(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := describe(t, src)
	for _, r := range udfplan.Revisions {
		t.Run(r.String(), func(t *testing.T) {
			img := masterUDF(t, src, master.Options{UDF: &master.UDF{Revision: r}}, true)
			equalTrees(t, describe(t, extractView(t, img, "")), want, "set-user", "one file")
			out := t.TempDir()
			peertest.Run(t, out, "7z", "x", "-bd", "-y", img)
			got := describe(t, out)
			for name, text := range want {
				if strings.HasPrefix(name, "one file") {
					continue
				}
				w, g := strings.Fields(text), strings.Fields(got[name])
				if len(g) == 0 || text[0] == '-' && g[len(g)-1] != w[len(w)-1] {
					t.Errorf("%s: 7-Zip gives %q, want %q", name, got[name], text)
				}
			}
		})
	}
}

func TestUDFRefuses(t *testing.T) {
	for name, change := range map[string]func(*Compilation){
		"checksum of the image on UDF alone":     func(c *Compilation) { c.Options.UDFOnly, c.Contents.MD5 = true, true },
		"compressed files on UDF alone":          func(c *Compilation) { c.Options.UDFOnly, c.Contents.Zisofs = true, &zisofs.Options{} },
		"a revision that is not written":         func(c *Compilation) { c.Options.UDF = &master.UDF{Revision: 0x300} },
		"stored once what a DVD-Video has twice": func(c *Compilation) { c.Options.UDF = &master.UDF{DVDVideo: true}; c.Contents.Identical = true },
		"a DVD-Video of another revision":        func(c *Compilation) { c.Options.UDF = &master.UDF{DVDVideo: true, Revision: udfplan.Revision201} },
	} {
		c := New()
		dir := t.TempDir()
		write(t, dir, "VIDEO_TS/VIDEO_TS.IFO", "VIDEO_TS/VIDEO_TS.BUP", "a")
		if err := os.WriteFile(filepath.Join(dir, "b"), []byte("a"), 0o600); err != nil {
			t.Fatal(err)
		}
		c.Add(c.Root(), scan(t, ScanOptions{}, dir+"/"))
		change(c)
		if _, err := c.Plan(t.Context()); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

// TestHiddenShownInUDF checks that a bridge disc that hides files from ISO 9660 still has
// their contents for UDF.
func TestHiddenShownInUDF(t *testing.T) {
	src := t.TempDir()
	write(t, src, "seen", "hidden/in", "hidden/sub/deep")
	o := master.Options{UDF: &master.UDF{}, Hide: []string{"hidden"}, HideJoliet: []string{"hidden"}}
	img := masterUDF(t, src, o, false)
	equalTrees(t, describe(t, extractView(t, img, "UDF")), describe(t, src))
	if n := len(describe(t, extractView(t, img, "Rock Ridge"))); n != 1 {
		t.Errorf("Rock Ridge shows %d entries", n)
	}
}

// TestHideFromUDF hides files from UDF, on bridge discs and UDF only: 7-Zip and the
// checker of package udf read both.
func TestHideFromUDF(t *testing.T) {
	src := t.TempDir()
	write(t, src, "all", "linux/a", "linux/sub/b", "mac/c", "none/d", "none/sub/e.txt", "z.bak")
	o := master.Options{
		UDF: &master.UDF{Revision: udfplan.Revision260}, Hide: []string{"mac", "none"}, HideJoliet: []string{"mac", "/none/sub"},
		HideUDF: []string{"linux", "/none/d", "e.txt", "*.bak"},
	}
	img := masterUDF(t, src, o, false)
	for name, want := range map[string][]string{
		iso9660.ViewRockRidge: {"all", "linux", "linux/a", "linux/sub", "linux/sub/b", "z.bak"},
		iso9660.ViewJoliet:    {"all", "linux", "linux/a", "linux/sub", "linux/sub/b", "none", "none/d", "z.bak"},
		"UDF":                 {"all", "mac", "mac/c", "none", "none/sub"},
	} {
		dir := extractView(t, img, name)
		if got := slices.Sorted(maps.Keys(describe(t, dir))); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", name, got, want)
		}
		for _, path := range want {
			if b, err := os.ReadFile(filepath.Join(dir, path)); err == nil && string(b) != path {
				t.Errorf("%s: %s contains %q", name, path, b)
			}
		}
	}
	if b, _ := os.ReadFile(img); strings.Contains(string(b), "none/sub/e.txt") {
		t.Error("a file that is hidden from all trees is on the disc")
	}
	alone := masterUDF(t, src, master.Options{HideUDF: []string{"linux", "none"}}, true)
	out := t.TempDir()
	peertest.Run(t, out, "7z", "x", "-bd", "-y", alone)
	if got, want := slices.Sorted(maps.Keys(describe(t, out))), []string{"all", "mac", "mac/c", "z.bak"}; !slices.Equal(got, want) {
		t.Errorf("7-Zip finds %v, want %v", got, want)
	}
}

// TestDVDVideoBridge compares the layout of a DVD-Video with that of genisoimage: the
// distance of each file from the first is that of the IFO file, in both volumes.
func TestDVDVideoBridge(t *testing.T) {
	src := t.TempDir()
	put := func(name string, b []byte) {
		path := filepath.Join(src, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	// An IFO file contains its last sector, the last sector of its set, and where menu
	// and titles begin.
	ifo := func(kind string, last, menu, titles uint32) []byte {
		b := make([]byte, 2*2048)
		copy(b, kind)
		binary.BigEndian.PutUint32(b[0x0C:], last)
		binary.BigEndian.PutUint32(b[0x1C:], 1)
		binary.BigEndian.PutUint32(b[0xC0:], menu)
		binary.BigEndian.PutUint32(b[0xC4:], titles)
		return b
	}
	// The manager has a table of titles in its second sector: here one title with one
	// chapter, in the set that begins after the manager.
	manager, set := ifo("DVDVIDEO-VMG", 13, 2, 1), ifo("DVDVIDEO-VTS", 33, 2, 12)
	manager[0x3F] = 1
	copy(manager[2048:], []byte{0, 1, 0, 0, 0, 0, 0, 19, 0x3C, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 14})
	for name, b := range map[string][]byte{
		"VIDEO_TS/VIDEO_TS.IFO": manager, "VIDEO_TS/VIDEO_TS.BUP": manager, "VIDEO_TS/VIDEO_TS.VOB": make([]byte, 10*2048),
		"VIDEO_TS/VTS_01_0.IFO": set, "VIDEO_TS/VTS_01_0.BUP": set, "VIDEO_TS/VTS_01_0.VOB": make([]byte, 10*2048),
		"VIDEO_TS/VTS_01_1.VOB": make([]byte, 20*2048), "a.txt": []byte("before"), "z.txt": []byte("behind"),
	} {
		put(name, b)
	}
	img := masterUDF(t, src, master.Options{UDF: &master.UDF{Revision: udfplan.Revision102, DVDVideo: true}}, false)
	ours := videoSectors(t, img, "Rock Ridge")
	if inUDF := videoSectors(t, img, "UDF"); !maps.Equal(ours, inUDF) {
		t.Errorf("ISO 9660 has %v, UDF %v", ours, inUDF)
	}
	other := filepath.Join(t.TempDir(), "genisoimage.iso")
	peertest.Run(t, "", "genisoimage", "-quiet", "-dvd-video", "-R", "-o", other, src)
	if ours["in the ECC block"] != 0 {
		t.Errorf("VIDEO_TS.IFO begins %d sectors after an ECC block", ours["in the ECC block"])
	}
	theirs := videoSectors(t, other, "Rock Ridge")
	delete(ours, "in the ECC block") // genisoimage does not ensure this
	delete(theirs, "in the ECC block")
	if !maps.Equal(ours, theirs) {
		t.Errorf("Glassmaster has %v, genisoimage %v", ours, theirs)
	}
	equalTrees(t, describe(t, extractView(t, img, "UDF")), describe(t, src))

	// A backup that is a hard link of its original is stored separately.
	backup := filepath.Join(src, "VIDEO_TS/VTS_01_0.BUP")
	if err := errors.Join(os.Remove(backup), os.Link(filepath.Join(src, "VIDEO_TS/VTS_01_0.IFO"), backup)); err != nil {
		t.Fatal(err)
	}
	img = masterUDF(t, src, master.Options{Features: isoplan.Features{RockRidge112: true}, UDF: &master.UDF{Revision: udfplan.Revision102, DVDVideo: true}}, false)
	for _, view := range []string{"Rock Ridge", "UDF"} {
		linked := videoSectors(t, img, view)
		delete(linked, "in the ECC block")
		if !maps.Equal(linked, theirs) {
			t.Errorf("%s: with a linked backup: %v, want %v", view, linked, theirs)
		}
	}
}

// videoSectors returns the sectors of the files in VIDEO_TS, from the first.
func videoSectors(t *testing.T, img, view string) map[string]int64 {
	t.Helper()
	v := openView(t, img, view)
	list, err := v.ReadDir("VIDEO_TS")
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int64{}
	for _, e := range list {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		at[e.Name()] = int64(info.Sys().(*volume.Attributes).Extents[0].Start)
	}
	begin := at["VIDEO_TS.IFO"]
	for name := range at {
		at[name] -= begin
	}
	at["in the ECC block"] = begin % 16
	return at
}

// TestKernelReadsBridge has the Linux kernel mount both volumes of bridge discs
// and compare all files with their checksums.
func TestKernelReadsBridge(t *testing.T) {
	src, dir := sampleTree(t), t.TempDir()
	for _, r := range udfplan.Revisions {
		img, _ := masterWith(t, src, master.Options{UDF: &master.UDF{Revision: r}}, Contents{Checksums: true})
		if err := os.Rename(img, filepath.Join(dir, r.String()+".iso")); err != nil {
			t.Fatal(err)
		}
	}
	out := peertest.Kernel(t, dir, `
for i in *.iso; do
	for fs in udf iso9660; do
		mount -t $fs -o loop,ro $i /run/mnt
		(cd /run/mnt; sha256sum -c --strict --quiet SHA256SUMS; find . -type l | wc -l)
		umount /run/mnt
	done
done
`)
	if want := strings.Repeat("6\n", 2*len(udfplan.Revisions)); out != want {
		t.Errorf("output of the kernel:\n%s", out)
	}
}
