package update

import "glassmaster/mastering/iso9660"

// owner is a structure that changes: a directory of a hierarchy, or structures of a kind.
type owner struct {
	h   *hierarchy // nil: it is no directory
	off int64      // of the records of the directory in the image, or the kind
}

// Kinds of structures that are not directories.
const (
	areas int64 = iota // continuation areas
	pathTables
	descriptors
	tags // checksums of libisofs
)

func (d *directory) owner() owner { return owner{d.h, d.newOff} }

// Changes reports whether the updater has overwritten a sector of the image as a part of the
// directory that begins at the sector start, in the hierarchy that a view shows.
func (u *Updater) Changes(view string, start, sector int64) bool {
	o := u.owners[sector]
	return o.h != nil && o.off == start*sectorSize && o.h.isShownIn(view)
}

// isShownIn reports whether a view shows the hierarchy.
func (h *hierarchy) isShownIn(view string) bool {
	for _, d := range h.list {
		switch {
		case d.joliet():
			if view == iso9660.ViewJoliet {
				return true
			}
		case d.kind() == typeSupplementary:
			if view == iso9660.ViewEnhanced {
				return true
			}
		case view == iso9660.ViewRockRidge, view == iso9660.ViewPlain:
			return true
		}
	}
	return false
}

// put writes bytes of a structure. The error is a *patch.UnsafeError if one of their sectors
// in the image belongs to another structure, too, that was changed.
func (u *Updater) put(b []byte, off int64, o owner) error {
	for at := off / sectorSize; at*sectorSize < off+int64(len(b)) && at < u.set.BaseSectors(); at++ {
		if other, known := u.owners[at]; known && other != o {
			return unsafef("sector %d belongs to several structures of the volume", at)
		}
		u.owners[at] = o
	}
	_, err := u.set.WriteAt(b, off)
	return err
}
