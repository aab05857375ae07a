package iso9660

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"glassmaster/mastering/volume"
)

// seedImages are small images for the fuzz targets.
func seedImages() [][]byte {
	h := newHandmade(sp, entry("ER", []byte{10, 0, 0, 1}, []byte("RRIP_1991A")))
	h.dir(21, 20, 1)
	h.add(20, "A", 21, 2048, flagDirectory, nm(0, "a folder"))
	h.add(21, "B.;1", 30, 100, flagMulti, nm(0, "b"))
	h.add(21, "B.;1", 31, 100, 0, nm(0, "b"))
	h.add(21, "C.;1", 0, 0, 0, entry("PX", both(0o120777), both(1), both(0), both(0), both(9)), entry("SL", []byte{0, 0, 1, 'b'}))
	h.add(21, "D.;1", 32, 300, 0, entry("ZF", []byte("pz\x04\x0f"), both(400)), ce(33, 0, 60))
	copy(h.p[33*2048:], bytes.Join([][]byte{nm(0, "d"), entry("AL", []byte{0, 0, 2, 3, 'x', 0, 1, 'y'}), entry("TF", []byte{14}, make([]byte, 21))}, nil))
	copy(h.p[18*2048:], h.p[17*2048:18*2048])
	copy(h.p[17*2048:], "\x00CD001\x01EL TORITO SPECIFICATION")
	h.p[17*2048+71] = 34
	copy(h.p[34*2048:], "\x01\x00\x00\x00")
	copy(h.p[34*2048+28:], "\xaa\x55\x55\xaa\x88\x00\x00\x00\x00\x00\x04\x00\x23")
	seeds := [][]byte{h.p}
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
			v, err := Open(r, int64(len(p)), volume.Options{View: view})
			if err != nil {
				continue
			}
			budget := int64(1 << 20)
			_ = v.Walk(".", func(e *volume.Entry) error {
				if e.Err != nil || !fs.ValidPath(string(e.Path)) && !bytes.ContainsRune(e.Path, '/') {
					return nil
				}
				if g, err := v.Open(string(e.Path)); err == nil && budget > 0 && e.Mode.IsRegular() {
					n, _ := io.Copy(io.Discard, io.LimitReader(g.(io.Reader), budget))
					budget -= n
				}
				if budget -= 1000; budget < 0 {
					return fs.SkipAll
				}
				return nil
			})
			_, _ = v.BootImages()
			_, _ = v.Check(t.Context())
		}
	})
}

// FuzzRecord reads a directory of two sectors.
func FuzzRecord(f *testing.F) {
	f.Add(seedImages()[0][21*2048:22*2048], true, false)
	f.Add(seedImages()[0][20*2048:21*2048], false, true)
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
			if name := it.info().Name(); !fs.ValidPath(name) || name == "." || bytes.ContainsAny(it.name, "/\x00") {
				t.Fatalf("the name %q is none", name)
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
		_ = v.readSystemUse(&it, p, v.skip, &w)
		v.finish(&it)
		it.info()
	})
}

func FuzzDescriptors(f *testing.F) {
	f.Add(seedImages()[0][16*2048 : 19*2048])
	f.Fuzz(func(t *testing.T, p []byte) {
		image := append(make([]byte, 16*2048), p...)
		sessions, err := findSessions(bytes.NewReader(image), int64(len(image)), 0)
		if err == nil && len(sessions) == 0 {
			t.Fatal("neither a session nor an error")
		}
	})
}

func FuzzBootCatalog(f *testing.F) {
	p := append([]byte("\x01\x00\x00\x00"), make([]byte, 26)...)
	p = append(p, "\x55\xaa\x88\x00\x00\x00\x00\x00\x04\x00\x23"...)
	p = append(p, make([]byte, 21)...)
	p = append(p, "\x91\xef\x01\x00"...)
	p = append(p, make([]byte, 28)...)
	f.Add(append(p, make([]byte, 64)...))
	f.Fuzz(func(t *testing.T, p []byte) {
		c, err := parseCatalog(p)
		if err == nil && len(c.Entries) == 0 {
			t.Fatal("a catalogue without entries")
		}
	})
}

func FuzzZisofs(f *testing.F) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(bytes.Repeat([]byte("text"), 100))
	w.Close()
	p := append([]byte(zisofsMagic1), 0x90, 1, 0, 0, 4, 15, 0, 0)
	p = binary.LittleEndian.AppendUint32(p, 24)
	p = binary.LittleEndian.AppendUint32(p, uint32(24+b.Len()))
	f.Add(append(p, b.Bytes()...), "pz", byte(15), uint64(400))
	f.Fuzz(func(t *testing.T, p []byte, algorithm string, log byte, size uint64) {
		info := &fileInfo{
			size: int64(size), spans: []span{{0, int64(len(p))}},
			compressed: zisofsEntry{algorithm: algorithm, blockLog: log, size: size},
		}
		r, err := openZisofs(bytes.NewReader(p), info)
		if err != nil {
			return
		}
		n, err := io.Copy(io.Discard, io.NewSectionReader(r, 0, min(info.size, 1<<20)))
		if err == nil && n != min(info.size, 1<<20) {
			t.Fatalf("%d of %d bytes without an error", n, info.size)
		}
	})
}
