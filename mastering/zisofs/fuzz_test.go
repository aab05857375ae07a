package zisofs_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"glassmaster/mastering/zisofs"
)

// Magic numbers of the two versions.
const (
	magic1 = "\x37\xE4\x53\x96\xC9\xDB\xD6\x07"
	magic2 = "\xEF\x22\x55\xA1\xBC\x1B\x95\xA0"
)

// FuzzOpen opens and reads possible compressed files, and checks that this takes
// little memory.
func FuzzOpen(f *testing.F) {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = w.Write(bytes.Repeat([]byte("text"), 100))
	w.Close()
	p := append([]byte(magic1), 0x90, 1, 0, 0, 4, 15, 0, 0)
	p = binary.LittleEndian.AppendUint32(p, 24)
	p = binary.LittleEndian.AppendUint32(p, uint32(24+b.Len()))
	f.Add(append(p, b.Bytes()...), "pz", byte(15), uint64(400))
	q := append([]byte(magic2), 0, 6, 1, 15)
	q = binary.LittleEndian.AppendUint64(q, 400+1<<15)
	q = append(q, 0, 0, 0, 0)
	for _, at := range []int{48, 48, 48 + b.Len()} { // a block of zeros, then one with text
		q = binary.LittleEndian.AppendUint64(q, uint64(at))
	}
	f.Add(append(q, b.Bytes()...), "PZ", byte(15), uint64(400+1<<15))
	f.Fuzz(func(t *testing.T, p []byte, algorithm string, log byte, size uint64) {
		var n int64
		var err error
		want := min(int64(size), 1<<20)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var r io.ReaderAt
		if r, err = zisofs.Open(bytes.NewReader(p), int64(len(p)), zisofs.Entry{Algorithm: algorithm, BlockLog: log, Size: size}); err == nil {
			n, err = io.Copy(io.Discard, io.NewSectionReader(r, 0, want))
		}
		runtime.ReadMemStats(&after)
		if err == nil && n != want {
			t.Fatalf("%d of %d bytes without an error", n, size)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
			t.Errorf("%d bytes of memory", used)
		}
	})
}
