package edit

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"slices"

	bootupdate "glassmaster/mastering/boot/update"
	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/volume"
)

// rearranged is a compacted image that is checked.
type rearranged struct {
	m     *Image
	set   *patch.Set
	moved func(lba int64) (int64, bool)
	// changed are the sectors of the new image with addresses that have changed, ascending.
	changed []int64
	// boot are the new addresses of the boot catalogue and of boot images, which have
	// addresses and can be files.
	boot map[int64]bool
}

// checkRearranged checks that all views of a compacted image show the files that they showed
// before, at the places where their contents have moved, and that no address was written
// into the contents of another file.
func (m *Image) checkRearranged(ctx context.Context, set *patch.Set, moved func(lba int64) (int64, bool), b *bootupdate.Structures) error {
	c := rearranged{m: m, set: set, moved: moved, boot: map[int64]bool{}}
	for off, p := range set.Overwritten() {
		for at := off; at < off+int64(len(p)); at += disc.SectorSize {
			c.changed = append(c.changed, at/disc.SectorSize)
		}
	}
	for _, lba := range b.Images() {
		to, _ := moved(lba)
		c.boot[to] = true
	}
	for _, view := range volume.Views(ctx, m.d, volume.Options{Track: m.o.Track}) {
		before, err := c.digest(ctx, m.data, m.data.Size, view, moved)
		if err != nil {
			return &patch.UnsafeError{Why: fmt.Sprintf("its view %s cannot be read: %v", view, err)}
		}
		after, err := c.digest(ctx, set, set.Size(), view, nil)
		if err != nil {
			return fmt.Errorf("the compacted image would not be right, so nothing was written: view %s: %w", view, err)
		}
		if before != after {
			return fmt.Errorf("the compacted image would not be right, so nothing was written: view %s shows other files", view)
		}
	}
	return nil
}

// digest returns a checksum of the names, sizes and places of everything that a view shows.
// The places are passed through moved.
func (c *rearranged) digest(ctx context.Context, r io.ReaderAt, size int64, view string, moved func(lba int64) (int64, bool)) (uint64, error) {
	v, err := volume.Open(r, size, volume.Options{View: view})
	if err != nil {
		return 0, err
	}
	h := fnv.New64a()
	var b []byte
	err = volume.Walk(v, ".", func(e *volume.Entry) error {
		b = append(append(b[:0], e.Path...), 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(e.Mode))
		b = binary.LittleEndian.AppendUint64(b, uint64(e.Size))
		for _, x := range e.Extents {
			at := int64(x.Start)
			if at <= 0 || x.Length == 0 {
				continue
			}
			if moved != nil {
				at, _ = moved(at)
			} else if err := c.checkContents(e, x); err != nil {
				return err
			}
			b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, uint64(at)), uint64(x.Length))
		}
		_, _ = h.Write(b) // never fails
		return ctx.Err()
	})
	return h.Sum64(), err
}

// checkContents checks that no address has changed in the contents of a file.
func (c *rearranged) checkContents(e *volume.Entry, x volume.Extent) error {
	if e.Mode.IsDir() || c.boot[int64(x.Start)] {
		return nil
	}
	i, _ := slices.BinarySearch(c.changed, int64(x.Start))
	if i < len(c.changed) && c.changed[i] < int64(x.Start)+sectors(x.Length) {
		return &patch.UnsafeError{Why: fmt.Sprintf("it is damaged: the contents of /%s, and a structure that would change, are both at sector %d", e.Path, c.changed[i])}
	}
	return nil
}
