package isomd5_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/isomd5"
	"glassmaster/mastering/peertest"
)

const (
	descriptor = 16 * disc.SectorSize // offset of the primary volume descriptor
	useOffset  = descriptor + 883     // of its application use field
	useLength  = 512
	skipped    = 15 * disc.SectorSize // bytes at the end of a volume that no sum covers
)

// image makes an image with a file of some size with genisoimage.
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

// embed computes the checksum of an image and writes it into the image.
func embed(t *testing.T, f *os.File) isomd5.Sum {
	t.Helper()
	var size [4]byte
	if _, err := f.ReadAt(size[:], descriptor+84); err != nil {
		t.Fatal(err)
	}
	h := isomd5.NewHash(int64(binary.BigEndian.Uint32(size[:])) * disc.SectorSize)
	if _, err := io.Copy(h, io.NewSectionReader(f, 0, 1<<62)); err != nil {
		t.Fatal(err)
	}
	var use [useLength]byte
	h.Sum().Put(&use)
	if _, err := f.WriteAt(use[:], useOffset); err != nil {
		t.Fatal(err)
	}
	return h.Sum()
}

// sizes are below and above the 21 blocks of the smallest image with a sum for each
// fragment.
var sizes = []int{100, 300 << 10, 700 << 10, 5<<20 + 77777}

func TestCheckisomd5Accepts(t *testing.T) {
	peertest.Need(t, "checkisomd5", "implantisomd5", "genisoimage")
	for _, size := range sizes {
		path := image(t, size)
		f := open(t, path)
		if _, err := isomd5.Check(t.Context(), f, nil); !errors.Is(err, isomd5.ErrNone) {
			t.Errorf("%d bytes, no checksum yet: %v", size, err)
		}
		sum := embed(t, f)
		peertest.Run(t, "", "checkisomd5", path)
		if out := peertest.Run(t, "", "checkisomd5", "--md5sumonly", path); !strings.Contains(out, sum.String()) || !strings.Contains(out, sum.Fragments) {
			t.Errorf("%d bytes: wrote %v, %s; output of checkisomd5: %s", size, sum, sum.Fragments, out)
		}
		if again, err := isomd5.Check(t.Context(), f, nil); err != nil || again != sum {
			t.Errorf("%d bytes: got %v, %v", size, again, err)
		}
		// The sum does not depend on the field itself.
		if again := embed(t, f); again != sum {
			t.Errorf("%d bytes, again: got %v, want %v", size, again, sum)
		}
	}
}

func TestImplantisomd5IsAccepted(t *testing.T) {
	peertest.Need(t, "checkisomd5", "implantisomd5", "genisoimage")
	for _, size := range sizes {
		path := image(t, size)
		peertest.Run(t, "", "implantisomd5", path)
		f := open(t, path)
		theirs, err := isomd5.Check(t.Context(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		if size < 21*32<<10 {
			continue // the fragment sums are not where checkisomd5 itself looks for them
		}
		if ours := embed(t, f); ours != theirs {
			t.Errorf("%d bytes: got %+v, implantisomd5 wrote %+v", size, ours, theirs)
		}
	}
}

// TestDamage changes a byte at several places, and checks that the damage is located.
func TestDamage(t *testing.T) {
	peertest.Need(t, "genisoimage")
	path := image(t, 5<<20)
	f := open(t, path)
	embed(t, f)
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int64{0, descriptor + 400, useOffset - 1, useOffset + useLength, 1 << 20, 3<<20 + 5, info.Size() - skipped - 1} {
		flip(t, f, at)
		var damaged *isomd5.DamagedError
		if _, err := isomd5.Check(t.Context(), f, nil); !errors.As(err, &damaged) || damaged.From > at || damaged.To <= at {
			t.Errorf("byte %d: %v", at, err)
		} else if damaged.To-damaged.From > info.Size()/10 {
			t.Errorf("byte %d: somewhere in %d to %d", at, damaged.From, damaged.To)
		}
		flip(t, f, at)
	}
	flip(t, f, info.Size()-skipped) // not covered
	if _, err := isomd5.Check(t.Context(), f, nil); err != nil {
		t.Error(err)
	}
	if err := f.Truncate(1 << 20); err != nil {
		t.Fatal(err)
	}
	if _, err := isomd5.Check(t.Context(), f, nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("truncated: %v", err)
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

// TestPieces writes the same bytes in pieces of several sizes.
func TestPieces(t *testing.T) {
	b := make([]byte, 3<<20)
	rand.New(rand.NewSource(1)).Read(b)
	whole := isomd5.NewHash(int64(len(b)))
	whole.Write(b)
	for _, step := range []int{1023, 2048, 32768, 100003} {
		h := isomd5.NewHash(int64(len(b)))
		for p := b; len(p) > 0; {
			k := min(step, len(p))
			h.Write(p[:k])
			p = p[k:]
		}
		if h.Sum() != whole.Sum() {
			t.Errorf("pieces of %d bytes give a different sum", step)
		}
	}
}

// volumeWith returns the smallest volume with a field and some sectors.
func volumeWith(use []byte, sectors uint32) []byte {
	p := make([]byte, 40*disc.SectorSize)
	copy(p[descriptor:], "\x01CD001\x01")
	binary.BigEndian.PutUint32(p[descriptor+84:], sectors)
	copy(p[useOffset:useOffset+useLength], use)
	return p
}

// TestForms parses fields in various forms. The sums are not those of the volume, so a
// valid field means that the volume is damaged.
func TestForms(t *testing.T) {
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
		var damaged *isomd5.DamagedError
		_, err := isomd5.Check(t.Context(), bytes.NewReader(volumeWith([]byte(text), 40)), nil)
		if errors.As(err, &damaged) != good || err == nil {
			t.Errorf("%q: %v", text, err)
		}
		if good && damaged.Want.String() != md5 {
			t.Errorf("%q: the sum is %v", text, damaged.Want)
		}
	}
}
