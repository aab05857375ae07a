package edit

import (
	"errors"
	"fmt"
	"slices"

	"glassmaster/mastering/disc"
	"glassmaster/mastering/iso9660"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/volume"
)

// checkUntouched checks that the sectors which the update overwrites belong to nothing else.
// In a damaged image, or one that was made to do harm, contents of a file or a directory can
// be at the same sectors as a structure that changes. So all folders of all views are read: an
// image of 100,000 files has about 20 MB of them.
func (u *updating) checkUntouched() error {
	w := overwritten{u: u}
	for off, b := range u.set.Overwritten() {
		for at := off; at < off+int64(len(b)); at += disc.SectorSize {
			w.sectors = append(w.sectors, at/disc.SectorSize)
		}
	}
	if len(w.sectors) == 0 {
		return nil
	}
	if err := w.checkBoot(); err != nil {
		return err
	}
	o := volume.Options{Track: u.m.o.Track}
	views := volume.Views(u.ctx, u.m.d, o)
	for _, o.View = range views {
		if o.View == iso9660.ViewPlain && slices.Contains(views, iso9660.ViewRockRidge) {
			continue // it shows the same directories
		}
		v, err := volume.OpenDisc(u.ctx, u.m.d, o)
		if err != nil {
			continue // so it shows nothing that could be lost
		}
		if err := w.checkView(v); err != nil {
			return err
		}
	}
	if u.udf != nil {
		if err := u.udf.CheckUntouched(u.ctx, w.in); err != nil {
			return err
		}
	}
	return u.ctx.Err()
}

// overwritten are the sectors of the image that the update overwrites.
type overwritten struct {
	u       *updating
	sectors []int64        // ascending
	folders map[int64]bool // those in directories of the view
}

// in returns those in an extent.
func (w *overwritten) in(x volume.Extent) []int64 {
	first, _ := slices.BinarySearch(w.sectors, int64(x.Start))
	end, _ := slices.BinarySearch(w.sectors, int64(x.Start)+sectors(x.Length))
	return w.sectors[first:max(first, end)]
}

// checkView checks the files and folders of a view.
func (w *overwritten) checkView(v volume.FS) error {
	view := v.Volume().View
	w.folders = map[int64]bool{}
	err := volume.Walk(v, ".", func(e *volume.Entry) error {
		for _, x := range e.Extents {
			hit := w.in(x)
			if len(hit) == 0 {
				continue
			}
			var err error
			if e.Mode.IsDir() {
				err = w.checkFolder(view, e, x, hit)
			} else if !w.isCatalog(e) {
				err = overlap("the contents of /%s, and a structure that would change, are both at sector %d", e.Path, hit[0])
			}
			if err != nil {
				return err
			}
		}
		return w.u.ctx.Err()
	})
	if _, unsafe := errors.AsType[*patch.UnsafeError](err); unsafe || w.u.ctx.Err() != nil {
		return err
	}
	return nil // a folder that cannot be read
}

// checkFolder checks that the sectors of a directory which are overwritten are changed as a
// part of this directory.
func (w *overwritten) checkFolder(view string, e *volume.Entry, x volume.Extent, hit []int64) error {
	for _, s := range hit {
		if w.u.iso == nil || !w.u.iso.Changes(view, int64(x.Start), s) {
			return overlap("the folder /%s, and a structure that would change, are both at sector %d", e.Path, s)
		}
		if w.folders[s] {
			return overlap("the folder /%s and another one are both at sector %d", e.Path, s)
		}
		w.folders[s] = true
	}
	return nil
}

// maxCatalog is the most that a boot catalogue has, in bytes: 65 sections of 65535 entries are
// possible, but none is longer than this.
const maxCatalog = 64 << 10

// isCatalog reports whether a file is the boot catalogue, which is shown as a file and may
// change.
func (w *overwritten) isCatalog(e *volume.Entry) bool {
	at := int64(0)
	if w.u.boot != nil {
		at = w.u.boot.CatalogSector()
	}
	return at > 0 && int64(e.Extents[0].Start) == at && e.Size <= maxCatalog
}

// checkBoot checks boot images, which need not be files.
func (w *overwritten) checkBoot() error {
	if w.u.boot == nil {
		return nil
	}
	for _, e := range w.u.boot.Entries() {
		if hit := w.in(volume.Extent{Start: disc.LBA(e.LBA), Length: int64(e.LoadSectors) * 512}); len(hit) > 0 {
			return overlap("the boot image at sector %d, and a structure that would change, are both at sector %d", e.LBA, hit[0])
		}
	}
	return nil
}

func overlap(format string, a ...any) error {
	return &patch.UnsafeError{Why: "it is damaged: " + fmt.Sprintf(format, a...)}
}
