package cso_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/flate"
	"github.com/pierrec/lz4/v4"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/cso"
	"glassmaster/mastering/image/format"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/sector"
)

// variant is a kind of file that programs write.
type variant struct {
	magic   string
	version byte
	shift   uint
	block   int
	header  uint32 // its size as the header says it
	mixed   bool   // every other block with LZ4
}

var variants = map[string]variant{
	"CSO v1":          {"CISO", 1, 0, 2048, 0, false},
	"CSO v1, shifted": {"CISO", 1, 3, 2048, 24, false},
	"CSO v1, 16 kB":   {"CISO", 1, 0, 16384, 24, false},
	"CSO v2":          {"CISO", 2, 0, 2048, 24, false},
	"CSO v2, mixed":   {"CISO", 2, 2, 4096, 24, true},
	"ZSO":             {"ZISO", 1, 0, 2048, 24, false},
	"ZSO, shifted":    {"ZISO", 1, 2, 2048, 24, false},
}

// encode makes a file as the descriptions of the formats say.
func (v variant) encode(p []byte) []byte {
	n := (len(p) + v.block - 1) / v.block
	out := []byte(v.magic)
	out = binary.LittleEndian.AppendUint32(out, v.header)
	out = binary.LittleEndian.AppendUint64(out, uint64(len(p)))
	out = binary.LittleEndian.AppendUint32(out, uint32(v.block))
	out = append(out, v.version, byte(v.shift), 0, 0)
	out = append(out, make([]byte, 4*(n+1))...)
	for i := 0; ; i++ {
		for len(out)%(1<<v.shift) != 0 {
			out = append(out, 0)
		}
		e := uint32(len(out) >> v.shift)
		if len(p) > 0 {
			q := p[:min(len(p), v.block)]
			p = p[len(q):]
			lz := v.magic == "ZISO" || v.mixed && i%2 == 1
			packed := deflate(q)
			if lz {
				packed = compressLZ4(q)
			}
			switch {
			case v.version == 2 && (packed == nil || len(packed) >= v.block):
				packed = append(bytes.Clone(q), make([]byte, v.block-len(q))...)
			case v.version == 2 && lz:
				e |= 1 << 31
			case v.version < 2 && (packed == nil || len(packed) >= len(q)):
				packed = q
				e |= 1 << 31
			}
			out = append(out, packed...)
		}
		binary.LittleEndian.PutUint32(out[24+4*i:], e)
		if i == n {
			return out
		}
	}
}

func deflate(p []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write(p)
	w.Close()
	return b.Bytes()
}

func compressLZ4(p []byte) []byte {
	b := make([]byte, lz4.CompressBlockBound(len(p)))
	var c lz4.Compressor
	n, _ := c.CompressBlock(p, b)
	if n == 0 {
		return nil
	}
	return b[:n]
}

func write(t testing.TB, p []byte) string {
	path := filepath.Join(t.TempDir(), "x.cso")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestVariants: all kinds of files are read. No program that writes them is packaged, so
// the test makes them from the descriptions.
func TestVariants(t *testing.T) {
	want := append(imagetest.Contents(500), "an incomplete block"...)
	for name, v := range variants {
		t.Run(name, func(t *testing.T) {
			path := write(t, v.encode(want))
			u := imagetest.Unpack(t, cso.Format, path)
			imagetest.SameContents(t, want, u, u.Size)
			d, f, err := image.Open(t.Context(), path)
			if err != nil || f.Name != "ISO in CSO" || disc.Sectors(d) != 501 {
				t.Errorf("opened as %q with error %v", f.Name, err)
			}
		})
	}
}

// reader is an independent reader of CSO version 1, after its description.
const reader = `
import struct, sys, zlib
f = open(sys.argv[1], "rb").read()
magic, header, size, block, version, shift = struct.unpack("<4sIQIBB", f[:22])
assert magic == b"CISO" and header == 24 and version == 1
index = struct.unpack("<%dI" % (size // block + 1), f[24:24 + 4 * (size // block + 1)])
out = open(sys.argv[2], "wb")
for a, b in zip(index, index[1:]):
    p = f[(a & 0x7fffffff) << shift:(b & 0x7fffffff) << shift]
    out.write(p[:block] if a >> 31 else zlib.decompressobj(-15).decompress(p))
`

// TestCreate: what is written is the disc, for us and for a program of others.
func TestCreate(t *testing.T) {
	want := imagetest.Contents(1500)
	d := disc.FromReaderAt(bytes.NewReader(want), int64(len(want)), nil)
	path := imagetest.Create(t, cso.Format, d, format.Options{}, "x.cso")
	u := imagetest.Unpack(t, cso.Format, path)
	imagetest.SameContents(t, want, u, u.Size)
	if info, err := os.Stat(path); err != nil || info.Size() > int64(len(want))*45/100 {
		t.Errorf("%d bytes were compressed to %v", len(want), info.Size())
	}
	peertest.Need(t, "python3")
	dir := t.TempDir()
	out := filepath.Join(dir, "x.iso")
	peertest.Run(t, dir, "python3", "-c", reader, path, out)
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
		t.Errorf("Python reads other contents, error %v", err)
	}
}

// TestCreateMixed: of a disc with audio, the data track is written at its address.
func TestCreateMixed(t *testing.T) {
	d := sector.AllForms(imagetest.Mixed(t))
	path := imagetest.Create(t, cso.Format, d, format.Options{}, "x.cso")
	u := imagetest.Unpack(t, cso.Format, path)
	k, _ := disc.DataTrack(d)
	if u.Size != int64(k.End())*disc.SectorSize {
		t.Fatalf("%d bytes, want %d", u.Size, int64(k.End())*disc.SectorSize)
	}
	want, got := make([]byte, 2048*k.Length), make([]byte, 2048*k.Length)
	if _, err := d.ReadSectors(t.Context(), want, k.Start, disc.User); err != nil {
		t.Fatal(err)
	}
	if _, err := u.ReadAt(got, int64(k.Start)*2048); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the data track has other contents, error %v", err)
	}
}

// TestPlain: contents without a file system are plain sectors.
func TestPlain(t *testing.T) {
	want := bytes.Repeat([]byte("no file system\n"), 4096)
	d, f, err := image.Open(t.Context(), write(t, variants["CSO v1"].encode(want)))
	if err != nil || f.Name != "plain sectors in CSO" || disc.Sectors(d) != 30 {
		t.Errorf("opened as %q with error %v", f.Name, err)
	}
}

// TestDamage: damage is an error, and a file that is too short says so.
func TestDamage(t *testing.T) {
	want := imagetest.Contents(200)
	whole := variants["CSO v1"].encode(want)
	at := int(binary.LittleEndian.Uint32(whole[24+4*30:]) &^ (1 << 31)) // a block of text
	bad := bytes.Clone(whole)
	bad[at] ^= 0xff
	u := imagetest.Unpack(t, cso.Format, write(t, bad))
	p := make([]byte, 2048)
	if _, err := u.ReadAt(p, 30*2048); err == nil || !strings.Contains(err.Error(), "block 30") {
		t.Errorf("a damaged block: %v", err)
	}
	if _, err := u.ReadAt(p, 29*2048); err != nil {
		t.Errorf("the block before: %v", err)
	}

	u = imagetest.Unpack(t, cso.Format, write(t, whole[:len(whole)/2]))
	n := u.Notices()
	if len(n) != 1 || !n[0].Incomplete || n[0].Severity != disc.Error {
		t.Errorf("a truncated file: %+v", n)
	}
	imagetest.SameContents(t, want[:u.Size], u, u.Size)

	for name, change := range map[string]func(p []byte){
		"size":    func(p []byte) { binary.LittleEndian.PutUint64(p[8:], 1<<40) },
		"no size": func(p []byte) { clear(p[8:16]) },
		"index":   func(p []byte) { binary.LittleEndian.PutUint64(p[8:], 1<<33) },
		"block":   func(p []byte) { clear(p[16:20]) },
		"version": func(p []byte) { p[20] = 3 },
		"shift":   func(p []byte) { p[21] = 40 },
	} {
		bad := bytes.Clone(whole)
		change(bad)
		if _, _, err := image.Open(t.Context(), write(t, bad)); err == nil || strings.Contains(err.Error(), image.ErrUnknown.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPadding: a damaged block with much padding does not take long, and one that is not
// damaged is read.
func TestPadding(t *testing.T) {
	const shift, size = 20, 1 << 20
	want := bytes.Repeat([]byte("glassmaster "), size/12+1)[:size]
	packed := make([]byte, lz4.CompressBlockBound(size))
	n, err := lz4.CompressBlock(want, packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	p := append([]byte("ZISO\x18\x00\x00\x00"), make([]byte, 24)...)
	binary.LittleEndian.PutUint64(p[8:], size)
	binary.LittleEndian.PutUint32(p[16:], size)
	p[20], p[21] = 1, shift
	binary.LittleEndian.PutUint32(p[24:], 1)
	binary.LittleEndian.PutUint32(p[28:], 2)
	p = append(p, make([]byte, 2<<shift-len(p))...)
	copy(p[1<<shift:], packed[:n])
	got := make([]byte, size)
	u := imagetest.Unpack(t, cso.Format, write(t, p))
	if _, err := u.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
		t.Errorf("other contents, error %v", err)
	}
	// A block of another length is only known to be damaged when its end is reached.
	short, err := lz4.CompressBlock(want[:size-10], packed, nil)
	if err != nil {
		t.Fatal(err)
	}
	copy(p[1<<shift:], packed[:short])
	clear(p[1<<shift+short:])
	if _, err := imagetest.Unpack(t, cso.Format, write(t, p)).ReadAt(got, 0); err == nil {
		t.Error("a damaged block has no error")
	}
}

func FuzzUnpack(f *testing.F) {
	for _, v := range variants {
		f.Add(v.encode(imagetest.Contents(20)))
	}
	imagetest.FuzzUnpack(f, cso.Format, 8<<20)
}

func BenchmarkCreate(b *testing.B) {
	want := imagetest.Contents(8000)
	b.SetBytes(int64(len(want)))
	for b.Loop() {
		d := disc.FromReaderAt(bytes.NewReader(want), int64(len(want)), nil)
		imagetest.Create(b, cso.Format, d, format.Options{}, "x.cso")
	}
}

func BenchmarkRead(b *testing.B) {
	want := imagetest.Contents(8000)
	d := disc.FromReaderAt(bytes.NewReader(want), int64(len(want)), nil)
	u := imagetest.Unpack(b, cso.Format, imagetest.Create(b, cso.Format, d, format.Options{}, "x.cso"))
	b.SetBytes(int64(len(want)))
	for b.Loop() {
		if _, err := io.CopyBuffer(io.Discard, io.NewSectionReader(u, 0, u.Size), make([]byte, 128<<10)); err != nil {
			b.Fatal(err)
		}
	}
}
