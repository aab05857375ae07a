package volume_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// counter counts the reads of an image, and how often each sector is read.
type counter struct {
	io.ReaderAt
	mu    sync.Mutex
	reads int
	most  map[int64]int
}

func (c *counter) ReadAt(p []byte, off int64) (int, error) {
	c.mu.Lock()
	c.reads++
	for at := off / sector; at*sector < off+int64(len(p)); at++ {
		c.most[at]++
	}
	c.mu.Unlock()
	return c.ReaderAt.ReadAt(p, off)
}

// Opening a disc in several ways reads its descriptors once.
func TestReadOnce(t *testing.T) {
	for name, p := range map[string][]byte{
		"both":     peer(t, "genisoimage", "-quiet", "-R", "-J", "-udf", "-o", "IMAGE", "FOLDER"),
		"ISO 9660": peer(t, "genisoimage", "-quiet", "-o", "IMAGE", "FOLDER"),
	} {
		c := &counter{ReaderAt: bytes.NewReader(p), most: map[int64]int{}}
		d := disc.FromReaderAt(c, int64(len(p)), nil)
		ctx := context.Background()
		open := func(view string) {
			if _, err := volume.OpenDisc(ctx, d, volume.Options{View: view}); err != nil {
				t.Error(err)
			}
		}
		volume.Known(ctx, d)
		open("")
		first := c.reads
		if first > 32 {
			t.Errorf("%s: opening takes %d reads", name, first)
		}
		open("")
		open("ISO 9660")
		volume.Views(ctx, d, volume.Options{})
		volume.Known(ctx, d)
		// The first and the last sector, which mark incomplete burns, are read without the cache.
		if n := c.reads - first; n > 5 {
			t.Errorf("%s: %d further reads", name, n)
		}
		for at, n := range c.most {
			if n > 2 && at != 0 && at != int64(len(p)/sector-1) {
				t.Errorf("%s: sector %d is read %d times", name, at, n)
			}
		}
	}
}

// After many reads the cache is no longer used.
func TestCacheEnds(t *testing.T) {
	p := peer(t, "genisoimage", "-quiet", "-R", "-o", "IMAGE", "FOLDER")
	v, err := volume.OpenDisc(context.Background(), discOf(p), volume.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := v.(volume.Direct).Image()
	buf := make([]byte, 100)
	for i := range 400 {
		off := int64(i%20)*1000 + 16*sector
		if n, err := r.ReadAt(buf, off); n != len(buf) || err != nil || !bytes.Equal(buf, p[off:off+100]) {
			t.Fatalf("read %d at %d: %d, %v", i, off, n, err)
		}
	}
	if n, err := r.ReadAt(buf, int64(len(p)-50)); n != 50 || err != io.EOF {
		t.Errorf("at the end: %d, %v", n, err)
	}
}
