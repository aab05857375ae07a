package isomd5

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/peertest"
)

// image makes an image with files of some size with genisoimage.
func image(t *testing.T, size int) string {
	t.Helper()
	src := t.TempDir()
	b := make([]byte, size)
	rand.New(rand.NewSource(int64(size))).Read(b)
	if err := os.WriteFile(filepath.Join(src, "content"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "x.iso")
	peertest.Run(t, "", "genisoimage", "-quiet", "-R", "-o", out, src)
	return out
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// sizes are below and above the 21 blocks of the smallest image with a sum for
// each fragment, and not round.
var sizes = []int{100, 300 << 10, 700 << 10, 5<<20 + 77777}

func TestCheckisomd5TakesOurs(t *testing.T) {
	peertest.Need(t, "checkisomd5", "implantisomd5", "genisoimage")
	for _, size := range sizes {
		path := image(t, size)
		f := open(t, path)
		if _, err := Check(t.Context(), f, nil); !errors.Is(err, ErrNone) {
			t.Errorf("%d bytes, nothing implanted: %v", size, err)
		}
		sum, err := Implant(t.Context(), f, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		peertest.Run(t, "", "checkisomd5", path)
		if out := peertest.Run(t, "", "checkisomd5", "--md5sumonly", path); !strings.Contains(out, sum.String()) || !strings.Contains(out, sum.Fragments) {
			t.Errorf("%d bytes: we implanted %v, %s; checkisomd5 says %s", size, sum, sum.Fragments, out)
		}
		if again, err := Check(t.Context(), f, nil); err != nil || again != sum {
			t.Errorf("%d bytes: got %v, %v", size, again, err)
		}
		// Once more over what is there.
		if again, err := Implant(t.Context(), f, false, nil); err != nil || again != sum {
			t.Errorf("%d bytes, again: got %v, %v", size, again, err)
		}
	}
}

func TestWeTakeThoseOfImplantisomd5(t *testing.T) {
	peertest.Need(t, "checkisomd5", "implantisomd5", "genisoimage")
	for _, size := range sizes {
		path := image(t, size)
		peertest.Run(t, "", "implantisomd5", path)
		f := open(t, path)
		theirs, err := Check(t.Context(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		if size < 21*blockSize {
			continue // theirs are not where their own check looks for them
		}
		ours, err := Implant(t.Context(), f, false, nil)
		if err != nil || ours != theirs {
			t.Errorf("%d bytes: ours is %+v, theirs %+v (%v)", size, ours, theirs, err)
		}
	}
}

// TestDamage changes a byte and sees it found, and where.
func TestDamage(t *testing.T) {
	peertest.Need(t, "genisoimage")
	path := image(t, 5<<20)
	f := open(t, path)
	if _, err := Implant(t.Context(), f, false, nil); err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{0, 32768, 32768 + useOffset - 1, 32768 + useOffset + useLength, 1 << 20, 3<<20 + 5, info.Size() - skipSectors*sectorSize - 1} {
		var b [1]byte
		if _, err := f.ReadAt(b[:], at); err != nil {
			t.Fatal(err)
		}
		if at == 32768 {
			at += 400 // the descriptor must stay one
		}
		flip(t, f, at)
		var damaged *DamagedError
		if _, err := Check(t.Context(), f, nil); !errors.As(err, &damaged) || damaged.From > at || damaged.To <= at {
			t.Errorf("byte %d: %v", at, err)
		} else if damaged.To-damaged.From > info.Size()/10 {
			t.Errorf("byte %d: somewhere in %d to %d", at, damaged.From, damaged.To)
		}
		flip(t, f, at)
	}
	flip(t, f, info.Size()-skipSectors*sectorSize) // not covered
	if _, err := Check(t.Context(), f, nil); err != nil {
		t.Error(err)
	}
	if err := f.Truncate(1 << 20); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(t.Context(), f, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("cut short: %v", err)
	}
}

func flip(t *testing.T, f *os.File, at int64) {
	t.Helper()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x40
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

// TestPieces writes the same bytes in pieces of many sizes.
func TestPieces(t *testing.T) {
	b := make([]byte, 3<<20)
	rand.New(rand.NewSource(1)).Read(b)
	whole := NewHash(int64(len(b)))
	whole.Write(b)
	for _, step := range []int{1023, 2048, 32768, 100003} {
		h := NewHash(int64(len(b)))
		for p := b; len(p) > 0; {
			k := min(step, len(p))
			h.Write(p[:k])
			p = p[k:]
		}
		if h.Sum() != whole.Sum() {
			t.Errorf("pieces of %d bytes give another sum", step)
		}
	}
}

func TestUsedField(t *testing.T) {
	b := make([]byte, 1<<20)
	d := b[firstSector*sectorSize:]
	copy(d, "\x01CD001\x01")
	d[sizeOffset+2] = 2 // 512 sectors
	copy(d[useOffset:], "something of another program")
	img := &memory{b}
	if _, err := Implant(t.Context(), img, false, nil); !errors.Is(err, ErrUsed) {
		t.Errorf("got %v", err)
	}
	if _, err := Implant(t.Context(), img, true, nil); err != nil {
		t.Error(err)
	}
	if _, err := Check(t.Context(), img, nil); err != nil {
		t.Error(err)
	}
}

type memory struct{ b []byte }

func (m *memory) ReadAt(p []byte, off int64) (int, error) { return bytes.NewReader(m.b).ReadAt(p, off) }

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	return copy(m.b[off:], p), nil
}

func TestParse(t *testing.T) {
	md5 := strings.Repeat("0a", 16)
	for text, good := range map[string]bool{
		"ISO MD5SUM = " + md5 + ";SKIPSECTORS = 15;":         true,
		"SKIPSECTORS = 0;ISO MD5SUM = " + md5 + ";x;y=z":     true,
		"ISO MD5SUM = " + md5[2:] + ";":                      false,
		"ISO MD5SUM = " + md5 + ";SKIPSECTORS = -1;":         false,
		"ISO MD5SUM = " + md5 + ";FRAGMENT COUNT = 9999999;": false,
		"ISO MD5SUM = " + md5 + ";FRAGMENT COUNT = many;":    false,
		strings.Repeat(" ", 512):                             false,
	} {
		if _, err := parse([]byte(text)); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
}
