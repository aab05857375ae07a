package iso9660

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// Structures that the standard forbids, but some programs write, are read as far as
// possible.

// TestNonconformingCrossing reads a directory whose records continue in the next sector,
// also at the boundary between two reads.
func TestNonconformingCrossing(t *testing.T) {
	h := newHandmade()
	const sectors = 36 // more than are read at a time
	h.p = append(h.p, make([]byte, 40*disc.SectorSize)...)
	h.dir(41, 20, sectors)
	h.add(20, "D", 41, sectors*disc.SectorSize, format.FlagDirectory)
	var want []string
	for i := 0; h.next[41] < (41+sectors)*disc.SectorSize-100; i++ {
		name := fmt.Sprintf("FILE%04d_%s", i, strings.Repeat("X", i%40))
		h.add(41, name, 30, 1, 0)
		want = append(want, "D/"+name)
	}
	v := h.open(t, "")
	got, err := walked(v)
	if got != "D "+strings.Join(want, " ") || err != nil {
		t.Errorf("%d of %d names, %v", strings.Count(got, " "), len(want), err)
	}
	// The same by name, one after another.
	for _, name := range want {
		if _, err := v.Stat(name); err != nil {
			t.Fatal(err)
		}
	}
	list, err := v.Check(t.Context())
	isotest.Must(t, err)
	crossing := 0
	for _, d := range list {
		if strings.Contains(d.Text, "crosses the end of its sector") {
			crossing++
		} else if strings.Contains(d.String(), "/D: ") {
			t.Errorf("%v", d)
		}
	}
	if crossing < sectors-4 {
		t.Errorf("%d records cross the end of a sector", crossing)
	}
}

// TestNonconformingExtents reads the records after a file whose last extent is missing.
func TestNonconformingExtents(t *testing.T) {
	h := newHandmade()
	h.add(20, "A.;1", 30, 5, format.FlagMulti)
	h.add(20, "B.;1", 31, 6, 0)
	got, err := walked(h.open(t, ""))
	if got != "A B" || err == nil || !strings.Contains(err.Error(), `last extent of "A" is missing`) {
		t.Errorf("%s, %v", got, err)
	}
}

// TestNonconformingOrders uses numbers that differ in their two byte orders: the one that
// is within the image is used.
func TestNonconformingOrders(t *testing.T) {
	h := newHandmade()
	copy(h.p[30*disc.SectorSize:], "hello")
	binary.LittleEndian.PutUint32(h.add(20, "A.;1", 30, 5, 0)[2:], 1<<20)
	binary.LittleEndian.PutUint32(h.add(20, "B.;1", 30, 5, 0)[10:], 1<<30)
	binary.BigEndian.PutUint32(h.add(20, "C.;1", 30, 5, 0)[6:], 31)
	h.dir(22, 20, 1)
	h.add(22, "IN.;1", 30, 5, 0)
	binary.LittleEndian.PutUint32(h.add(20, "D", 22, 2048, format.FlagDirectory)[2:], 1<<20)
	binary.LittleEndian.PutUint32(h.p[16*disc.SectorSize+158:], 1<<20) // the root
	v := h.open(t, "")
	if got, err := walked(v); got != "A B C D D/IN" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	for _, name := range []string{"A", "B", "C", "D/IN"} {
		if p, err := fs.ReadFile(v, name); string(p) != "hello" || err != nil {
			t.Errorf("%s: %q, %v", name, p, err)
		}
	}
	if got := defects(t, h.p); strings.Count(got, "in one byte order") != 5 || strings.Contains(got, "past the end") {
		t.Error(got)
	}
}

// TestNonconformingXA reads Rock Ridge after the attributes of CD-ROM XA.
func TestNonconformingXA(t *testing.T) {
	xa := []byte("\x00\x00\x00\x00\x0d\x55XA\x00\x00\x00\x00\x00\x00")
	px := entry("PX", both(0o040700), both(2), both(7), both(8))
	for _, first := range [][]byte{entry("SP", []byte{0xBE, 0xEF, 14}), nil} {
		h := newHandmade(xa, first, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")), px)
		h.add(20, "A.;1", 30, 5, 0, xa, nm(0, "a name"))
		h.dir(22, 20, 1, xa, px)
		h.add(20, "D", 22, 2048, format.FlagDirectory, xa, nm(0, "dir"), px)
		v := h.open(t, "")
		if got, err := walked(v); got != "a name dir" || err != nil || v.Volume().View != ViewRockRidge {
			t.Errorf("%s in %s, %v", got, v.Volume().View, err)
		}
		root, err := v.Stat(".")
		isotest.Must(t, err)
		if a := root.Sys().(*volume.Attributes); root.Mode().Perm() != 0o700 || a.UID != 7 {
			t.Errorf("root %v of %d", root.Mode(), a.UID)
		}
		if got := defects(t, h.p); strings.Contains(got, "system use") {
			t.Error(got)
		}
	}
	// XA without Rock Ridge is not mistaken for Rock Ridge.
	h := newHandmade(xa)
	h.add(20, "A.;1", 30, 5, 0, xa)
	if got, err := walked(h.open(t, "")); got != "A" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// TestNonconformingAhead checks a directory with an extended attribute record.
func TestNonconformingAhead(t *testing.T) {
	h := newHandmade()
	h.dir(23, 20, 1)
	format.PutBoth32(h.p[23*disc.SectorSize+2:], 22)
	h.p[23*disc.SectorSize+1] = 1
	h.add(23, "IN.;1", 30, 5, 0)
	h.add(20, "D", 22, 2048, format.FlagDirectory)[1] = 1
	if got, err := walked(h.open(t, "")); got != "D D/IN" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	if got := defects(t, h.p); strings.Contains(got, "/D: ") {
		t.Error(got)
	}
}

// TestNonconformingMoved reports a relocated directory whose entry has a wrong address.
func TestNonconformingMoved(t *testing.T) {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
	h.add(20, "A.;1", 30, 1, 0, nm(0, "a"), entry("CL", both(35)))
	if got := defects(t, h.p); !strings.Contains(got, `the directory "A.;1" was relocated to sector 35, but no directory begins there`) {
		t.Error(got)
	}
	if !bytes.Contains(h.p, []byte("CL\x0c\x01")) {
		t.Error("there is no CL entry")
	}
}

// TestNonconformingAttributes does not keep a copy of shared attributes for each file.
func TestNonconformingAttributes(t *testing.T) {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
	const areas, length = 4, 60000
	h.p = append(h.p, make([]byte, 31*areas*disc.SectorSize)...)
	for i := range 20 {
		h.add(20, fmt.Sprintf("F%02d.;1", i), 30, 1, 0, entry("AL", []byte{1}, []byte{0, 1, 'n'}), ce(41, 0, length))
	}
	for a := range areas {
		p := h.p[(41+30*a)*disc.SectorSize:]
		at := copy(p, ce(41+30*(a+1), 0, length))
		if a == areas-1 {
			at = 0
		}
		for at+255 <= length {
			at += copy(p[at:], entry("AL", []byte{1}, []byte{1, 248}, bytes.Repeat([]byte("v"), 248)))
		}
		if a == areas-1 {
			copy(p[at:], entry("AL", []byte{0}, []byte{0, 0}))
		}
	}
	list, err := h.open(t, "").ReadDir(".")
	if len(list) != 20 || err != nil {
		t.Errorf("%d files, %v", len(list), err)
	}
	kept := 0
	for _, e := range list {
		info, err := e.Info()
		isotest.Must(t, err)
		kept += len(info.Sys().(*volume.Attributes).Xattr["n"])
	}
	if kept < areas*length*9/10 || kept > len(h.p) {
		t.Errorf("%d bytes of attributes in an image of %d", kept, len(h.p))
	}
}

// TestNonconformingHidden hides the folder of relocated directories under both its names,
// unless it contains anything else.
func TestNonconformingHidden(t *testing.T) {
	for name, want := range map[string]string{"rr_moved": "d d/in", ".rr_moved": "d d/in", "x.rr_moved": "x.rr_moved d d/in"} {
		h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
		px := entry("PX", both(0o040755), both(2), both(0), both(0))
		h.dir(21, 20, 1)
		h.dir(22, 21, 1, px)
		h.add(22, "IN.;1", 30, 1, 0, nm(0, "in"))
		h.add(21, "D", 22, 2048, format.FlagDirectory, nm(0, "d"), px, entry("RE"))
		h.add(20, "A", 21, 2048, format.FlagDirectory, nm(0, name), px)
		h.add(20, "B.;1", 22, 2048, 0, nm(0, "d"), px, entry("CL", both(22)))
		if got, err := walked(h.open(t, "")); got != want || err != nil {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}
