package isz_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zlib"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image"
	"glassmaster/mastering/image/imagetest"
	"glassmaster/mastering/image/isz"
	"glassmaster/mastering/peertest"
	"glassmaster/mastering/progress"
	"glassmaster/mastering/verify"
)

const block = 64 << 10

func obscure(p []byte) []byte {
	for i := range p {
		p[i] ^= ^"IsZ!"[i%4]
	}
	return p
}

// encode makes an image by the description of the format, since no program that writes it is
// packaged. segment is the number of data bytes in each segment. Every third block is compressed with
// bzip2.
func encode(t testing.TB, p []byte, segment int) [][]byte {
	var data, table []byte
	n := (len(p) + block - 1) / block
	for i := range n {
		q := p[i*block : min(len(p), (i+1)*block)]
		kind, packed := 2, deflate(q)
		if i%3 == 2 {
			kind, packed = 3, bzip(t, q)
			copy(packed, "xyz")
		}
		switch {
		case len(bytes.Trim(q, "\x00")) == 0:
			kind, packed = 0, nil
		case len(packed) >= len(q):
			kind, packed = 1, q
		}
		length := len(packed)
		if kind == 0 {
			length = len(q)
		}
		v := uint32(kind)<<22 | uint32(length)
		table = append(table, byte(v), byte(v>>8), byte(v>>16))
		data = append(data, packed...)
	}
	const start = 48 + 24*10
	h := make([]byte, start)
	copy(h, "IsZ!")
	h[4], h[5], h[33], h[34] = 48, 1, 3, 1
	binary.LittleEndian.PutUint16(h[10:], 2048)
	binary.LittleEndian.PutUint32(h[12:], uint32(len(p)/2048))
	binary.LittleEndian.PutUint32(h[25:], uint32(n))
	binary.LittleEndian.PutUint32(h[29:], block)
	binary.LittleEndian.PutUint32(h[35:], start)
	dataAt := start + len(table)
	binary.LittleEndian.PutUint32(h[43:], uint32(dataAt))
	files := [][]byte{append(h, obscure(table)...)}
	if segment == 0 {
		files[0] = append(files[0], data...)
		return files
	}
	binary.LittleEndian.PutUint32(files[0][39:], 48)
	var list []byte
	for len(data) > 0 {
		q := data[:min(len(data), segment)]
		data = data[len(q):]
		at := 64
		if len(list) == 0 {
			at = dataAt
			files[0] = append(files[0], q...)
		} else {
			files = append(files, append(make([]byte, at), q...))
		}
		list = binary.LittleEndian.AppendUint64(list, uint64(at+len(q)))
		list = binary.LittleEndian.AppendUint64(list, 0)
		list = binary.LittleEndian.AppendUint32(list, uint32(at))
		list = binary.LittleEndian.AppendUint32(list, 0)
	}
	copy(files[0][48:start], obscure(append(list, make([]byte, 24)...)))
	return files
}

func deflate(p []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write(p)
	w.Close()
	return b.Bytes()
}

func bzip(t testing.TB, p []byte) []byte {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p"), p, 0o600); err != nil {
		t.Fatal(err)
	}
	peertest.Run(t, dir, "bzip2", "p")
	q, err := os.ReadFile(filepath.Join(dir, "p.bz2"))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// write writes the segments of an image, and returns the path of the first.
func write(t testing.TB, files ...[]byte) string {
	dir := t.TempDir()
	for i, p := range files {
		name := "x.isz"
		if i > 0 {
			name = fmt.Sprintf("x.i%02d", i)
		}
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "x.isz")
}

// TestUnpack: blocks of all kinds are read, in one file and in segments.
func TestUnpack(t *testing.T) {
	peertest.Need(t, "bzip2")
	want := imagetest.Contents(1500)
	for _, segment := range []int{0, 200000} {
		files := encode(t, want, segment)
		if segment > 0 && len(files) < 3 {
			t.Fatalf("%d segments", len(files))
		}
		path := write(t, files...)
		u := imagetest.Unpack(t, isz.Format, path)
		imagetest.SameContents(t, want, u, u.Size)
		if d, f, err := image.Open(t.Context(), path); err != nil || f.Name != "ISO in ISZ" || disc.Sectors(d) != 1500 {
			t.Errorf("opened as %q with error %v", f.Name, err)
		}
	}
}

// TestRefused: images that cannot be read, and the reasons.
func TestRefused(t *testing.T) {
	peertest.Need(t, "bzip2")
	whole := encode(t, imagetest.Contents(300), 100000)
	for _, c := range []struct {
		want   string
		change func(p []byte)
		files  int
	}{
		{"password", func(p []byte) { p[16] = 1 }, 10},
		{"encrypted", func(p []byte) { p[16] = 4 }, 10},
		{"segment 2", func(p []byte) { p[34] = 2 }, 10},
		{"version 7", func(p []byte) { p[5] = 7 }, 10},
		{"do not match", func(p []byte) { p[25]++ }, 10},
		{"x.i01", func([]byte) {}, 1},
	} {
		files := append([][]byte{bytes.Clone(whole[0])}, whole[1:]...)
		c.change(files[0])
		_, _, err := image.Open(t.Context(), write(t, files[:min(c.files, len(files))]...))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.want, err)
		}
	}
}

// TestDamage: damage is an error, and a truncated file says so.
func TestDamage(t *testing.T) {
	peertest.Need(t, "bzip2")
	want := imagetest.Contents(270)
	whole := encode(t, want, 0)[0]
	bad := bytes.Clone(whole)
	bad[len(bad)-500] ^= 1
	u := imagetest.Unpack(t, isz.Format, write(t, bad))
	if _, err := u.ReadAt(make([]byte, u.Size), 0); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged block: %v", err)
	}
	u = imagetest.Unpack(t, isz.Format, write(t, whole[:len(whole)*2/3]))
	if n := u.Notices(); len(n) != 1 || !n[0].Incomplete {
		t.Fatalf("a truncated file: %v", disc.Texts(n))
	}
	imagetest.SameContents(t, want[:u.Size], u, u.Size)
}

// TestChecksums: the checksums of the contents and of the stored data are checked. No program
// that writes ISZ is packaged; the program isz-tool computes both with all bits inverted.
func TestChecksums(t *testing.T) {
	peertest.Need(t, "bzip2")
	want := imagetest.Contents(300)
	copy(want[96*2048:128*2048], want[40*2048:]) // a block that cannot be compressed
	h := encode(t, want, 0)[0]
	h[4] = 64
	binary.LittleEndian.PutUint32(h[48:], ^crc32.ChecksumIEEE(want))
	binary.LittleEndian.PutUint32(h[60:], ^crc32.ChecksumIEEE(h[binary.LittleEndian.Uint32(h[43:]):]))
	stored := bytes.Index(h, want[96*2048:128*2048])
	if stored < 0 {
		t.Fatal("no block is stored as it is")
	}
	for _, c := range []struct {
		want string
		at   int
	}{
		{"", 0},
		{"the image is damaged: the CRC-32 of the stored data of the ISZ file is wrong; the CRC-32 of the contents of the ISZ file is wrong", stored + 77},
		{"the image is damaged: the CRC-32 of the stored data of the ISZ file is wrong", 60},
		{"the image is damaged: the CRC-32 of the contents of the ISZ file is wrong", 48},
	} {
		p := bytes.Clone(h)
		if c.at > 0 {
			p[c.at] ^= 1
		}
		d, _, err := image.Open(t.Context(), write(t, p))
		if err != nil {
			t.Fatal(err)
		}
		r, err := verify.Read(t.Context(), d, nil, progress.Discard)
		d.Close()
		if c.want == "" {
			if err != nil || len(r.Sums) != 2 {
				t.Errorf("%v, %+v", err, r.Sums)
			}
		} else if err == nil || err.Error() != c.want {
			t.Errorf("byte %d: %v", c.at, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	peertest.Need(f, "bzip2")
	f.Add(encode(f, imagetest.Contents(100), 0)[0])
	f.Add(encode(f, imagetest.Contents(100), 50000)[0])
	imagetest.FuzzUnpack(f, isz.Format, 200<<20)
}
