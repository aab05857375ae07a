package update

import (
	"context"
	"errors"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/udf"
	"glassmaster/mastering/volume"
)

// owner is a structure that changes: a file entry, the blocks of a directory, or something else.
type owner struct {
	kind ownerKind
	icb  place
}

type ownerKind uint8

const (
	other ownerKind = iota // descriptors, bitmaps, allocation extents
	entries
	directories
	contents // of a file, in free blocks
)

// CheckUntouched checks that no sector of the image that is overwritten belongs to a file entry
// or a directory which does not change. in returns the overwritten sectors of an extent. The
// error is a *patch.UnsafeError if there is one.
func (u *Updater) CheckUntouched(ctx context.Context, in func(volume.Extent) []int64) error {
	err := u.fs.Places(ctx, func(p udf.Place) error {
		want := owner{}
		switch p.Kind {
		case udf.EntryPlace:
			want = owner{entries, placeOf(p.ICB)}
		case udf.DirectoryPlace:
			want = owner{directories, placeOf(p.ICB)}
		}
		for _, s := range in(volume.Extent{Start: disc.LBA(p.Sector), Length: p.Count * blockSize}) {
			if have, known := u.owners[s]; !known || have != want {
				return unsafe("it is damaged: a structure in %s, and another one that would change, are both at sector %d", p.Path, s)
			}
		}
		return nil
	})
	if _, ok := errors.AsType[*patch.UnsafeError](err); err == nil || ok || ctx.Err() != nil {
		return err
	}
	return unsafe("%v", err)
}
