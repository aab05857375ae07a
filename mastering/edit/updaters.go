package edit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

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
	if b.Remove && len(u.boot.Entries()) == 0 {
		return errors.New("the image has no boot entries that could be removed")
	}
	for _, i := range b.Images {
		if u.appended(i) >= 0 {
			continue
		}
		if err := u.removeEntries(func(e bootupdate.Entry) bool { return e.Platform == i.Platform }); err != nil {
			return err
		}
	}
	if b.Remove {
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
	if entry := u.appended(i); entry >= 0 {
		return u.boot.Replace(entry, n.Source(), n.Size)
	}
	same := n.SameContents()
	if r := n.Recorded(); same && !i.InfoTable && !i.GRUBInfo && r != nil && len(r.Extents) == 1 {
		return u.boot.Refer(i, n.Source(), r.Extents[0])
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
	if same { // it has moved, which the updaters would not see
		n.SetSource(&copied{src})
	}
	u.where[n], u.sources[n] = []volume.Extent{at}, src
	if s := n.Shared(); s != nil {
		u.links[s] = u.where[n]
	}
	return nil
}

// refreshSums corrects the files of checksums, and adds their new contents.
func (u *updating) refreshSums() error {
	s := newSums(u.root, u.plan.Changes, u.at)
	s.source = u.sources
	changes := u.plan.Changes
	for _, i := range u.m.boot.Images { // their addresses were filled in
		n := u.root.Lookup(i.Path)
		if _, patched := u.sources[n].(*boot.Patched); patched {
			s.fresh[n.Path()] = true
			changes = append(slices.Clone(changes), Change{Kind: Replaced, Path: n.Path(), Node: n})
		}
	}
	corrected, err := s.refresh(changes)
	if err != nil {
		return err
	}
	u.notice(s.notices...)
	for _, n := range corrected {
		if err := u.add(n); err != nil {
			return err
		}
	}
	return nil
}

// appended returns which entry of the boot catalogue is a partition after the volume that a
// boot image replaces, from 0. It is -1 if there is none: the image gets an entry of its own.
func (u *updating) appended(i boot.Image) int {
	if u.m.boot.Remove || i.InfoTable || i.GRUBInfo || i.Emulation != boot.NoEmulation || u.boot == nil {
		return -1
	}
	found := -1
	for n, e := range u.boot.Entries() {
		if e.Platform != i.Platform {
			continue
		}
		if found >= 0 || !e.Appended {
			return -1
		}
		found = n
	}
	return found
}

// copied are contents of the image that are written again, at another place.
type copied struct{ layout.Source }

// isBootImage reports whether a file becomes a boot image, whose contents are added with it.
func (u *updating) isBootImage(n *tree.Node) bool {
	for _, i := range u.m.boot.Images {
		if u.root.Lookup(i.Path) == n && u.appended(i) < 0 {
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

// finishAll sets the sizes of everything, and adds what belongs to the end of the image. The
// backup GPT must be in the last sector of a disk. The anchor that UDF adds is before it then;
// readers find the one at sector 256, which is where such an image had its only one.
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
