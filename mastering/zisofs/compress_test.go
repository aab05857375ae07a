package zisofs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"glassmaster/mastering/layout"
	"glassmaster/mastering/tree"
	"glassmaster/mastering/zisofs"
)

// TestCompressBeyondMemory has memory limits below, within and above the size of the
// compressed files, and reads the files back in pieces.
func TestCompressBeyondMemory(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var files []*tree.Node
	contents := map[*tree.Node][]byte{}
	for i := range 12 {
		b := make([]byte, 40<<10+i*50_001)
		if i%3 != 1 { // compresses well; noise is discarded
			for k := range b {
				b[k] = byte(k >> (i % 5) * i)
			}
		} else {
			x := uint32(i)
			for k := range b {
				x = x*1664525 + 1013904223
				b[k] = byte(x >> 24)
			}
		}
		n := tree.NewFile(fmt.Sprint(i), int64(len(b)), time.Time{}, layout.Bytes(b))
		files = append(files, n)
		contents[n] = b
	}
	gone := tree.NewFile("gone", 1<<20, time.Time{}, layout.NewFile(filepath.Join(t.TempDir(), "gone")))
	short := tree.NewFile("short", 1<<20, time.Time{}, layout.Bytes("too short"))
	files = append(files[:5:5], append([]*tree.Node{gone, short}, files[5:]...)...)
	for _, limit := range []int64{0, 1000, 100 << 10, zisofs.SpoolChunk + 12345, 64 << 20} {
		c, err := zisofs.CompressWithin(t.Context(), files, zisofs.Options{Block: 64}, nil, limit)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Failed) != 2 || !errors.Is(c.Failed[0], os.ErrNotExist) || !errors.Is(c.Failed[1], layout.ErrShrunk) {
			t.Errorf("failed: %v", c.Failed)
		}
		if len(c.Sources) < 6 || len(c.Sources) > 10 {
			t.Errorf("limit %d: %d files are compressed", limit, len(c.Sources))
		}
		for n, src := range c.Sources {
			r, err := src.Open()
			if err != nil {
				t.Fatal(err)
			}
			stored := make([]byte, src.Stored())
			for at := 0; at < len(stored); at += 1237 {
				if k, err := r.ReadAt(stored[at:min(at+1237, len(stored))], int64(at)); err != nil {
					t.Fatalf("limit %d, %s: %d bytes at %d: %v", limit, n.Name, k, at, err)
				}
			}
			if k, err := r.ReadAt(make([]byte, 10), src.Stored()-3); k != 3 || !errors.Is(err, io.EOF) {
				t.Errorf("at the end: %d bytes, %v", k, err)
			}
			entry := zisofs.Entry{Algorithm: "pz", HeaderWords: 4, BlockLog: 16, Size: uint64(n.Size)}
			if src.Entry() != entry {
				t.Errorf("limit %d, %s: entry %+v, want %+v", limit, n.Name, src.Entry(), entry)
			}
			z, err := zisofs.Open(bytes.NewReader(stored), int64(len(stored)), src.Entry())
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, n.Size)
			if _, err := z.ReadAt(got, 0); err != nil || !bytes.Equal(got, contents[n]) {
				t.Errorf("limit %d, %s differs (%v)", limit, n.Name, err)
			}
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if list, _ := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "glassmaster-*")); len(list) > 0 {
		t.Errorf("left behind: %v", list)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := zisofs.Compress(ctx, files, zisofs.Options{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestZisofsLimits(t *testing.T) {
	n := tree.NewFile("large", 5<<30, time.Time{}, layout.Bytes(nil))
	c, err := zisofs.Compress(t.Context(), []*tree.Node{n}, zisofs.Options{}, nil)
	if err != nil || c.TooLong != 1 {
		t.Errorf("version 1: %+v, %v", c, err)
	}
}

// TestVersion2 compresses a file with the longer header and 64-bit pointers of version
// 2.
func TestVersion2(t *testing.T) {
	want := bytes.Repeat([]byte("compresses well "), 50_000)
	n := tree.NewFile("file", int64(len(want)), time.Time{}, layout.Bytes(want))
	c, err := zisofs.Compress(t.Context(), []*tree.Node{n}, zisofs.Options{Version: 2, Block: 128}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	src := c.Sources[n]
	if src == nil || src.Entry() != (zisofs.Entry{Algorithm: "PZ", HeaderWords: 6, BlockLog: 17, Size: uint64(len(want))}) {
		t.Fatalf("%+v", src)
	}
	r, err := src.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	z, err := zisofs.Open(r, src.Stored(), src.Entry())
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(want))
	if _, err := z.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the contents differ (%v)", err)
	}
}
