package iso9660

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/volume"
)

// handmade is an image whose records a test writes one by one: for what usual programs
// do not write, and attackers might.
type handmade struct {
	p    []byte
	next map[int]int // block of a directory -> offset of its next record
}

// newHandmade returns an image of 40 blocks with descriptors at 16 and 17 and an
// empty root directory at 20.
func newHandmade(rootUse ...[]byte) *handmade {
	h := &handmade{make([]byte, 40*disc.SectorSize), map[int]int{}}
	d := h.p[16*disc.SectorSize:]
	copy(d, "\x01CD001\x01")
	copy(d[40:72], "HANDMADE                        ")
	format.PutBoth32(d[80:], 40)
	copy(d[120:], "\x01\x00\x00\x01\x01\x00\x00\x01\x00\x08\x08\x00")
	d[881] = 1
	copy(h.p[17*disc.SectorSize:], "\xffCD001\x01")
	h.dir(20, 20, 1, rootUse...)
	copy(d[156:], h.p[20*disc.SectorSize:20*disc.SectorSize+34])
	d[156] = 34
	return h
}

func both(n uint32) []byte {
	p := make([]byte, 8)
	format.PutBoth32(p, n)
	return p
}

// dir begins a directory of n sectors.
func (h *handmade) dir(block, parent, sectors int, use ...[]byte) {
	h.next[block] = block * disc.SectorSize
	h.add(block, "\x00", block, sectors*disc.SectorSize, format.FlagDirectory, use...)
	h.add(block, "\x01", parent, disc.SectorSize, format.FlagDirectory)
}

// add writes a record with the given system use entries.
func (h *handmade) add(dir int, id string, block, size int, flags byte, use ...[]byte) []byte {
	r := make([]byte, 33+len(id)+(1-len(id)&1))
	format.PutBoth32(r[2:], uint32(block))
	format.PutBoth32(r[10:], uint32(size))
	copy(r[18:], "\x65\x0b\x0e\x16\x0d\x14\x00")
	r[25] = flags
	copy(r[28:], "\x01\x00\x00\x01")
	r[32] = byte(len(id))
	copy(r[33:], id)
	r = append(r, bytes.Join(use, nil)...)
	r[0] = byte(len(r))
	at := h.next[dir]
	copy(h.p[at:], r)
	h.next[dir] = at + len(r)
	return h.p[at : at+len(r)]
}

// entry is a system use entry.
func entry(sig string, data ...[]byte) []byte {
	p := append([]byte(sig+"\x00\x01"), bytes.Join(data, nil)...)
	p[2] = byte(len(p))
	return p
}

func ce(block, offset, length int) []byte {
	return entry("CE", both(uint32(block)), both(uint32(offset)), both(uint32(length)))
}

func nm(flags byte, s string) []byte { return entry("NM", []byte{flags}, []byte(s)) }

var sp = entry("SP", []byte{0xBE, 0xEF, 0})

func (h *handmade) open(t testing.TB, view string) *FS {
	t.Helper()
	v, err := Open(bytes.NewReader(h.p), int64(len(h.p)), volume.Options{View: view})
	isotest.Must(t, err)
	return v
}

// walked lists the entries of a walk, and returns its first error.
func walked(v *FS) (string, error) {
	var list []string
	var first error
	_ = v.Walk(".", func(e *volume.Entry) error {
		if e.Err != nil {
			if first == nil {
				first = e.Err
			}
			return nil
		}
		list = append(list, string(e.Path))
		return nil
	})
	return strings.Join(list, " "), first
}

func TestHandmadeRockRidge(t *testing.T) {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("IEEE_P1282")))
	px := func(mode uint32) []byte { return entry("PX", both(mode), both(1), both(7), both(8)) }
	long := entry("TF", []byte{0x82}, []byte("2001020304050607\x04"))
	h.add(20, "A.;1", 30, 5, 0, px(0o100640), nm(1, "first "), nm(0, "second"), long)
	h.add(20, "B.;1", 0, 0, 0, px(0o020666), entry("PN", both(0), both(1<<8|3)), nm(0, "null"))
	h.add(20, "C.;1", 0, 0, 0, px(0o120777), entry("SL", []byte{1, 1, 2}, []byte("ab")), entry("SL", []byte{0, 0, 2}, []byte("cd"), []byte{4, 0, 0, 1, 'x'}), nm(0, "link"))
	h.add(20, "D.;1", 0, 0, format.FlagAssociated, px(0o100644), nm(0, "fork"))
	h.add(20, "E.;1", 30, 5, format.FlagHidden, px(0o100644), ce(31, 100, 5+4))
	copy(h.p[31*disc.SectorSize+100:], nm(0, "more"))
	copy(h.p[30*disc.SectorSize:], "hello")
	v := h.open(t, "")
	if got, err := walked(v); got != "first second null link more" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	info, err := v.Stat("first second")
	isotest.Must(t, err)
	if info.Mode() != 0o640 || !info.ModTime().Equal(time.Date(2001, 2, 3, 4, 5, 6, 7e7, time.FixedZone("", 3600))) {
		t.Errorf("%v", info)
	}
	null, err := v.Lstat("null")
	isotest.Must(t, err)
	if a := null.Sys().(*volume.Attributes); null.Mode().Type() != fs.ModeDevice|fs.ModeCharDevice || a.Device != 1<<32|3 || a.UID != 7 || a.GID != 8 {
		t.Errorf("%v %+v", null, a)
	}
	if target, err := v.ReadLink("link"); err != nil || target != "abcd/../x" {
		t.Errorf("%q, %v", target, err)
	}
	more, err := v.Stat("more")
	isotest.Must(t, err)
	if !more.Sys().(*volume.Attributes).Hidden {
		t.Error("a hidden file is not marked as hidden")
	}
	if p, err := fs.ReadFile(v, "more"); err != nil || string(p) != "hello" {
		t.Errorf("%q, %v", p, err)
	}
}

// TestHandmadeSkip reads system use areas whose first bytes do not belong to SUSP.
func TestHandmadeSkip(t *testing.T) {
	h := newHandmade(entry("SP", []byte{0xBE, 0xEF, 4}), entry("ER", []byte{9, 0, 0, 1}, []byte("IEEE_1282")))
	h.add(20, "A.;1", 30, 5, 0, []byte("XXXX"), nm(0, "name"))
	if got, err := walked(h.open(t, "")); got != "name" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestHandmadeMultiExtent(t *testing.T) {
	h := newHandmade()
	h.add(20, "A.;1", 30, 2048, format.FlagMulti)
	h.add(20, "A.;1", 33, 2048, format.FlagMulti)
	h.add(20, "A.;1", 31, 3, 0)
	h.add(20, "B.;1", 30, 1, 0)
	h.add(20, "C.;1", 30, 1, format.FlagMulti)
	for i := range h.p[30*2048 : 34*2048] {
		h.p[30*2048+i] = byte(30 + i/2048)
	}
	v := h.open(t, "")
	p, err := fs.ReadFile(v, "A")
	if err != nil || len(p) != 4099 || p[2047] != 30 || p[2048] != 33 || p[4096] != 31 {
		t.Errorf("%d bytes, %v", len(p), err)
	}
	got, err := walked(v)
	if got != "A B C" || err == nil || !strings.Contains(err.Error(), "last extent") {
		t.Errorf("%s, %v", got, err)
	}
}

// virtual is an image with additional sectors that contain their own addresses.
type virtual struct {
	head []byte
	size int64
}

func (v virtual) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for ; n < len(p) && off+int64(n) < v.size; n++ {
		at := off + int64(n)
		if at < int64(len(v.head)) {
			p[n] = v.head[at]
		} else {
			p[n] = byte(at / disc.SectorSize >> (8 * (at % 4)))
		}
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestHandmadeLarge reads a file of 9 GiB in three extents.
func TestHandmadeLarge(t *testing.T) {
	const most = 1<<32 - 2048
	h := newHandmade()
	h.add(20, "A.;1", 40, most, format.FlagMulti)
	h.add(20, "A.;1", 40+most/2048, most, format.FlagMulti)
	h.add(20, "A.;1", 40+2*(most/2048), 1<<30+5, 0)
	image := virtual{h.p, 40*2048 + 2*most + 2<<30}
	v, err := Open(image, image.size, volume.Options{})
	isotest.Must(t, err)
	info, err := v.Stat("A")
	isotest.Must(t, err)
	if info.Size() != 2*most+1<<30+5 {
		t.Fatalf("size %d", info.Size())
	}
	f, err := v.Open("A")
	isotest.Must(t, err)
	for _, off := range []int64{0, most - 2048, most, 2*most - 2048, 2 * most, 2*most + 1<<30} {
		var p [4]byte
		if _, err := f.(io.ReaderAt).ReadAt(p[:], off); err != nil || int64(binary.LittleEndian.Uint32(p[:])) != 40+off/2048 {
			t.Errorf("at %d: sector %d, %v", off, binary.LittleEndian.Uint32(p[:]), err)
		}
	}
	loc := volume.NewLocator(v)
	for _, lba := range []disc.LBA{40, 40 + most/2048, 40 + 2*most/2048 + 1<<19} {
		if got := loc.Locate(lba); got != "A" {
			t.Errorf("sector %d: %q", lba, got)
		}
	}
	if got := loc.Locate(40 + 2*most/2048 + 1<<19 + 1); got != "" {
		t.Errorf("after the file: %q", got)
	}
}

// TestHandmadeInterleaved reads a file in units of one block, each followed by a
// gap of two.
func TestHandmadeInterleaved(t *testing.T) {
	h := newHandmade()
	r := h.add(20, "A.;1", 30, 5000, 0)
	r[26], r[27] = 1, 2
	for i := range h.p[30*2048:] {
		h.p[30*2048+i] = byte(30 + i/2048)
	}
	p, err := fs.ReadFile(h.open(t, ""), "A")
	if err != nil || len(p) != 5000 || p[0] != 30 || p[2048] != 33 || p[4999] != 36 {
		t.Errorf("%d bytes, %v", len(p), err)
	}
}

// TestHandmadeHostile walks volumes on which a careless reader would loop forever.
func TestHandmadeHostile(t *testing.T) {
	rock := entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A"))
	for _, c := range []struct {
		name string
		make func() *handmade
		list string
		err  string
	}{
		{"a directory in itself", func() *handmade {
			h := newHandmade()
			h.add(20, "SELF", 20, 2048, format.FlagDirectory)
			h.add(20, "Z.;1", 30, 1, 0)
			return h
		}, "SELF Z", "contains itself"},
		{"two directories in each other", func() *handmade {
			h := newHandmade()
			h.dir(21, 20, 1)
			h.dir(22, 21, 1)
			h.add(20, "A", 21, 2048, format.FlagDirectory)
			h.add(21, "B", 22, 2048, format.FlagDirectory)
			h.add(22, "C", 21, 2048, format.FlagDirectory)
			return h
		}, "A A/B A/B/C", "contains itself"},
		{"every directory under two names", func() *handmade {
			h := newHandmade()
			for b := 20; b < 38; b++ {
				h.dir(b+1, b, 1)
				h.add(b, "A", b+1, 2048, format.FlagDirectory)
				h.add(b, "B", b+1, 2048, format.FlagDirectory)
			}
			return h
		}, "", "have several names"},
		{"a huge directory", func() *handmade {
			h := newHandmade()
			h.dir(21, 20, 1)
			h.add(20, "A", 21, 1<<31, format.FlagDirectory)
			return h
		}, "A", "past the end of the image"},
		{"continuation in a loop", func() *handmade {
			h := newHandmade(sp, rock)
			h.add(20, "A.;1", 30, 1, 0, nm(0, "a"), ce(31, 0, 28))
			copy(h.p[31*2048:], ce(32, 0, 28))
			copy(h.p[32*2048:], ce(31, 0, 28))
			return h
		}, "a", ""},
		{"a huge continuation", func() *handmade {
			h := newHandmade(sp, rock)
			h.add(20, "A.;1", 30, 1, 0, nm(0, "a"), ce(31, 0, 1<<30))
			return h
		}, "a", ""},
		{"a relocated directory that does not exist", func() *handmade {
			h := newHandmade(sp, rock)
			h.add(20, "A.;1", 30, 1, 0, nm(0, "a"), entry("CL", both(35)))
			h.add(20, "B.;1", 30, 1, 0, nm(0, "b"))
			return h
		}, "b", "no directory begins there"},
		{"an endless name and target", func() *handmade {
			h := newHandmade(sp, rock)
			h.p = append(h.p, make([]byte, 40*2048)...)
			h.add(20, "A.;1", 30, 1, 0, nm(1, "a"), ce(41, 0, 60000))
			h.add(20, "B.;1", 30, 1, 0, nm(0, "b"))
			for at := 41 * 2048; at+250 < len(h.p); {
				at += copy(h.p[at:], nm(1, strings.Repeat("n", 200)))
				at += copy(h.p[at:], entry("SL", []byte{1, 1, 40}, make([]byte, 40)))
			}
			return h
		}, "a" + strings.Repeat("n", 1000) + " b", ""},
		{"names that lead elsewhere", func() *handmade {
			h := newHandmade(sp, rock)
			h.add(20, "A.;1", 30, 1, 0, nm(0, "../../etc"))
			h.add(20, "B.;1", 30, 1, 0, nm(0, ".."))
			return h
		}, `..\x2f..\x2fetc \x2e\x2e`, ""},
	} {
		v := c.make().open(t, "")
		got, err := walked(v)
		if c.list != "" && got != c.list {
			t.Errorf("%s: %s, want %s", c.name, got, c.list)
		}
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.err)
		}
		// Walking by io/fs ends as well.
		steps := 0
		_ = fs.WalkDir(v, ".", func(string, fs.DirEntry, error) error {
			if steps++; steps > 10000 {
				t.Errorf("%s: the walk does not end", c.name)
				return fs.SkipAll
			}
			return nil
		})
		if _, err := v.Check(t.Context()); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestShort reads an image whose end is missing.
func TestShort(t *testing.T) {
	h := newHandmade()
	h.add(20, "A.;1", 30, 3*2048, 0)
	copy(h.p[30*2048:], "content")
	h.p = h.p[:31*2048]
	v := h.open(t, "")
	info, err := v.Stat("A")
	isotest.Must(t, err)
	if why := info.Sys().(*volume.Attributes).Unreadable; !strings.Contains(why, "past the end") {
		t.Errorf("%q", why)
	}
	f, err := v.Open("A")
	isotest.Must(t, err)
	p, err := io.ReadAll(f)
	if len(p) != 2048 || err == nil || !strings.Contains(err.Error(), "sector 31") {
		t.Errorf("%d bytes, %v", len(p), err)
	}
}

// badSectors is an image with sectors that cannot be read. A read that includes one
// fails completely.
type badSectors struct {
	io.ReaderAt
	bad map[int64]bool
}

func (s badSectors) ReadAt(p []byte, off int64) (int, error) {
	for at := off / disc.SectorSize; at <= (off+int64(len(p))-1)/disc.SectorSize; at++ {
		if s.bad[at] {
			return 0, errScratch
		}
	}
	return s.ReaderAt.ReadAt(p, off)
}

var errScratch = errors.New("unrecovered read error")

// TestBadSectors reads the rest of a directory with bad sectors.
func TestBadSectors(t *testing.T) {
	h := newHandmade()
	h.dir(22, 20, 6)
	h.add(20, "D", 22, 6*2048, format.FlagDirectory)
	for i := range 6 {
		if i > 0 {
			h.next[22] = (22 + i) * 2048
		}
		h.add(22, string(rune('A'+i)), 30, 1, 0)
	}
	h.add(20, "Z", 30, 1, 0)
	r := badSectors{bytes.NewReader(h.p), map[int64]bool{24: true, 26: true}}
	v, err := Open(r, int64(len(h.p)), volume.Options{})
	isotest.Must(t, err)
	got, err := walked(v)
	if got != "D D/A D/B D/D D/F Z" || !errors.Is(err, errScratch) {
		t.Errorf("%s, %v", got, err)
	}
	list, err := v.ReadDir("D")
	if len(list) != 4 || !errors.Is(err, errScratch) {
		t.Errorf("%v, %v", list, err)
	}
}

// TestBlockSize reads a volume with logical blocks of 512 bytes.
func TestBlockSize(t *testing.T) {
	h := newHandmade()
	d := h.p[16*2048:]
	copy(d[128:], "\x00\x02\x02\x00")
	format.PutBoth32(d[80:], 160)
	format.PutBoth32(d[158:], 80)
	format.PutBoth32(h.p[20*2048+2:], 80)
	h.add(20, "A.;1", 121, 3, 0)
	copy(h.p[121*512:], "abc")
	v := h.open(t, "")
	if p, err := fs.ReadFile(v, "A"); err != nil || string(p) != "abc" {
		t.Errorf("%q, %v", p, err)
	}
	isotest.Must(t, v.Walk(".", func(e *volume.Entry) error {
		if !e.Encoded {
			t.Error("a file that begins within a sector can be read at its extents")
		}
		return e.Err
	}))
}

// Files with SF are listed with their real size, and their stored bytes are not returned
// as their contents.
func TestHandmadeSparse(t *testing.T) {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("IEEE_P1282")))
	px := entry("PX", both(0o100644), both(1), both(0), both(0))
	h.add(20, "NEW.;1", 30, 5, 0, px, nm(0, "new"), entry("SF", both(1), both(2), []byte{4}))
	h.add(20, "OLD.;1", 30, 5, 0, px, nm(0, "old"), entry("SF", both(70000)))
	h.add(20, "BAD.;1", 30, 5, 0, px, nm(0, "bad"), entry("SF", both(1<<31), both(0), []byte{9}))
	h.add(20, "CUT.;1", 30, 5, 0, px, nm(0, "cut"), entry("SF", []byte{1}))
	v := h.open(t, "")
	for name, size := range map[string]int64{"new": 1<<32 + 2, "old": 70000, "bad": 5, "cut": 5} {
		info, err := v.Stat(name)
		isotest.Must(t, err)
		if info.Size() != size {
			t.Errorf("%s: %d bytes, want %d", name, info.Size(), size)
		}
		_, err = fs.ReadFile(v, name)
		if sparse := name != "cut"; sparse != (err != nil && strings.Contains(err.Error(), "sparse")) {
			t.Errorf("%s: read with error %v", name, err)
		}
	}
	odd := both(70000)
	odd[7] ^= 1
	h.add(20, "ODD.;1", 30, 5, 0, px, nm(0, "odd"), entry("SF", both(0), odd, []byte{1}))
	if got := defects(t, h.p); strings.Count(got, `its system use entry "SF" is`) != 1 {
		t.Error(got)
	}
}
