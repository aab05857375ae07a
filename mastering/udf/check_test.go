package udf_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/udf/internal/ecma167"
	"glassmaster/mastering/udf/plan"
	"glassmaster/mastering/udf/udftest"
	"glassmaster/mastering/volume"
)

// defects checks the UDF volume of an image and returns the defects, one per line.
// Minor defects begin with "minor: ".
func defects(t testing.TB, image []byte) string {
	t.Helper()
	v, err := openBytes(image, volume.Options{View: "UDF"})
	if err != nil {
		t.Fatal(err)
	}
	return defectsOf(t, v)
}

// defectsOf checks a volume and returns the defects as defects does.
func defectsOf(t testing.TB, v *udf.FS) string {
	t.Helper()
	list, err := v.Check(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, d := range list {
		if d.Severity == disc.Info {
			b.WriteString("minor: ")
		}
		fmt.Fprintln(&b, d)
	}
	return b.String()
}

// bytesOf returns all bytes of a layout.
func bytesOf(t testing.TB, l *layout.Layout) []byte {
	t.Helper()
	image := make([]byte, l.Size())
	if _, err := l.ReadAt(image, 0); err != nil {
		t.Fatal(err)
	}
	return image
}

func TestCheckSound(t *testing.T) {
	peertest.Need(t, "genisoimage", "mkudffs")
	for _, r := range plan.Revisions {
		if got := defects(t, bytesOf(t, udftest.Volume(t, udftest.Sample(), plan.Options{Revision: r}))); got != "" {
			t.Errorf("revision %s: %s", r, got)
		}
	}
	if got := defects(t, small(t)); got != "" {
		t.Errorf("genisoimage: %s", got)
	}
	for _, m := range media {
		p, err := os.ReadFile(udftest.Mkudffs(t, "20000", m.args...))
		if err != nil {
			t.Fatal(err)
		}
		if got := defects(t, p); got != "" {
			t.Errorf("mkudffs %s: %s", m.args, got)
		}
	}
}

func TestCheckDamage(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	dir := tree.NewFolder("dir", udftest.When)
	root.Append(dir)
	for i := range 60 { // more names than fit in the file entry
		dir.Append(tree.NewFile(fmt.Sprintf("file %02d", i), 5000, udftest.When, layout.Bytes(make([]byte, 5000))))
	}
	l, p := udftest.VolumeAndPlan(t, root, plan.Options{Revision: plan.Revision250, Time: udftest.When})
	valid := bytesOf(t, l)
	end := len(valid) / disc.SectorSize
	reserve := end - plan.TailSectors + 1
	entry, contents := udftest.Mirror(t, l, p)
	main, mirror, mirrorEntry := plan.FirstSector+udftest.MetadataUnit, int(contents), int(entry)
	const ( // blocks of the metadata
		dirEntry = udftest.FirstBlock
		names    = udftest.FirstBlock + 1
		file0    = names + 2
	)
	flip := func(sector, at int) func(b []byte) { return func(b []byte) { b[sector*disc.SectorSize+at] ^= 0x55 } }
	// patch changes a descriptor in both copies of the metadata, and updates its tag.
	patch := func(block int, change func(d []byte)) func(b []byte) {
		return func(b []byte) {
			for _, start := range []int{main, mirror} {
				change(b[(start+block)*disc.SectorSize:])
				resealSector(b, start+block)
			}
		}
	}
	for _, test := range []struct {
		name   string
		change func(b []byte)
		want   string // with the sector as %d
		sector int
	}{
		{"recognition", func(b []byte) { clear(b[17*disc.SectorSize : 18*disc.SectorSize]) }, "sector %d, byte 0: the volume recognition sequence has no NSR", 16},
		{"end of recognition", func(b []byte) { clear(b[18*disc.SectorSize : 19*disc.SectorSize]) }, "minor: sector %d, byte 0: the volume recognition sequence is not terminated", 16},
		{"anchors at the end", func(b []byte) {
			clear(b[(end-1)*disc.SectorSize:])
			clear(b[(end-257)*disc.SectorSize : (end-256)*disc.SectorSize])
		}, "minor: sector %d, byte 0: this is the only anchor", 256},
		{"anchor", flip(256, 20), "sector %d, byte 0: anchor volume descriptor pointer: the CRC", 256},
		{"no anchor", func(b []byte) { clear(b[256*disc.SectorSize : 257*disc.SectorSize]) }, "minor: sector %d, byte 0: there is no anchor", 256},
		{"last anchor", flip(end-1, 6), "sector %d, byte 0: anchor volume descriptor pointer: the checksum", end - 1},
		{"anchor before", flip(end-257, 6), "sector %d, byte 0: anchor volume descriptor pointer: the checksum", end - 257},
		{"main sequence", flip(udftest.MainSequence+3, 100), "sector %d, byte 0: main volume descriptor sequence: the CRC", udftest.MainSequence + 3},
		{"reserve sequence", flip(reserve+2, 100), "sector %d, byte 0: reserve volume descriptor sequence: the CRC", reserve + 2},
		{"reserve lost", func(b []byte) { clear(b[reserve*disc.SectorSize : (reserve+16)*disc.SectorSize]) }, "sector %d, byte 0: the reserve volume descriptor sequence has no valid primary", reserve},
		{"sequences differ", func(b []byte) { b[(reserve+3)*disc.SectorSize+90] = 'x'; resealSector(b, reserve+3) }, "minor: sector %d, byte 0: the logical volume descriptor differs", reserve + 3},
		{"integrity", flip(udftest.IntegrityStart, 30), "sector %d, byte 0: logical volume integrity descriptor: the CRC", udftest.IntegrityStart},
		{"no integrity", func(b []byte) {
			clear(b[udftest.IntegrityStart*disc.SectorSize : (udftest.IntegrityStart+1)*disc.SectorSize])
		}, "minor: sector %d, byte 0: the volume has no integrity", udftest.IntegrityStart},
		{"counts", func(b []byte) {
			b[udftest.IntegrityStart*disc.SectorSize+80+16+32]++
			resealSector(b, udftest.IntegrityStart)
		}, "minor: sector %d, byte 0: the integrity descriptor records 61 files and 2 directories; 60 and 2 were found", udftest.IntegrityStart},
		{"metadata file", flip(plan.FirstSector, 60), "sector %d, byte 0: metadata file: ", plan.FirstSector},
		{"mirror file", flip(mirrorEntry, 60), "sector %d, byte 0: metadata mirror file: ", mirrorEntry},
		{"file set", flip(main, 60), "sector %d, byte 0: file set descriptor: ", main},
		{"file set of the mirror", flip(mirror, 60), "sector %d, byte 0: file set descriptor: ", mirror},
		{"root", flip(main+udftest.RootBlock, 60), "sector %d, byte 0: /: the main copy of the metadata is damaged: ", main + udftest.RootBlock},
		{"root of the mirror", flip(mirror+udftest.RootBlock, 60), "sector %d, byte 0: /: the mirror of the metadata is damaged: ", mirror + udftest.RootBlock},
		{"names", flip(main+names, 700), "sector %d, byte 664: /dir: the main copy of the metadata is damaged: ", main + names},
		{"names of the mirror", flip(mirror+names, 700), "sector %d, byte 664: /dir: the mirror of the metadata is damaged: file identifier", mirror + names},
		{"file", flip(mirror+file0, 60), "sector %d, byte 0: /dir/file 00: the mirror of the metadata is damaged: ", mirror + file0},
		{"number of names", patch(file0, func(d []byte) { d[48] = 3 }), "minor: sector %d, byte 0: /dir/file 00: the link count is 3, but the number of names is 1", main + file0},
		{"length", patch(file0, func(d []byte) { le.PutUint64(d[56:], 9000) }), "sector %d, byte 0: /dir/file 00: the file has 9000 bytes, but its extents end at byte 6144", main + file0},
		{"overlap", patch(file0+1, func(d []byte) { le.PutUint32(d[220:], le.Uint32(d[220:])-1) }), "sector %d, byte 0: /dir/file 01: the sector also belongs to /dir/file 00", plan.FirstSector + int(p.MetadataSectors()) + 2},
		{"over metadata", patch(file0+1, func(d []byte) { le.PutUint32(d[220:], udftest.MetadataUnit+file0-1) }), "sector %d, byte 0: /dir/file 00: the sector also belongs to /dir/file 01", main + file0},
		{"parent", func(b []byte) {
			for _, start := range []int{main, mirror} {
				d := b[(start+names)*disc.SectorSize:]
				le.PutUint32(d[24:], dirEntry)
				ecma167.SealTag(d[:ecma167.FIDParentLength], ecma167.TagFID, 3, names)
			}
		}, "minor: sector %d, byte 0: /dir: the parent entry points to block 3 of partition 1", main + names},
	} {
		b := bytes.Clone(valid)
		test.change(b)
		want := strings.ReplaceAll(test.want, "%d", fmt.Sprint(test.sector))
		if got := defects(t, b); !strings.Contains("\n"+got, "\n"+want) {
			t.Errorf("%s: %q, want %q", test.name, got, want)
		}
	}
}

// TestCheckOnce damages a volume whose structures are recorded once. Each defect is
// reported once, at its place, without its consequences.
func TestCheckOnce(t *testing.T) {
	root := tree.NewFolder("", udftest.When)
	dir, sub := tree.NewFolder("dir", udftest.When), tree.NewFolder("sub", udftest.When)
	root.Append(dir)
	root.Append(tree.NewNode("link", fs.ModeSymlink|0o777, tree.Symlink("dir/file 00")))
	dir.Append(sub)
	for i := range 60 { // more names than fit in the file entry
		dir.Append(tree.NewFile(fmt.Sprintf("file %02d", i), 5000, udftest.When, layout.Bytes(make([]byte, 5000))))
	}
	valid := image(t, root, plan.Revision201)
	root0, dir0, sub0 := sectorOf(t, valid, "."), sectorOf(t, valid, "dir"), sectorOf(t, valid, "dir/sub")
	file, link := sectorOf(t, valid, "dir/file 30"), sectorOf(t, valid, "link")
	blank := func(sector int) func(b []byte) []byte {
		return func(b []byte) []byte { clear(b[sector*disc.SectorSize : (sector+1)*disc.SectorSize]); return b }
	}
	patch := func(sector int, change func(d []byte)) func(b []byte) []byte {
		return func(b []byte) []byte { change(b[sector*disc.SectorSize:]); resealSector(b, sector); return b }
	}
	names := plan.FirstSector + int(le.Uint32(valid[dir0*disc.SectorSize+220:]))
	contents := plan.FirstSector + int(le.Uint32(valid[file*disc.SectorSize+220:]))
	reserve := len(valid)/disc.SectorSize - plan.TailSectors + 1
	for _, test := range []struct {
		name   string
		damage func(b []byte) []byte
		want   []string // beginnings of the lines of defects that are not minor
	}{
		{"directory", blank(dir0), []string{fmt.Sprintf("sector %d, byte 0: /dir: file entry at", dir0)}},
		{"file", blank(file), []string{fmt.Sprintf("sector %d, byte 0: /dir/file 30: file entry at", file)}},
		{"names", blank(names + 1), []string{fmt.Sprintf("sector %d, byte ", names)}},
		{"file for a directory", patch(sub0, func(d []byte) { d[27] = ecma167.TypeFile }), []string{fmt.Sprintf("sector %d, byte 0: /dir/sub: file entry at block %d of partition 0: file type 5", sub0, sub0-plan.FirstSector)}},
		{"directory for a file", patch(file, func(d []byte) { d[27] = ecma167.TypeDirectory }), []string{fmt.Sprintf("sector %d, byte 0: /dir/file 30: file entry at block %d of partition 0: file type 4", file, file-plan.FirstSector)}},
		{"link", patch(link, func(d []byte) { d[216] = 99 }), []string{fmt.Sprintf("sector %d, byte 0: /link: file entry at", link)}},
		{"far", patch(file, func(d []byte) { le.PutUint32(d[220:], 1<<20) }), []string{fmt.Sprintf("sector %d, byte 0: /dir/file 30: contents from byte 0: ", file)}},
		{"cut off", func(b []byte) []byte { return b[:(len(b)/disc.SectorSize-plan.TailSectors)*disc.SectorSize] }, []string{fmt.Sprintf("sector %d, byte 0: reserve volume descriptor sequence: sector %[1]d is beyond", reserve)}},
		{"lost contents", func(b []byte) []byte { return b[:(contents+30*3-1)*disc.SectorSize] }, []string{
			fmt.Sprintf("sector %d, byte 0: reserve volume descriptor sequence: sector %[1]d is beyond", reserve),
			fmt.Sprintf("sector %d, byte 0: /dir/file 59: contents from byte 0: sector ", sectorOf(t, valid, "dir/file 59")),
		}},
		{"loop", patch(root0, func(d []byte) { // an entry in the file entry itself: the link becomes the root
			n := d[216+ecma167.FIDParentLength:]
			for le.Uint32(n[24:]) != uint32(link-plan.FirstSector) {
				n = n[(ecma167.FIDLength+int(n[19])+3)&^3:]
			}
			n[18] = ecma167.FIDDirectory
			le.PutUint32(n[24:], uint32(root0-plan.FirstSector))
			ecma167.SealTag(n[:(ecma167.FIDLength+int(n[19])+3)&^3], ecma167.TagFID, 3, le.Uint32(n[12:]))
		}), []string{fmt.Sprintf("sector %d, byte ", root0)}},
	} {
		var bad []string
		for line := range strings.Lines(defects(t, test.damage(bytes.Clone(valid)))) {
			if !strings.HasPrefix(line, "minor: ") {
				bad = append(bad, line)
			} else if strings.Contains(line, "the link count") || strings.Contains(line, "descriptor records") {
				t.Errorf("%s: a consequence is reported: %s", test.name, line)
			}
		}
		if !slices.EqualFunc(bad, test.want, strings.HasPrefix) {
			t.Errorf("%s: %q, want %q", test.name, bad, test.want)
		}
	}
}

// TestCheckSparing damages one of the sparing tables.
func TestCheckSparing(t *testing.T) {
	peertest.Need(t, "mkudffs")
	image := blankBytes(t, "20000", "-m", "dvdrw")
	for sector := 0; (sector+1)*2048 <= len(image); sector++ {
		if table := image[sector*2048:]; ecma167.EntityID(table[16:]) == "*UDF Sparing Table" {
			table[20]++
			table[60]++
			if got, want := defects(t, image), fmt.Sprintf("sector %d, byte 0: sparing table: ", sector); !strings.Contains(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
			return
		}
	}
	t.Error("there is no sparing table")
}
