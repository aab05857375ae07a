package edit_test

import (
	"encoding/binary"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/edit"
	"glassmaster/mastering/internal/isotest"
	"glassmaster/mastering/master"
	"glassmaster/mastering/tree"
)

// sparse is an image that is followed by zeros, as a file with a hole is.
type sparse struct {
	b    []byte
	size int64
}

func (s sparse) ReadAt(p []byte, off int64) (int, error) {
	if off >= s.size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), s.size-off))
	clear(p[:n])
	if off < int64(len(s.b)) {
		copy(p[:n], s.b[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// TestFalseSizes edits images with a hole, whose structures claim to be as large as that. No
// memory is needed for it.
func TestFalseSizes(t *testing.T) {
	const most = 64 << 20
	good, err := os.ReadFile(build(t, damagedFolder(t), master.Options{NoPadding: true}))
	isotest.Must(t, err)
	root := binary.LittleEndian.Uint32(good[16*2048+158:])
	for what, fields := range map[string][]int{
		"path table": {16*2048 + 132, 17*2048 + 132}, // ECMA-119 8.4.13
		"root":       {16*2048 + 166, int(root)*2048 + 10},
		"folder":     {int(root)*2048 + recordAt(good[root*2048:], 2) + 10},
	} {
		b := append([]byte(nil), good...)
		for _, at := range fields {
			if n := binary.LittleEndian.Uint32(b[at:]); n != binary.BigEndian.Uint32(b[at+4:]) {
				t.Fatalf("%s: there is no number at byte %d", what, at)
			}
			binary.LittleEndian.PutUint32(b[at:], 3<<30)
			binary.BigEndian.PutUint32(b[at+4:], 3<<30)
		}
		image := sparse{b, 4 << 30}
		m, err := edit.Open(t.Context(), disc.FromReaderAt(image, image.size, nil), edit.Options{Time: time.Unix(1_700_000_000, 0)})
		if err != nil {
			continue
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_ = m.Compilation().Root().Insert(tree.NewFolder("NEW", time.Unix(1_600_000_000, 0)))
		if p, err := m.Plan(t.Context(), nil); err == nil {
			isotest.Must(t, p.Close())
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > most {
			t.Errorf("%s: %d MB of memory were used", what, n>>20)
		}
	}
}

// recordAt returns the offset of a record in a directory.
func recordAt(p []byte, n int) (at int) {
	for range n {
		at += int(p[at])
	}
	return at
}
