package imagetest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/image/format"
)

// Contents returns bytes that look like those of a disc: an ISO 9660 volume descriptor,
// text, noise and zeros, which are compressed well, not at all and to nothing. They are the
// same each time.
func Contents(sectors int) []byte {
	rng := rand.New(rand.NewPCG(7, 7))
	p := make([]byte, sectors*disc.SectorSize)
	for i := 17; i < sectors; i++ {
		s := p[i*disc.SectorSize:][:disc.SectorSize]
		switch i / 40 % 3 {
		case 0:
			for at := 0; at < len(s); {
				at += copy(s[at:], fmt.Sprintf("line %d of sector %d\n", rng.IntN(100), i))
			}
		case 1:
			for j := range s {
				s[j] = byte(rng.Uint32())
			}
		}
	}
	if sectors > 16 {
		copy(p[16*disc.SectorSize:], "\x01CD001\x01\x00")
	}
	return p
}

// Unpack opens the contents of a file with one format.
func Unpack(t testing.TB, f format.Format, path string) *format.Files {
	t.Helper()
	files, err := format.OpenFiles(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	u, err := f.Unpack(t.Context(), files)
	if err != nil {
		t.Fatalf("open %s: %v", path, err)
	}
	return u
}

// SameContents reports a difference between bytes and what a reader delivers: of all in
// order, of parts in no order, and of parts that several goroutines read.
func SameContents(t testing.TB, want []byte, got io.ReaderAt, size int64) {
	t.Helper()
	if size != int64(len(want)) {
		t.Fatalf("the contents have %d bytes instead of %d", size, len(want))
	}
	all, err := io.ReadAll(io.NewSectionReader(got, 0, size))
	if err != nil || !bytes.Equal(all, want) {
		t.Fatalf("reading in order: error %v, the same bytes: %v", err, bytes.Equal(all, want))
	}
	part := func(rng *rand.Rand) error {
		off := rng.IntN(len(want))
		p := make([]byte, rng.IntN(min(len(want)-off, 1+rng.IntN(200<<10)))+1)
		n, err := got.ReadAt(p, int64(off))
		if n < len(p) || !bytes.Equal(p, want[off:off+len(p)]) {
			return fmt.Errorf("reading %d bytes at %d: %d bytes, error %w", len(p), off, n, err)
		}
		return nil
	}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for g := range errs {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(1, uint64(g)))
			for range 40 {
				if errs[g] = part(rng); errs[g] != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if n, err := got.ReadAt(make([]byte, 10), size-4); n != 4 || !errors.Is(err, io.EOF) {
		t.Errorf("reading past the end: %d bytes, error %v", n, err)
	}
}

// FuzzUnpack opens what a fuzzer makes, and reads parts of the contents. It reports more
// memory than limit and a multiple of the size of the file.
func FuzzUnpack(f *testing.F, of format.Format, limit int64) {
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, p []byte) {
		path := filepath.Join(dir, "file")
		if err := os.WriteFile(path, p, 0o600); err != nil {
			t.Fatal(err)
		}
		files, err := format.OpenFiles(path)
		if err != nil {
			t.Fatal(err)
		}
		defer files.Close()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		u, err := of.Unpack(t.Context(), files)
		if err == nil {
			if u.Size < 1 {
				t.Errorf("contents of %d bytes", u.Size)
			}
			q := make([]byte, 70000)
			for _, at := range []int64{0, u.Size / 2, u.Size - int64(len(q)), u.Size - 1} {
				if n, err := u.ReadAt(q, max(at, 0)); n < 0 || n > len(q) || err == nil && n < len(q) {
					t.Errorf("read %d: %d bytes, error %v", at, n, err)
				}
			}
		}
		runtime.ReadMemStats(&after)
		if used := int64(after.TotalAlloc - before.TotalAlloc); used > limit+100*int64(len(p)) {
			t.Errorf("%d bytes of memory for a file of %d", used, len(p))
		}
	})
}
