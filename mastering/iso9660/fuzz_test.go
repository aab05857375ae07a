package iso9660

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"glassmaster/mastering/boot"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/filename"
	"glassmaster/mastering/iso9660/internal/format"
	"glassmaster/mastering/iso9660/plan"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/volume"
)

// seedImages are small images for the fuzz targets.
func seedImages() [][]byte {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
	h.dir(21, 20, 1)
	h.add(20, "A", 21, 2048, format.FlagDirectory, nm(0, "a folder"))
	h.add(21, "B.;1", 30, 100, format.FlagMulti, nm(0, "b"))
	h.add(21, "B.;1", 31, 100, 0, nm(0, "b"))
	h.add(21, "C.;1", 0, 0, 0, entry("PX", both(0o120777), both(1), both(0), both(0), both(9)), entry("SL", []byte{0, 0, 1, 'b'}))
	h.add(21, "D.;1", 32, 300, 0, entry("ZF", []byte("pz\x04\x0f"), both(400)), ce(33, 0, 60))
	copy(h.p[33*2048:], bytes.Join([][]byte{nm(0, "d"), entry("AL", []byte{0, 0, 2, 3, 'x', 0, 1, 'y'}), entry("TF", []byte{14}, make([]byte, 21))}, nil))
	copy(h.p[18*2048:], h.p[17*2048:18*2048])
	copy(h.p[17*2048:], "\x00CD001\x01EL TORITO SPECIFICATION")
	h.p[17*2048+71] = 34
	copy(h.p[34*2048:], "\x01\x00\x00\x00")
	copy(h.p[34*2048+28:], "\xaa\x55\x55\xaa\x88\x00\x00\x00\x00\x00\x04\x00\x23")
	h.add(21, "E.;1", 32, 300, 0, entry("SF", both(0), both(1000), []byte{1}), entry("PX", both(0o101644), both(1), both(0), both(0)))
	h.add(21, "N.;1", 0, 0, 0, entry("PX", both(0o020666), both(1), both(0), both(0)), entry("PN", both(0), both(1<<8|3)))
	section := h.p[34*2048+64:]
	copy(section, "\x91\xef\x02\x00second")
	copy(section[32:], "\x88\x20\x00\x00\x00\x00\x01\x00\x24")
	copy(section[64:], "\x44\x00criteria")
	copy(section[96:], "\x88\x04\x00\x00\x00\x00\x01\x00\x25")
	seeds := [][]byte{h.p, plannedSeed(), sessionsSeed(), largeSeed(), sharedSeed()}
	images, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "corpus", "*", "*", "*", "*.iso"))
	for _, path := range images {
		if info, err := os.Stat(path); err == nil && info.Size() < 150<<10 {
			if p, err := os.ReadFile(path); err == nil {
				seeds = append(seeds, p)
			}
		}
	}
	return seeds
}

// plannedSeed is a volume with all kinds of trees, relocated folders, partition tables
// and a boot image.
func plannedSeed() []byte {
	at := time.Date(2024, 2, 29, 12, 34, 56, 0, time.UTC)
	root := tree.NewFolder("", at)
	for dir, i := root, 0; i < 10; i++ {
		next := tree.NewFolder("folder that is nested", at)
		dir.Append(next)
		dir = next
		dir.Append(tree.NewFile("a file of a long name.text", 5, at, layout.Bytes("12345")))
	}
	root.Append(tree.NewFile("boot.img", 2048, at, layout.Bytes(make([]byte, 2048))))
	root.Append(tree.NewNode("link", fs.ModeSymlink|0o777, tree.Symlink("../boot.img")))
	l, _, err := master.Plan(root, master.Options{
		Label: "SEED", NoPadding: true, Time: at, Features: plan.Features{Level: 4, Joliet: plan.JolietLong, RockRidge112: true},
		Boot: &boot.Options{Images: []boot.Image{{Path: "boot.img"}}, GPT: boot.GPTHybrid, APM: true},
	})
	if err != nil {
		panic(err)
	}
	p := make([]byte, l.Size())
	_, _ = l.ReadAt(p, 0) // all in memory
	return p
}

// sessionsSeed has two sessions.
func sessionsSeed() []byte {
	h := newHandmade()
	h.p = append(h.p, make([]byte, 70*disc.SectorSize)...)
	h.add(20, "OLD.;1", 30, 5, 0)
	copy(h.p[80*disc.SectorSize:], h.p[16*disc.SectorSize:18*disc.SectorSize])
	format.PutBoth32(h.p[80*disc.SectorSize+156+2:], 100)
	h.dir(100, 100, 1)
	h.add(100, "NEW.;1", 30, 5, 0)
	return h.p
}

// sharedSeed has folders with several names, a relocated one without RE, and names that
// occur twice, are invalid, and are not UTF-8.
func sharedSeed() []byte {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
	for b := 20; b < 28; b++ {
		h.dir(b+1, b, 1)
		h.add(b, "A", b+1, 2048, format.FlagDirectory, nm(0, "a"))
		h.add(b, "B", b+1, 2048, format.FlagDirectory, nm(0, "b"))
	}
	for i, name := range []string{"twin", "twin", "twin~2", "a/b", "..", "caf\xe9", "\x1b[2J"} {
		h.add(28, fmt.Sprintf("F%d.;1", i), 30, 5, 0, nm(0, name))
	}
	h.next[31] = 31 * disc.SectorSize
	h.add(31, "\x00", 31, 2048, format.FlagDirectory)
	h.add(31, "\x01", 20, 2048, format.FlagDirectory, entry("PL", both(20)))
	h.dir(32, 20, 1)
	h.add(32, "M", 31, 2048, format.FlagDirectory, nm(0, "moved"))
	h.add(20, "M.;1", 30, 0, 0, nm(0, "moved"), entry("CL", both(31)))
	h.add(20, "RR_MOVED", 32, 2048, format.FlagDirectory, nm(0, "rr_moved"))
	return h.p
}

// largeSeed has a directory that is searched by an index.
func largeSeed() []byte {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
	h.p = append(h.p, make([]byte, 40*disc.SectorSize)...)
	h.dir(40, 20, 33)
	h.add(20, "RR_MOVED", 40, 33*disc.SectorSize, format.FlagDirectory, nm(0, "rr_moved"))
	for i := range 4 {
		h.next[40] = (40 + 10*i + 1) * disc.SectorSize
		h.add(40, fmt.Sprintf("F%d.;1", i), 30, 5, 0, nm(0, fmt.Sprintf("name %d", i)))
	}
	return h.p
}

// counted counts the bytes that are read.
type counted struct {
	*bytes.Reader
	n int64
}

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Reader.ReadAt(p, off)
	c.n += int64(n)
	return n, err
}

// allocated returns the bytes that f allocates.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// checkResources opens, lists and checks a volume. The memory and the bytes read must be
// proportional to the size of the image, and all contents must be within it.
func checkResources(t *testing.T, p []byte, view string) {
	r := &counted{Reader: bytes.NewReader(p)}
	size := int64(len(p))
	used := allocated(func() {
		v, err := Open(r, size, volume.Options{View: view})
		if err != nil {
			return
		}
		_ = v.Walk(".", func(e *volume.Entry) error {
			for _, x := range e.Extents {
				if from := int64(x.Start) * disc.SectorSize; e.Mode.IsRegular() && e.Unreadable == "" && (from < 0 || x.Length < 0 || from+x.Length > size) {
					t.Errorf("%s is readable at %v of %d bytes", e.Path, x, size)
				}
			}
			return nil
		})
		_, _ = v.Check(t.Context())
	})
	if used > 8<<20+100*size || r.n > 8<<20+2000*size {
		t.Errorf("an image of %d bytes took %d bytes of memory, and %d were read", size, used, r.n)
	}
}

// FuzzVolume does everything that can be done with an image.
func FuzzVolume(f *testing.F) {
	for _, p := range seedImages() {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		r := bytes.NewReader(p)
		v, err := Open(r, int64(len(p)), volume.Options{})
		if err != nil {
			return
		}
		for _, view := range v.Volume().Views {
			checkResources(t, p, view)
			v, err := Open(r, int64(len(p)), volume.Options{View: view})
			if err != nil {
				continue
			}
			budget := int64(1 << 20)
			_ = v.Walk(".", func(e *volume.Entry) error {
				if e.Err != nil {
					return nil
				}
				if !filename.ValidPath(string(e.Path)) {
					t.Errorf("%q is no path", e.Path)
				}
				name := string(e.Path)
				_, _ = v.Lstat(name)
				_, _ = v.ReadLink(name)
				_ = e.More()
				if g, err := v.OpenPlace(e.Place); err == nil && e.IsDir() {
					t.Errorf("%s is a folder and was opened as %v", name, g)
				}
				if e.IsDir() {
					_, _ = v.ReadDir(name)
				}
				if g, err := v.Open(name); err == nil && budget > 0 && e.Mode.IsRegular() {
					n, _ := io.Copy(io.Discard, io.LimitReader(g.(io.Reader), budget))
					budget -= n
				}
				if budget -= 1000; budget < 0 {
					return fs.SkipAll
				}
				return nil
			})
			images, _ := v.BootImages()
			for _, e := range images[:min(len(images), 4)] {
				_, _ = io.CopyN(io.Discard, v.OpenBootImage(e), 4096)
			}
			_, _ = v.Check(t.Context())
		}
	})
}

// FuzzRecord reads a directory of two sectors.
func FuzzRecord(f *testing.F) {
	f.Add(seedImages()[0][21*2048:22*2048], true, false)
	f.Add(seedImages()[0][20*2048:21*2048], false, true)
	f.Add(bytes.ReplaceAll(seedImages()[0][21*2048:22*2048], []byte("a"), []byte("\xe1")), true, false)
	f.Fuzz(func(t *testing.T, p []byte, susp, ucs2 bool) {
		v := &FS{r: bytes.NewReader(p), size: int64(len(p)), blockSize: 2048, susp: susp, ucs2: ucs2}
		var (
			s  scan
			w  window
			it item
		)
		it.wantAttributes = true
		s.start(v, []span{{0, int64(len(p))}}, &w)
		for s.next(&it) {
			if name := it.info().Name(); !filename.ValidPath(name) || name == "." || bytes.ContainsAny(it.name, "/\x00") {
				t.Fatalf("the name %q is invalid", name)
			}
		}
	})
}

// FuzzSystemUse reads a system use area, with continuations in the same bytes.
func FuzzSystemUse(f *testing.F) {
	f.Add(bytes.Join([][]byte{sp, nm(1, "a"), nm(0, "b"), entry("SL", []byte{0, 8, 0, 0, 1, 'x'}), ce(0, 0, 20)}, nil))
	f.Add(entry("AL", []byte{0, 0, 0, 0, 11, 0x16, 0xAE, 1, 123, 0x34, 0xCE, 2, 255, 254, 0x54, 0x64}))
	f.Fuzz(func(t *testing.T, p []byte) {
		v := &FS{r: bytes.NewReader(p), size: int64(len(p)), blockSize: 2048, susp: true}
		var w window
		it := item{wantAttributes: true}
		it.reset()
		used := allocated(func() {
			_ = v.readSystemUse(&it, p, v.skip, &w)
			v.finish(&it)
			it.info()
		})
		if len(it.rockName) > maxName || len(it.Target) > maxTarget || w.taken > areaRoom*v.size+chunk+maxAreaBytes+disc.SectorSize {
			t.Errorf("a name of %d bytes, a target of %d, %d bytes of areas", len(it.rockName), len(it.Target), w.taken)
		}
		if limit := int64(1<<20 + 100*len(p)); used > limit {
			t.Errorf("%d bytes of memory for %d", used, len(p))
		}
	})
}

func FuzzDescriptors(f *testing.F) {
	f.Add(seedImages()[0][16*2048 : 19*2048])
	f.Add(sessionsSeed()[16*2048 : 102*2048])
	f.Add(plannedSeed()[16*2048 : 21*2048])
	f.Fuzz(func(t *testing.T, p []byte) {
		image := append(make([]byte, 16*2048), p...)
		var sessions []volume.Session
		used := allocated(func() { sessions = volume.FindSessions(bytes.NewReader(image), int64(len(image)), false) })
		if limit := int64(4<<20 + 100*len(image)); len(sessions) > 257 || used > limit {
			t.Errorf("%d sessions and %d bytes of memory for %d", len(sessions), used, len(image))
		}
		for i, s := range sessions[:max(len(sessions)-1, 0)] {
			if next := sessions[i+1].Start; next <= s.Start && next != 0 {
				t.Errorf("session %d begins at sector %d, after the next at %d", i+1, s.Start, next)
			}
		}
	})
}

// FuzzSystemArea reads partition tables and what they point to.
func FuzzSystemArea(f *testing.F) {
	area := func(edit func(p []byte)) []byte {
		p := make([]byte, 8*disc.SectorSize)
		edit(p)
		return p
	}
	mbr := func(p []byte) {
		copy(p[446:], "\x80\x00\x01\x00\x17\x3f\x20\xff\x00\x00\x00\x00\xff\xff\xff\xff")
		copy(p[510:], "\x55\xaa")
	}
	apm := func(p []byte, block int) {
		copy(p, "ER")
		binary.BigEndian.PutUint16(p[2:], uint16(block))
		for i := 1; i < 4; i++ {
			e := p[i*block:]
			copy(e, "PM\x00\x00\x00\x00\x00\x03\x00\x00\x00\x05\x00\x00\x00\x07")
			copy(e[48:], "Apple_HFS")
		}
	}
	f.Add(area(mbr))
	f.Add(area(func(p []byte) { mbr(p); copy(p[512:], "EFI PART"); copy(p[512+80:], "\xff\xff\xff\xff\x80") }))
	f.Add(area(func(p []byte) { apm(p, 512); copy(p[5*512+1024:], "BD"); p[5*512+1024+36] = 255 }))
	f.Add(area(func(p []byte) { apm(p, 2048) }))
	f.Add(area(func(p []byte) { copy(p[1024:], "H+") }))
	f.Fuzz(func(t *testing.T, p []byte) {
		v := &FS{r: bytes.NewReader(p), size: int64(len(p)), blockSize: disc.SectorSize}
		used := allocated(v.describeHybrid)
		text := 0
		for _, k := range v.info.Properties {
			text += len(k.Name) + len(k.Value)
		}
		if text > 1000+4*len(p) || used > 1<<20 {
			t.Errorf("%d bytes of text and %d of memory for %d", text, used, len(p))
		}
	})
}
