package iso9660

import (
	"sync"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/volume"
)

// SetCorrections implements volume.Correctable. A place is the offset of a record.
func (v *FS) SetCorrections(find func() map[uint64]volume.Correction) {
	v.corrections = sync.OnceValue(find)
}

// lengthen replaces the extents of a file by those of another view that has more of it.
func (v *FS) lengthen(it *item) {
	if v.corrections == nil || !it.Mode.IsRegular() || it.at == rootRecord {
		return
	}
	l, ok := v.corrections()[uint64(it.at)]
	if !ok {
		return
	}
	it.spans = it.spans[:0]
	for _, x := range l.Extents {
		it.spans = append(it.spans, span{int64(x.Start) * disc.SectorSize, x.Length})
	}
	it.Note = l.Note
}
