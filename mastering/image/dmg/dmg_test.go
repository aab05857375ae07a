package dmg_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"
	"github.com/ulikunitz/xz"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/dmg"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/peertest"
)

// chunkSize is the size of the chunks that the tests make, in bytes.
const chunkSize = 128 << 10

// packers compress a chunk. The result nil means that it is zeros.
var packers = map[string]struct {
	kind uint32
	pack func(t testing.TB, p []byte) []byte
}{
	"raw":  {1, func(_ testing.TB, p []byte) []byte { return p }},
	"zero": {0, func(testing.TB, []byte) []byte { return nil }},
	"zlib": {0x80000005, func(_ testing.TB, p []byte) []byte {
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		w.Write(p)
		w.Close()
		return b.Bytes()
	}},
	"bzip2": {0x80000006, func(t testing.TB, p []byte) []byte {
		peertest.Need(t, "bzip2")
		dir := t.TempDir()
		path := filepath.Join(dir, "p")
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		peertest.Run(t, dir, "bzip2", "p")
		b, err := os.ReadFile(path + ".bz2")
		if err != nil {
			t.Fatal(err)
		}
		return b
	}},
	"LZMA": {0x80000008, func(_ testing.TB, p []byte) []byte {
		var b bytes.Buffer
		w, _ := xz.NewWriter(&b)
		w.Write(p)
		w.Close()
		return b.Bytes()
	}},
	"ADC":                {0x80000004, func(_ testing.TB, p []byte) []byte { return adc(p) }},
	"LZFSE, stored":      {0x80000007, func(_ testing.TB, p []byte) []byte { return lzfse("bvx-", p, p) }},
	"LZFSE, LZVN blocks": {0x80000007, func(_ testing.TB, p []byte) []byte { return lzfse("bvxn", p, lzvn(p)) }},
}

// adc compresses runs of one byte, in both ways to refer back.
func adc(p []byte) []byte {
	var out []byte
	for i := 0; i < len(p); {
		n := 1
		for i+n < len(p) && p[i+n] == p[i] && n < 60 {
			n++
		}
		switch {
		case n > 20:
			out = append(out, 0x80, p[i], 0x40|byte(n-1-4), 0, 0)
		case n > 4:
			out = append(out, 0x80, p[i], byte(n-1-3)<<2, 0)
		default:
			out = append(append(out, 0x80|byte(n-1)), p[i:i+n]...)
		}
		i += n
	}
	return out
}

// lzvn compresses runs of one byte, with short and long operations.
func lzvn(p []byte) []byte {
	var out []byte
	for i := 0; i < len(p); {
		n := 1
		for i+n < len(p) && p[i+n] == p[i] && n < 250 {
			n++
		}
		switch {
		case n > 40:
			out = append(out, 1<<6|0<<3|7, 1, 0, p[i]) // a byte, and three again
			out = append(out, 0xf0, byte(n-4-16))
		case n > 4 && n < 12:
			out = append(out, 1<<6|byte(n-1-3)<<3, 1, p[i])
		case n > 11 && n < 34:
			m := n - 1 - 3
			out = append(out, 0xa0|1<<3|byte(m>>2), byte(m&3)|1<<2, 0, p[i])
		default:
			n = min(n, 15)
			out = append(append(out, 0xe0|byte(n)), p[i:i+n]...)
		}
		i += n
	}
	return append(out, 6, 0, 0, 0, 0, 0, 0, 0)
}

func lzfse(magic string, p, payload []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(magic), uint32(len(p)))
	if magic == "bvxn" {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(payload)))
	}
	return append(append(out, payload...), "bvx$"...)
}

// build makes an image with all chunks of one kind, except that a chunk of zeros is not
// stored.
func build(t testing.TB, name string, p []byte) []byte {
	var file []byte
	var table []byte
	n := 0
	entry := func(kind uint32, at, size, packedAt, packedSize int) {
		table = binary.BigEndian.AppendUint32(table, kind)
		table = binary.BigEndian.AppendUint32(table, 0)
		for _, v := range []int{at / 512, size / 512, packedAt, packedSize} {
			table = binary.BigEndian.AppendUint64(table, uint64(v))
		}
		n++
	}
	for at := 0; at < len(p); at += chunkSize {
		q := p[at:min(len(p), at+chunkSize)]
		k := packers[name]
		if len(bytes.Trim(q, "\x00")) == 0 {
			k = packers["zero"]
		}
		packed := k.pack(t, q)
		entry(k.kind, at, len(q), len(file), len(packed))
		file = append(file, packed...)
	}
	entry(0xffffffff, len(p), 0, len(file), 0)
	h := make([]byte, 204)
	copy(h, "mish")
	binary.BigEndian.PutUint32(h[4:], 1)
	binary.BigEndian.PutUint64(h[16:], uint64(len(p)/512))
	binary.BigEndian.PutUint32(h[32:], 2056)
	binary.BigEndian.PutUint32(h[64:], 2)
	binary.BigEndian.PutUint32(h[68:], 32)
	binary.BigEndian.PutUint32(h[72:], crc32.ChecksumIEEE(p))
	binary.BigEndian.PutUint32(h[200:], uint32(n))
	data := base64.StdEncoding.EncodeToString(append(h, table...))
	list := `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>resource-fork</key><dict><key>blkx</key><array><dict>
<key>Attributes</key><string>0x0050</string><key>CFName</key><string>whole disk</string><key>Data</key><data>` + data + `</data>
<key>ID</key><string>0</string><key>Name</key><string>whole disk</string></dict></array></dict></dict></plist>
`
	k := make([]byte, 512)
	copy(k, "koly")
	binary.BigEndian.PutUint32(k[4:], 4)
	binary.BigEndian.PutUint32(k[8:], 512)
	binary.BigEndian.PutUint32(k[12:], 1)
	binary.BigEndian.PutUint64(k[32:], uint64(len(file)))
	binary.BigEndian.PutUint32(k[56:], 1)
	binary.BigEndian.PutUint32(k[60:], 1)
	binary.BigEndian.PutUint64(k[216:], uint64(len(file)))
	binary.BigEndian.PutUint64(k[224:], uint64(len(list)))
	sum := func(at int, p []byte) {
		binary.BigEndian.PutUint32(k[at:], 2)
		binary.BigEndian.PutUint32(k[at+4:], 32)
		binary.BigEndian.PutUint32(k[at+8:], crc32.ChecksumIEEE(p))
	}
	sum(80, file)
	sum(352, h[72:76])
	binary.BigEndian.PutUint32(k[488:], 1)
	binary.BigEndian.PutUint64(k[492:], uint64(len(p)/512))
	return append(append(file, list...), k...)
}

func write(t testing.TB, p []byte) string {
	path := filepath.Join(t.TempDir(), "x.dmg")
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// contents are bytes with runs, since the encoders of the test compress nothing else.
func contents(sectors int) []byte {
	p := imagetest.Contents(sectors)
	for i := 20 * 2048; i+2000 < len(p); i += 9000 {
		for j := range 1 + i%60 {
			p[i+j] = 'x'
		}
		for j := range 10 + i%300 {
			p[i+100+j] = 'y'
		}
	}
	return p
}

// TestKinds: chunks of all kinds are read, as dmg2img reads them.
func TestKinds(t *testing.T) {
	peertest.Need(t, "dmg2img", "7z")
	want := contents(700)
	for name := range packers {
		if name == "zero" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			path := write(t, build(t, name, want))
			u := imagetest.Unpack(t, dmg.Format, path)
			imagetest.SameContents(t, want, u, u.Size)
			if d, f, err := image.Open(t.Context(), path); err != nil || f.Name != "ISO in DMG" || disc.Sectors(d) != 700 {
				t.Errorf("opened as %q with error %v", f.Name, err)
			}
			if name == "LZMA" || strings.HasPrefix(name, "LZFSE") {
				return // this version of dmg2img does not know them
			}
			peertest.Run(t, filepath.Dir(path), "dmg2img", "-s", "x.dmg", "x.img")
			if got, err := os.ReadFile(filepath.Join(filepath.Dir(path), "x.img")); err != nil || !bytes.Equal(got, want) {
				t.Errorf("dmg2img reads %d other bytes, error %v", len(got), err)
			}
		})
	}
}

// TestDamage: damage is an error.
func TestDamage(t *testing.T) {
	want := contents(700)
	for name := range packers {
		if name == "zero" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			whole := build(t, name, want)
			for i := range 8 {
				bad := bytes.Clone(whole)
				bad[bytes.Index(bad, []byte("<?xml"))*(i+1)/10] ^= 0x20
				u := imagetest.Unpack(t, dmg.Format, write(t, bad))
				p := make([]byte, u.Size)
				n, err := u.ReadAt(p, 0)
				if err == nil {
					t.Errorf("change %d: no error, the same bytes: %v", i, bytes.Equal(p[:n], want[:n]))
				}
			}
		})
	}
}

// TestRefused: images that cannot be read, and the reasons.
func TestRefused(t *testing.T) {
	whole := build(t, "zlib", contents(100))
	k := len(whole) - 512
	for _, c := range []struct {
		name, want string
		change     func(p []byte) []byte
	}{
		{"encrypted", "encrypted", func(p []byte) []byte { return append([]byte("encrcdsa"), p...) }},
		{"encrypted, version 1", "encrypted", func(p []byte) []byte { return append(p, "cdsaencr"...) }},
		{"segments", "segment 1 of 3", func(p []byte) []byte { p[k+63] = 3; return p }},
		{"resource fork", "resource fork", func(p []byte) []byte { clear(p[k+224 : k+232]); return p }},
		{"list", "property list", func(p []byte) []byte { p[k+216] = 1; return p }},
		{"empty list", "names no data", func(p []byte) []byte { return bytes.Replace(p, []byte("blkx"), []byte("xxxx"), 1) }},
		{"a part", "or truncated", func(p []byte) []byte { return p[5000:] }},
	} {
		_, _, err := image.Open(t.Context(), write(t, c.change(bytes.Clone(whole))))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestCorpus: images that Apple's programs made are read as 7-Zip reads them.
func TestCorpus(t *testing.T) {
	list, _ := filepath.Glob("../../../../shared/corpus/jhermsmeier+node-udif/test/data/*.dmg")
	if len(list) == 0 {
		t.Skip("there is no corpus")
	}
	peertest.Need(t, "dmg2img")
	for _, path := range list {
		name := filepath.Base(path)
		path, err := filepath.Abs(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			d, f, err := image.Open(t.Context(), path)
			if name == "raw.dmg" {
				return // not in the format
			}
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			u := imagetest.Unpack(t, dmg.Format, path)
			got := make([]byte, u.Size)
			if _, err := u.ReadAt(got, 0); err != nil {
				t.Fatal(err)
			}
			t.Log(f.Name, u.Size, disc.Texts(u.Notices()), fmt.Sprintf("%08x", crc32.ChecksumIEEE(got)))
			if strings.Contains(name, "lzfse") {
				return // unknown to dmg2img; the checksums in the image are right
			}
			out := filepath.Join(t.TempDir(), "x.img")
			peertest.Run(t, t.TempDir(), "dmg2img", "-s", path, out)
			if want, err := os.ReadFile(out); err != nil || !bytes.HasPrefix(got, want) && !bytes.HasPrefix(want, got) {
				t.Errorf("dmg2img reads %d other bytes, error %v", len(want), err)
			}
		})
	}
}

// A property list that is nested too deep for the stack is an error.
func TestNested(t *testing.T) {
	for name, list := range map[string]string{
		"text":   strings.Repeat("(", 8<<20),
		"arrays": `<?xml version="1.0"?><plist>` + strings.Repeat("<array>", 8<<20),
	} {
		trailer := make([]byte, 512)
		copy(trailer, "koly\x00\x00\x00\x04\x00\x00\x02\x00")
		binary.BigEndian.PutUint64(trailer[224:], uint64(len(list)))
		if _, _, err := image.Open(t.Context(), write(t, append([]byte(list), trailer...))); err == nil || errors.Is(err, image.ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	for name := range packers {
		f.Add(build(f, name, contents(70)))
	}
	imagetest.FuzzUnpack(f, dmg.Format, 64<<20)
}
