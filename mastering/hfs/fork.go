package hfs

import (
	"fmt"
	"io"
	"sort"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// extent is a run of allocation blocks.
type extent struct{ start, count uint32 }

// fork is one of the two contents of a file.
type fork struct {
	size    int64 // bytes
	blocks  int64 // that the extents should have
	extents []extent
}

// Forks of a file, in the keys of the extents file.
const (
	dataFork     = 0
	resourceFork = 0xFF
)

// forkReader reads a fork.
type forkReader struct {
	v    *FS
	size int64
	list []extent
	ends []int64 // offset in the fork after each extent
}

// open returns a reader of the fork. The extents must have all of its bytes.
func (v *FS) openFork(f fork) (*forkReader, error) {
	r := &forkReader{v: v, size: f.size}
	at := int64(0)
	for _, e := range f.extents {
		if e.count == 0 {
			continue
		}
		if int64(e.start)+int64(e.count) > v.count {
			return nil, fmt.Errorf("an extent of the file, blocks %d to %d, is outside of the volume: the file is damaged", e.start, int64(e.start)+int64(e.count)-1)
		}
		at += int64(e.count) * v.block
		r.list, r.ends = append(r.list, e), append(r.ends, at)
		if at >= f.size {
			break
		}
	}
	if at < f.size {
		return nil, fmt.Errorf("the extents of the file have %d of its %d bytes: the file is damaged", at, f.size)
	}
	return r, nil
}

// ReadAt implements io.ReaderAt.
func (r *forkReader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, fmt.Errorf("read at negative offset %d", off)
	}
	for i := sort.Search(len(r.ends), func(i int) bool { return r.ends[i] > off }); n < len(p); i++ {
		if off >= r.size {
			return n, io.EOF
		}
		start := r.ends[i] - int64(r.list[i].count)*r.v.block
		k := min(int64(len(p)-n), min(r.ends[i], r.size)-off)
		at := r.v.place.base + r.v.first + int64(r.list[i].start)*r.v.block + off - start
		got, err := r.v.r.ReadAt(p[n:n+int(k)], at)
		n, off = n+got, off+int64(got)
		if int64(got) < k {
			return n, notEOF(err)
		}
	}
	return n, nil
}

// sectors returns the extents as sectors of the disc, or nil if one of them does not begin
// at a sector.
func (r *forkReader) sectors() []volume.Extent {
	var list []volume.Extent
	at := int64(0)
	for i, e := range r.list {
		from := r.v.place.base + r.v.first + int64(e.start)*r.v.block
		if from%disc.SectorSize != 0 || i > 0 && at%disc.SectorSize != 0 {
			return nil
		}
		length := min(r.ends[i], r.size) - at
		list = append(list, volume.Extent{Start: disc.LBA(from / disc.SectorSize), Length: length})
		at = r.ends[i]
	}
	return list
}
