package edit

import (
	"encoding/binary"
	"errors"
	"fmt"

	"glassmaster/mastering/boot"
	bootupdate "glassmaster/mastering/boot/update"
	"glassmaster/mastering/disc"
	isoupdate "glassmaster/mastering/iso9660/update"
	"glassmaster/mastering/layout"
	"glassmaster/mastering/patch"
	"glassmaster/mastering/tree"
	udfupdate "glassmaster/mastering/udf/update"
	"glassmaster/mastering/volume"
)

// edit describes the changes to the updaters.
func (u *updating) edit() patch.Edit {
	e := patch.Edit{Root: u.root, View: u.m.vol.Volume().View, Extents: u.extents, Time: u.at}
	if l := u.m.comp.Label; l != u.m.label {
		e.Label = &l
	}
	return e
}

// openUpdaters opens the updaters of the systems that the image has.
func (u *updating) openUpdaters() (err error) {
	e, o := u.edit(), u.m.data.Options
	if len(u.m.boot.Images) > 0 {
		if err := bootupdate.MakeRoom(u.set, o.Chosen().Start); err != nil {
			return err
		}
	}
	if u.iso, err = isoupdate.New(u.set, e, o); err != nil {
		return err
	}
	if u.udf, err = udfupdate.New(u.set, e, o); err != nil {
		return err
	}
	if u.iso == nil && u.udf == nil {
		return &patch.UnsafeError{Why: "files of a volume of the format " + u.m.vol.Volume().Format + " can be read, but not changed"}
	}
	if u.iso == nil {
		return nil
	}
	u.boot, err = bootupdate.New(u.set, bootupdate.Options{Start: o.Chosen().Start})
	return err
}

// updateBoot changes the boot structures, and adds the contents of new boot images.
func (u *updating) updateBoot() error {
	b := u.m.boot
	if u.boot == nil {
		if b.changes() {
			return errors.New("an image without ISO 9660 cannot boot")
		}
		return nil
	}
	notices, err := u.boot.Update(u.moves)
	if err != nil {
		return err
	}
	u.notice(notices...)
	for _, i := range b.Images {
		if err := u.removeEntries(func(e bootupdate.Entry) bool { return e.Platform == i.Platform }); err != nil {
			return err
		}
	}
	if b.Remove {
		if len(u.boot.Entries()) == 0 {
			return errors.New("the image has no boot entries that could be removed")
		}
		if err := u.removeEntries(func(bootupdate.Entry) bool { return true }); err != nil {
			return err
		}
	}
	for _, i := range b.Images {
		if err := u.addImage(i); err != nil {
			return err
		}
	}
	u.notice(u.boot.Notices()...)
	return nil
}

// removeEntries removes entries of the boot catalogue.
func (u *updating) removeEntries(which func(bootupdate.Entry) bool) error {
	for n := len(u.boot.Entries()) - 1; n >= 0; n-- {
		if which(u.boot.Entries()[n]) {
			if err := u.boot.Remove(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// addImage makes a file of the tree a boot image.
func (u *updating) addImage(i boot.Image) error {
	n := u.root.Lookup(i.Path)
	if n == nil || !n.Mode.IsRegular() || n.Size == 0 {
		return fmt.Errorf("%s: there is no such file in the image, or it is empty", i)
	}
	if n.Shared() != nil && n.SameContents() {
		return fmt.Errorf("%s has several names in the image, which a boot image cannot have: add a copy of the file", i)
	}
	if old := recorded(n.Origin()); old != nil { // keep the kinds of tables that it has
		if p, ok := u.boot.Source(old, n.Source(), n.Size).(*boot.Patched); ok {
			i.InfoTable, i.GRUBInfo = i.InfoTable || p.InfoTable, i.GRUBInfo || p.GRUBInfo
		}
	}
	src := u.boot.Prepare(i, n.Source(), n.Size)
	at, err := u.boot.Add(i, src, n.Size)
	if err != nil {
		return err
	}
	u.sources[n] = src
	n.SetSource(&copied{src}) // a file of the image has moved, which the updaters would not see
	u.where[n] = []volume.Extent{at}
	return nil
}

// copied are contents of the image that are written again, at another place.
type copied struct{ layout.Source }

// isBootImage reports whether a file becomes a boot image, whose contents are added with it.
func (u *updating) isBootImage(n *tree.Node) bool {
	for _, i := range u.m.boot.Images {
		if u.root.Lookup(i.Path) == n {
			return true
		}
	}
	return false
}

// updateVolumes lets the updaters change the file systems.
func (u *updating) updateVolumes() error {
	if u.iso != nil {
		notices, err := u.iso.Update(u.ctx)
		if err != nil {
			return err
		}
		u.notice(notices...)
	}
	if u.udf != nil {
		notices, err := u.udf.Update(u.ctx)
		if err != nil {
			return err
		}
		u.notice(notices...)
	}
	return nil
}

// finishAll sets the sizes of everything, and adds what belongs to the end of the image.
func (u *updating) finishAll() (err error) {
	old, end := u.set.BaseSectors(), u.set.Sectors()
	if u.udf != nil {
		if end, err = u.udf.Finish(end); err != nil {
			return err
		}
	}
	if u.boot != nil {
		if end, err = u.boot.Finish(end); err != nil {
			return err
		}
		for _, text := range u.boot.Changes() {
			u.notice(disc.Notice{Severity: disc.Info, Text: text})
		}
	}
	if u.iso == nil || end == old && u.set.Sectors() == old {
		return nil
	}
	old, err = u.volumeEnd()
	if err != nil {
		return err
	}
	return u.iso.Finish(u.boot.End(old))
}

// volumeEnd returns the sector at which the ISO 9660 volume ends before the changes. Its
// size is at offset 80 of its descriptor (ECMA-119 8.4.8), and counts from its session.
func (u *updating) volumeEnd() (int64, error) {
	o := u.m.data.Options.Chosen()
	var b [4]byte
	if n, err := u.set.Base().ReadAt(b[:], int64(o.Descriptors)*disc.SectorSize+80); n < len(b) {
		return 0, fmt.Errorf("read the volume descriptor at sector %d: %w", o.Descriptors, err)
	}
	return int64(o.Start) + int64(binary.LittleEndian.Uint32(b[:])), nil
}
