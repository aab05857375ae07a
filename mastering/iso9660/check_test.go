package iso9660

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/volume"
)

// defects opens and checks an image and returns the serious defects.
func defects(t *testing.T, p []byte) string {
	t.Helper()
	v, err := Open(strings.NewReader(string(p)), int64(len(p)), volume.Options{})
	isotest.Must(t, err)
	list, err := v.Check(t.Context())
	isotest.Must(t, err)
	var s []string
	for _, d := range list {
		if d.Severity != disc.Info {
			s = append(s, d.String())
		}
	}
	return strings.Join(s, "\n")
}

// TestCheckGood finds no defects in images of the usual programs.
func TestCheckGood(t *testing.T) {
	top := isotest.SampleTree(t)
	for name, image := range map[string]string{
		"xorriso":          isotest.Xorriso(t, top, "-R", "-J", "-joliet-long", "-iso-level", "3"),
		"xorriso level 1":  isotest.Xorriso(t, top, "-R", "-iso-level", "1"),
		"genisoimage":      isotest.Genisoimage(t, top, "-R", "-J", "-joliet-long"),
		"genisoimage deep": isotest.Genisoimage(t, top, "-R", "-D"),
		"genisoimage 4":    isotest.Genisoimage(t, bootTree(t), "-R", "-iso-level", "4"),
		"genisoimage boot": isotest.Genisoimage(t, bootTree(t), "-b", "floppy.img", "-c", "boot.cat"),
		"later session":    laterSession(t, top),
	} {
		p, err := os.ReadFile(image)
		isotest.Must(t, err)
		if got := defects(t, p); got != "" {
			t.Errorf("%s:\n%s", name, got)
		}
	}
}

// laterSession returns an image of two sessions: the second counts its size from
// its own beginning, and refers to files of the first.
func laterSession(t *testing.T, top string) string {
	first := isotest.Genisoimage(t, top, "-R", "-J")
	p, err := os.ReadFile(first)
	isotest.Must(t, err)
	const start = 12000
	image := filepath.Join(t.TempDir(), "two.iso")
	more := t.TempDir()
	isotest.Must(t, os.WriteFile(filepath.Join(more, "new"), []byte("new"), 0o644))
	second := filepath.Join(t.TempDir(), "second.iso")
	peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-J", "-M", first, "-C", fmt.Sprintf("0,%d", start), "-o", second, more)
	q, err := os.ReadFile(second)
	isotest.Must(t, err)
	f, err := os.Create(image)
	isotest.Must(t, err)
	defer f.Close()
	_, err = f.WriteAt(p, 0)
	isotest.Must(t, err)
	_, err = f.WriteAt(q, start*disc.SectorSize)
	isotest.Must(t, err)
	if n := len(open(t, image, "").sessions); n != 2 {
		t.Fatalf("%d sessions", n)
	}
	return image
}

// TestCheckBad damages an image in one place at a time.
func TestCheckBad(t *testing.T) {
	top := folders(t)
	isotest.Must(t, os.WriteFile(top+"/loader", make([]byte, 2048), 0o644))
	good, err := os.ReadFile(isotest.Xorriso(t, top, "-R", "-b", "loader", "-no-emul-boot"))
	isotest.Must(t, err)
	if got := defects(t, good); got != "" {
		t.Fatalf("the undamaged image:\n%s", got)
	}
	const vd = 16 * disc.SectorSize
	le := binary.LittleEndian
	root := int(le.Uint32(good[vd+158:])) * disc.SectorSize
	tableL := int(le.Uint32(good[vd+140:])) * disc.SectorSize
	catalog := int(le.Uint32(good[vd+disc.SectorSize+71:])) * disc.SectorSize
	third := root + int(good[root])
	third += int(good[third]) // the first record after . and ..
	boot := third
	for good[boot+25]&format.FlagDirectory != 0 { // the first file
		boot += int(good[boot])
	}
	sub := int(le.Uint32(good[third+2:])) * disc.SectorSize
	for _, c := range []struct {
		name   string
		damage func(p []byte)
		want   string
	}{
		{"terminator", func(p []byte) { copy(p[vd+2*disc.SectorSize:], make([]byte, 8)) }, "sector 18, byte 0: the volume descriptor set has no terminator"},
		{"space size", func(p []byte) { p[vd+80]++ }, "sector 16, byte 80: the volume space size is"},
		{"sequence number", func(p []byte) { p[vd+124] = 7 }, "sector 16, byte 124: the volume sequence number"},
		{"claims more", func(p []byte) { le.PutUint32(p[vd+80:], 100000); binary.BigEndian.PutUint32(p[vd+84:], 100000) }, "its end is missing"},
		{"path table record", func(p []byte) { p[tableL+10+2] += 100 }, "of the path table L points to block"},
		{"path table order", func(p []byte) { p[tableL+10+6] = 9 }, "has the invalid parent 9"},
		{"no path table", func(p []byte) { clear(p[vd+140 : vd+144]) }, "there is no path table L"},
		{"both orders", func(p []byte) { p[third+6]++ }, "the extent of"},
		{"own record", func(p []byte) { p[sub+2]++; p[sub+9]++ }, `the record "." points to block`},
		{"crossing", func(p []byte) { p[third] = 255; copy(p[third+255:], good[third:third+60]); p[root+2040] = 100 }, ""},
		{"short record", func(p []byte) { p[third] = 20 }, "shorter than its fixed part"},
		{"identifier", func(p []byte) { p[third+32] = 200 }, "has an identifier of 200"},
		{"own size", func(p []byte) { le.PutUint32(p[sub+10:], 6144); binary.BigEndian.PutUint32(p[sub+14:], 6144) }, `the record "." says that the directory has 6144 bytes`},
		{"small space", func(p []byte) { le.PutUint32(p[vd+80:], 20); binary.BigEndian.PutUint32(p[vd+84:], 20) }, "sector 16, byte 80: the volume space size ends the volume before sector 20"},
		{"path table name", func(p []byte) { p[tableL+10+8]++ }, "of the path table L has the identifier"},
		{"continued", func(p []byte) { p[boot+25] |= format.FlagMulti }, "the last extent of"},
		{"system use numbers", func(p []byte) { p[boot+bytes.Index(p[boot:], []byte("PX$\x01"))+11] ^= 1 }, `its system use entry "PX" is`},
		{"root's system use", func(p []byte) { p[root+bytes.Index(p[root:], []byte("CE\x1c\x01"))+7] = 0x7f }, "byte 0: /: .: "},
		{"POSIX mode", func(p []byte) { p[third+25] &^= format.FlagDirectory }, "is a directory by its POSIX mode, but not by its record"},
		{"record mode", func(p []byte) { p[boot+25] |= format.FlagDirectory }, "is a directory by its record, but not by its POSIX mode"},
		{"file and directory", func(p []byte) {
			le.PutUint32(p[boot+2:], uint32(root/disc.SectorSize))
			binary.BigEndian.PutUint32(p[boot+6:], uint32(root/disc.SectorSize))
		}, "overlaps directory /"},
		{"outside", func(p []byte) { le.PutUint32(p[boot+2:], 1<<20); binary.BigEndian.PutUint32(p[boot+6:], 1<<20) }, "are past the end of the image"},
		{"overlap", func(p []byte) {
			le.PutUint32(p[boot+10:], 20000)
			binary.BigEndian.PutUint32(p[boot+14:], 20000)
			le.PutUint32(p[boot+2:], uint32(root/disc.SectorSize-1))
			binary.BigEndian.PutUint32(p[boot+6:], uint32(root/disc.SectorSize-1))
		}, "overlaps "},
		{"cycle", func(p []byte) {
			le.PutUint32(p[third+2:], uint32(root/disc.SectorSize))
			binary.BigEndian.PutUint32(p[third+6:], uint32(root/disc.SectorSize))
		}, "is that of /, which contains it"},
		{"check sum", func(p []byte) { p[catalog+5]++ }, "validation entry is wrong"},
		{"boot image", func(p []byte) { p[catalog+32+11] = 0x7f }, "boot image 1 (BIOS) is recorded at sector"},
		{"catalogue", func(p []byte) { clear(p[catalog : catalog+64]) }, "validation entry"},
	} {
		p := append([]byte(nil), good...)
		c.damage(p)
		if got := defects(t, p); !strings.Contains(got, c.want) || got == "" && c.want != "" {
			t.Errorf("%s: want %q in\n%s", c.name, c.want, got)
		}
	}
}

// TestCheckMany lists only the first of many minor defects of one kind, but all others.
func TestCheckMany(t *testing.T) {
	h := newHandmade()
	for range 30 {
		copy(h.add(20, "A.;1", 30, 1, 0)[18:], "\x65\x0d") // a thirteenth month
	}
	v := h.open(t, "")
	list, err := v.Check(t.Context())
	isotest.Must(t, err)
	dates, twice, more := 0, 0, 0
	for _, d := range list {
		switch s := d.String(); {
		case strings.Contains(s, "20 more places"):
			more++
		case strings.Contains(s, "the date of"):
			dates++
		case strings.Contains(s, "occurs twice"):
			twice++
		}
	}
	if dates != 10 || twice != 29 || more != 1 {
		t.Errorf("%d dates, %d identifiers, %d summaries in %v", dates, twice, more, list)
	}
}

func TestCheckCancelled(t *testing.T) {
	v := open(t, isotest.Genisoimage(t, folders(t)), "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
